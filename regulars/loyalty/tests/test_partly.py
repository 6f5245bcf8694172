"""What is known of a member is settled in a condition, and the rest is left for the cart."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from regulars.kernel import clock
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.calculation.partly import NEVER, settled
from regulars.loyalty.pure.calculation.scene import Scene
from regulars.loyalty.pure.cart import Cart, Member
from regulars.loyalty.pure.programme import DEFAULT
from regulars.loyalty.pure.promotions.conditions import (
    ALWAYS,
    All,
    Any,
    Condition,
    Field,
    InSegment,
    MemberRule,
    Not,
    Personal,
)

MINE, OTHER = InSegment("vip"), InSegment("cold")
CART = Field("cart.amount", "gte", 50_000)
GOLD = Field("member.tier", "eq", "gold")


def scene() -> Scene:
    now = clock.now()
    member = Member(
        member_id=1, customer_id=2, tier="gold", balances={}, segments=frozenset({"vip"}),
        matched=frozenset({"k"}), offers=frozenset({"p"}),
    )  # fmt: skip
    live = Live(1, "UAH", ZoneInfo("Europe/Kyiv"), DEFAULT)
    return Scene(live, Cart(currency="UAH", lines=(), occurred_at=now), member, {}, now)


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        (ALWAYS, ALWAYS),
        (CART, CART),
        (GOLD, ALWAYS),
        (MINE, ALWAYS),
        (OTHER, NEVER),
        (MemberRule("{}", "k"), ALWAYS),
        (MemberRule("{}", "l"), NEVER),
        (Personal("p"), ALWAYS),
        (Personal("q"), NEVER),
        (Not(OTHER), ALWAYS),
        (Not(MINE), NEVER),
        (Not(CART), Not(CART)),
        (All((MINE, CART)), CART),
        (All((OTHER, CART)), NEVER),
        (All((MINE, GOLD)), ALWAYS),
        (Any((MINE, CART)), ALWAYS),
        (Any((OTHER, CART)), CART),
        (Any((OTHER, Not(GOLD))), NEVER),
        (All((Any((OTHER, CART)), Not(OTHER))), CART),
    ],
)
def test_what_no_cart_changes_is_decided(condition: Condition, left: Condition) -> None:
    assert settled(condition, scene()) == left
