"""What a new order gets beside its row in the books: a page, its payment, its goods."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from regulars.kernel.errors import Invalid
from regulars.orders.actions.stock import reserve
from regulars.orders.actions.tokens import new_token
from regulars.orders.pure.stages import GONE_RANK, RANK, books_status
from regulars.orders.queries.books import order_by_id
from regulars.orders.records import (
    STAGE_OF,
    NewOrder,
    OrderKind,
    OrderStatus,
    Outcome,
    PaymentState,
    Recorded,
)
from regulars.store.scope import cursor

# A part, or money that went back, is told by payments of its own.
TOLD_AT_ONCE = frozenset({PaymentState.UNPAID, PaymentState.PENDING, PaymentState.PAID})
OPEN = """
UPDATE orders_order AS o
SET token = g.token, payment = g.payment, stage = g.stage, place_id = g.place_id,
    responsible_id = g.responsible_id, pays_on_delivery = g.pays_on_delivery, hold = g.hold,
    paid_minor = CASE WHEN g.payment = 'paid' THEN o.total_minor ELSE 0 END
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[],
            %s::boolean[], %s::text[])
  AS g (id, token, payment, stage, place_id, responsible_id, pays_on_delivery, hold)
WHERE o.workspace_id = %s AND o.id = g.id
"""
OPENING_PAYMENTS = """
INSERT INTO orders_payment (workspace_id, order_id, key, amount_minor, method, at)
SELECT workspace_id, id, 'opening', total_minor, '', placed_at FROM orders_order
WHERE workspace_id = %s AND id = ANY(%s) AND payment = 'paid' AND total_minor > 0
"""
DETAILS = """
UPDATE orders_line AS l
SET item = g.item, duration_min = g.duration_min, starts_at = g.starts_at, ends_at = g.ends_at
FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::int[], %s::timestamptz[], %s::timestamptz[])
  AS g (order_id, line_no, item, duration_min, starts_at, ends_at)
WHERE l.workspace_id = %s AND l.order_id = g.order_id AND l.line_no = g.line_no
"""


def status_at_first(order: NewOrder) -> OrderStatus:
    """What the books say of the order when it is entered. raises Invalid(order_payment)"""
    if order.payment is None:
        return order.status
    if order.kind is not OrderKind.SALE or order.payment not in TOLD_AT_ONCE:
        raise Invalid(
            "order_payment", "A new sale is unpaid, pending or paid; tell parts as payments."
        )
    return books_status(STAGE_OF[order.status], order.payment)


def told_beside(order: NewOrder) -> str:
    """A digest of what the order says beyond its books, empty for nothing."""
    details = [
        [place, line.item, line.duration_min, _text(line.starts_at), _text(line.ends_at)]
        for place, line in enumerate(order.lines)
        if line.has_details
    ]
    said = [order.payment, order.place_id, details]
    if not any(said):
        return ""
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=12).hexdigest()


def open_desk(
    workspace_id: int,
    orders: Sequence[NewOrder],
    recorded: Sequence[Recorded],
    *,
    origin: str,
    is_strict: bool = False,
) -> None:
    """Give the new ones among the orders what the desk needs; history gets only what it says.

    is_strict  refuse when there is not enough in stock
    raises     Refused(stock_short)
    """
    fresh = [
        (order, answer)
        for order, answer in zip(orders, recorded, strict=True)
        if answer.outcome is Outcome.NEW
    ]
    _write_details(workspace_id, fresh)
    _write_times(workspace_id, fresh)
    told = [
        pair
        for pair in fresh
        if pair[0].kind is OrderKind.SALE and (origin == "live" or pair[0].payment is not None)
    ]
    if not told:
        return
    _write_orders(workspace_id, told)
    if origin == "live" and _has_stock(workspace_id):
        waiting = [a.id for o, a in told if RANK[STAGE_OF[o.status]] < GONE_RANK]
        reserve(
            workspace_id,
            [order_by_id(workspace_id, order_id) for order_id in sorted(waiting)],
            is_strict=is_strict,
        )


def _write_orders(workspace_id: int, told: Sequence[tuple[NewOrder, Recorded]]) -> None:
    ids = [answer.id for _, answer in told]
    raw = cursor()
    raw.execute(
        OPEN,
        [
            ids,
            [new_token(workspace_id) for _ in told],
            [order.payment for order, _ in told],
            [STAGE_OF[order.status] if order.payment else None for order, _ in told],
            [order.place_id for order, _ in told],
            [order.responsible_id for order, _ in told],
            [order.pays_on_delivery for order, _ in told],
            [order.hold for order, _ in told],
            workspace_id,
        ],
    )
    if any(order.payment is PaymentState.PAID for order, _ in told):
        raw.execute(OPENING_PAYMENTS, [workspace_id, ids])


def _write_details(workspace_id: int, fresh: Sequence[tuple[NewOrder, Recorded]]) -> None:
    rows = [
        (answer.id, line_no, line)
        for order, answer in fresh
        for line_no, line in enumerate(order.lines, 1)
        if line.has_details
    ]
    if not rows:
        return
    cursor().execute(
        DETAILS,
        [
            [order_id for order_id, _, _ in rows],
            [line_no for _, line_no, _ in rows],
            [line.item for _, _, line in rows],
            [line.duration_min for _, _, line in rows],
            [line.starts_at for _, _, line in rows],
            [line.ends_at for _, _, line in rows],
            workspace_id,
        ],
    )


def _write_times(workspace_id: int, fresh: Sequence[tuple[NewOrder, Recorded]]) -> None:
    """When each was told, for those whose source says."""
    rows = [(answer.id, order.told_at) for order, answer in fresh if order.told_at is not None]
    if rows:
        cursor().execute(
            "UPDATE orders_order AS o SET told_at = g.at"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS g (id, at)"
            " WHERE o.workspace_id = %s AND o.id = g.id",
            [[id_ for id_, _ in rows], [at for _, at in rows], workspace_id],
        )


def _has_stock(workspace_id: int) -> bool:
    raw = cursor()
    raw.execute("SELECT 1 FROM orders_stock WHERE workspace_id = %s LIMIT 1", [workspace_id])
    return raw.fetchone() is not None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
