"""The periods limits are counted in."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo

# What "for all time" begins with.
ALL_TIME = date(1970, 1, 1)


def period_start(period: str, now: datetime, zone: tzinfo) -> date:
    """The first day of the day, week (from Monday), month or year that it is now in the zone."""
    today = now.astimezone(zone).date()
    if period == "day":
        return today
    if period == "week":
        return today - timedelta(days=today.weekday())
    if period == "month":
        return today.replace(day=1)
    if period == "year":
        return today.replace(month=1, day=1)
    return ALL_TIME
