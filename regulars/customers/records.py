"""The shapes of customers that other rooms see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple


class IdentifierKind(StrEnum):
    """What a customer may be known by, from the most trusted down."""

    EXTERNAL = "external"
    EMAIL = "email"
    CARD = "card"
    PHONE = "phone"
    TELEGRAM = "telegram"
    VIBER = "viber"
    PUSH = "push"
    DEVICE = "device"
    ANONYMOUS = "anonymous"


class ConsentState(StrEnum):
    """What a customer said about a channel and a purpose."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class PairState(StrEnum):
    """What was decided about two customers who may be one."""

    OPEN = "open"
    LATER = "later"
    DIFFERENT = "different"
    MERGED = "merged"


class Purpose(StrEnum):
    """What a message is for; only marketing and profiling need a consent."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"
    PROFILING = "profiling"


class Basis(StrEnum):
    """On what ground somebody may be written to."""

    CONSENT = "consent"
    EXISTING_CUSTOMER = "existing_customer"
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate_interest"


# A consent to one topic is a consent to the purpose "marketing:<key of the topic>".
TOPIC_MARK = "marketing:"

# Channels whose address is kept with the customer; consents may name any other channel.
ADDRESS_COLUMNS = {"email": "email", "sms": "phone", "call": "phone"}
CHANNELS_SHOWN = ("email", "sms", "telegram", "call")
TEXT_TRAITS = (
    "name", "first_name", "last_name", "city", "country", "language", "gender",
)  # fmt: skip


class Identifier(NamedTuple):
    """One thing a customer is known by; a tuple, for batches hold very many."""

    kind: IdentifierKind
    value: str


@dataclass(frozen=True, slots=True)
class Identity:
    """How one row names a customer, and what it tells about them.

    others       identifiers of the kinds that have no field of their own
    previous_id  another id of the same person: Segment's alias
    confirmed    kinds whose value in this row the person proved to be theirs
    access       kinds whose value in this row opens the person's account
    traits   columns of the customer by their own names (name, first_name, last_name, city,
             country, language, gender, birth_on) and, under any other name, own attributes
    seen_at  when the row's event happened; the earliest becomes the customer's first day
    """

    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    anonymous_id: str | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)
    seen_at: datetime | None = None
    others: tuple[Identifier, ...] = ()
    previous_id: str | None = None
    confirmed: frozenset[IdentifierKind] = frozenset()
    access: frozenset[IdentifierKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Profile:
    """What messages and pages may say about a customer."""

    id: int
    public_id: str
    external_id: str | None
    name: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    city: str | None
    country: str | None
    language: str | None
    gender: str | None
    birth_on: date | None
    attrs: Mapping[str, Any]
    first_seen_at: datetime
    created_at: datetime

    @property
    def has_name(self) -> bool:
        """Whether there is a name whose letters may stand for the customer."""
        return bool(self.name or self.first_name or self.last_name)

    @property
    def title(self) -> str:
        """The best name there is to call the customer by; may be empty."""
        full = " ".join(part for part in (self.first_name, self.last_name) if part)
        return self.name or full or self.email or self.phone or self.external_id or ""


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One line of the consent ledger, or the state it led to."""

    channel: str
    purpose: str
    state: ConsentState
    at: datetime
    source: str
    actor: str
    text_version: str
    basis: str = ""


@dataclass(frozen=True, slots=True)
class NewConsent:
    """A consent given or withdrawn, to be written to the ledger.

    purpose  marketing, profiling, or marketing:<key> for one topic
    at       when the customer said so; None when an imported file does not know, and then it
             counts only where the customer has never said anything
    basis    the ground of a consent given; a withdrawal needs none
    """

    customer_id: int
    channel: str
    purpose: str
    state: ConsentState
    source: str
    at: datetime | None = None
    actor: str = ""
    text_version: str = ""
    basis: Basis = Basis.CONSENT


@dataclass(frozen=True, slots=True)
class TopicRecord:
    """What marketing letters may be about.

    names  by language; a language without a name is spoken for by another
    """

    key: str
    names: Mapping[str, str]
    is_archived: bool

    @property
    def purpose(self) -> str:
        """What the ledger calls a consent to it."""
        return f"{TOPIC_MARK}{self.key}"

    def name_in(self, language: str) -> str:
        """Its name in this language, else in any it has."""
        return self.names.get(language) or next(iter(self.names.values()))


@dataclass(frozen=True, slots=True)
class ConsentTextRecord:
    """The words customers agreed to under a version."""

    version: str
    words: str
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a customer said about marketing, channel by channel.

    asked   channels about which anything was ever said
    agreed  pairs of channel and purpose for which letters may go by what was said
    """

    asked: frozenset[str]
    agreed: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PreferenceRecord:
    """What a customer chose about marketing as a whole.

    gap_days  by channel, days that lie at least between two letters
    """

    paused_until: datetime | None
    gap_days: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ErasureRequestRecord:
    """A customer's wish to be erased, and what became of it: open, done or declined."""

    public_id: str
    customer_id: int
    source: str
    asked_at: datetime
    state: str
    note: str
    settled_by: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Card:
    """Everything this room knows about one customer."""

    profile: Profile
    identifiers: tuple[Identifier, ...]
    consents: tuple[ConsentEntry, ...]
    history: tuple[ConsentEntry, ...]
    suppressed_channels: frozenset[str]
    merged_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ListFilter:
    """Which customers a list shows.

    company    public id of a company they belong to
    attribute  an own attribute as name=value
    more       conditions of other rooms by name, with what was chosen
    """

    search: str = ""
    country: str = ""
    city: str = ""
    has: str = ""
    consent: str = ""
    sort: str = "-seen"
    language: str = ""
    company: str = ""
    tag: str = ""
    attribute: str = ""
    more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of customers; `after` and `before` are the keys of its neighbours."""

    rows: tuple[Profile, ...]
    after: str | None
    before: str | None
    count: int
    is_count_capped: bool


@dataclass(frozen=True, slots=True)
class ListCondition:
    """Something another room lets the list be narrowed by.

    kind     choice, number, day: how the form asks for it
    narrow   (workspace_id, what was chosen) → SQL about customers `c` and its values, or None
    choices  (workspace_id) → values with their words, for a choice
    right    who may narrow by it
    """

    label: Any
    kind: str
    narrow: Callable[[int, str], tuple[str, list[Any]] | None]
    choices: Callable[[int], list[tuple[str, str]]] | None = None
    right: str = ""


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """Something another room adds to the file of customers.

    values  (workspace_id, customer ids) → the cell of each customer who has one
    """

    label: Any
    values: Callable[[int, Sequence[int]], Mapping[int, Any]]


@dataclass(frozen=True, slots=True)
class ViewRecord:
    """A named filter of the list; query is the part of the address after the question mark."""

    id: int
    public_id: str
    owner_id: int
    name: str
    query: str
    is_shared: bool


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """An act on many customers, and how far it has come."""

    id: int
    public_id: str
    act: str
    owner_id: int
    owner: str
    query: str
    chosen: tuple[int, ...]
    given: Mapping[str, Any]
    state: str
    total: int
    done: int
    skipped: int
    last_id: int
    reason: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ("done", "failed", "gone")


@dataclass(frozen=True, slots=True)
class Membership:
    """A customer belongs to a company, as a source tells it.

    group_id  how the source calls the company
    traits    what the source tells about the company; `name` becomes its name
    """

    customer_id: int
    group_id: str
    traits: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class CompanyRecord:
    """A company as lists and pages show it."""

    id: int
    public_id: str
    group_id: str
    name: str | None
    traits: Mapping[str, Any]
    members: int
    created_at: datetime

    @property
    def title(self) -> str:
        """Its name, else how its source calls it."""
        return self.name or self.group_id


@dataclass(frozen=True, slots=True)
class NoteRecord:
    """A note about a customer; author_id is None for a note that came over the API."""

    id: int
    public_id: str
    customer_id: int
    author_id: int | None
    author: str
    text: str
    is_pinned: bool
    created_at: datetime
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A task of the team; customer fields are None when it is about nobody."""

    id: int
    public_id: str
    customer_id: int | None
    customer_public_id: str | None
    customer_name: str | None
    title: str
    due_on: date | None
    assignee_id: int
    author: str
    created_at: datetime
    done_at: datetime | None
    done_by: str
