"""Changes by hand: what waits for a second person, and what was decided."""

from __future__ import annotations

from regulars.loyalty.point_records import AdjustmentRecord
from regulars.store.scope import cursor

SHOWN_MAX = 100
COLUMNS = (
    "public_id, member_id, currency, points, reason, state, asked_by, asked_at, decided_by,"
    " decided_at, txn_id"
)


def waiting(workspace_id: int) -> list[AdjustmentRecord]:
    """What waits for a second person, the oldest first."""
    return _found(workspace_id, "state = 'waiting' ORDER BY id")


def decided(workspace_id: int) -> list[AdjustmentRecord]:
    """What was posted or refused, the newest first."""
    return _found(workspace_id, "state <> 'waiting' ORDER BY id DESC")


def _found(workspace_id: int, where: str) -> list[AdjustmentRecord]:
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM loyalty_adjustment WHERE workspace_id = %s AND {where} LIMIT %s",
        [workspace_id, SHOWN_MAX],
    )
    return [AdjustmentRecord(*row) for row in raw.fetchall()]
