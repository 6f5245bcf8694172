"""Random rules, carts and members from a seed: small enough to read, odd enough to break things."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from regulars.loyalty.pure.cart import (
    Balance,
    Cart,
    CodeState,
    GiftCardAsk,
    GiftCardState,
    Line,
    Member,
    PointsAsk,
    base_of,
)
from regulars.loyalty.tests.carts import NOW

KINDS = ("tea", "coffee", "cups")
BRANDS = ("Aroma", "Bloom", "")
PRICES = ("0.01", "0.99", "1.00", "3.33", "9.99", "16.5", "19.99", "118", "0.125", "250.005")
TIERS = ("", "silver", "gold")
SEGMENTS = ("vip", "new")


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to calculate, rules as JSON."""

    programme: Mapping[str, Any]
    promotions: tuple[tuple[str, Mapping[str, Any]], ...]
    cart: Cart
    member: Member | None
    codes: tuple[CodeState, ...]
    gift_cards: tuple[GiftCardState, ...]
    usage_share: float


def case_of(seed: int) -> Case:
    """The case of this seed."""
    rng = random.Random(seed)
    promotions = tuple(
        (f"p{number}", _promotion(rng, number)) for number in range(rng.randint(0, 7))
    )
    opened = [slug for slug, one in promotions if one["trigger"] == "code"]
    codes = tuple(CodeState(f"CODE-{slug}", "usable", slug) for slug in opened)
    typed = [one.code for one in codes if rng.random() < 0.8]
    rng.shuffle(typed)
    cards = tuple(
        GiftCardState(f"CARD{at}", "usable", rng.choice((1, 99, 2500, 10**6)))
        for at in range(rng.choice((0, 0, 1, 2)))
    )
    return Case(
        _programme(rng),
        promotions,
        _cart(rng, tuple(typed), cards),
        _member(rng),
        codes,
        cards,
        rng.choice((0, 0, 0.9)),
    )


def _programme(rng: random.Random) -> dict[str, Any]:
    currency = {
        "slug": "points", "name": "Points", "is_main": True,
        "minor_per_point": rng.choice((100, 100, 1, 7, 1000, 3)),
        "earn_step": rng.choice((1, 100)),
    }  # fmt: skip
    return {
        "currencies": [currency],
        "earning": [_earning(rng, number) for number in range(rng.randint(0, 3))],
        "burning": {
            "share": rng.choice(("100", "50", "30", "12.34")),
            "step": rng.choice((1, 1, 100, 500)),
            "least": rng.choice((0, 0, 1000)),
            "earns_beside": rng.random() < 0.8,
            **({"excluded": _where(rng)} if rng.random() < 0.3 else {}),
        },
        "tiers": {
            "tiers": [
                {"slug": "silver", "name": "Silver", "least": 0,
                 "discount": rng.choice(("0", "3"))},
                {"slug": "gold", "name": "Gold", "least": 100,
                 "discount": rng.choice(("0", "5", "7.77")), "earn": rng.choice(("1", "1.5"))},
            ]
        },
        "pricing": {
            "floor_minor": rng.choice((0, 0, 1)),
            "round_step_minor": rng.choice((0, 0, 0, 10, 100)),
        },
    }  # fmt: skip


def _earning(rng: random.Random, number: int) -> dict[str, Any]:
    gives = rng.choice(
        ({"points": 100, "per_minor": 100}, {"points": 37, "per_minor": 250}, {"share": "5"})
    )
    return {
        "id": f"r{number}",
        **gives,
        "adds": rng.random() < 0.3,
        **({"where": _where(rng)} if rng.random() < 0.5 else {}),
        **(
            {"multipliers": [{"factor": rng.choice(("2", "1.25")), "tiers": ["gold"]}]}
            if rng.random() < 0.3
            else {}
        ),
    }


def _cart(rng: random.Random, typed: tuple[str, ...], cards: tuple[GiftCardState, ...]) -> Cart:
    asks = (
        PointsAsk(None, 0),
        PointsAsk(None, None),
        PointsAsk(None, rng.choice((1, 50, 1000, 12345, 10**7))),
    )
    return Cart(
        currency="UAH",
        lines=tuple(_line(rng, number) for number in range(rng.randint(1, 6))),
        occurred_at=NOW,
        delivery_minor=rng.choice((0, 0, 1000)),
        codes=typed,
        gift_cards=tuple(GiftCardAsk(card.code, rng.choice((None, None, 777))) for card in cards),
        points=rng.choice(asks),
    )


def _line(rng: random.Random, number: int) -> Line:
    price = Decimal(rng.choice(PRICES))
    milli = rng.choice((1000, 1000, 2000, 3000, 5000, 12000, 347, 1500))
    base = base_of(milli, price, "UAH")
    external = rng.choice((0, 0, 0, base // 3, base))
    unit_floor = (base - external) * 1000 // milli // 2
    return Line(
        line_id=f"L{number}",
        sku=f"sku{rng.randint(1, 4)}",
        quantity_milli=milli,
        unit_price=price,
        base_minor=base,
        external_discount_minor=external,
        earns=rng.random() < 0.85,
        burns=rng.random() < 0.85,
        takes_promotions=rng.random() < 0.85,
        min_price_minor=rng.choice((0, 0, 0, min(1, unit_floor), unit_floor)),
        category=rng.choice(KINDS),
        brand=rng.choice(BRANDS),
        attrs={"sale": True} if rng.random() < 0.3 else {},
    )


def _member(rng: random.Random) -> Member | None:
    if rng.random() < 0.25:
        return None
    return Member(
        member_id=7,
        customer_id=70,
        tier=rng.choice(TIERS),
        balances={"points": Balance(rng.choice((0, 1, 99, 5000, 10**7)))},
        segments=frozenset(one for one in SEGMENTS if rng.random() < 0.5),
        card_discount=rng.choice((0, 0, 400)),
    )


def _promotion(rng: random.Random, number: int) -> dict[str, Any]:
    trigger = rng.choice(("cart", "cart", "cart", "code"))
    found: dict[str, Any] = {
        "trigger": trigger,
        "lane": "code" if trigger == "code" else rng.choice(("line", "cart", "cart")),
        "priority": rng.choice((10, 100)),
        "group": rng.choice(("", "", "a", "b")),
        "stack": {
            "group_mode": rng.choice(("all", "all", "first", "best_for_customer", "lowest")),
            "exclusive": rng.random() < 0.1,
            "not_with": [f"p{number + 1}"] if rng.random() < 0.15 else [],
        },
        "effects": _effects(rng),
    }
    if rng.random() < 0.6:
        found["when"] = _condition(rng, 0)
    if rng.random() < 0.7:
        found["target"] = _target(rng)
    if rng.random() < 0.25:
        found["limits"] = [
            {
                "what": rng.choice(("uses", "discount", "points")),
                "per": rng.choice(("total", "member")),
                "period": rng.choice(("all", "day")),
                "value": rng.choice((1, 10, 500)),
                "on_exceed": rng.choice(("cut", "reject")),
            }
        ]
    return found


def _effects(rng: random.Random) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    roll = rng.random()
    cap = {"cap": rng.choice((5, 300))} if rng.random() < 0.2 else {}
    if roll < 0.35:
        found.append({
            "type": "percent_off", "value": rng.choice(("5", "10", "33.33", "100")),
            "base": rng.choice(("remaining", "remaining", "initial")),
            "spread": rng.choice(("proportional", "proportional", "each_line")), **cap,
        })  # fmt: skip
    elif roll < 0.55:
        found.append({
            "type": "amount_off", "value": rng.choice((1, 100, 333, 10000)),
            "per": rng.choice(("total", "unit", "set")), **cap,
        })  # fmt: skip
    elif roll < 0.65:
        found.append({"type": "fixed_price", "value": rng.choice((0, 100, 2000)), **cap})
    elif roll < 0.75:
        found.append({"type": "set_price", "value": rng.choice((0, 50, 300)), **cap})
    elif roll < 0.88:
        found.append({"type": "free_units", "value": rng.choice((0, 0, 1, 2)), **cap})
    if not found or rng.random() < 0.2:
        found.append({"type": "earn", "value": 500, "per_minor": rng.choice((0, 0, 1000))})
    if rng.random() < 0.1:
        found.append({"type": "earn_multiplier", "value": rng.choice(("2", "0.5"))})
    return found


def _target(rng: random.Random) -> dict[str, Any]:
    roll = rng.random()
    where = {"where": _where(rng)} if rng.random() < 0.7 else {}
    if roll < 0.4:
        return {**where, **({"max_units": rng.randint(1, 3)} if rng.random() < 0.4 else {})}
    if roll < 0.7:
        pick = rng.choice(("cheapest", "dearest", "every_nth"))
        found: dict[str, Any] = {**where, "pick": pick}
        if pick == "every_nth" or rng.random() < 0.6:
            found["n"] = rng.randint(1, 3)
            if rng.random() < 0.3:
                found["repeat"] = rng.randint(1, 2)
        if rng.random() < 0.3:
            found["max_units"] = rng.randint(1, 2)
        return found
    sets = [{"qty": rng.randint(1, 3), "side": "get", "where": _where(rng)}]
    for _ in range(rng.randint(0, 2)):
        sets.append({
            "qty": rng.randint(1, 2), "side": rng.choice(("buy", "get")), "where": _where(rng),
        })  # fmt: skip
    return {"sets": sets, **({"repeat": rng.randint(1, 2)} if rng.random() < 0.4 else {})}


def _where(rng: random.Random) -> dict[str, Any]:
    return rng.choice(
        (
            {},
            {"field": "line.category", "op": "eq", "value": rng.choice(KINDS)},
            {"field": "line.category", "op": "in", "value": ["TEA", "cups"]},
            {"field": "line.brand", "op": "ne", "value": "aroma"},
            {"field": "line.brand", "op": "not_set"},
            {"field": "line.sku", "op": "eq", "value": "sku1"},
            {"field": "line.attr.sale", "op": "eq", "value": True},
            {"field": "line.unit_price", "op": "gte", "value": 999},
            {"field": "line.amount", "op": "lt", "value": 1000},
            {"not": {"field": "line.is_discounted", "op": "eq", "value": True}},
            {"any": [{"field": "line.category", "op": "eq", "value": "tea"},
                     {"field": "line.quantity", "op": "gt", "value": "2.5"}]},
        )
    )  # fmt: skip


def _condition(rng: random.Random, depth: int) -> dict[str, Any]:
    if depth < 2 and rng.random() < 0.3:
        parts = [_condition(rng, depth + 1) for _ in range(rng.randint(0, 2))]
        return rng.choice(({"all": parts}, {"any": parts}, {"not": _condition(rng, depth + 1)}))
    op = rng.choice(("gte", "lt"))
    return rng.choice(
        (
            {"field": "cart.amount", "op": op, "value": rng.choice((500, 5000))},
            {"field": "cart.initial_amount", "op": op, "value": rng.choice((500, 5000))},
            {"field": "cart.quantity", "op": op, "value": rng.choice((3, "4.5"))},
            {"field": "member.tier", "op": "in", "value": ["gold"]},
            {"field": "context.weekday", "op": "eq", "value": rng.choice((5, 6))},
            {"segment": rng.choice(SEGMENTS)},
            {"lines": {"quantifier": rng.choice(("any", "every", "none")),
                       "where": _where(rng)}},
            {"lines": {"quantifier": "sum", "where": _where(rng), "op": op,
                       "value": rng.choice((1, 4))}},
            {"lines": {"quantifier": "sum", "of": "amount", "where": _where(rng), "op": op,
                       "value": 1000}},
            {"lines": {"quantifier": rng.choice(("count", "distinct")), "where": _where(rng),
                       "op": op, "value": 2}},
        )
    )  # fmt: skip
