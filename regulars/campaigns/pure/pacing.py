"""When each message of a paced campaign is due."""

from __future__ import annotations

from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


def due_times(count: int, *, start: datetime, per_hour: int) -> list[datetime]:
    """One due time per message, the first at the start.

    per_hour  0 = all at once
    """
    if per_hour <= 0:
        return [start] * count
    # Multiplied before it is divided, so that the steps do not drift.
    return [start + HOUR * place / per_hour for place in range(count)]


def next_start(*, start: datetime, count: int, per_hour: int) -> datetime:
    """When the message after these is due."""
    return start if per_hour <= 0 else start + HOUR * count / per_hour


def duration(count: int, *, per_hour: int) -> timedelta | None:
    """How long the sending takes by its pace; None when it has none."""
    return None if per_hour <= 0 else HOUR * count / per_hour
