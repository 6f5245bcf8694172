"""Orders whose sum changed after they were completed, as the site tells it."""

from __future__ import annotations

from datetime import datetime

from regulars.kernel.errors import Invalid
from regulars.orders import queries
from regulars.orders.actions.record import record_order
from regulars.orders.records import NewOrder, OrderKind, OrderStatus, Recorded
from regulars.store.scope import cursor

CORRECTIONS = """
SELECT coalesce(sum(total_minor), 0)::bigint, max(placed_at) FROM orders_order
WHERE workspace_id = %s AND source = %s AND kind = 'adjustment' AND starts_with(number, %s)
"""


def update_order_total(
    workspace_id: int,
    source: str,
    number: str,
    total_minor: int,
    *,
    key: str,
    at: datetime,
    origin: str = "live",
) -> Recorded | None:
    """Correct the books by the difference to what the order comes to so far.

    The order itself stays as it was said first; the correction is an order of its own,
    NUMBER/U and the key. None when nothing changes, or when later news came first.
    raises  Invalid(order_unknown)
    """
    order_id = queries.order_ids(workspace_id, source, [number]).get(number)
    if order_id is None:
        raise Invalid("order_unknown", f"There is no order {number} to update.")
    order = queries.order_by_id(workspace_id, order_id)
    raw = cursor()
    # Two updates of one order wait in turn, else both would correct from the same sum.
    raw.execute("SELECT 1 FROM orders_order WHERE id = %s FOR UPDATE", [order_id])
    raw.execute(CORRECTIONS, [workspace_id, source, f"{number}/U"])
    row = raw.fetchone()
    assert row is not None
    if row[1] is not None and at < row[1]:
        return None
    difference = total_minor - order.total_minor - row[0]
    if not difference:
        return None
    correction = NewOrder(
        number=f"{number}/U{key}",
        placed_at=at,
        currency=order.currency,
        source=source,
        kind=OrderKind.ADJUSTMENT,
        status=OrderStatus.PAID,
        customer_id=order.customer_id,
        total_minor=difference,
    )
    return record_order(workspace_id, correction, origin=origin)
