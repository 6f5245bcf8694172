"""Rounding the total, and the two kinds of payment that are not money: points, then gift cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regulars.kernel.errors import Invalid
from regulars.loyalty.pure.answers import Burn, CodeAnswer, GiftPart, PointsAnswer
from regulars.loyalty.pure.calculation.asking import mask
from regulars.loyalty.pure.calculation.scene import Scene, State
from regulars.loyalty.pure.calculation.spreading import BASIS, spread_within
from regulars.loyalty.pure.cart import Balance, GiftCardState
from regulars.loyalty.pure.programme import Currency

POINT = 100  # hundredths in a point


@dataclass(slots=True)
class Payment:
    """What points and gift cards pay of each line, and of delivery."""

    points: list[int]
    gift: list[int]
    delivery_gift: int = 0
    answer: PointsAnswer | None = None
    burn: Burn | None = None
    cards: list[CodeAnswer] = field(default_factory=list)
    parts: list[GiftPart] = field(default_factory=list)


def round_total(scene: Scene, state: State) -> None:
    """Take off what stands above the step, when the lines have room for all of it."""
    step = scene.cart.total_round_step_minor
    if step is None:
        step = scene.live.programme.pricing.round_step_minor
    if step <= 1:
        return
    rooms = _rooms(scene, state.remaining)
    above = (sum(state.remaining) + scene.cart.delivery_minor) % step
    if not above or above > sum(rooms):
        return
    amounts = spread_within(above, state.remaining, rooms)
    state.take_off(list(enumerate(amounts)), "", "rounding", "")


def _rooms(scene: Scene, remaining: list[int]) -> list[int]:
    return [max(0, amount - floor) for amount, floor in zip(remaining, scene.floors, strict=True)]


def pay(scene: Scene, state: State, gift_cards: Mapping[str, GiftCardState]) -> Payment:
    """Points first, gift cards last; what they pay leaves `state.remaining`."""
    nothing = [0] * len(state.remaining)
    payment = Payment(list(nothing), list(nothing))
    _pay_points(scene, state, payment)
    _pay_gift_cards(scene, state, payment, gift_cards)
    return payment


def money_of(points: int, currency: Currency) -> int:
    """What so many points pay, whole coins only."""
    return points * currency.minor_per_point // POINT


def points_for(amount_minor: int, currency: Currency) -> int:
    """The fewest points that pay so much."""
    return -(-amount_minor * POINT // currency.minor_per_point)


def points_within(amount_minor: int, currency: Currency) -> int:
    """The points that pay as much as can be without paying more."""
    points = points_for(amount_minor, currency)
    if money_of(points, currency) > amount_minor:
        return amount_minor * POINT // currency.minor_per_point
    return points


def _pay_points(scene: Scene, state: State, payment: Payment) -> None:
    ask = scene.cart.points
    currency = scene.live.programme.currency(ask.currency or "")
    if currency is None:
        raise Invalid("points_currency_unknown", "There are no such points here.")
    member = scene.member
    if member is None:
        if ask.points != 0:
            payment.answer = PointsAnswer(currency.slug, 0, 0, 0, 0, 0, 0, 0, ("no_member",))
        return
    held = member.balances.get(currency.slug) or Balance()
    rooms = _burnable(scene, state)
    most, why = _most(scene, state, currency, held, rooms)
    points = most if ask.points is None else _stepped(min(ask.points, most), scene)
    if ask.points is not None and 0 < ask.points < scene.live.programme.burning.least:
        points, why = 0, (*why, "minimum")
    amount = money_of(points, currency) if points else 0
    if amount:
        # A finer coin than the point is worth may be left over: it is not taken from the member.
        points = _stepped_up(points_for(amount, currency), scene)
        weights = [left if room else 0 for room, left in zip(rooms, state.remaining, strict=True)]
        payment.points = spread_within(amount, weights, rooms)
        for at, paid in enumerate(payment.points):
            state.remaining[at] -= paid
        payment.burn = Burn(currency.slug, points, amount)
    payment.answer = PointsAnswer(
        currency=currency.slug,
        available=held.available,
        pending=held.pending,
        reserved=held.reserved,
        max_applicable=most,
        max_applicable_minor=money_of(most, currency),
        applied=points if amount else 0,
        applied_minor=amount,
        why_limited=why,
    )


def _burnable(scene: Scene, state: State) -> list[int]:
    """How much of each line points may pay."""
    where = scene.live.programme.burning.excluded
    shut = mask(where, scene, state) if where is not None else 0
    rooms = _rooms(scene, state.remaining)
    return [
        room if line.burns and not shut >> at & 1 else 0
        for at, (room, line) in enumerate(zip(rooms, scene.cart.lines, strict=True))
    ]


def _most(
    scene: Scene, state: State, currency: Currency, held: Balance, rooms: list[int]
) -> tuple[int, tuple[str, ...]]:
    """The most points this cart may take, and what keeps it from taking all."""
    burning = scene.live.programme.burning
    if not (scene.live.is_open and burning.is_on and currency.minor_per_point):
        return 0, ("closed",)
    if scene.member is not None and scene.member.is_blocked:
        return 0, ("blocked",)
    goods = sum(state.remaining)
    if goods < burning.cart_least_minor:
        return 0, ("cart_small",)
    bounds = {
        "balance": money_of(held.available, currency),
        "share": goods * _share(scene) // BASIS,
        **_room_bounds(scene, state, rooms, goods),
    }
    amount = min(goods, *bounds.values())
    why = [name for name, bound in bounds.items() if bound == amount and bound < goods]
    points = points_within(amount, currency)
    stepped = _stepped(points, scene)
    if stepped < points:
        why.append("step")
    if stepped < burning.least:
        return 0, (*why, "minimum")
    return _stepped_up(points_for(money_of(stepped, currency), currency), scene), tuple(why)


def _share(scene: Scene) -> int:
    """The tier's share of the cart that points may pay, else the programme's."""
    programme = scene.live.programme
    tier = programme.tier(scene.member.tier) if scene.member else None
    if tier is not None and tier.burn_share is not None:
        return tier.burn_share
    return programme.burning.share


def _room_bounds(scene: Scene, state: State, rooms: list[int], goods: int) -> dict[str, int]:
    """What the lines themselves allow, named by what takes the most away."""
    room = sum(rooms)
    if room == goods:
        return {}
    shut = sum(
        amount
        for amount, can, floor in zip(state.remaining, rooms, scene.floors, strict=True)
        if not can and amount > floor
    )
    return {"excluded_goods" if shut else "floor": room}


def _stepped(points: int, scene: Scene) -> int:
    return points - points % scene.live.programme.burning.step


def _stepped_up(points: int, scene: Scene) -> int:
    step = scene.live.programme.burning.step
    return -(-points // step) * step


def _pay_gift_cards(
    scene: Scene, state: State, payment: Payment, states: Mapping[str, GiftCardState]
) -> None:
    """Cards in the order given; each pays goods before delivery."""
    for ask in scene.cart.gift_cards:
        known = states.get(ask.code)
        if known is None or known.status != "usable":
            status = known.status if known else "unknown"
            payment.cards.append(CodeAnswer(ask.code, status, status))
            continue
        most = known.available_minor
        if ask.amount_minor is not None:
            most = min(most, ask.amount_minor)
        paid = _pay_card(scene, state, payment, most)
        if not paid:
            payment.cards.append(CodeAnswer(ask.code, "not_needed", "nothing_to_pay"))
            continue
        payment.parts.append(GiftPart(ask.code, paid))
        payment.cards.append(CodeAnswer(ask.code, "applied"))


def _pay_card(scene: Scene, state: State, payment: Payment, most: int) -> int:
    rooms = _rooms(scene, state.remaining)
    goods = min(most, sum(rooms))
    for at, amount in enumerate(spread_within(goods, state.remaining, rooms)):
        state.remaining[at] -= amount
        payment.gift[at] += amount
    delivery = min(most - goods, scene.cart.delivery_minor - payment.delivery_gift)
    payment.delivery_gift += delivery
    return goods + delivery
