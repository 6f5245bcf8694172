"""Past receipts priced anew: what they would have cost, in money, by promotion, by receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import msgspec

from regulars.kernel.errors import Invalid
from regulars.loyalty.pure.calculation.calculate import calculate
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.cart import Cart, Line, Member, base_of

SHOWN_MAX = 20  # receipts that change the most, shown one by one


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line as it was sold: total is what was paid for it."""

    sku: str
    name: str
    category: str
    brand: str
    quantity: Decimal
    unit_price: Decimal
    total_minor: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """One past receipt and who bought, as far as that is known today.

    total_minor  what was paid in all: a discount of the whole lowers it, delivery raises it
    """

    number: str
    at: datetime
    lines: tuple[SoldLine, ...]
    total_minor: int
    member: Member | None = None
    shop: str = ""


@dataclass(slots=True)
class OfPromotion:
    """What one promotion would have done."""

    receipts: int = 0
    discount_minor: int = 0
    points: int = 0


@dataclass(slots=True)
class Changed:
    """A receipt that would have cost another sum."""

    number: str
    at: datetime
    sold_minor: int
    would_minor: int


@dataclass(slots=True)
class Found:
    """What a replay has come to so far; `refused` are receipts no cart can be made of."""

    receipts: int = 0
    refused: int = 0
    base_minor: int = 0
    sold_minor: int = 0
    would_minor: int = 0
    earn: int = 0
    cheaper: int = 0
    dearer: int = 0
    promotions: dict[str, OfPromotion] = field(default_factory=dict)
    most: list[Changed] = field(default_factory=list)


def replay(found: Found, live: Live, receipts: Sequence[Receipt]) -> None:
    """Add these receipts to what was found; rules are asked as if it were then."""
    for receipt in receipts:
        cart = cart_of(receipt, live.currency)
        try:
            answer = calculate(live, cart, receipt.member, (), (), {}, receipt.at)
        except Invalid:
            found.refused += 1
            continue
        sold = min(sum(line.total_minor for line in receipt.lines), receipt.total_minor)
        would = answer.summary.to_pay_minor
        found.receipts += 1
        found.base_minor += answer.summary.base_minor
        found.sold_minor += sold
        found.would_minor += would
        found.earn += answer.summary.earn
        found.cheaper += would < sold
        found.dearer += would > sold
        for one in answer.applied:
            kept = found.promotions.setdefault(one.promotion_id, OfPromotion())
            kept.receipts += 1
            kept.discount_minor += one.discount_minor
            kept.points += one.points
        if would != sold:
            found.most.append(Changed(receipt.number, receipt.at, sold, would))
    found.most.sort(key=lambda one: (-abs(one.sold_minor - one.would_minor), one.number))
    del found.most[SHOWN_MAX:]


def cart_of(receipt: Receipt, currency: str) -> Cart:
    """The receipt as the cart it was before discounts.

    Books may keep the price paid as the price of a unit: such a line had no discount.
    """
    lines = []
    for number, sold in enumerate(receipt.lines):
        milli = int(sold.quantity.scaleb(3))
        base = base_of(milli, sold.unit_price, currency) if milli > 0 else 0
        attrs: dict[str, str | int | bool] = {} if sold.unit_price else {"gift": True}
        lines.append(
            Line(
                line_id=str(number),
                sku=sold.sku or "?",
                quantity_milli=milli,
                unit_price=sold.unit_price,
                base_minor=base,
                name=sold.name,
                category=sold.category,
                brand=sold.brand,
                attrs=attrs,
            )
        )
    return Cart(currency=currency, lines=tuple(lines), occurred_at=receipt.at, shop=receipt.shop)


_decoder = msgspec.json.Decoder(Found)


def to_json(found: Found) -> dict[str, object]:
    """What was found, as plain values."""
    made = msgspec.to_builtins(found)
    assert isinstance(made, dict)
    return made


def from_json(value: object) -> Found:
    """What `to_json` wrote; nothing is a new one."""
    return _decoder.decode(msgspec.json.encode(value)) if value else Found()
