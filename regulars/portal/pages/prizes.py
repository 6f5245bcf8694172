"""The prize catalogue: what can be had for points, and what was ordered."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.loyalty.actions import rewards as actions
from regulars.loyalty.queries import rewards as queries
from regulars.loyalty.reward_records import RewardRecord
from regulars.portal import standing as standings
from regulars.portal import words
from regulars.portal.pages.door import Visit, for_customers
from regulars.store.scope import scope

KEY_CHARS_MAX = 40
SHOWN_MAX = 100
FEW = 5


@for_customers("GET", "HEAD", "POST")
def prizes(visit: Visit) -> HttpResponse:
    """What the customer may order; an order takes the points at once."""
    if not standings.is_open(visit.id):
        return visit.page("closed")
    member = standings.member_of(visit.id, visit.me.id)
    fault = words.NO_FAULT
    if visit.request.method == "POST":
        given = visit.request.POST
        try:
            # A refusal is answered by a page, so what was begun is undone here.
            with scope(visit.id):
                actions.order_reward(
                    visit.id,
                    member.id,
                    given.get("reward", "")[:KEY_CHARS_MAX],
                    key=f"account:{member.public_id}:{given.get('key', '')[:KEY_CHARS_MAX]}",
                )
        except (Refused, Conflict, NotFound) as error:
            fault = words.prize_fault(error)
        else:
            return visit.lead_to("prizes", told="ordered")
    ordered = queries.orders_of_member(visit.id, member.id)
    names = queries.names_of(visit.id, {one.reward_id for one in ordered})
    return visit.page(
        "prizes",
        422 if fault else 200,
        standing=standings.standing(visit.id, member),
        prizes=_shelf(visit, member.id),
        ordered=[
            {
                "record": one,
                "name": names.get(one.reward_id, ""),
                "state": words.PRIZE_STATES.get(one.state, (one.state, "neutral")),
            }
            for one in ordered
        ],
        key=new_public_id(),
        fault=fault,
    )


def _shelf(visit: Visit, member_id: int) -> list[dict[str, Any]]:
    """What is shown now: what the points are enough for first, then what is nearest."""
    now, own = clock.now(), standings.to_spend(visit.id, member_id)
    found = [
        _prize(one, one.points - own.get(one.currency, 0))
        for one in queries.rewards(visit.id, with_hidden=False)
        if (one.starts_at is None or one.starts_at <= now)
        and (one.ends_at is None or one.ends_at > now)
    ]
    found.sort(key=lambda one: (one["is_gone"], one["lacking"] > 0))
    return found[:SHOWN_MAX]


def _prize(one: RewardRecord, lacking: int) -> dict[str, Any]:
    return {
        "record": one,
        "lacking": max(0, lacking),
        "share": min(1.0, max(0, one.points - lacking) / one.points),
        "is_gone": one.stock == 0,
        "is_near": lacking <= 0 and one.stock != 0,
        "few": one.stock if one.stock is not None and one.stock <= FEW else 0,
    }
