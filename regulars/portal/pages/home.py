"""What customers look at: what they have, what is offered to them, what they bought."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from regulars.customers import queries as customers
from regulars.kernel.errors import NotFound
from regulars.loyalty.queries import playing, referrals, rewards
from regulars.loyalty.queries.history import NEWEST, Moved
from regulars.loyalty.queries.offers import running
from regulars.orders import queries as order_queries
from regulars.orders.queries import desk
from regulars.orders.records import OrderRecord, Stage
from regulars.portal import standing as standings
from regulars.portal import words
from regulars.portal.pages.door import Visit, for_customers

ORDERS_MAX = 50
OVER = frozenset({Stage.DELIVERED, Stage.CANCELLED, Stage.RETURNED})
NEWEST_ORDERS = 3
NEWEST_OFFERS = 3
NEWEST_POINTS = 4
PAGE_ROWS = 30
# Points for an activity: the reason is its name.
PLAYED = "activity:"


@for_customers()
def home(visit: Visit) -> HttpResponse:
    """What the customer has, and what is new."""
    context: dict[str, Any] = {"orders": [told(one) for one in own_orders(visit, NEWEST_ORDERS)]}
    if standings.is_open(visit.id):
        member = standings.member_of(visit.id, visit.me.id)
        rows = standings.happened(visit.id, member.id, limit=NEWEST_POINTS)
        context |= {
            "standing": standings.standing(visit.id, member),
            "rows": [moved(row) for row in rows],
            "offers": running(visit.id, member.id, visit.language)[:NEWEST_OFFERS],
            "has_prizes": bool(rewards.rewards(visit.id, with_hidden=False)),
            "can_play": playing.turns(visit.id, member.id),
            "invites": referrals.terms(visit.id).is_open,
        }
    return visit.page("home", **context)


@for_customers()
def points(visit: Visit) -> HttpResponse:
    """What happened to the customer's points, and when they burn."""
    if not standings.is_open(visit.id):
        return visit.page("closed")
    member = standings.member_of(visit.id, visit.me.id)
    before = visit.number(visit.request.GET.get("before", "")) or NEWEST
    found = standings.happened(visit.id, member.id, before=before, limit=PAGE_ROWS)
    return visit.page(
        "points",
        standing=standings.standing(visit.id, member),
        rows=[moved(row) for row in found],
        older=found[-1].txn_id if len(found) == PAGE_ROWS else None,
        is_first=before == NEWEST,
    )


@for_customers()
def offers(visit: Visit) -> HttpResponse:
    """What is offered to the customer, their codes and certificates."""
    context: dict[str, Any] = {
        "codes": standings.codes(visit.id, visit.me.id),
        "certificates": standings.certificates(visit.id, visit.me.id),
    }
    if standings.is_open(visit.id):
        member = standings.member_of(visit.id, visit.me.id)
        context["offers"] = running(visit.id, member.id, visit.language)
    return visit.page("offers", **context)


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
    return visit.page(
        "order",
        order=told(found),
        lines=order_queries.lines_of(visit.id, [found.id]).get(found.id, []),
        steps=[
            {"text": words.STAGES[row.status][0], "at": row.at}
            for row in desk.history(visit.id, found.id)
            if row.status in words.STAGES
        ],
        is_late=found.delayed_at is not None and found.stage_now not in OVER,
        parcel=desk.delivery(visit.id, found.id),
        support=desk.support(visit.id),
    )


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


def moved(row: Moved) -> dict[str, object]:
    """What happened to points, in plain words, with the reason that a person wrote for them."""
    is_told = row.reason and (row.kind == "adjust" or row.key.startswith(PLAYED))
    return {
        "row": row,
        "text": words.points(row.kind, row.key),
        "reason": row.reason if is_told else "",
        "is_waiting": bool(row.pending > 0 and not row.available),
    }
