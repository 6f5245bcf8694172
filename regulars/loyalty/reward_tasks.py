"""What happens to referrals and the coalition in the background."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from regulars.events.records import Event
from regulars.kernel import clock
from regulars.loyalty import photos
from regulars.loyalty.actions import coalition, referrals
from regulars.store.scope import cursor, scope

BOUGHT = frozenset({"purchase.confirmed", "order.paid"})
BACK = frozenset({"purchase.returned", "order.returned", "order.cancelled"})
ROUNDS_MAX = 20
WORKSPACES_MAX = 10_000


def take_purchases(workspace_id: int, events: Sequence[Event]) -> None:
    """Friends' first purchases begin their wait; those that come back end it."""
    for one in events:
        if one.customer_id is None:
            continue
        if one.kind in BOUGHT and one.origin == "live":
            amount = int(one.props.get("to_pay", one.props.get("total", 0)) or 0)
            referrals.take_purchase(workspace_id, one.customer_id, _name_of(one), amount, one.time)
        elif one.kind in BACK:
            # A return by another door is an order of its own and does not name the sale.
            name = referrals.ANY_ORDER if one.kind == "order.returned" else _name_of(one)
            referrals.take_return(workspace_id, one.customer_id, name)


def reward_friends() -> int:
    """Give both sides of referrals whose time has come; how many. Engine only."""
    now = clock.now()
    done = 0
    for workspace_id in _workspaces(
        "SELECT DISTINCT workspace_id FROM loyalty_referral"
        " WHERE state = 'waiting' AND due_at <= %s LIMIT %s",
        [now, WORKSPACES_MAX],
    ):
        with scope(workspace_id):
            done += referrals.reward_due(workspace_id, now)
    return done


def follow_coalitions() -> int:
    """Read what the ledger has for partners; how many transactions. Engine only."""
    done = 0
    for workspace_id in _workspaces(
        "SELECT workspace_id FROM loyalty_coalitionplace LIMIT %s", [WORKSPACES_MAX]
    ):
        for _ in range(ROUNDS_MAX):
            with scope(workspace_id):
                found = coalition.follow(workspace_id)
            done += found
            if not found:
                break
    return done


def forget_photos() -> int:
    """Remove photos of receipts that nobody took part with; how many. Engine only."""
    now = clock.now()
    done = 0
    for workspace_id in photos.folders():
        with scope(workspace_id):
            done += photos.drop_unused(workspace_id, now)
    return done


def _name_of(one: Event) -> str:
    """What names the purchase in its confirmation and in its return."""
    purchase = one.props.get("purchase")
    return f"purchase:{purchase}" if purchase else f"{referrals.ANY_ORDER}{one.subject_id}"


def _workspaces(sql: str, given: list[object]) -> list[int]:
    with transaction.atomic():
        raw = cursor()
        raw.execute(sql, given)
        return [row[0] for row in raw.fetchall()]
