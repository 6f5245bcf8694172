"""The instants a report is asked about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from regulars.kernel.errors import Invalid
from regulars.workspaces import queries as workspaces


def instant_of(workspace_id: int, text: str) -> datetime:
    """The instant a text names: a date is its first moment on the workspace's clock.

    text    2011-12-10, 2011-12-10T09:30 or 2011-12-10T09:30+02:00
    raises  Invalid(at)
    """
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=workspaces.workspace(workspace_id).zone)
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid("at", "Give the date as 2011-12-10 or 2011-12-10T09:30:00.") from error


MONTHS_SHOWN = 13


def month_ends(today: date, months: int = MONTHS_SHOWN) -> list[date]:
    """The last days of the months that end with this one, which ends today."""
    number = today.year * 12 + today.month - 1
    ends = [date((n + 1) // 12, (n + 1) % 12 + 1, 1) - timedelta(days=1)
            for n in range(number - months + 1, number)]  # fmt: skip
    return [*ends, today]
