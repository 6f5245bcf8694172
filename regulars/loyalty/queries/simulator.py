"""What a calculation needs to know of a member and of limits, loaded in a few statements."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from threading import Lock

from regulars.customers import queries as customers
from regulars.kernel.errors import NotFound, Outside
from regulars.loyalty.pure.calculation.limiting import inherited, keys_wanted
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.cart import (
    Bought,
    Cart,
    CodeState,
    LimitKey,
    Member,
)
from regulars.loyalty.pure.ledger import Balance
from regulars.loyalty.pure.promotions.conditions import MemberRule
from regulars.loyalty.queries import balances, members, unbooked
from regulars.loyalty.queries.members import MemberRecord
from regulars.orders import queries as orders
from regulars.orders.queries.values import values_together
from regulars.orders.records import PAID_STATUSES, Value
from regulars.segments import queries as segments
from regulars.store.scope import cursor

HISTORY_MAX = 400  # earlier purchases a challenge may count
# A rule about a member's past costs a look into the lake, and a cart is asked several times.
RULE_KEPT_S = 60
RULES_KEPT_MAX = 20_000

_lock = Lock()
_ruled: OrderedDict[tuple[int, int, str], tuple[bool, datetime]] = OrderedDict()


def load(
    workspace_id: int,
    live: Live,
    cart: Cart,
    member: int | MemberRecord | None,
    now: datetime,
    codes: Sequence[CodeState] = (),
    *,
    purchase_id: str = "",
    held: Mapping[str, Balance] | None = None,
) -> tuple[Member | None, Mapping[LimitKey, int]]:
    """The member as live rules ask and what their limits have used.

    member       the row, or its id
    held         the member's balances, of whoever holds them locked
    codes        without them the promotions of every code the cart names are reckoned with
    purchase_id  the purchase that asks; it is not before itself
    raises       NotFound(member_unknown)
    """
    found = (
        None
        if member is None
        else snapshot(workspace_id, live, member, now, purchase_id=purchase_id, held=held)
    )
    return found, usage(workspace_id, live, cart, found, now, codes)


def snapshot(
    workspace_id: int,
    live: Live,
    member: int | MemberRecord,
    now: datetime,
    *,
    purchase_id: str = "",
    held: Mapping[str, Balance] | None = None,
) -> Member:
    """The member, with no more than live rules ask; purchase_id is not before itself."""
    row = member if isinstance(member, MemberRecord) else members.by_id(workspace_id, member)
    if row is None:
        raise NotFound("member_unknown", "There is no such member.")
    asks, customer_id, member_id = live.asks, row.customer_id, row.id
    if held is None:
        held = balances.sums(workspace_id, member_id, now)
    # Before the books are read: a sale that becomes an order meanwhile is seen twice and not never.
    fresh = (
        unbooked.of_member(workspace_id, member_id, now, but=purchase_id)
        if asks.value or asks.history
        else []
    )
    paid = [one for one in fresh if one.is_paid]
    value = _value(workspace_id, customer_id) if asks.value else Value()
    return Member(
        member_id=member_id,
        customer_id=customer_id,
        tier=row.tier_slug,
        balances=held,
        segments=_segments(workspace_id, customer_id) if asks.segments else frozenset(),
        matched=_matched(workspace_id, row, asks.rules, now),
        offers=_offers(workspace_id, member_id, now) if asks.offers else frozenset(),
        birth_on=_birth_on(workspace_id, customer_id) if asks.birth else None,
        joined_at=row.joined_at,
        is_first_purchase=asks.value and value.orders_count + len(fresh) == 0,
        purchases=value.orders_count + len(fresh),
        card_discount=_card_discount(workspace_id, member_id),
        is_blocked=row.is_blocked,
        # What is only held is no money yet: whoever lets it go has spent nothing.
        lifetime_spend_minor=max(0, value.total_minor - value.returned_minor)
        + sum(one.amount_minor for one in paid),
        history=(
            *(_history(workspace_id, customer_id) if asks.history else ()),
            *(Bought(one.at, one.amount_minor) for one in paid),
        ),
    )


def usage(
    workspace_id: int,
    live: Live,
    cart: Cart,
    member: Member | None,
    now: datetime,
    codes: Sequence[CodeState] = (),
) -> Mapping[LimitKey, int]:
    """What is promised and used of each limit this cart may meet."""
    asked_for: list[Sequence[CodeState]] = (
        [codes]
        if codes or not cart.codes
        else [
            [CodeState(code, "usable", slug) for slug in live.promotions.opened_by_code]
            for code in cart.codes
        ]
    )
    wanted = {key for one in asked_for for key in keys_wanted(live, cart, member, one, now)}
    if not wanted:
        return {}
    # Whoever was merged into the member used the same limits.
    sources = {key.text: key for key in wanted}
    own = [key for key in wanted if "/member/" in key.limit]
    merged = members.with_merged(workspace_id, member.member_id)[1:] if own and member else []
    for other in merged:
        sources.update({key._replace(who=str(other)).text: inherited(key) for key in own})
    found: dict[LimitKey, int] = {}
    with cursor() as asked:
        asked.execute(
            "SELECT limit_key, reserved + used FROM loyalty_usage"
            " WHERE workspace_id = %s AND limit_key = ANY(%s)",
            [workspace_id, sorted(sources)],
            prepare=True,
        )
        for text, count in asked.fetchall():
            found[sources[text]] = found.get(sources[text], 0) + count
    return found


def _card_discount(workspace_id: int, member_id: int) -> int:
    """The best discount of active cards, of the member and of those merged into them."""
    with cursor() as asked:
        asked.execute(
            "SELECT coalesce(max(discount), 0) FROM loyalty_card"
            " WHERE workspace_id = %s AND state = 'active'"
            " AND member_id = ANY(%s::bigint[] || ARRAY("
            "SELECT id FROM loyalty_member WHERE workspace_id = %s AND merged_into = %s))",
            [workspace_id, [member_id], workspace_id, member_id],
            prepare=True,
        )
        row = asked.fetchone()
    return row[0] if row else 0


def _value(workspace_id: int, customer_id: int) -> Value:
    return values_together(workspace_id, [customer_id]).get(customer_id, Value())


def _segments(workspace_id: int, customer_id: int) -> frozenset[str]:
    return frozenset(one.slug for one in segments.memberships_of(workspace_id, customer_id))


def _matched(
    workspace_id: int, row: MemberRecord, rules: Sequence[MemberRule], now: datetime
) -> frozenset[str]:
    return frozenset(
        rule.key for rule in rules if _holds(workspace_id, row.customer_id, rule.rule, now)
    )


def _holds(workspace_id: int, customer_id: int, rule: str, now: datetime) -> bool:
    """Whether a rule holds for one customer; an answer is kept for a minute.

    While the lake is busy nobody is held up at a till: the rule does not hold.
    """
    key = (workspace_id, customer_id, rule)
    with _lock:
        kept = _ruled.get(key)
    if kept is not None and abs(now - kept[1]) < timedelta(seconds=RULE_KEPT_S):
        return kept[0]
    try:
        reason = segments.why(workspace_id, json.loads(rule), customer_id, now)
    except Outside:
        return False
    is_held = reason is not None and reason.holds
    with _lock:
        _ruled[key] = (is_held, now)
        while len(_ruled) > RULES_KEPT_MAX:
            _ruled.popitem(last=False)
    return is_held


def _offers(workspace_id: int, member_id: int, now: datetime) -> frozenset[str]:
    with cursor() as asked:
        asked.execute(
            "SELECT slug FROM loyalty_offer WHERE workspace_id = %s AND member_id = %s"
            " AND withdrawn_at IS NULL AND (until IS NULL OR until > %s)",
            [workspace_id, member_id, now],
        )
        return frozenset(slug for (slug,) in asked.fetchall())


def _birth_on(workspace_id: int, customer_id: int) -> date | None:
    profile = customers.profiles(workspace_id, [customer_id]).get(customer_id)
    return profile.birth_on if profile else None


def _history(workspace_id: int, customer_id: int) -> tuple[Bought, ...]:
    found = orders.orders_of(workspace_id, [customer_id], HISTORY_MAX)
    return tuple(
        Bought(one.placed_at, one.total_minor)
        for one in found
        if one.kind == "sale" and one.status in PAID_STATUSES
    )
