"""How many rows make a file, a period and a bucket, and when tails are worth folding. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from regulars.lake.manifest import LakeFile

# Below this a relation is one file; above, files of a period hold about this many at most.
FILE_ROWS_MAX = 1_000_000
# Months thinner than this are put together as years, and fall apart only at the second number.
MONTH_ROWS_MIN = 50_000
MONTH_ROWS_ENOUGH = 100_000

# Tails are folded into the base when they hold this many rows, or this share of the base.
TAIL_ROWS_MAX = 50_000
TAIL_SHARE_OF_BASE = 0.2
# Small tails are put together when there are more; opening a file costs each query about 0.1 ms.
TAIL_FILES_MAX = 30
SMALL_TAIL_ROWS = 100_000

Unit = Literal["all", "year", "month"]
Due = Literal["fold", "compact", "nothing"]

# Rows without a time have a period of their own.
NO_PERIOD = "none"


@dataclass(frozen=True, slots=True)
class Period:
    """One stretch of time [start, end); both None: rows without a time; "" holds every row."""

    name: str
    start: datetime | None = None
    end: datetime | None = None


def due(files: Sequence[LakeFile]) -> Due:
    """What is worth doing with the live files of one relation of one workspace."""
    tails = [file for file in files if file.kind == "tail"]
    tail_rows = sum(file.rows for file in tails)
    base_rows = sum(file.rows for file in files if file.kind == "base")
    if tail_rows > max(TAIL_ROWS_MAX, TAIL_SHARE_OF_BASE * base_rows):
        return "fold"
    if len(small_tails(files)) > TAIL_FILES_MAX:
        return "compact"
    return "nothing"


def small_tails(files: Sequence[LakeFile]) -> list[LakeFile]:
    """Tails that are put together; larger ones are left alone, so no row is copied often."""
    return [file for file in files if file.kind == "tail" and file.rows < SMALL_TAIL_ROWS]


def unit_for(rows: int, months: int, present: Unit) -> Unit:
    """The length of a period for so many rows over so many months.

    A unit once chosen stays until the numbers have clearly changed, for changing it writes
    everything anew.
    """
    if rows <= FILE_ROWS_MAX:
        return "all"
    enough = MONTH_ROWS_MIN if present == "month" else MONTH_ROWS_ENOUGH
    return "month" if rows / max(months, 1) >= enough else "year"


def unit_of(files: Sequence[LakeFile]) -> Unit:
    """The length of period that the base files were written with."""
    names = {file.period for file in files if file.kind == "base"} - {NO_PERIOD, ""}
    if not names:
        return "all"
    return "month" if any("-" in name for name in names) else "year"


def period_of(time: datetime | None, unit: Unit) -> Period:
    """The period that a row of this time belongs to."""
    if unit == "all":
        return Period("")
    if time is None:
        return Period(NO_PERIOD)
    if unit == "year":
        start = _first_of(time.year, 1)
        return Period(f"{time.year:04d}", start, _first_of(time.year + 1, 1))
    start = _first_of(time.year, time.month)
    end = _first_of(time.year + time.month // 12, time.month % 12 + 1)
    return Period(f"{time.year:04d}-{time.month:02d}", start, end)


def reaching(files: Sequence[LakeFile], since: Mapping[str, datetime]) -> list[LakeFile]:
    """The files that may hold rows of these instants or later, by relation; others all."""
    limits = {name: at.astimezone(UTC).replace(tzinfo=None) for name, at in since.items()}
    return [file for file in files if not _is_over(file, limits.get(file.relation))]


def _is_over(file: LakeFile, limit: datetime | None) -> bool:
    if limit is None or file.kind != "base" or file.period in ("", NO_PERIOD):
        return False
    year, _, month = file.period.partition("-")
    last = datetime(int(year), int(month or 12), 1)  # noqa: DTZ001
    end = _first_of(last.year + last.month // 12, last.month % 12 + 1)
    return end <= limit


def buckets_for(rows: int) -> int:
    """How many files a period of so many rows is cut into; a power of two."""
    buckets = 1
    while rows > buckets * FILE_ROWS_MAX:
        buckets *= 2
    return buckets


def _first_of(year: int, month: int) -> datetime:
    return datetime(year, month, 1)  # noqa: DTZ001 (times of the lake are naive UTC)
