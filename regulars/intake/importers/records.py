"""The shapes of an import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class ImportKind(StrEnum):
    """What the rows of a file are about."""

    ORDERS = "orders"
    CUSTOMERS = "customers"
    EVENTS = "events"
    CATALOGUE = "catalogue"


class DateOrder(StrEnum):
    """How 1/2/2026 is read."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


class DecimalMark(StrEnum):
    """What stands before the fraction of a number."""

    DOT = "dot"
    COMMA = "comma"


class Layout(StrEnum):
    """A file whose columns and customs are known beforehand."""

    PLAIN = "plain"
    ONLINE_RETAIL = "online_retail"


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column fills which field, and how the file writes things.

    columns      column of the file → field; `prop.NAME` and `attr.NAME` keep a column as
                 a property of the event or an attribute of the customer
    date_order   None: decided from the whole column
    decimal      None: decided from the whole column
    source       who the orders came from; the same number of two sources is two orders
    basis        the legal ground of the consents in the file; a file with consents needs one
    """

    columns: Mapping[str, str]
    layout: Layout = Layout.PLAIN
    date_order: DateOrder | None = None
    decimal: DecimalMark | None = None
    time_zone: str = ""
    source: str = "import"
    encoding: str = ""
    delimiter: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not taken; row 1 is the first below the heading."""

    row_no: int
    reason: str
    detail: str
    raw: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import did, or would do when it was a trial.

    rows = taken + repeated + rejected, always
    counts  what was made: orders, lines, customers, returns, adjustments, events …
    """

    import_id: int
    kind: ImportKind
    is_dry_run: bool
    layout: Layout
    headings: tuple[str, ...]
    columns: Mapping[str, str]
    ignored_columns: tuple[str, ...]
    rows: int
    taken: int
    repeated: int
    rejected: int
    counts: Mapping[str, int]
    reasons: Mapping[str, int]
    seconds: float
    sample: tuple[Reject, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The outcome for a program to read."""
        return asdict(self)
