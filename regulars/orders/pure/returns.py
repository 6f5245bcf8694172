"""What comes back of an order, and what money goes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from regulars.kernel.errors import Invalid, Refused
from regulars.kernel.money import line_total_minor
from regulars.orders.records import PAID_STATUSES, LineRecord, NewLine, OrderKind, OrderRecord


def check_returnable(order: OrderRecord) -> None:
    """Nothing when goods of this order may come back. raises Refused(order_not_sold)"""
    if order.kind != OrderKind.SALE or order.status not in PAID_STATUSES:
        raise Refused(
            "order_not_sold", "Only a paid sale that was not cancelled or returned can come back."
        )


def lines_back(
    lines: Sequence[LineRecord], asked: Mapping[int, Decimal], returned: Mapping[str, Decimal]
) -> tuple[NewLine, ...]:
    """The lines of the return, quantities below zero.

    asked     quantity by the number of the line; empty means all that is left
    returned  quantity that came back before, by product
    raises    Invalid(return_line | return_quantity), Refused(return_exceeds | return_nothing)
    """
    left = dict.fromkeys((line.sku for line in lines), Decimal(0))
    for line in lines:
        left[line.sku] += line.quantity
    for sku, quantity in returned.items():
        left[sku] = left.get(sku, Decimal(0)) - quantity
    by_number = {line.line_no: line for line in lines}
    unknown = [number for number in asked if number not in by_number]
    if unknown:
        raise Invalid("return_line", f"The order has no line {unknown[0]}.", line=unknown[0])
    wanted = asked or {line.line_no: line.quantity for line in lines if line.quantity > 0}
    back = []
    for number, quantity in sorted(wanted.items()):
        line = by_number[number]
        if quantity <= 0:
            raise Invalid("return_quantity", "Give how many came back, above zero.", line=number)
        if asked and quantity > left[line.sku]:
            raise Refused(
                "return_exceeds",
                f"Of line {number} only {max(left[line.sku], Decimal(0)).normalize():f} can still"
                " come back.",
                line=number,
            )
        taken = min(quantity, left[line.sku])
        if taken > 0:
            left[line.sku] -= taken
            back.append(NewLine(line.sku, -taken, line.unit_price, line.name, line.category))
    if not back:
        raise Refused("return_nothing", "Everything of this order came back before.")
    return tuple(back)


def refund_minor(
    order: OrderRecord,
    lines: Sequence[LineRecord],
    back: Sequence[NewLine],
    *,
    worth_before_minor: int = 0,
    refunded_before_minor: int = 0,
) -> int:
    """The money that goes back, below zero; a discount on the order is taken off in proportion.

    Delivery and the like, paid on top of the lines, stays with the shop.

    worth_before_minor     what the goods of earlier returns cost before the discount
    refunded_before_minor  what went back for them, so that all parts come to the whole
    """
    worth = -sum(line_total_minor(line.quantity, line.unit_price, order.currency) for line in back)
    full = sum(line.total_minor for line in lines)
    if 0 <= order.total_minor < full:
        together = min(worth_before_minor + worth, full)
        # Half up, in whole coins, of all that came back: parts rounded alone would drift.
        due = (2 * together * order.total_minor + full) // (2 * full)
        worth = max(due - refunded_before_minor, 0)
    return -worth
