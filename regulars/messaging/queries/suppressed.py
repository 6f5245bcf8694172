"""Addresses to which no letter goes any more, as their owners' room keeps them."""

from __future__ import annotations

from regulars.messaging.records import Suppressed
from regulars.store.scope import cursor

CHANNEL = "email"
PAGE_ROWS_MAX = 500


def suppressions(
    workspace_id: int, *, before_id: int | None = None, limit: int = 50
) -> list[Suppressed]:
    """A page of suppressed addresses, the newest first; `before_id` is the last one shown."""
    where, values = "", list[object]([workspace_id, CHANNEL])
    if before_id is not None:
        where = " AND id < %s"
        values.append(before_id)
    raw = cursor()
    raw.execute(
        "SELECT id, customer_id, reason, at FROM customers_suppression"
        f" WHERE workspace_id = %s AND channel = %s AND lifted_at IS NULL{where}"
        " ORDER BY id DESC LIMIT %s",
        [*values, min(limit, PAGE_ROWS_MAX)],
    )
    return [Suppressed(*row) for row in raw.fetchall()]


def suppression_count(workspace_id: int) -> int:
    """How many addresses are suppressed."""
    raw = cursor()
    raw.execute(
        "SELECT count(*) FROM customers_suppression"
        " WHERE workspace_id = %s AND channel = %s AND lifted_at IS NULL",
        [workspace_id, CHANNEL],
    )
    row = raw.fetchone()
    assert row is not None
    return int(row[0])
