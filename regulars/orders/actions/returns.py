"""Goods that come back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Refused
from regulars.orders import queries
from regulars.orders.actions.record import record_order
from regulars.orders.actions.status import set_status
from regulars.orders.actions.stock import put_back
from regulars.orders.pure import returns
from regulars.orders.records import (
    LineRecord,
    NewLine,
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
    is_restocked: bool = False,
) -> Recorded:
    """Take goods of an order back, once for a key.

    quantities    how many of each line by its number; nothing means all that is left
    is_restocked  what was taken from stock lies there again
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
            if is_restocked:
                put_back(workspace_id, order.id, _counted(lines))
            return _answer(order, Outcome.NEW)
    back = returns.lines_back(lines, quantities or {}, returned)
    worth, refunded = queries.returned_before(workspace_id, order, before=before.get(number))
    written = queries.order_by_id(workspace_id, before[number]).placed_at if before else None
    recorded = record_order(
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
            total_minor=returns.refund_minor(
                order, lines, back, worth_before_minor=worth, refunded_before_minor=refunded
            ),
        ),
    )
    if is_restocked and recorded.outcome is Outcome.NEW:
        put_back(workspace_id, order.id, {s: -q for s, q in _counted(back).items()})
    return recorded


def refund_rest(
    workspace_id: int, order_id: int, *, key: str, at: datetime, origin: str = "live"
) -> Recorded:
    """Take back all that is left of an order with all its money, as a return of its own.

    The order stays what it is: called off later, its returns are undone, so either may come first.
    raises  NotFound(order_unknown), Refused(order_not_sale | return_nothing)
    """
    order = queries.order_by_id(workspace_id, order_id, is_locked=True)
    if order.kind != OrderKind.SALE:
        raise Refused("order_not_sale", "A return or a correction does not come back.")
    rest = order.total_minor - queries.refunded_minor(workspace_id, order)
    if rest <= 0:
        raise Refused("return_nothing", "Everything of this order came back before.")
    returned = queries.returned_quantities(workspace_id, order)
    lines = queries.lines(workspace_id, order_id)
    try:
        back = returns.lines_back(lines, {}, returned)
    except Refused:
        # Of an order without lines, or one whose goods are all back, the money alone is left.
        back = ()
    return record_order(
        workspace_id,
        NewOrder(
            number=f"{order.number}/R{key}",
            placed_at=at,
            currency=order.currency,
            lines=back,
            source=order.source,
            kind=OrderKind.RETURN,
            status=OrderStatus.RETURNED,
            customer_id=order.customer_id,
            total_minor=-rest,
        ),
        origin=origin,
    )


def _counted(lines: Iterable[NewLine | LineRecord]) -> dict[str, Decimal]:
    """How many of each product."""
    found: dict[str, Decimal] = {}
    for line in lines:
        found[line.sku] = found.get(line.sku, Decimal(0)) + line.quantity
    return found


def _lock(workspace_id: int, public_id: str) -> None:
    # Two returns of one order wait for each other, so that together they take back no more.
    cursor().execute(
        "SELECT 1 FROM orders_order WHERE workspace_id = %s AND public_id = %s FOR UPDATE",
        [workspace_id, public_id],
    )


def _answer(order: OrderRecord, outcome: Outcome) -> Recorded:
    return Recorded(order.id, order.public_id, order.source, order.number, outcome)
