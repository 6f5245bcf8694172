"""How large a segment was on every day, from sizes that are written only when they change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from regulars.segments.records import SizePoint


def by_day(
    points: Sequence[SizePoint], since: date, today: date, zone: ZoneInfo
) -> list[tuple[date, int]]:
    """The size at the end of each day, oldest first; days before the first size are left out.

    points  oldest first; those before `since` tell what the first days began with
    """
    known = {point.at.astimezone(zone).date(): point.count for point in points}
    before = [count for day, count in known.items() if day < since]
    size = before[-1] if before else None
    found = []
    for number in range((today - since).days + 1):
        day = since + timedelta(days=number)
        size = known.get(day, size)
        if size is not None:
            found.append((day, size))
    return found
