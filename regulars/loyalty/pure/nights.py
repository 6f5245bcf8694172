"""Which midnight a night belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo

from regulars.loyalty.pure.terms import midnight

# The order is part of what members are promised; docs/decisions says why.
STEPS = (
    "follow", "activate", "policy", "tiers", "expire", "balance_tiers", "notify",
    "grants",
)  # fmt: skip
# A worker that was away longer begins with the last nights only.
NIGHTS_BEHIND_MAX = 400


def nights(last: date | None, now: datetime, zone: tzinfo) -> Iterator[date]:
    """Local days whose midnight has come and whose run has not been, the oldest first."""
    today = now.astimezone(zone).date()
    first = today if last is None else last + timedelta(days=1)
    first = max(first, today - timedelta(days=NIGHTS_BEHIND_MAX))
    while first <= today:
        yield first
        first += timedelta(days=1)


def moment(day: date, zone: tzinfo) -> datetime:
    """The instant a day's run stands for, however late it is run."""
    return midnight(day, zone)
