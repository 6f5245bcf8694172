"""When points become active and when they end, in the workspace's zone.

A point may be spent while `activates_at <= now < expires_at`. An end is exclusive: "to the end of
the month" is the first instant of the next one. A month after 31 January is 28 or 29 February.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from regulars.loyalty.pure.programme import Expiry, MonthDay, Rounded, Span, Terms

CALENDAR_DATES_MAX = 20
# Calendar dates are looked for so far ahead, whatever `at_least` asks.
YEARS_AHEAD_MAX = 60


@dataclass(frozen=True, slots=True)
class Dates:
    """What terms come to for points earned at one moment.

    activates_at  None: not known before the event they wait for
    expires_at    None: never, or by silence when `slides`; for points that wait for an event the
                  moment until which they may wait
    slides_until  with `slides`, until when the member's sliding points live from now on
    """

    activates_at: datetime | None
    expires_at: datetime | None = None
    slides: bool = False
    slides_until: datetime | None = None
    waits: bool = False


def dates(terms: Terms, earned_at: datetime, zone: tzinfo) -> Dates:
    """The dates of points earned now."""
    pending = terms.pending
    if pending.kind == "event":
        until = after(earned_at, pending.cancel_after, zone) if pending.cancel_after else None
        return Dates(None, until, waits=True)
    activates_at = earned_at
    if pending.kind == "period":
        activates_at = max(
            earned_at, rounded(after(earned_at, pending.span, zone), pending.rounded, zone)
        )
    elif pending.kind == "dates":
        activates_at = _first_start(pending.dates, earned_at, zone)
    return _living(terms.expiry, activates_at, earned_at, zone)


def awakened(terms: Terms, at: datetime, zone: tzinfo) -> Dates:
    """The dates of points whose event has come."""
    return _living(terms.expiry, at, at, zone)


def _living(expiry: Expiry, from_at: datetime, earned_at: datetime, zone: tzinfo) -> Dates:
    if expiry.kind == "rolling":
        ends = rounded(after(from_at, expiry.span, zone), expiry.rounded, zone)
        # Rounding down must not end points before they live.
        return Dates(from_at, ends if ends > from_at else after(from_at, expiry.span, zone))
    if expiry.kind == "calendar":
        return Dates(from_at, _first_end(expiry, from_at, zone))
    if expiry.kind == "inactivity":
        return Dates(from_at, slides=True, slides_until=silence_ends(expiry, earned_at, zone))
    return Dates(from_at)


def silence_ends(expiry: Expiry, active_at: datetime, zone: tzinfo) -> datetime:
    """Until when sliding points live after an activity."""
    return rounded(after(active_at, expiry.span, zone), expiry.rounded, zone)


def resets(expiry: Expiry, activity: str) -> bool:
    """Whether this activity keeps sliding points alive; no list means every activity does."""
    is_sliding = expiry.kind == "inactivity"
    return is_sliding and (not expiry.activities or activity in expiry.activities)


def after(at: datetime, span: Span, zone: tzinfo) -> datetime:
    """The same local time a span later; the last day of the month where the day is missing."""
    local = at.astimezone(zone).replace(tzinfo=None)
    if span.unit in ("d", "w"):
        moved = local + timedelta(days=span.number * (7 if span.unit == "w" else 1))
    else:
        months = span.number * (12 if span.unit == "y" else 1)
        moved = datetime.combine(months_later(local.date(), months), local.time())
    return moved.replace(tzinfo=zone).astimezone(UTC)


def months_later(day: date, months: int) -> date:
    """So many calendar months on: 31 January and one is 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def rounded(at: datetime, how: Rounded, zone: tzinfo) -> datetime:
    """Moved to the start or the end of its local day, week (from Monday), month or year."""
    if how == "none":
        return at
    day = at.astimezone(zone).date()
    unit, edge = how.split("_")
    if unit == "week":
        start, end = day - timedelta(day.weekday()), day + timedelta(7 - day.weekday())
    elif unit == "month":
        start = day.replace(day=1)
        end = months_later(start, 1)
    elif unit == "year":
        start, end = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    else:
        start, end = day, day + timedelta(days=1)
    first = midnight(start, zone)
    # An instant that is an edge already stays where it is.
    return first if edge == "start" or at == first else midnight(end, zone)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The first instant of a local day, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _first_start(dates: Iterable[MonthDay], at: datetime, zone: tzinfo) -> datetime:
    """The start of the next of these days, at its own start or later than it."""
    found = (midnight(day, zone) for day in _days(dates, at, zone))
    return next(instant for instant in found if instant >= at)


def _first_end(expiry: Expiry, at: datetime, zone: tzinfo) -> datetime:
    """The end of the next of these days that leaves points the least they have to live."""
    least = after(at, expiry.at_least, zone)
    found = (midnight(day + timedelta(days=1), zone) for day in _days(expiry.dates, at, zone))
    return next(instant for instant in found if instant > at and instant >= least)


def _days(dates: Iterable[MonthDay], at: datetime, zone: tzinfo) -> Iterable[date]:
    """These days of the year of `at` and of years after it, in order."""
    chosen = sorted(dates, key=lambda one: (one.month, one.day))[:CALENDAR_DATES_MAX]
    assert chosen, "calendar terms name no day"
    first = at.astimezone(zone).year
    for year in range(first, first + YEARS_AHEAD_MAX):
        for one in chosen:
            last = calendar.monthrange(year, one.month)[1]
            yield date(year, one.month, min(one.day, last))
