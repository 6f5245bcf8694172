"""When a carrier is asked again about a parcel."""

from __future__ import annotations

from datetime import datetime, timedelta

from regulars.orders.pure.stages import OVER
from regulars.orders.records import Stage

ON_THE_WAY = timedelta(hours=2)
NEAR = timedelta(minutes=30)
NEAR_BEFORE = timedelta(hours=24)


def next_ask(
    stage: Stage, now: datetime, *, until: datetime, eta_at: datetime | None
) -> datetime | None:
    """The time to ask again; None when nobody waits any longer or the carrier had its time."""
    if stage in OVER or now >= until:
        return None
    is_near = stage is Stage.ARRIVED or (eta_at is not None and eta_at - now <= NEAR_BEFORE)
    return min(now + (NEAR if is_near else ON_THE_WAY), until)
