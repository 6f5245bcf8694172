"""Days put together into bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAYS_AS_BARS_MAX = 31
WEEKS_AS_BARS_MAX = 120
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Bucket:
    """Some days of a period that make one bar: indexes [begin, end) of its days."""

    since: date
    begin: int
    end: int
    unit: str

    def total(self, values: Sequence[int]) -> int:
        """The sum of the values of its days."""
        return sum(values[self.begin : self.end])


def buckets(since: date, days: int) -> tuple[Bucket, ...]:
    """A bar per day for a month, per week for a quarter, per calendar month beyond.

    Weeks are counted back from the last day, so that only the first may be short.
    """
    if days <= DAYS_AS_BARS_MAX:
        edges, unit = list(range(days)), "day"
    elif days <= WEEKS_AS_BARS_MAX:
        edges = sorted({0, *range(days % WEEK_DAYS, days, WEEK_DAYS)})
        unit = "week"
    else:
        edges = [i for i in range(days) if i == 0 or (since + timedelta(days=i)).day == 1]
        unit = "month"
    ends = [*edges[1:], days]
    return tuple(
        Bucket(since + timedelta(days=begin), begin, end, unit)
        for begin, end in zip(edges, ends, strict=True)
    )
