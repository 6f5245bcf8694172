"""The shapes of segments that other rooms see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

NAME_CHARS_MAX = 120
DESCRIPTION_CHARS_MAX = 1_000
SLUG_CHARS_MAX = 100
SEGMENTS_MAX = 1_000
SAMPLE_CUSTOMERS = 5
MEMBERS_PAGE_MAX = 1_000
HISTORY_MAX = 200

# Static lists.
LISTS_MAX = 1_000
LIST_CUSTOMERS_MAX = 1_000_000
LIST_CHANGE_MAX = 10_000
UPLOAD_ROWS_MAX = 100_000
UPLOAD_REJECTS_KEPT_MAX = 10_000
UPLOAD_VALUE_CHARS_MAX = 320
UPLOADS_SHOWN_MAX = 50
REJECTS_PAGE_MAX = 500
FILE_NAME_CHARS_MAX = 200

# How long sizes are kept: each hour for a month, then each day for five years.
SIZE_HOURS_KEPT_DAYS = 31
SIZE_DAYS_KEPT = 366 * 5


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """A saved rule.

    rule        the document of the rule language
    counted     how many customers it found at counted_at; None before the first count
    created_by  e-mail of the member, "api" or "demo"
    size          members stored now, who follow events and the clock; None before the first fill
    refreshed_at  when all of them were last computed anew
    is_filling    true while members are still to be computed for the rule as it is
    problem       why members are not kept: a code, "" when they are
    """

    id: int
    public_id: str
    slug: str
    name: str
    description: str
    rule: Mapping[str, Any]
    counted: int | None
    counted_at: datetime | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    size: int | None = None
    refreshed_at: datetime | None = None
    is_filling: bool = False
    problem: str = ""

    @property
    def is_archived(self) -> bool:
        """True when it is kept only for what refers to it."""
        return self.archived_at is not None


@dataclass(frozen=True, slots=True)
class ChannelReach:
    """How many customers of an audience a marketing message of the channel would reach.

    share  the part of the audience, 0..1
    """

    channel: str
    customers: int
    share: float


@dataclass(frozen=True, slots=True)
class SampleCustomer:
    """One customer of an audience, enough to recognise them."""

    id: int
    public_id: str
    name: str
    city: str
    orders: int
    spent_minor: int


@dataclass(frozen=True, slots=True)
class Count:
    """What a rule finds at an instant.

    total      customers that the rule picks
    customers  all customers of the workspace
    """

    total: int
    customers: int
    reach: tuple[ChannelReach, ...]
    sample: tuple[SampleCustomer, ...]
    at: datetime

    @property
    def share(self) -> float:
        """The part of all customers, 0..1."""
        return self.total / self.customers if self.customers else 0.0


class Reason(StrEnum):
    """Why somebody came into a segment or left it."""

    EVENT = "event"  # something about the customer changed
    TIME = "time"  # a window or a date passed
    RULE = "rule"  # the rule was changed
    FIRST = "first"  # the segment was filled for the first time


@dataclass(frozen=True, slots=True)
class Member:
    """A customer in a segment, and since when they have been."""

    customer_id: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Membership:
    """A segment that holds a customer, and since when."""

    segment_id: int
    public_id: str
    slug: str
    name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Passage:
    """A customer came into a segment or left it.

    reason  a Reason
    """

    segment: str
    is_entry: bool
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class SizePoint:
    """How many customers a segment held at an instant."""

    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Used:
    """The segment or list whose users are asked for.

    kind  segment or list
    """

    kind: str
    id: int
    public_id: str
    slug: str


@dataclass(frozen=True, slots=True)
class Use:
    """Somewhere a segment or a list is used.

    kind   segment, campaign, view, report
    value  public id of the user
    """

    kind: str
    value: str
    name: str


@dataclass(frozen=True, slots=True)
class ListRecord:
    """Customers put together by hand or from a file; rules name it by its slug."""

    id: int
    public_id: str
    slug: str
    name: str
    size: int
    created_by: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None

    @property
    def is_archived(self) -> bool:
        """True when it is out of the lists."""
        return self.archived_at is not None


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A file of identifiers put into a list.

    matched   rows that named a customer
    added     customers that were not in the list before
    rejected  rows that named nobody
    """

    public_id: str
    list_public_id: str
    file_name: str
    rows: int
    matched: int
    added: int
    rejected: int
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RejectRecord:
    """A row of an upload that named nobody: its number from 1, what it said, and a code."""

    row_no: int
    value: str
    reason: str


# Webhooks and files of audiences.
HOOKS_MAX = 100
URL_CHARS_MAX = 2_000
WAITING_MAX = 100_000
BATCH_CUSTOMERS = 500
DELIVERIES_SHOWN_MAX = 50
AUDIENCE_KEPT_DAYS = 1
AUDIENCES_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class HookRecord:
    """An address that is told of entries and exits.

    state    on, paused (by a member), stopped (by us, with the reason: gone, failed, full)
    waiting  deliveries that are still to come
    former_until  until when the secret before the present one signs too; None: there is none
    """

    id: int
    public_id: str
    segment_id: int
    url: str
    on_entry: bool
    on_exit: bool
    state: str
    reason: str
    created_by: str
    created_at: datetime
    waiting: int = 0
    former_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One message to a hook; state is waiting, delivered or given_up."""

    id: int
    message_id: str
    kind: str
    at: datetime
    customers: int
    state: str
    attempts: int
    next_at: datetime
    status: int | None
    error: str
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class AudienceFileRecord:
    """A file of hashed contacts; state is waiting, done, failed or gone.

    members  customers of the segment; rows: those who agreed and have an address
    """

    id: int
    public_id: str
    segment_id: int
    kind: str
    purpose: str
    state: str
    members: int
    rows: int
    owner_id: int
    created_at: datetime
