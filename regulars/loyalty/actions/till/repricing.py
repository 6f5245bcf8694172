"""What is left after a return, priced again: only where a promotion asks for it.

"Three for two" brought home as three and returned as two was never earned. A promotion that says
`on_return: reevaluate` lets the rest be priced as if it had been bought alone, by the rules and
at the moment of the purchase; what it costs more than was paid for it is kept from the refund,
and handed back when the rest comes back too.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from regulars.loyalty.pure.calculation.calculate import calculate
from regulars.loyalty.pure.cart import Cart, CodeState, Line, base_of
from regulars.loyalty.pure.returns import share
from regulars.loyalty.queries import programme, simulator
from regulars.loyalty.till_records import PurchaseRecord

REEVALUATE = "reevaluate"


def kept_minor(workspace_id: int, there: PurchaseRecord, back: Mapping[str, int]) -> int:
    """Money to be kept in all once these thousandths of each line are back."""
    answer = there.answer
    assert answer is not None
    live = programme.live_version(workspace_id, answer.rules_version)
    asking = {one.id for one in live.promotions.promotions if one.on_return == REEVALUATE}
    if not asking & {one.promotion_id for one in answer.applied if one.discount_minor}:
        return 0
    lines = tuple(
        line
        for kept in there.cart["lines"]
        if (line := _left(kept, back.get(kept["line_id"], 0), there.currency)) is not None
    )
    if not lines:
        return 0
    cart = Cart(
        currency=there.currency, lines=lines, occurred_at=there.occurred_at, shop=there.shop,
        till=there.till, cashier=there.cashier, channel=there.channel,
        codes=tuple(one.code for one in answer.codes if one.status == "applied"),
        payment_kind=there.cart.get("payment_kind", ""),
    )  # fmt: skip
    codes = [
        CodeState(one.code, "usable", one.promotion_id)
        for one in answer.codes
        if one.status == "applied"
    ]
    member = (
        None
        if there.member_id is None
        else simulator.snapshot(workspace_id, live, there.member_id, there.occurred_at)
    )
    alone = calculate(live, cart, member, codes, (), {}, there.occurred_at)
    return max(0, alone.summary.to_pay_minor - _paid_for_rest(there, back))


def _paid_for_rest(there: PurchaseRecord, back: Mapping[str, int]) -> int:
    """What was paid, in whatever form, for the goods that stay."""
    assert there.answer is not None
    quantities = {kept["line_id"]: int(kept["qty_milli"]) for kept in there.cart["lines"]}
    total = 0
    for line in there.answer.lines:
        whole = quantities[line.line_id]
        came = back.get(line.line_id, 0)
        for paid in (line.to_pay_minor, line.points_paid_minor, line.gift_paid_minor):
            total += paid - share(paid, came, whole)
    return total


def _left(kept: Mapping[str, Any], came: int, currency: str) -> Line | None:
    """The line with what stays of it."""
    milli = int(kept["qty_milli"]) - came
    if milli <= 0:
        return None
    price = Decimal(kept["price"])
    return Line(
        line_id=kept["line_id"],
        sku=kept["sku"],
        quantity_milli=milli,
        unit_price=price,
        base_minor=base_of(milli, price, currency),
        external_discount_minor=share(
            int(kept["external_discount"]), milli, int(kept["qty_milli"])
        ),
        earns=not kept["no_earn"],
        burns=not kept["no_burn"],
        takes_promotions=not kept["no_promo"],
        min_price_minor=int(kept["min_price"]),
        name=kept["name"],
        category=kept["category"],
        brand=kept["brand"],
        attrs=kept["attrs"],
    )
