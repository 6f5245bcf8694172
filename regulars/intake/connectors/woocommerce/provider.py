"""WooCommerce's webhooks: signature and mapping, from the payloads of its REST API, version 3."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from regulars.customers.records import Identity
from regulars.intake.connectors.pure import lines as order_lines
from regulars.intake.connectors.pure import reading, signatures
from regulars.intake.connectors.pure.statuses import KNOWN
from regulars.intake.connectors.records import (
    Accepted,
    Context,
    CustomerNews,
    News,
    Nothing,
    OrderGone,
    OrderNews,
    Ping,
    ProductNews,
    RefundNews,
)
from regulars.kernel.errors import Invalid
from regulars.orders.records import NewLine, OrderStatus

PING = re.compile(rb"webhook_id=[0-9]{1,12}")
REFUNDS_MAX = 500
STATUSES = {
    "pending": OrderStatus.NEW,
    "checkout-draft": OrderStatus.NEW,
    "on-hold": OrderStatus.NEW,
    # The customer may still pay; what is cancelled here stays so.
    "failed": OrderStatus.NEW,
    "processing": OrderStatus.PROCESSING,
    "completed": OrderStatus.DELIVERED,
    "cancelled": OrderStatus.CANCELLED,
    "trash": OrderStatus.CANCELLED,
}


def check(
    headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], settings: Mapping[str, Any]
) -> Accepted | Ping:
    """The delivery when its signature holds. raises SignatureWrong"""
    del settings
    if "x-wc-webhook-signature" not in headers and PING.fullmatch(body):
        # Sent unsigned when a webhook is saved over there; anything but 2xx would shut it off.
        return Ping()
    given = headers.get("x-wc-webhook-signature", "")
    signatures.check_base64_hmac(given, body, secrets.get("secret", ""))
    delivery = headers.get("x-wc-webhook-delivery-id", "")[: signatures.ID_LENGTH_MAX]
    # Its id is made of the webhook and the second: two orders of one second have the same.
    digest = hashlib.sha256(body).hexdigest()[:32]
    return Accepted(f"{delivery}:{digest}", headers.get("x-wc-webhook-topic", "")[:100])


def read(body: bytes, topic: str, context: Context) -> list[News]:
    """What the delivery tells. raises Invalid"""
    data = reading.mapping(reading.parse(body))
    resource, _, happened = topic.partition(".")
    if happened == "deleted":
        if resource != "order":
            return [Nothing("topic_ignored")]
        return [OrderGone(reading.need(data.get("id"), "id"), context.received_at)]
    reader = READERS.get(resource)
    return [Nothing("topic_ignored")] if reader is None else [reader(data, context)]


def _order(data: Mapping[str, Any], context: Context) -> News:
    key = reading.need(data.get("id"), "id")
    number = reading.text(data.get("number")) or key
    currency = reading.need(data.get("currency"), "currency").upper()
    placed_at = _moment(data, "date_created") or context.received_at
    told_at = _moment(data, "date_modified") or placed_at
    total_minor = reading.coins(data.get("total"), currency)
    refunds = tuple(_refunds(data, key, told_at, currency))
    return OrderNews(
        key=key,
        number=number,
        placed_at=placed_at,
        told_at=told_at,
        currency=currency,
        status=_status(data, bool(refunds)),
        lines=order_lines.balanced(_lines(data), total_minor, currency),
        total_minor=total_minor,
        identity=_buyer(data, context, placed_at),
        refunds=refunds,
        pays_on_delivery=data.get("payment_method") == "cod",
    )


def _status(data: Mapping[str, Any], has_refunds: bool) -> OrderStatus:
    word = (reading.text(data.get("status")) or "").removeprefix("wc-")
    if word == "refunded":
        # What went back is told refund by refund; without any the order went back as a whole.
        return OrderStatus.PAID if has_refunds else OrderStatus.RETURNED
    if word in STATUSES:
        return STATUSES[word]
    # Shops add statuses of their own; what a payment says is sure.
    is_paid = bool(data.get("date_paid_gmt") or data.get("date_paid"))
    return KNOWN.get(word, OrderStatus.PAID if is_paid else OrderStatus.NEW)


def _lines(data: Mapping[str, Any]) -> list[NewLine]:
    found: list[NewLine] = []
    for line in reading.items(data.get("line_items"), order_lines.LINES_MAX):
        found += _line(line)
    found += order_lines.charge(order_lines.SHIPPING, reading.amount(data.get("shipping_total")))
    for fee in reading.items(data.get("fee_lines"), order_lines.LINES_MAX):
        total = reading.amount(fee.get("total"))
        found += order_lines.charge(order_lines.FEE, total, reading.text(fee.get("name")))
    found += order_lines.charge(order_lines.TAX, reading.amount(data.get("total_tax")))
    return found


def _line(line: Mapping[str, Any]) -> list[NewLine]:
    quantity = reading.amount(line.get("quantity"))
    total = reading.amount(line.get("total"))
    name = reading.text(line.get("name"))
    if quantity <= 0 or total < 0:
        return order_lines.charge(order_lines.FEE, total, name)
    sku = (
        reading.text(line.get("sku"))
        or _id(line.get("variation_id"))
        or _id(line.get("product_id"))
        or name
    )
    if sku is None:
        raise Invalid("field_missing", "The delivery does not tell the product of a line.")
    return [order_lines.goods(sku[:200], quantity, total, name=name)]


def _id(value: Any) -> str | None:
    found = reading.text(value)
    return None if found == "0" else found


def _refunds(
    data: Mapping[str, Any], order_key: str, at: datetime, currency: str
) -> list[RefundNews]:
    found = []
    for refund in reading.items(data.get("refunds"), REFUNDS_MAX):
        total = abs(reading.coins(refund.get("total"), currency))
        key = reading.need(refund.get("id"), "id")
        found.append(RefundNews(order_key, key, at, total))
    return found


def _buyer(data: Mapping[str, Any], context: Context, at: datetime) -> Identity | None:
    billing = reading.mapping(data.get("billing"))
    found = _person(billing, context.external_id(data.get("customer_id")), billing, at)
    return found if found.external_id or found.email or found.phone else None


def _person(
    data: Mapping[str, Any], external_id: str | None, address: Mapping[str, Any], at: datetime
) -> Identity:
    told = {
        "first_name": data.get("first_name") or address.get("first_name"),
        "last_name": data.get("last_name") or address.get("last_name"),
        "city": address.get("city"),
        "country": address.get("country"),
    }
    traits = {name: found for name, value in told.items() if (found := reading.text(value))}
    return Identity(
        external_id=external_id,
        email=reading.text(data.get("email") or address.get("email")),
        phone=reading.text(address.get("phone")),
        traits=traits,
        seen_at=at,
    )


def _customer(data: Mapping[str, Any], context: Context) -> News:
    key = reading.need(data.get("id"), "id")
    made_at = _moment(data, "date_created") or context.received_at
    told_at = _moment(data, "date_modified") or made_at
    billing = reading.mapping(data.get("billing"))
    person = _person(data, context.external_id(key), billing, made_at)
    return CustomerNews(key=key, identity=person, told_at=told_at)


def _product(data: Mapping[str, Any], context: Context) -> News:
    key = reading.need(data.get("id"), "id")
    categories = reading.items(data.get("categories"), 100)
    images = reading.items(data.get("images"), 1_000)
    price, regular = _price(data.get("price")), _price(data.get("regular_price"))
    on_hand = data.get("stock_quantity")
    return ProductNews(
        key=key,
        sku=(reading.text(data.get("sku")) or key)[:200],
        told_at=_moment(data, "date_modified") or context.received_at,
        name=reading.text(data.get("name")),
        category=reading.text(categories[0].get("name")) if categories else None,
        price=price,
        old_price=regular if price is not None and regular and regular > price else None,
        url=reading.text(data.get("permalink")),
        picture_url=reading.text(images[0].get("src")) if images else None,
        is_available=data.get("stock_status") != "outofstock",
        on_hand=None if on_hand is None else reading.amount(on_hand),
    )


def _price(value: Any) -> Decimal | None:
    return reading.amount(value) if value not in (None, "") else None


def _moment(data: Mapping[str, Any], name: str) -> datetime | None:
    return reading.moment(data.get(f"{name}_gmt") or data.get(name))


READERS = {"order": _order, "customer": _customer, "product": _product}
