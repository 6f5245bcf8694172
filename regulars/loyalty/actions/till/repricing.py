"""What is left after a return, priced again: only where a promotion asks for it.

"Three for two" brought home as three and returned as two was never earned. A promotion that says
`on_return: reevaluate` gives to the rest what it would give to it alone; what it gave more is kept
from the refund, and handed back when the rest comes back too. All other discounts stay as they
were sold. What is known of the member is what is known today, so the whole purchase is looked at
today as well: a promotion that would not give its discount to the whole any more, because the
member has changed, keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from regulars.loyalty.pure.answers import Answer
from regulars.loyalty.pure.calculation.calculate import calculate
from regulars.loyalty.pure.cart import Cart, CodeState, Line, base_of
from regulars.loyalty.pure.returns import share
from regulars.loyalty.queries import programme, simulator
from regulars.loyalty.queries.members import now_of
from regulars.loyalty.till_records import PurchaseRecord

REEVALUATE = "reevaluate"


def kept_minor(workspace_id: int, there: PurchaseRecord, back: Mapping[str, int]) -> int:
    """Money to be kept in all once these thousandths of each line are back."""
    answer = there.answer
    assert answer is not None
    live = programme.live_version(workspace_id, answer.rules_version)
    asking = {one.id for one in live.promotions.promotions if one.on_return == REEVALUATE}
    asking &= {one.promotion_id for one in answer.applied if one.discount_minor}
    if not asking:
        return 0
    rest = _cart(there, back)
    if rest is None:
        return 0
    member = None
    if there.member_id is not None:
        member_id = now_of(workspace_id, there.member_id)
        member = simulator.snapshot(
            workspace_id, live, member_id, there.occurred_at, purchase_id=there.purchase_id
        )
    codes = [
        CodeState(one.code, "usable", one.promotion_id)
        for one in answer.codes
        if one.status == "applied"
    ]

    def today(cart: Cart) -> Answer:
        return calculate(live, cart, member, codes, (), {}, there.occurred_at)

    whole = _cart(there, {})
    assert whole is not None
    sold = _given_to_rest(there, answer, asking, back)
    would = _given_to_rest(there, today(whole), asking, back)
    alone = _given_to_rest(there, today(rest), asking, {})
    return max(0, min(sold, would) - alone)


def _given_to_rest(
    there: PurchaseRecord, answer: Answer, asking: set[str], back: Mapping[str, int]
) -> int:
    """What these promotions took off the goods that stay."""
    quantities = {kept["line_id"]: int(kept["qty_milli"]) for kept in there.cart["lines"]}
    total = 0
    for line in answer.lines:
        for one in line.discounts:
            if one.promotion_id in asking:
                came = back.get(line.line_id, 0)
                total += one.amount_minor - share(one.amount_minor, came, quantities[line.line_id])
    return total


def _cart(there: PurchaseRecord, back: Mapping[str, int]) -> Cart | None:
    """The purchase without what is back; None when nothing is left."""
    assert there.answer is not None
    lines = tuple(
        line
        for kept in there.cart["lines"]
        if (line := _left(kept, back.get(kept["line_id"], 0), there.currency)) is not None
    )
    if not lines:
        return None
    return Cart(
        currency=there.currency,
        lines=lines,
        occurred_at=there.occurred_at,
        shop=there.shop,
        till=there.till,
        cashier=there.cashier,
        channel=there.channel,
        codes=tuple(one.code for one in there.answer.codes if one.status == "applied"),
        payment_kind=there.cart.get("payment_kind", ""),
    )


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
