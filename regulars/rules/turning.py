"""When a moving edge reaches a point: what makes an answer change without anything happening.

An edge is an instant that moves with the clock: now itself, now − 90 days, now + a month. Between
two breaks it moves evenly; it breaks at local midnights (months have different lengths, and an
edge may even jump back by a day) and where the zone's clocks are put forward or back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from regulars.rules import windows
from regulars.rules.tree import Previous, Test, This
from regulars.rules.windows import DAY, MONTHS, TICK

# How far an edge can jump back: a day at a clamped midnight, and clocks put back.
BACK_MAX = timedelta(hours=27)
# Between the day a month window must end on by the calendar and any zone's instant of it.
CALENDAR_SLACK = timedelta(days=3)
# Clocks are put forward and back by three hours at most in one night.
CLOCK_SLACK_H = 3
# Anniversaries are looked at this many days ahead; farther ones are asked about again then.
TURNS_DAYS_MAX = 32
MONTH_DAYS = 13 * 32

_STEP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Piece:
    """How an edge moves from an instant on.

    distance  edge = instant − distance, until the break
    until     the first instant at which that may no longer be so; None: for ever
    """

    distance: timedelta
    until: datetime | None


def is_calendar(duration: str) -> bool:
    """Whether the duration is of months or years, whose lengths differ."""
    return windows.parse_duration(duration)[1] in MONTHS


def months_of(duration: str) -> int:
    """How many months the duration has."""
    amount, unit = windows.parse_duration(duration)
    return amount * MONTHS[unit]


@lru_cache(maxsize=1_024)
def piece(duration: str, now: datetime, zone: ZoneInfo, sign: int) -> Piece:
    """How the edge a duration away from now moves."""
    distance = now - windows.shift(now, duration, zone, sign=sign)
    if not is_calendar(duration):
        return Piece(distance, None)

    def breaks(moment: datetime) -> bool:
        return moment - windows.shift(moment, duration, zone, sign=sign) != distance

    here, midnight = now, next_midnight(now, zone)
    while here < midnight:
        there = min(here + _STEP, midnight)
        if breaks(there):
            return Piece(distance, _first_break(here, there, breaks))
        here = there
    return Piece(distance, midnight)


def _first_break(whole: datetime, broken: datetime, breaks: object) -> datetime:
    assert callable(breaks)
    while broken - whole > TICK:
        middle = whole + (broken - whole) // 2
        whole, broken = (whole, middle) if breaks(middle) else (middle, broken)
    return broken


def next_midnight(now: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of the zone's tomorrow."""
    return windows.start_of(tomorrow(now, zone), zone)


def tomorrow(now: datetime, zone: ZoneInfo) -> date:
    """The zone's day after the one now falls in."""
    return now.astimezone(zone).date() + DAY


def unit_start(window: This | Previous, now: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of a calendar window."""
    found = windows.window_span(window, now, zone).start
    assert found is not None
    return found


def unit_end(unit: str, now: datetime, zone: ZoneInfo) -> datetime:
    """When the calendar unit that now falls in is over."""
    day = now.astimezone(zone).date()
    following = day + DAY
    while windows.window_span(This(unit), windows.start_of(following, zone), zone).start == (
        windows.window_span(This(unit), now, zone).start
    ):
        following += DAY
    return windows.start_of(following, zone)


def turns(test: Test, now: datetime, zone: ZoneInfo) -> list[int]:
    """In how many days each anniversary passes the test where it does not now, or the reverse.

    returns  by month * 32 + day, the place counted from 1; at most TURNS_DAYS_MAX
    """
    return _turns(test, now.astimezone(zone).date(), zone)


@lru_cache(maxsize=256)
def _turns(test: Test, today: date, zone: ZoneInfo) -> list[int]:
    found = [TURNS_DAYS_MAX] * MONTH_DAYS
    present = windows.month_days_of(test, windows.start_of(today, zone), zone)
    for days in range(TURNS_DAYS_MAX - 1, 0, -1):
        moment = windows.start_of(today + days * DAY, zone)
        for month_day in present ^ windows.month_days_of(test, moment, zone):
            month, day = divmod(month_day, 100)
            found[month * 32 + day - 1] = days
    return found
