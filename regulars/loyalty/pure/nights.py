"""Which midnight a night belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo

from regulars.loyalty.pure.terms import midnight

# The order is part of what members are promised; docs/decisions says why.
STEPS = (
    "follow", "activate", "tiers", "policy", "expire", "balance_tiers", "notify",
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


def told_days(day: date, notice_days: int, before: str | None) -> tuple[date, date]:
    """From which midnight up to which one points end whose members this night tells of it.

    So many days ahead, beginning where the night before left off: when the days of notice are
    changed nobody is told twice, and nobody who is still to lose points is left out.
    before   the day up to which an earlier night told; None when none did
    returns  the same day twice when everybody was told already
    """
    upto = day + timedelta(days=notice_days + 1)
    if before is None:
        return upto - timedelta(days=1), upto
    begin = max(date.fromisoformat(before), day)
    return begin, max(begin, upto)
