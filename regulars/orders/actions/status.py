"""Moving orders along, and keeping what customers bought in step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.events import actions as events
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.orders.actions import sql
from regulars.orders.actions.books import order_event
from regulars.orders.pure.meaning import event_of, is_purchase, next_status
from regulars.orders.records import OrderStatus
from regulars.store.scope import cursor

LOCK = """
SELECT status, kind, customer_id, number, total_minor, currency, lines_count, source
FROM orders_order WHERE workspace_id = %s AND id = %s FOR UPDATE
"""


def set_status(
    workspace_id: int,
    order_id: int,
    status: OrderStatus,
    *,
    at: datetime | None = None,
    origin: str = "live",
) -> bool:
    """Move the order on; false when it is already there or further.

    raises  NotFound(order_unknown), Refused(order_status_final)
    """
    raw = cursor()
    raw.execute(LOCK, [workspace_id, order_id])
    row = raw.fetchone()
    if row is None:
        raise NotFound("order_unknown", "There is no such order.")
    before, kind, customer_id, number, total, currency, lines, source = row
    after = next_status(OrderStatus(before), status)
    if after is None:
        return False
    now = clock.now()
    raw.execute(
        "UPDATE orders_order SET status = %s, updated_at = %s WHERE workspace_id = %s AND id = %s",
        [after.value, now, workspace_id, order_id],
    )
    event = event_of(kind, after, total)
    if is_purchase(kind, before, total) != is_purchase(kind, after, total):
        recount_values(workspace_id, [customer_id] if customer_id else [])
        events.record_many(
            workspace_id,
            [
                order_event(
                    event,
                    order_id,
                    customer_id,
                    at or now,
                    number,
                    total,
                    currency,
                    lines,
                    source,
                    origin,
                )
            ],
        )
    return True


def recount_values(workspace_id: int, customer_ids: Sequence[int]) -> None:
    """Count again, from their orders, what these customers bought."""
    if customer_ids:
        cursor().execute(
            sql.RECOUNT_VALUES, {"workspace": workspace_id, "customers": list(customer_ids)}
        )
