"""Lines of an order such that they sum to its total to the coin."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from regulars.kernel.errors import Invalid
from regulars.kernel.money import line_total_minor, minor_digits
from regulars.orders.records import ItemKind, NewLine

LINES_MAX = 1_000
PLACES = Decimal("0.000001")
# Codes of what is no goods; a colon keeps them apart from any shop's own.
MARK = "order:"
SHIPPING, TAX, FEE, TIP = "order:shipping", "order:tax", "order:fee", "order:tip"
DISCOUNT, ROUNDING = "order:discount", "order:rounding"
NAMES = {
    SHIPPING: "Shipping", TAX: "Tax", FEE: "Fee", TIP: "Tip", DISCOUNT: "Discount",
    ROUNDING: "Other charges",
}  # fmt: skip


def goods(
    sku: str,
    quantity: Decimal,
    total: Decimal,
    *,
    name: str | None = None,
    category: str | None = None,
    brand: str | None = None,
) -> NewLine:
    """A line of goods by what it cost in all; its price is as fine as the books keep.

    raises  Invalid(amount)
    """
    try:
        price = (total / quantity).quantize(PLACES, rounding=ROUND_HALF_UP)
    except InvalidOperation:
        raise Invalid("amount", "An amount of the delivery is not a number.") from None
    return NewLine(
        sku=sku, quantity=quantity, unit_price=price, name=name, category=category, brand=brand
    )


def charge(code: str, total: Decimal, name: str | None = None) -> list[NewLine]:
    """A line for what is no goods; none for nothing. What is below zero counts minus one."""
    if not total:
        return []
    quantity = Decimal(1) if total > 0 else Decimal(-1)
    return [
        NewLine(
            sku=code, quantity=quantity, unit_price=abs(total), name=name or NAMES[code],
            item=ItemKind.SERVICE,
        )
    ]  # fmt: skip


def balanced(lines: Iterable[NewLine], total_minor: int, currency: str) -> tuple[NewLine, ...]:
    """The lines, and one more for what they lack to the total or have beyond it."""
    found = list(lines)
    have = sum(line_total_minor(line.quantity, line.unit_price, currency) for line in found)
    rest = Decimal(total_minor - have).scaleb(-minor_digits(currency))
    found += charge(ROUNDING if rest > 0 else DISCOUNT, rest)
    return tuple(found)
