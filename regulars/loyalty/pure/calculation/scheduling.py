"""Whether a schedule is on: validity by the server's clock, happy hours by the shop's."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from regulars.loyalty.pure.promotions.model import Hours, Schedule


def is_on(schedule: Schedule, now: datetime, occurred_at: datetime, zone: ZoneInfo) -> str:
    """ "" when it is on, else not_yet, over or outside_hours.

    now          the server's instant, which decides from and to (from included, to not)
    occurred_at  the till's instant, which decides only the hour of the week
    """
    if schedule.starts_at is not None and now < schedule.starts_at:
        return "not_yet"
    if schedule.ends_at is not None and now >= schedule.ends_at:
        return "over"
    if not schedule.weekly:
        return ""
    there = zone if schedule.zone == "shop" else ZoneInfo(schedule.zone)
    local = occurred_at.astimezone(there)
    minute, weekday = local.hour * 60 + local.minute, local.isoweekday()
    if any(_covers(hours, weekday, minute) for hours in schedule.weekly):
        return ""
    return "outside_hours"


def _covers(hours: Hours, weekday: int, minute: int) -> bool:
    if hours.start_min < hours.end_min:
        return weekday in hours.days and hours.start_min <= minute < hours.end_min
    # Past midnight: the hours after it belong to the day they began on.
    yesterday = 7 if weekday == 1 else weekday - 1
    late = weekday in hours.days and minute >= hours.start_min
    return late or (yesterday in hours.days and minute < hours.end_min)
