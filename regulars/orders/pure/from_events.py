"""Orders as Segment's e-commerce events tell them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from regulars.kernel.errors import Invalid
from regulars.kernel.money import line_total_minor, to_minor
from regulars.orders.records import Hold, NewLine, NewOrder, OrderKind, OrderStatus

SOURCE = "segment"
# Events that pages of a site sent with its public key, which anybody can.
BROWSER_PREFIX = "site:"
DECIMALS = Decimal("0.000001")


def hold_of(source: str, props: Mapping[str, Any]) -> Hold:
    """How goods are promised to an order that this source tells of.

    A page cannot be believed about stock: it promises nothing, or for a while when its site may.
    The intake writes into `_context`; what a page itself says there was dropped.
    """
    if not source.startswith(BROWSER_PREFIX):
        return Hold.USUAL
    context = props.get("_context")
    may = isinstance(context, Mapping) and context.get("promises") is True
    return Hold.TIMED if may else Hold.NONE


def number_of(props: Mapping[str, Any]) -> str:
    """The number of the order an event is about. raises Invalid(order_number)"""
    value = props.get("order_id") or props.get("orderId") or props.get("checkout_id")
    if value is None or isinstance(value, bool | dict | list) or not str(value).strip():
        raise Invalid("order_number", "The event has no order_id.")
    return str(value).strip()


def completed(
    props: Mapping[str, Any], at: datetime, customer_id: int | None, currency: str
) -> NewOrder:
    """A paid order from "Order Completed".

    The total is what the event says was paid; without it the sum of its products.
    raises  Invalid(order_number | order_amount | order_lines)
    """
    total = _told_total(props)
    lines = lines_of(props)
    return NewOrder(
        number=number_of(props),
        placed_at=at,
        currency=str(props.get("currency") or currency),
        lines=lines,
        source=SOURCE,
        status=OrderStatus.PAID,
        customer_id=customer_id,
        total_minor=None if total is None else to_minor(amount(total), currency),
    )


def refunded(
    props: Mapping[str, Any], at: datetime, customer_id: int | None, currency: str, event_id: int
) -> NewOrder:
    """A return from "Order Refunded"; one order may be refunded bit by bit.

    raises  Invalid(order_number | order_amount | order_lines)
    """
    total = _told_total(props)
    back = tuple(
        NewLine(line.sku, -abs(line.quantity), line.unit_price, line.name, line.category)
        for line in lines_of(props)
    )
    return NewOrder(
        number=f"{number_of(props)}/R{event_id}",
        placed_at=at,
        currency=str(props.get("currency") or currency),
        lines=back,
        source=SOURCE,
        kind=OrderKind.RETURN,
        status=OrderStatus.RETURNED,
        customer_id=customer_id,
        total_minor=None if total is None else -abs(to_minor(amount(total), currency)),
    )


def is_whole(props: Mapping[str, Any]) -> bool:
    """Whether a refund names neither products nor money: all that is left of the order."""
    return _told_total(props) is None and not props.get("products")


def total_minor(props: Mapping[str, Any], currency: str) -> int | None:
    """What the event says the order comes to now, else the sum of its products; None for neither.

    raises  Invalid(order_amount | order_lines)
    """
    told = _told_total(props)
    if told is not None:
        return to_minor(amount(told), currency)
    lines = lines_of(props)
    if not lines:
        return None
    return sum(line_total_minor(line.quantity, line.unit_price, currency) for line in lines)


def _told_total(props: Mapping[str, Any]) -> Any:
    return next((props[name] for name in ("total", "revenue", "value") if name in props), None)


def lines_of(props: Mapping[str, Any]) -> tuple[NewLine, ...]:
    """The products of the event as lines; one without a code of its own goes by its name."""
    products = props.get("products") or ()
    if not isinstance(products, list | tuple):
        raise Invalid("order_lines", "The products of the event are not a list.")
    return tuple(_line(product) for product in products)


def _line(product: Any) -> NewLine:
    if not isinstance(product, Mapping):
        raise Invalid("order_lines", "A product of the event is not an object.")
    code = next(
        (product[name] for name in ("sku", "product_id", "productId", "name") if product.get(name)),
        "",
    )
    return NewLine(
        sku=str(code).strip(),
        quantity=amount(product.get("quantity", 1)),
        unit_price=amount(product.get("price", 0)),
        name=_text(product.get("name")),
        category=_text(product.get("category")),
        brand=_text(product.get("brand")),
    )


def amount(value: Any) -> Decimal:
    """A number of the event as the decimal it was written as. raises Invalid(order_amount)"""
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        found = Decimal(str(value))
        if not found.is_finite() or abs(found) >= Decimal(10) ** 12:
            raise InvalidOperation
    except InvalidOperation:
        raise Invalid("order_amount", "An amount of the event is not a number.") from None
    return found.quantize(DECIMALS)


def _text(value: Any) -> str | None:
    return str(value).strip()[:500] or None if isinstance(value, str | int | float) else None
