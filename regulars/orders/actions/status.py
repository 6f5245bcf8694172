"""The books' own statuses, as programs and events of a site say them."""

from __future__ import annotations

from datetime import datetime

from regulars.kernel import clock
from regulars.orders.actions.payments import pay_rest
from regulars.orders.actions.stages import move, recount_values, write_status
from regulars.orders.pure.meaning import check_time, next_status
from regulars.orders.pure.stages import CLOSED
from regulars.orders.queries.books import RETURNS_OF, order_by_id, returns_given
from regulars.orders.records import STAGE_OF, OrderKind, OrderRecord, OrderStatus
from regulars.store.scope import cursor

__all__ = ["call_off", "recount_values", "set_status"]
UNDONE = f"""
UPDATE orders_order SET status = 'cancelled', total_minor = 0, lines_count = 0, updated_at = %s
WHERE {RETURNS_OF} RETURNING id
"""
UNDONE_LINES = """
UPDATE orders_line SET is_gone = true
WHERE workspace_id = %s AND order_id = ANY(%s) AND NOT is_gone
"""
UNDONE_STORY = """
INSERT INTO orders_correction
  (workspace_id, order_id, at, written_at, source, before_minor, after_minor, changes)
SELECT %s, id, %s, %s, %s, total_minor, 0, '[]'::jsonb FROM orders_order
"""


def set_status(
    workspace_id: int,
    order_id: int,
    status: OrderStatus,
    *,
    at: datetime | None = None,
    origin: str = "live",
    source: str = "api",
    actor_id: int | None = None,
    reason: str = "",
) -> bool:
    """Move the order on; false when it is already there or further.

    While nobody has spoken of payment apart, a status from paid on says that the order is paid.
    raises  NotFound(order_unknown), Refused(order_status_final), Invalid(order_time)
    """
    if at is not None:
        check_time(at)
    order = order_by_id(workspace_id, order_id, is_locked=True)
    if status is OrderStatus.PAID and order.payment is not None:
        next_status(OrderStatus(order.status), status)
        return pay_rest(workspace_id, order, at=at, actor_id=actor_id)
    apart = order.payment is not None and order.kind == OrderKind.SALE
    present = OrderStatus(order.status)
    is_closing = STAGE_OF[status] in CLOSED and order.stage_now not in CLOSED
    if apart and (present is OrderStatus.NEW or is_closing):
        # The books wait for the money, or it went back; where the goods are the stage tells.
        return move(
            workspace_id, order_id, STAGE_OF[status], at=at, origin=origin, source=source,
            actor_id=actor_id, reason=reason,
        )  # fmt: skip
    after = next_status(present, status)
    if after is None:
        return False
    if after is OrderStatus.PAID or order.kind != OrderKind.SALE:
        write_status(workspace_id, order, after, at=at or clock.now(), origin=origin)
        return True
    return move(
        workspace_id, order_id, STAGE_OF[after], at=at, origin=origin, source=source,
        actor_id=actor_id, reason=reason,
    )  # fmt: skip


def call_off(
    workspace_id: int,
    order_id: int,
    *,
    at: datetime,
    origin: str = "live",
    source: str = "api",
    reason: str = "",
) -> bool:
    """Cancel the order as its source tells it, whatever of it went back before; false for a repeat.

    An order that was called off was never bought: returns of its parts count no more, else the
    money would be taken off twice. So news of refunds and of the cancelling may come in any order.
    raises  NotFound(order_unknown), Refused(order_status_final), Invalid(order_time)
    """
    order = order_by_id(workspace_id, order_id, is_locked=True)
    if order.stage_now not in CLOSED:
        _undo_returns(workspace_id, order, at, source)
    return set_status(
        workspace_id, order_id, OrderStatus.CANCELLED, at=at, origin=origin, source=source,
        reason=reason,
    )  # fmt: skip


def _undo_returns(workspace_id: int, order: OrderRecord, at: datetime, source: str) -> None:
    raw, now = cursor(), clock.now()
    given = returns_given(workspace_id, order)
    raw.execute(f"{UNDONE_STORY} WHERE {RETURNS_OF}", [workspace_id, at, now, source, *given])
    raw.execute(UNDONE, [now, *given])
    undone = [row[0] for row in raw.fetchall()]
    if undone:
        raw.execute(UNDONE_LINES, [workspace_id, undone])
        recount_values(workspace_id, [order.customer_id] if order.customer_id else [])
