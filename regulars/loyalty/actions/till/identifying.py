"""Who stands at the till: the member, what they have, and what is offered to them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.loyalty.actions import members
from regulars.loyalty.actions.till.burning import send_code
from regulars.loyalty.actions.till.quoting import member_of
from regulars.loyalty.queries import balances, programme
from regulars.loyalty.queries.members import MemberRecord, by_id
from regulars.loyalty.queries.personal_offers import offers_of
from regulars.loyalty.till_records import Named


def identify(
    workspace_id: int, named: Named, *, sends_code: bool = False, joins: bool = False
) -> dict[str, Any]:
    """The member with balances and tier; with sends_code a one-time code goes out.

    joins   who does not take part yet does from now on: by phone, e-mail or the shop's own id

    raises  NotFound(member_unknown), Refused(member_blocked | burn_code_too_often)
    """
    member = _joined(workspace_id, named) if joins else member_of(workspace_id, named)
    assert member is not None
    live = programme.live(workspace_id)
    owned = balances.balances(workspace_id, [member.id])[member.id]
    until: datetime | None = send_code(workspace_id, named) if sends_code else None
    tier = live.programme.tier(member.tier_slug)
    return {
        "member": member.public_id,
        "state": member.state,
        "joined_at": member.joined_at,
        "tier": member.tier_slug,
        "tier_name": tier.name if tier else "",
        "tier_until": member.tier_until,
        "balances": {
            slug: {
                "available": one.available,
                "pending": one.pending,
                "reserved": one.reserved,
                "debt": one.debt,
                "next_expiry_at": one.next_expiry_at,
                "next_expiry_points": one.next_expiry_points,
            }
            for slug, one in owned.items()
        },
        "offers": [
            {"promo_id": one.slug, "title": one.name, "until": one.until}
            for one in offers_of(workspace_id, member.id, clock.now())
        ],
        "asks_code": live.programme.burning.asks_code,
        "code_until": until,
    }


def _joined(workspace_id: int, named: Named) -> MemberRecord:
    """The member, who joins now when they had not. raises NotFound for what names nobody new"""
    with suppress(NotFound):
        found = member_of(workspace_id, named)
        assert found is not None
        return found
    if named.kind not in NEW_BY:
        raise NotFound("member_unknown", "No member is known by this.", kind=named.kind)
    (customer_id,) = customers.identify_many(workspace_id, [NEW_BY[named.kind](named.value)])
    (member_id,) = members.enrol(workspace_id, [customer_id])
    found = by_id(workspace_id, member_id)
    assert found is not None
    return found


# What may bring somebody new; a card or a code that nobody knows brings nobody.
NEW_BY: dict[str, Callable[[str], Identity]] = {
    "phone": lambda value: Identity(phone=value),
    "email": lambda value: Identity(email=value),
    "external_id": lambda value: Identity(external_id=value),
}
