"""What time does to points: pending ones become active once, and what is past its date ends.

The nightly run and whoever locks a member in between do the same through the same statements, so
it does not matter who comes first. The members are locked by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.loyalty.actions.sql import ACTIVATE, EXPIRE, NEXT_DUE
from regulars.loyalty.queries.members import customers_of
from regulars.store.scope import cursor


def settle(workspace_id: int, member_ids: Sequence[int], now: datetime) -> None:
    """Activate and expire whatever is due of these members, and note when they are due next."""
    activate(workspace_id, member_ids, now)
    expire(workspace_id, member_ids, now)
    note_next(workspace_id, member_ids, now)


def activate(workspace_id: int, member_ids: Sequence[int], now: datetime) -> int:
    """Pending points whose date has come become available; how many hundredths."""
    return _run(workspace_id, member_ids, now, ACTIVATE, "points.activated")


def expire(workspace_id: int, member_ids: Sequence[int], now: datetime) -> int:
    """Available points past their date end; what is held is left alone. How many hundredths."""
    return _run(workspace_id, member_ids, now, EXPIRE, "points.expired")


def note_next(workspace_id: int, member_ids: Sequence[int], now: datetime) -> None:
    """Keep for each of these members when something is due again."""
    cursor().execute(NEXT_DUE, {"workspace": workspace_id, "members": list(member_ids), "now": now})


def _run(
    workspace_id: int, member_ids: Sequence[int], now: datetime, statement: str, kind: str
) -> int:
    raw = cursor()
    raw.execute(statement, {"workspace": workspace_id, "members": list(member_ids), "now": now})
    rows = raw.fetchall()
    if not rows:
        return 0
    customers = customers_of(workspace_id, sorted({row[0] for row in rows}))
    events.record_many(
        workspace_id,
        [
            NewEvent(
                kind=kind,
                time=now,
                key=None,
                customer_id=customers[member_id],
                props={"currency": currency, "points": points},
                source="loyalty",
            )
            for member_id, currency, points, _ in rows
        ],
    )
    return sum(row[2] for row in rows)
