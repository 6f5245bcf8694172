"""The shapes of messaging that other rooms see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MessageState(StrEnum):
    """Where a message stands; the arrows between them are drawn in the room's README."""

    PLANNED = "planned"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CLAIMED = "claimed"
    HANDING = "handing"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    BOUNCED = "bounced"


# Not begun, and safe to begin; the server put a deferred one off.
WAITING_STATES = frozenset({MessageState.PLANNED, MessageState.DEFERRED})
FINAL_STATES = frozenset(MessageState) - {
    *WAITING_STATES,
    MessageState.CLAIMED,
    MessageState.HANDING,
}


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A name a template may print, with an example value for previews and help."""

    name: str
    label: str
    example: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose values a template asks for, and for which message; a preview has none.

    letter_key  what `letter_key` says of the message; other rooms keep by it what they gave for it
    """

    customer_id: int
    message_public_id: str = ""
    letter_key: str = ""


def letter_key(occurrence: str, customer_id: int) -> str:
    """The one message of an occurrence for a customer, known before it is planned."""
    return f"{occurrence}:{customer_id}"


@dataclass(frozen=True, slots=True)
class TemplateRecord:
    """A template with its newest version."""

    id: int
    public_id: str
    name: str
    channel: str
    updated_at: datetime
    version: VersionRecord


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """What a letter says.

    source       as written: MJML or HTML with Liquid
    html, text   Liquid templates ready to be rendered
    is_own_text  the text was written by hand and not taken from the HTML
    """

    id: int
    public_id: str
    template_id: int
    number: int
    subject: str
    source: str
    html: str
    text: str
    is_own_text: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SenderRecord:
    """How a workspace's mail leaves; secrets are only told to be there."""

    workspace_id: int
    from_name: str
    from_address: str
    reply_to: str
    host: str
    port: int
    security: str
    username: str
    has_password: bool
    dkim_domain: str
    dkim_selector: str
    has_dkim_key: bool
    bounce_domain: str
    connections_max: int
    messages_max: int
    is_enabled: bool
    paused_until: datetime | None
    last_error: str


class DkimState(StrEnum):
    """What DNS says about a signing key."""

    PUBLISHED = "published"
    ABSENT = "absent"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Signing:
    """A signing key and the record its owner has to publish.

    is_waiting  made, and not used before its record is seen
    """

    domain: str
    selector: str
    record_name: str
    record: str
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message as pages and other rooms see it."""

    id: int
    public_id: str
    occurrence: str
    campaign_id: int | None
    customer_id: int
    channel: str
    state: MessageState
    reason: str
    due_at: datetime
    accepted_at: datetime | None
    bounced_at: datetime | None
    handed_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class PastMessage:
    """A letter that another tool sent, to be kept with ours.

    accepted_at, bounced_at  tell its state: accepted, bounced, or rejected when neither is known
    """

    occurrence: str
    campaign_id: int | None
    customer_id: int
    template_version_id: int
    planned_at: datetime
    accepted_at: datetime | None
    bounced_at: datetime | None = None
    channel: str = "email"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a letter that its author should look at.

    part         subject, source or text
    line         where in that part, counted from 1; 0 when it is about the whole
    code         what it is, for words in the member's language
    detail       a name or an address it is about, or the library's own words
    is_blocking  the letter cannot be kept or sent like this
    """

    part: str
    line: int
    code: str
    detail: str = ""
    is_blocking: bool = False


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What can be told about a letter without a customer.

    links       addresses of the HTML in their order, Liquid left as written
    size_bytes  of the HTML that leaves, before it is filled in
    """

    problems: tuple[Problem, ...]
    links: tuple[str, ...]
    size_bytes: int
    has_unsubscribe: bool
    names: frozenset[str]

    @property
    def is_sendable(self) -> bool:
        """True when nothing blocks."""
        return not any(problem.is_blocking for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Preview:
    """A letter as one customer would get it, links untouched.

    missing   names without a value for this customer
    unknown   names no room declares, probably mistyped
    """

    subject: str
    html: str
    text: str
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    has_unsubscribe: bool


@dataclass(frozen=True, slots=True)
class CaughtRecord:
    """A letter in the mail catcher."""

    public_id: str
    received_at: datetime
    mail_from: str
    rcpt_to: str
    subject: str


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An address to which nothing is sent; the address itself is kept as a hash only."""

    id: int
    customer_id: int | None
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """A consent asked for by letter.

    message_public_id  the letter that asks
    """

    public_id: str
    message_public_id: str
    customer_id: int
    channel: str
    purpose: str
    text_version: str
    source: str
    asked_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Whether it may still be confirmed."""
        return self.confirmed_at is None and now < self.expires_at
