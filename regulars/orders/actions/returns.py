"""Goods that come back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.orders import queries
from regulars.orders.actions.record import record_order
from regulars.orders.actions.status import set_status
from regulars.orders.pure import returns
from regulars.orders.records import (
    NewOrder,
    OrderKind,
    OrderRecord,
    OrderStatus,
    Outcome,
    Recorded,
)
from regulars.store.scope import cursor

KEY_LENGTH_MAX = 60


def record_return(
    workspace_id: int,
    public_id: str,
    *,
    key: str,
    quantities: Mapping[int, Decimal] | None = None,
    at: datetime | None = None,
) -> Recorded:
    """Take goods of an order back, once for a key.

    quantities  how many of each line by its number; nothing means all that is left
    A whole order becomes returned itself; a part becomes a return of its own, NUMBER/RKEY.
    raises  NotFound, Invalid(return_key | return_line | return_quantity),
            Refused(order_not_sold | return_exceeds | return_nothing),
            Conflict(idempotency_mismatch) when the key came before with something else
    """
    if not 0 < len(key) <= KEY_LENGTH_MAX or not key.isprintable():
        raise Invalid("return_key", f"Give the return a key of 1 to {KEY_LENGTH_MAX} characters.")
    _lock(workspace_id, public_id)
    order = queries.order(workspace_id, public_id)
    number = f"{order.number}/R{key}"
    before = queries.order_ids(workspace_id, order.source, [number])
    if not before and order.status == OrderStatus.RETURNED and not quantities:
        return _answer(order, Outcome.REPEATED)
    lines = queries.lines(workspace_id, order.id)
    returned = queries.returned_quantities(workspace_id, order, but=before.get(number))
    if not before:
        returns.check_returnable(order)
        if not quantities and not returned:
            set_status(workspace_id, order.id, OrderStatus.RETURNED, at=at)
            return _answer(order, Outcome.NEW)
    back = returns.lines_back(lines, quantities or {}, returned)
    written = queries.order_by_id(workspace_id, before[number]).placed_at if before else None
    return record_order(
        workspace_id,
        NewOrder(
            number=number,
            placed_at=at or written or clock.now(),
            currency=order.currency,
            lines=back,
            source=order.source,
            kind=OrderKind.RETURN,
            status=OrderStatus.RETURNED,
            customer_id=order.customer_id,
            total_minor=returns.refund_minor(order, lines, back),
        ),
    )


def _lock(workspace_id: int, public_id: str) -> None:
    # Two returns of one order wait for each other, so that together they take back no more.
    cursor().execute(
        "SELECT 1 FROM orders_order WHERE workspace_id = %s AND public_id = %s FOR UPDATE",
        [workspace_id, public_id],
    )


def _answer(order: OrderRecord, outcome: Outcome) -> Recorded:
    return Recorded(order.id, order.public_id, order.source, order.number, outcome)
