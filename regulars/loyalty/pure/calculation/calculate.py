"""One cart, one member, one version of the rules, one moment: one answer.

The phases never change their order: price and tier, line promotions, cart promotions, codes,
rounding, points, gift cards; what is left is paid with money, and that money earns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from regulars.loyalty.pure import terms
from regulars.loyalty.pure.answers import (
    Answer,
    AnswerLine,
    Applied,
    CodeAnswer,
    DeliveryAnswer,
    EarnPart,
    Messages,
    NotApplied,
    Summary,
    UnitPrice,
)
from regulars.loyalty.pure.calculation.earning import earn, uses_of_points
from regulars.loyalty.pure.calculation.lanes import discounted
from regulars.loyalty.pure.calculation.limiting import opened_by
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.calculation.paying import Payment, pay, round_total
from regulars.loyalty.pure.calculation.scene import Scene, State
from regulars.loyalty.pure.calculation.spreading import unit_split
from regulars.loyalty.pure.cart import (
    Balance,
    Cart,
    CodeState,
    GiftCardState,
    Member,
    Usage,
    check,
)

NOT_APPLIED_MAX = 50  # promotions an answer to a till explains; a simulation explains all


def calculate(
    live: Live,
    cart: Cart,
    member: Member | None,
    codes: Sequence[CodeState],
    gift_cards: Sequence[GiftCardState],
    usage: Usage,
    now: datetime,
    *,
    explain: bool = False,
) -> Answer:
    """What the cart costs, what may pay for it and what it earns, with reasons.

    codes, gift_cards  what is known of those the cart names; one not named here is unknown
    usage    what live promotions' limits have used so far (`limiting.keys_wanted` says which)
    now      the server's instant; the cart's own only tells the hour of the day
    explain  say why every live promotion was not applied, not only those near this cart
    raises   Invalid, naming the line and the field
    """
    check(cart, currency=live.currency, zero_prices=live.programme.pricing.zero_prices)
    scene = Scene(live, cart, member, usage, now)
    opened = opened_by(cart, codes)
    state = discounted(scene, opened)
    round_total(scene, state)
    payment = pay(scene, state, {one.code: one for one in gift_cards})
    earned = earn(scene, state, burns=payment.burn is not None)
    return _answer(scene, state, payment, earned, _code_answers(scene, state, codes), explain)


def _answer(
    scene: Scene,
    state: State,
    payment: Payment,
    earned: list[EarnPart],
    codes: tuple[CodeAnswer, ...],
    explain: bool,
) -> Answer:
    lines = _lines(scene, state, payment, earned)
    delivery = DeliveryAnswer(
        scene.cart.delivery_minor,
        payment.delivery_gift,
        scene.cart.delivery_minor - payment.delivery_gift,
    )
    named = [replace(part, line_id=lines[int(part.line_id)].line_id) for part in earned]
    return Answer(
        rules_version=scene.live.version,
        currency=scene.cart.currency,
        lines=lines,
        delivery=delivery,
        summary=_summary(lines, delivery, _earn_at(scene, earned)),
        points=payment.answer,
        codes=codes,
        gift_cards=tuple(payment.cards),
        applied=_applied(state, earned),
        not_applied=_not_applied(scene, state, explain),
        gifts_to_choose=tuple(state.gifts),
        messages=Messages(
            tuple(message for to, message in state.messages if to == "cashier"),
            tuple(message for to, message in state.messages if to == "receipt"),
        ),
        balance_after=_balance_after(scene, payment, earned),
        member_tier=scene.member.tier if scene.member else "",
        burn=payment.burn,
        earn=tuple(named),
        uses=(*state.uses, *uses_of_points(earned, scene, state)),
        gifts=tuple(payment.parts),
        issued_codes=tuple(state.issued),
        tiers_set=tuple(state.tiers),
    )


def _lines(
    scene: Scene, state: State, payment: Payment, earned: Sequence[EarnPart]
) -> tuple[AnswerLine, ...]:
    main = scene.live.programme.main.slug
    points = [0] * len(state.remaining)
    for part in earned:
        if part.currency == main:
            points[int(part.line_id)] += part.points
    return tuple(
        AnswerLine(
            line_id=line.line_id,
            base_minor=line.base_minor,
            discounts=tuple(state.discounts[at]),
            points_paid_minor=payment.points[at],
            gift_paid_minor=payment.gift[at],
            to_pay_minor=state.remaining[at],
            earn=points[at],
            units=tuple(
                UnitPrice(quantity, price)
                for quantity, price in unit_split(state.remaining[at], line.quantity_milli)
            ),
        )
        for at, line in enumerate(scene.cart.lines)
    )


def _earn_at(scene: Scene, earned: Sequence[EarnPart]) -> datetime | None:
    """When the last of the main points may be spent; None: at once, or after some event."""
    main = scene.live.programme.main.slug
    dates = [_active_at(part, scene) for part in earned if part.currency == main]
    known = [one for one in dates if one is not None]
    if len(known) < len(dates) or not known or max(known) <= scene.now:
        return None
    return max(known)


def _active_at(part: EarnPart, scene: Scene) -> datetime | None:
    """When points earned now may be spent; None: after an event that may come or not."""
    found = scene.live.programme.terms_of(part.terms, part.currency)
    return terms.dates(found, scene.now, scene.live.zone).activates_at


def _summary(
    lines: Sequence[AnswerLine], delivery: DeliveryAnswer, earn_at: datetime | None
) -> Summary:
    return Summary(
        base_minor=sum(line.base_minor for line in lines) + delivery.base_minor,
        discount_minor=sum(one.amount_minor for line in lines for one in line.discounts),
        points_paid_minor=sum(line.points_paid_minor for line in lines),
        gift_paid_minor=sum(line.gift_paid_minor for line in lines) + delivery.gift_paid_minor,
        to_pay_minor=sum(line.to_pay_minor for line in lines) + delivery.to_pay_minor,
        earn=sum(line.earn for line in lines),
        earn_at=earn_at,
    )


def _applied(state: State, earned: Sequence[EarnPart]) -> tuple[Applied, ...]:
    points: dict[str, int] = {}
    for part in earned:
        if part.promotion_id:
            points[part.promotion_id] = points.get(part.promotion_id, 0) + part.points
    return tuple(
        replace(one, points=points[one.promotion_id]) if one.promotion_id in points else one
        for one in state.applied.values()
    )


def _not_applied(scene: Scene, state: State, explain: bool) -> tuple[NotApplied, ...]:
    """In the order they were tried; those that something can be done about come first."""
    if explain:
        return _explained(scene, state)
    found = sorted(state.not_applied.values(), key=lambda one: (not one.code, one.missing is None))
    return tuple(found[:NOT_APPLIED_MAX])


def _explained(scene: Scene, state: State) -> tuple[NotApplied, ...]:
    found = []
    for promotion in scene.live.promotions.promotions:
        if promotion.id in state.applied:
            continue
        known = state.not_applied.get(promotion.id)
        if known is None:
            reason = _unmet(promotion.trigger, promotion.shops, scene)
            known = NotApplied(promotion.id, promotion.name, reason)
        found.append(known)
    return tuple(found)


def _unmet(trigger: str, shops: Sequence[str], scene: Scene) -> str:
    """Why a promotion was not even tried."""
    if shops and scene.cart.shop not in shops:
        return "shop_other"
    return "code_missing" if trigger == "code" else "goods_absent"


def _code_answers(scene: Scene, state: State, codes: Sequence[CodeState]) -> tuple[CodeAnswer, ...]:
    """Each code as typed, once, with what became of it."""
    known = {one.code: one for one in codes}
    return tuple(
        _code_answer(code, known.get(code), scene, state)
        for code in dict.fromkeys(scene.cart.codes)
    )


def _code_answer(code: str, known: CodeState | None, scene: Scene, state: State) -> CodeAnswer:
    if known is None:
        return CodeAnswer(code, "unknown", "unknown")
    slug = known.promotion_id
    if known.status != "usable":
        reason = known.reason or known.status
        return CodeAnswer(code, known.status, reason, slug, known.in_use_until)
    done = state.applied.get(slug)
    if done is not None:
        if done.code == code:
            return CodeAnswer(code, "applied", "", slug)
        return CodeAnswer(code, "not_needed", "same_promotion", slug)
    refused = state.not_applied.get(slug)
    if refused is not None:
        return CodeAnswer(code, "not_applied", refused.reason, slug)
    if slug not in scene.live.promotions.by_id:
        return CodeAnswer(code, "not_applied", "promotion_not_live", slug)
    promotion = scene.live.promotions.promotions[scene.live.promotions.by_id[slug]]
    return CodeAnswer(code, "not_applied", _unmet("cart", promotion.shops, scene), slug)


def _balance_after(
    scene: Scene, payment: Payment, earned: Sequence[EarnPart]
) -> Mapping[str, Balance]:
    """Balances once the sale is confirmed; points active at once repay what is owed first."""
    if scene.member is None:
        return {}
    waiting: dict[str, int] = {}
    active: dict[str, int] = {}
    for part in earned:
        at = _active_at(part, scene)
        kept = active if at is not None and at <= scene.now else waiting
        kept[part.currency] = kept.get(part.currency, 0) + part.points
    burn = payment.burn
    found = {}
    for currency in scene.live.programme.currencies:
        held = scene.member.balances.get(currency.slug) or Balance()
        spent = burn.points if burn and burn.currency == currency.slug else 0
        given = active.get(currency.slug, 0)
        repaid = min(given, held.debt)
        found[currency.slug] = Balance(
            held.available - spent + given - repaid,
            held.pending + waiting.get(currency.slug, 0),
            held.reserved,
            held.debt - repaid,
        )
    return found
