"""Work in the worker: what changes where customers stand in the programme."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from regulars.events.records import Event
from regulars.kernel import clock
from regulars.loyalty.actions import standings

MERGED, SPLIT = "customer.merged", "customer.split"


def take_changes(workspace_id: int, events: Sequence[Event]) -> None:
    """Points, tiers, codes and members changed, or people were merged."""
    moved = {
        customer_id
        for event in events
        if event.kind in (MERGED, SPLIT)
        for customer_id in (event.customer_id, event.subject_id)
        if customer_id is not None
    }
    others = {event.customer_id for event in events if event.customer_id is not None} - moved
    standings.refresh(workspace_id, sorted(others))
    standings.refresh(workspace_id, sorted(moved), again_at=clock.now() + standings.SETTLED_AFTER)


def refresh_due() -> None:
    """What time alone has changed: points that ended, codes that ended or began."""
    with transaction.atomic():
        standings.refresh_due()
