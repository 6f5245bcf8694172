"""What the worker does for tills: sales into the books of orders, old holds, old answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from regulars.events.records import Event
from regulars.kernel import clock
from regulars.kernel.errors import Conflict
from regulars.loyalty.actions import till as actions
from regulars.loyalty.queries import purchases
from regulars.loyalty.till_records import ANSWERS_KEPT, ORDER_SOURCE, PurchaseRecord, ReturnRecord
from regulars.orders import actions as orders
from regulars.orders import queries as order_queries
from regulars.orders.records import NewLine, NewOrder, OrderKind, OrderStatus, Outcome
from regulars.store.scope import cursor, scope

HOLDS_AT_ONCE_MAX = 1_000
WAITING_AT_ONCE_MAX = 200
ANSWERS_AT_ONCE_MAX = 5_000
DUE = """
SELECT workspace_id, purchase_id FROM loyalty_purchase
WHERE state = 'held' AND expires_at <= %s ORDER BY expires_at LIMIT %s
"""
WAITING = """
SELECT DISTINCT r.workspace_id, r.purchase_id FROM loyalty_return AS r
JOIN loyalty_purchase AS p ON p.workspace_id = r.workspace_id AND p.purchase_id = r.purchase_id
WHERE r.state = 'waiting' AND p.state IN ('confirmed', 'partly_returned', 'returned')
ORDER BY 1, 2 LIMIT %s
"""
OLD = """
DELETE FROM loyalty_answer WHERE id IN
  (SELECT id FROM loyalty_answer WHERE created_at < %s ORDER BY created_at LIMIT %s)
"""
OLD_CODES = "DELETE FROM loyalty_burncode WHERE expires_at < %s"
# A changing code is good for a minute and a half; after a day nobody's clock is so wrong.
SPENT_KEPT = timedelta(days=1)
OLD_SPENT = "DELETE FROM loyalty_spentcode WHERE at < %s"


def take_purchases(workspace_id: int, events: Sequence[Event]) -> None:
    """Sales and returns of tills become orders; what is in the books already stays as it is."""
    rows = [event.subject_id for event in events if event.subject_id is not None]
    known = purchases.purchases_by_row(workspace_id, rows)
    sales = [e for e in events if e.kind == "purchase.confirmed" and e.subject_id in known]
    recorded = orders.record_orders_many(
        workspace_id, [_sale(known[event.subject_id or 0], event.time) for event in sales]
    )
    for one in recorded:
        if one.outcome is Outcome.DIFFERS:
            raise Conflict(
                "order_differs", "Another order of the till has this number.", number=one.number
            )
    for event in events:
        if event.kind == "purchase.returned" and event.subject_id in known:
            _take_return(workspace_id, known[event.subject_id], event)


def _sale(one: PurchaseRecord, at: datetime) -> NewOrder:
    """The order of a purchase: lines at the till's prices, and what was paid for all of it.

    Gift money was paid when the certificate was sold, and counts here; points and discounts are
    what the lines come to above the total.
    """
    assert one.answer is not None
    summary = one.answer.summary
    return NewOrder(
        number=one.purchase_id,
        placed_at=at,
        currency=one.currency,
        lines=tuple(_line(line, line["qty_milli"]) for line in one.cart["lines"]),
        source=ORDER_SOURCE,
        customer_id=one.customer_id,
        total_minor=summary.to_pay_minor + summary.gift_paid_minor,
    )


def _line(kept: Mapping[str, Any], milli: int) -> NewLine:
    return NewLine(
        sku=kept["sku"],
        quantity=Decimal(milli).scaleb(-3),
        unit_price=Decimal(kept["price"]),
        name=kept["name"] or None,
        category=kept["category"] or None,
        brand=kept["brand"] or None,
    )


def _take_return(workspace_id: int, one: PurchaseRecord, event: Event) -> None:
    """A whole return closes the order; a part is a return of its own with its own money."""
    found = order_queries.order_ids(workspace_id, ORDER_SOURCE, [one.purchase_id])
    order_id = found.get(one.purchase_id)
    if order_id is None:
        raise Conflict("order_unknown", "The sale is not in the books yet.")
    if event.props.get("is_full"):
        orders.set_status(workspace_id, order_id, OrderStatus.RETURNED, at=event.time)
        return
    return_id = str(event.props["return"])
    done = next(
        (
            back
            for back in purchases.returns_of(workspace_id, one.purchase_id)
            if back.return_id == return_id
        ),
        None,
    )
    assert done is not None
    orders.record_order(workspace_id, _return(one, done, event.time))


def _return(one: PurchaseRecord, done: ReturnRecord, at: datetime) -> NewOrder:
    return NewOrder(
        number=f"{one.purchase_id}/R{done.return_id}",
        placed_at=at,
        currency=one.currency,
        lines=tuple(
            _line(line, -done.lines[line["line_id"]])
            for line in one.cart["lines"]
            if line["line_id"] in done.lines
        ),
        source=ORDER_SOURCE,
        kind=OrderKind.RETURN,
        status=OrderStatus.RETURNED,
        customer_id=one.customer_id,
        total_minor=-(done.result["refund"] + done.result["gift"]),
    )


def expire_holds() -> int:
    """Release holds that ran out; how many. Engine only."""
    return _each(DUE, [clock.now(), HOLDS_AT_ONCE_MAX], actions.expire)


def settle_waiting() -> int:
    """Do returns that came before their sale; how many. Engine only."""
    return _each(WAITING, [WAITING_AT_ONCE_MAX], actions.settle_waiting)


def prune() -> int:
    """Forget answers and codes that nobody will ask for again; how many answers. Engine only."""
    now = clock.now()
    with transaction.atomic():
        raw = cursor()
        raw.execute(OLD, [now - ANSWERS_KEPT, ANSWERS_AT_ONCE_MAX])
        gone = raw.rowcount
        raw.execute(OLD_CODES, [now - ANSWERS_KEPT])
        raw.execute(OLD_SPENT, [now - SPENT_KEPT])
    return gone


def _each(found: str, given: Sequence[object], act: Callable[[int, str], int]) -> int:
    """Act on each purchase found, every one in a transaction of its own."""
    with transaction.atomic():
        raw = cursor()
        raw.execute(found, list(given))
        due = raw.fetchall()
    done = 0
    for workspace_id, purchase_id in due:
        with scope(workspace_id):
            done += act(workspace_id, purchase_id)
    return done
