"""What an order means: which event it is, whether it is a purchase, where it may go next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from regulars.kernel.errors import Invalid, Refused
from regulars.kernel.money import minor_digits
from regulars.orders.records import (
    PAID_STATUSES,
    WORTH_MAX_MINOR,
    ItemKind,
    NewLine,
    NewOrder,
    OrderKind,
    OrderStatus,
)

LINES_MAX = 10_000
TEXT_LENGTH_MAX = 200
EARLIEST_YEAR = 1990
# orders_line keeps 12 digits before the point and 6 behind it.
AMOUNT_MAX = Decimal(10) ** 12
DECIMALS_MAX = 6
DURATION_MAX_MIN = 60 * 24 * 366

RANK = {
    OrderStatus.NEW: 0,
    OrderStatus.PAID: 1,
    OrderStatus.PROCESSING: 2,
    OrderStatus.SHIPPED: 3,
    OrderStatus.DELIVERED: 4,
    OrderStatus.CANCELLED: 5,
    OrderStatus.RETURNED: 5,
}


def is_purchase(kind: str, status: str, total_minor: int) -> bool:
    """Whether the order counts in what its customer bought.

    An order that cost nothing is kept, but it is no purchase.
    """
    return kind == OrderKind.SALE and status in PAID_STATUSES and total_minor > 0


def event_of(kind: str, status: str, total_minor: int) -> str:
    """The event that tells of an order in this state."""
    if kind == OrderKind.RETURN:
        return "order.returned"
    if kind == OrderKind.ADJUSTMENT:
        return "order.adjusted"
    if status == OrderStatus.CANCELLED:
        return "order.cancelled"
    if status == OrderStatus.RETURNED:
        return "order.returned"
    return "order.paid" if is_purchase(kind, status, total_minor) else "order.placed"


def next_status(present: OrderStatus, asked: OrderStatus) -> OrderStatus | None:
    """The status to take, or None when the order is already there or further on.

    News about an order arrive out of order, so a step back changes nothing.
    raises  Refused(order_status_final) when the order was cancelled or returned
    """
    if present == asked:
        return None
    if RANK[present] == RANK[OrderStatus.CANCELLED]:
        raise Refused(
            "order_status_final", f"The order is {present.value}; nothing can follow that."
        )
    return asked if RANK[asked] > RANK[present] else None


def check(order: NewOrder, currency: str) -> None:
    """Nothing when the books can take the order.

    currency  that of the workspace
    raises    Invalid(order_number | order_time | order_lines | order_line | order_amount |
              currency_unsupported)
    """
    if not 0 < len(order.number) <= TEXT_LENGTH_MAX or not order.number.isprintable():
        raise Invalid(
            "order_number", f"An order needs a number of 1 to {TEXT_LENGTH_MAX} characters."
        )
    if order.currency != currency:
        raise Invalid(
            "currency_unsupported",
            f"Orders of this workspace are in {currency}; convert the amounts before sending.",
            currency=order.currency,
        )
    check_time(order.placed_at)
    if len(order.lines) > LINES_MAX:
        raise Invalid("order_lines", f"An order has at most {LINES_MAX} lines.")
    if not order.lines and order.total_minor is None:
        raise Invalid("order_lines", "Give the lines of the order or its total.")
    _check_lines(order.lines, order.kind)
    _check_worth(order)


def check_time(at: datetime) -> None:
    """Nothing when an order may stand at this time. raises Invalid(order_time)"""
    if at.tzinfo is None or at.year < EARLIEST_YEAR:
        raise Invalid("order_time", f"Give the time with its zone, not before {EARLIEST_YEAR}.")


def _check_lines(lines: Sequence[NewLine], kind: OrderKind) -> None:
    for place, line in enumerate(lines, 1):
        if not 0 < len(line.sku) <= TEXT_LENGTH_MAX or not line.sku.isprintable():
            raise Invalid("order_line", "A line needs the code of its product.", line=place)
        for amount in (line.quantity, line.unit_price):
            if not amount.is_finite() or abs(amount) >= AMOUNT_MAX:
                raise Invalid("order_line", "An amount of the line is out of bounds.", line=place)
            if amount != round(amount, DECIMALS_MAX):
                raise Invalid(
                    "order_line", f"Give at most {DECIMALS_MAX} decimal places.", line=place
                )
        if line.quantity == 0:
            raise Invalid("order_line", "The quantity of a line is not zero.", line=place)
        _check_time_taken(line, place)
        if line.unit_price < 0 and kind is not OrderKind.ADJUSTMENT:
            raise Invalid("order_line", "The price of a line is not below zero.", line=place)


def _check_time_taken(line: NewLine, place: int) -> None:
    if line.duration_min is not None and not 0 < line.duration_min <= DURATION_MAX_MIN:
        raise Invalid("order_line", "A duration is whole minutes, above zero.", line=place)
    for at in (line.starts_at, line.ends_at):
        if at is not None:
            check_time(at)
    if line.ends_at is not None and (line.starts_at is None or line.ends_at < line.starts_at):
        raise Invalid("order_line", "A booking ends after it starts.", line=place)
    if line.item is ItemKind.BOOKING and line.starts_at is None:
        raise Invalid("order_line", "Say when the booking starts.", line=place)


def _check_worth(order: NewOrder) -> None:
    worth = sum((abs(line.quantity * line.unit_price) for line in order.lines), Decimal(0))
    worth_minor = worth.scaleb(minor_digits(order.currency))
    if worth_minor > WORTH_MAX_MINOR or abs(order.total_minor or 0) > WORTH_MAX_MINOR:
        raise Invalid("order_amount", "The order is worth more than any order can be.")
