"""Shapes, limits and refusals of codes and gift certificates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.kernel.errors import Conflict, Refused

KINDS = ("shared", "unique", "personal")
PERIODS = ("all", "day", "week", "month")

NAME_CHARS_MAX = 120
SLUG_CHARS_MAX = 60
PREFIX_CHARS_MAX = 8
SERIES_MAX = 2_000
BATCH_CODES_MAX = 5_000_000
UPLOAD_CODES_MAX = 200_000
UPLOAD_BYTES_MAX = 10_000_000
REJECTS_KEPT_MAX = 10_000
CODES_ASKED_MAX = 50
USES_MAX = 1_000_000_000
VALID_DAYS_MAX = 3_660
PAGE_ROWS = 50
KEY_CHARS_MAX = 200
NOTE_CHARS_MAX = 500
# One certificate: ten million of the currency's own unit with two digits.
FACE_MINOR_MAX = 1_000_000_000


class CodeUsedUp(Refused):
    """A limit of the code, of the member or of the series is reached."""


class CodeUnusable(Refused):
    """The code is unknown, blocked, not of this day or not of this member."""


class CodeInUse(Conflict):
    """Another purchase holds the last use; `until` tells how long at most."""

    def __init__(self, code: str, until: datetime) -> None:
        super().__init__(
            "code_in_use", "Another purchase holds this code.", asked=code, until=until.isoformat()
        )
        self.until = until


class GiftCardUnusable(Refused):
    """The certificate is unknown, blocked, past its day or of another currency."""


class GiftCardShort(Refused):
    """The certificate has less than was asked."""


@dataclass(frozen=True, slots=True)
class SeriesRecord:
    """A series of codes."""

    id: int
    public_id: str
    slug: str
    name: str
    kind: str
    promotion_slug: str
    state: str
    starts_at: datetime | None
    ends_at: datetime | None
    valid_days: int | None
    uses_per_code: int | None
    uses_per_member: int | None
    uses_total: int | None
    period: str
    prefix: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SeriesCounts:
    """What a series holds and how often its codes were used."""

    codes: int
    issued: int
    used: int
    reserved: int


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """One code, with its uses so far."""

    id: int
    code: str
    shown: str
    series_id: int
    state: str
    customer_id: int | None
    uses_max: int | None
    reserved: int
    used: int
    ends_at: datetime | None
    issued_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UseRecord:
    """A purchase that used a code."""

    purchase_id: str
    member_id: int | None
    state: str
    at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """Codes that came at once."""

    id: int
    public_id: str
    series_id: int
    kind: str
    state: str
    asked: int
    made: int
    rejected: int
    file_name: str
    reason: str
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class RejectRecord:
    """A row of a file that became no code."""

    row_no: int
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class GiftCardRecord:
    """A gift certificate."""

    id: int
    public_id: str
    code: str
    shown: str
    state: str
    currency: str
    face_minor: int
    available_minor: int
    held_minor: int
    expired_minor: int
    customer_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    note: str
    issued_by: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class GiftUseRecord:
    """A purchase that a certificate paid a part of."""

    purchase_id: str
    amount_minor: int
    returned_minor: int
    state: str
    at: datetime
