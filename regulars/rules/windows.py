"""Stretches of time: what "last 90 days", "this month" and "before" mean at an instant.

Every answer is half-open, [start, end), in UTC to the microsecond or in whole days, so that
all executors compare in one way. A stretch that ends with an instant included, as (a, b] does,
is written [a + 1 µs, b + 1 µs).
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Generic, TypeVar, cast
from zoneinfo import ZoneInfo

from regulars.rules import limits
from regulars.rules.tree import (
    BeforeLast,
    BetweenAgo,
    FromTo,
    Last,
    Previous,
    Test,
    This,
    Window,
)

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
UNITS = ("day", "week", "month", "quarter", "year")
DAY_UNITS = ("d", "w", "mo", "y")
UTC_ZONE = ZoneInfo("UTC")

FIXED = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
MONTHS = {"mo": 1, "y": 12}
_DURATION = re.compile(r"([0-9]{1,9})(min|h|d|w|mo|y)")

# What counts as a date in an event's property. DuckDB reads the same patterns.
DAY_PATTERN = r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}"
INSTANT_PATTERN = (
    DAY_PATTERN
    + r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
    + r"(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
)
_DAY = re.compile(DAY_PATTERN)
_INSTANT = re.compile(INSTANT_PATTERN)

Point = TypeVar("Point", date, datetime)


@dataclass(frozen=True, slots=True)
class Span(Generic[Point]):
    """[start, end); an absent side is open."""

    start: Point | None
    end: Point | None

    def holds(self, point: Point) -> bool:
        """Whether the point lies inside."""
        return (self.start is None or point >= self.start) and (
            self.end is None or point < self.end
        )


def parse_duration(text: str) -> tuple[int, str]:
    """ "90d" as (90, "d"); ValueError when it is not a duration within the limits."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError("not a duration: write a number and min, h, d, w, mo or y, like 90d")
    amount, unit = int(found[1]), found[2]
    if amount > limits.DURATION_MAX[unit]:
        raise ValueError("longer than a hundred years")
    return amount, unit


def parse_moment(text: str) -> date | datetime | None:
    """A day, or an instant with an offset brought to UTC; None for anything else."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None
    return None


def shift(moment: datetime, duration: str, zone: ZoneInfo, *, sign: int) -> datetime:
    """The instant a duration away; months and years go by the zone's calendar, clamped."""
    amount, unit = parse_duration(duration)
    if unit in FIXED:
        return moment + sign * amount * FIXED[unit]
    local = moment.astimezone(zone)
    day = shift_months(local.date(), sign * amount * MONTHS[unit])
    wall = datetime.combine(day, local.time().replace(fold=0), zone)
    return wall.astimezone(UTC)


def shift_months(day: date, months: int) -> date:
    """The same day of another month, or that month's last day: 31 March - 1 mo is 28 February."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def shift_days(day: date, duration: str, *, sign: int) -> date | None:
    """The day a duration away; None for minutes and hours, which a day does not have."""
    amount, unit = parse_duration(duration)
    if unit not in DAY_UNITS:
        return None
    if unit in MONTHS:
        return shift_months(day, sign * amount * MONTHS[unit])
    return day + sign * amount * FIXED[unit]


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the day in the zone."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def window_span(window: Window | None, now: datetime, zone: ZoneInfo) -> Span[datetime]:
    """When an event must have happened; never later than now."""
    present = now + TICK
    if window is None:
        return Span(None, present)
    start, end = _WINDOWS[type(window)](window, now, zone)
    return Span(start, present if end is None else min(end, present))


Sides = tuple[datetime | None, datetime | None]


def _last(window: Last, now: datetime, zone: ZoneInfo) -> Sides:
    return shift(now, window.duration, zone, sign=-1) + TICK, None


def _from_to(window: FromTo, _now: datetime, zone: ZoneInfo) -> Sides:
    return _edge(window.start, zone), _edge(window.end, zone)


def _edge(text: str | None, zone: ZoneInfo) -> datetime | None:
    moment = None if text is None else parse_moment(text)
    if moment is None or isinstance(moment, datetime):
        return moment
    return start_of(moment, zone)


def _before_last(window: BeforeLast, now: datetime, zone: ZoneInfo) -> Sides:
    return None, shift(now, window.duration, zone, sign=-1) + TICK


def _this(window: This, now: datetime, zone: ZoneInfo) -> Sides:
    first, following = _unit_days(now.astimezone(zone).date(), window.unit)
    return start_of(first, zone), start_of(following, zone)


def _previous(window: Previous, now: datetime, zone: ZoneInfo) -> Sides:
    this_first, _ = _unit_days(now.astimezone(zone).date(), window.unit)
    first, _ = _unit_days(this_first - DAY, window.unit)
    return start_of(first, zone), start_of(this_first, zone)


def _unit_days(day: date, unit: str) -> tuple[date, date]:
    """First day of the unit that the day falls in, and first day of the next; weeks from Monday."""
    if unit == "day":
        return day, day + DAY
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(weeks=1)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    first = date(day.year, day.month - (day.month - 1) % months, 1)
    return first, shift_months(first, months)


def _between_ago(window: BetweenAgo, now: datetime, zone: ZoneInfo) -> Sides:
    far = shift(now, window.far, zone, sign=-1) + TICK
    return far, shift(now, window.near, zone, sign=-1) + TICK


_WINDOWS: dict[type, Callable[..., Sides]] = {
    Last: _last,
    FromTo: _from_to,
    BeforeLast: _before_last,
    This: _this,
    Previous: _previous,
    BetweenAgo: _between_ago,
}


def gap_span(op: str, duration: str, now: datetime, zone: ZoneInfo) -> Span[datetime]:
    """When something happened that is so long ago: gte 60d is everything up to now - 60 days."""
    away = shift(now, duration, zone, sign=-1)
    if op in ("gte", "gt"):
        return Span(None, away + TICK if op == "gte" else away)
    return Span(away if op == "lte" else away + TICK, now + TICK)


# Operators of moments that are one stretch of time.
SPAN_OPERATORS = ("before", "after", "between", "in_last", "in_next", "older_than")


def instants_of(test: Test, now: datetime, zone: ZoneInfo) -> Span[datetime]:
    """Which instants pass the test; a day in the rule stands for all of its instants."""
    if test.op in ("before", "after", "between"):
        low, high = _written_edges(test)
        return Span(_instant_edge(low, zone), _instant_edge(high, zone))
    here, there = now + TICK, _away(test, now, zone) + TICK
    if test.op == "in_last":
        return Span(there, here)
    return Span(here, there) if test.op == "in_next" else Span(None, there)


def _away(test: Test, now: datetime, zone: ZoneInfo) -> datetime:
    sign = 1 if test.op == "in_next" else -1
    return shift(now, str(test.value), zone, sign=sign)


def _written_edges(test: Test) -> tuple[date | None, date | None]:
    """What before, after and between enclose, half-open, as written: days or instants."""
    if test.op == "between":
        low, high = (parse_moment(text) for text in cast(tuple[str, str], test.value))
        assert low is not None and high is not None
        return low, _following(high)
    moment = parse_moment(str(test.value))
    assert moment is not None
    return (None, moment) if test.op == "before" else (_following(moment), None)


def _following(moment: date) -> date:
    return moment + (TICK if isinstance(moment, datetime) else DAY)


def _instant_edge(edge: date | None, zone: ZoneInfo) -> datetime | None:
    if edge is None or isinstance(edge, datetime):
        return edge
    return start_of(edge, zone)


def days_of(test: Test, now: datetime, zone: ZoneInfo) -> Span[date] | None:
    """Which plain days pass the test; None when it speaks of instants, hours or minutes."""
    if test.op in ("before", "after", "between"):
        low, high = _written_edges(test)
        if isinstance(low, datetime) or isinstance(high, datetime):
            return None
        return Span(low, high)
    today = now.astimezone(zone).date()
    away = shift_days(today, str(test.value), sign=1 if test.op == "in_next" else -1)
    if away is None:
        return None
    if test.op == "in_last":
        return Span(away + DAY, today + DAY)
    return Span(today + DAY, away + DAY) if test.op == "in_next" else Span(None, away + DAY)


def month_days_of(test: Test, now: datetime, zone: ZoneInfo) -> frozenset[int]:
    """Which days of any year (as month * 100 + day) have their anniversary in the stretch.

    today is the first day of anniversary_in_next and the first one after anniversary_in_last.
    """
    today = now.astimezone(zone).date()
    if test.op == "month_is":
        return frozenset(cast(int, test.value) * 100 + day for day in range(1, 32))
    if test.op == "anniversary_today":
        return frozenset(_month_days(today, today + DAY))
    is_next = test.op == "anniversary_in_next"
    away = shift_days(today, str(test.value), sign=1 if is_next else -1)
    assert away is not None
    return frozenset(_month_days(today, away) if is_next else _month_days(away, today))


def _month_days(first: date, following: date) -> set[int]:
    """Every month and day of the stretch; in common years 28 February stands for 29 as well."""
    found: set[int] = set()
    # 366 days hold every month and day but, in some stretches, 29 February: 4 years hold that too.
    day, end = first, min(following, first + timedelta(days=366 * 4))
    while day < end:
        found.add(day.month * 100 + day.day)
        if (day.month, day.day) == (2, 28) and not isleap(day.year):
            found.add(229)
        day += DAY
    return found
