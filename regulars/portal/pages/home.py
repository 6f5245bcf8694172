"""What customers look at: what they have, what is offered to them, what they bought."""

from __future__ import annotations

from django.http import HttpResponse

from regulars.customers import queries as customers
from regulars.kernel.errors import NotFound
from regulars.orders import queries as order_queries
from regulars.orders.records import OrderRecord
from regulars.portal import words
from regulars.portal.pages.door import Visit, for_customers

ORDERS_MAX = 50
NEWEST_ORDERS = 3


@for_customers()
def home(visit: Visit) -> HttpResponse:
    """What the customer has, and what is new."""
    return visit.page("home", orders=[told(one) for one in own_orders(visit, NEWEST_ORDERS)])


@for_customers()
def orders(visit: Visit) -> HttpResponse:
    """What the customer bought, the newest first."""
    found = own_orders(visit, ORDERS_MAX)
    return visit.page("orders", orders=[told(one) for one in found], most=ORDERS_MAX)


@for_customers()
def order(visit: Visit, public_id: str) -> HttpResponse:
    """One order of the customer's, with its lines. raises NotFound(order_unknown)"""
    found = order_queries.order(visit.id, public_id)
    if found.customer_id not in _every_id(visit):
        raise NotFound("order_unknown", "There is no such order.")
    lines = order_queries.lines_of(visit.id, [found.id]).get(found.id, [])
    return visit.page("order", order=told(found), lines=lines)


def own_orders(visit: Visit, limit: int) -> list[OrderRecord]:
    """The newest orders of the customer, under every id that was merged into theirs."""
    return order_queries.orders_of(visit.id, _every_id(visit), limit)


def _every_id(visit: Visit) -> list[int]:
    return list(customers.whole_person(visit.id, visit.me.id).ids)


def told(order: OrderRecord) -> dict[str, object]:
    """The order with where it stands, in words."""
    state = words.STAGES.get(order.stage or "") or words.STATUSES.get(order.status)
    text, tone = state or (order.status, "neutral")
    if order.kind != "sale":
        text, tone = words.RETURN, "neutral"
    return {"record": order, "state": text, "tone": tone}
