"""What a customer has in the programme, for their card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from regulars.kernel import clock
from regulars.loyalty.pages.ledger import shown
from regulars.loyalty.queries import balances, cards, history, members, own_codes
from regulars.loyalty.queries import programme as programmes
from regulars.workspaces.records import Right

register = template.Library()
ROWS = 5


@register.inclusion_tag("loyalty/parts/on_card.html", takes_context=True)
def loyalty_card(context: Any, customer_ids: Sequence[int], public_id: str) -> dict[str, Any]:
    """Balance, tier, codes and the newest movements; nothing for those who may not see them."""
    workspace, rights = context["workspace"], context["rights"]
    if Right.LOYALTY_VIEW.value not in rights:
        return {}
    found = programmes.programme(workspace.id)
    member = members.of_customer(workspace.id, customer_ids[0])
    told: dict[str, Any] = {
        "workspace": workspace,
        "rights": rights,
        "public_id": public_id,
        "is_open": found.is_open,
        "member": member,
    }
    if member is None:
        return told
    held = balances.balances(workspace.id, [member.id])[member.id]
    tier = found.programme.tier(member.tier_slug)
    rows = history.of_member(workspace.id, member.id, limit=ROWS)
    return {
        **told,
        "tier": tier.name if tier else "",
        "balances": [(one, held.get(one.slug)) for one in found.programme.currencies],
        "rows": shown(workspace, rows),
        "card": cards.active_card(workspace.id, member.id),
        "codes": own_codes.usable(workspace.id, [member.customer_id], clock.now()).get(
            member.customer_id, []
        ),
    }
