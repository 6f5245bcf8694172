"""The prize catalogue: what can be had for points, and what was ordered."""

from __future__ import annotations

from django.http import HttpResponse

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.loyalty.actions import rewards as actions
from regulars.loyalty.queries import rewards as queries
from regulars.portal import standing as standings
from regulars.portal import words
from regulars.portal.pages.door import Visit, for_customers
from regulars.store.scope import scope

KEY_CHARS_MAX = 40


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
    now, own = clock.now(), standings.standing(visit.id, member)
    shown = [
        one
        for one in queries.rewards(visit.id, with_hidden=False)
        if (one.starts_at is None or one.starts_at <= now)
        and (one.ends_at is None or one.ends_at > now)
    ]
    ordered = queries.orders_of_member(visit.id, member.id)
    names = queries.names_of(visit.id, {one.reward_id for one in ordered})
    return visit.page(
        "prizes",
        422 if fault else 200,
        standing=own,
        prizes=[{"record": one, "is_near": one.points <= own.available} for one in shown],
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
