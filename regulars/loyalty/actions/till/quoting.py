"""A cart with everything that is known about it, calculated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.loyalty.actions.ledger import lock_members
from regulars.loyalty.actions.members import hold_member
from regulars.loyalty.pure.answers import Answer
from regulars.loyalty.pure.calculation.calculate import calculate
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.cart import Cart, CodeState, Line, PointsAsk, check
from regulars.loyalty.queries import codes, members, programme, remembered, simulator
from regulars.loyalty.queries.members import KeyKind, MemberKey, MemberRecord
from regulars.loyalty.till_records import CLOCK_SKEW_MAX, OFFLINE_AGE_MAX, Ask, Named


@dataclass(frozen=True, slots=True)
class Quote:
    """A calculated cart: the rules it was calculated by, who buys, and the answer."""

    live: Live
    cart: Cart
    member: MemberRecord | None
    codes: Sequence[CodeState]
    answer: Answer

    @property
    def member_id(self) -> int | None:
        return None if self.member is None else self.member.id

    @property
    def customer_id(self) -> int | None:
        return None if self.member is None else self.member.customer_id


def quote(
    workspace_id: int,
    ask: Ask,
    now: datetime,
    *,
    is_locked: bool = False,
    is_offline: bool = False,
    is_simulated: bool = False,
    live: Live | None = None,
    explain: bool = False,
) -> Quote:
    """The cart calculated now.

    is_locked   the member's balances are held until the transaction ends
    is_offline  accrual only: the till's prices stand, nothing is burnt, no code is used
    is_simulated  the clock may say anything
    live        other rules than those in force
    raises      Invalid for a cart nobody can mean, NotFound(member_unknown),
                Refused for a card that may not be used
    """
    rules = programme.live(workspace_id) if live is None else live
    cart = _as_sold(ask.cart) if is_offline else ask.cart
    check(cart, currency=rules.currency, zero_prices=rules.programme.pricing.zero_prices)
    if not (is_offline or is_simulated):
        check_clock(ask.cart.occurred_at, now)
    refuses = rules.programme.pricing.unknown_goods == "refuse" and not is_offline
    cart = _with_goods(workspace_id, cart, refuses_unknown=refuses)
    member = member_of(workspace_id, ask.member, offline_at=now if is_offline else None)
    if member is not None and member.is_blocked:
        # Who is blocked may earn and not spend.
        cart = replace(cart, points=PointsAsk())
    held = None
    if is_locked and member is not None:
        held = lock_members(workspace_id, [member.id], now)[member.id]
        if rules.asks.value or rules.asks.history:
            # Who buys for the first time may have no balance to wait at.
            hold_member(workspace_id, member.id)
    member_id = None if member is None else member.id
    purchase = ask.purchase_id
    states = codes.look_up(workspace_id, cart.codes, member_id, now, purchase_id=purchase)
    snapshot, usage = simulator.load(
        workspace_id, rules, cart, member, now, states, purchase_id=purchase, held=held
    )
    gifts = codes.gift_card_states(
        workspace_id, [one.code for one in cart.gift_cards], now, purchase_id=purchase
    )
    answer = calculate(rules, cart, snapshot, states, gifts, usage, now, explain=explain)
    return Quote(rules, cart, member, states, answer)


def check_clock(occurred_at: datetime, now: datetime) -> None:
    """Nothing when the till's clock is near ours. raises Invalid(clock_skew)"""
    if abs(occurred_at - now) > CLOCK_SKEW_MAX:
        raise Invalid(
            "clock_skew",
            "The till's clock is more than 10 minutes off; set it, or send the sale by sync.",
            path="occurred_at",
            now=now.isoformat(),
        )


def is_possible(occurred_at: datetime, now: datetime) -> bool:
    """Whether a till without us can have seen this moment: its queue lives so long."""
    return now - OFFLINE_AGE_MAX <= occurred_at <= now + CLOCK_SKEW_MAX


def member_of(
    workspace_id: int, named: Named | None, *, offline_at: datetime | None = None
) -> MemberRecord | None:
    """The member the till named.

    offline_at  when they were named to a till without us: the code on the card was good then, and
                a card that is unknown, blocked or mistyped makes the sale nobody's
    raises      NotFound(member_unknown), Refused for a card that may not be used
    """
    if named is None:
        return None
    try:
        found = _found(workspace_id, named, offline_at)
    except Refused:
        if offline_at is None:
            raise
        return None
    if found is None:
        if offline_at is not None:
            return None
        raise NotFound("member_unknown", "No member is known by this.", kind=named.kind)
    return found


def _found(workspace_id: int, named: Named, at: datetime | None) -> MemberRecord | None:
    """The member of a card of ours, else of an identifier of the customer."""
    known = remembered.member_id(workspace_id, named.kind, named.value)
    if known is not None:
        return members.current(workspace_id, known)
    key = MemberKey(cast("KeyKind", named.kind), named.value)
    found = members.find(workspace_id, key, at)
    # A changing code is good for a moment only, whoever remembers it.
    if found is not None and named.kind != "token":
        remembered.remember_member(workspace_id, named.kind, named.value, found.id)
    return found


def _with_goods(workspace_id: int, cart: Cart, *, refuses_unknown: bool) -> Cart:
    """The lines with what the catalogue says of them where the till says nothing."""
    skus = sorted({line.sku for line in cart.lines if not (line.name and line.category)})
    known = remembered.goods(workspace_id, skus) if skus else {}
    strange = [line.sku for line in cart.lines if not line.name and line.sku not in known]
    if strange and refuses_unknown:
        raise Invalid(
            "goods_unknown",
            "The catalogue does not know these goods; send their name along to sell them.",
            skus=sorted(set(strange)),
        )

    def told(line: Line) -> Line:
        product = known.get(line.sku)
        if product is None:
            return line
        return replace(
            line,
            name=line.name or product.name,
            category=line.category or product.category,
            brand=line.brand or product.brand,
        )

    return replace(cart, lines=tuple(told(line) for line in cart.lines)) if known else cart


def _as_sold(cart: Cart) -> Cart:
    """A cart that was sold without us: its prices stand and it only earns."""
    return replace(
        cart,
        lines=tuple(_line_as_sold(line) for line in cart.lines),
        codes=(),
        gift_cards=(),
        points=PointsAsk(),
        # None at all: nothing would take the programme's.
        total_round_step_minor=1,
    )


def _line_as_sold(line: Line) -> Line:
    # What went for nothing has gone, whether the shop allows such prices or not.
    attrs = line.attrs if line.unit_price else {**line.attrs, "gift": True}
    return replace(line, takes_promotions=False, burns=False, attrs=attrs)
