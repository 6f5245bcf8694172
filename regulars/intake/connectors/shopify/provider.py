"""Shopify's webhooks: signature and mapping, from the payloads of its REST Admin API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from regulars.customers.records import Identity
from regulars.intake.connectors.pure import lines as order_lines
from regulars.intake.connectors.pure import reading, signatures
from regulars.intake.connectors.records import (
    Accepted,
    Consent,
    Context,
    CustomerNews,
    News,
    Nothing,
    OrderGone,
    OrderNews,
    Ping,
    PrivacyNews,
    ProductNews,
    RefundNews,
)
from regulars.intake.connectors.shopify import edits
from regulars.intake.connectors.shopify.edits import REFUNDS_MAX, Edit
from regulars.kernel.errors import Invalid
from regulars.orders.records import NewLine, OrderStatus

VARIANTS_MAX = 2_048
PAID = ("paid", "partially_refunded", "refunded")
EDITED = "orders/edited"
PRIVACY = {
    "customers/redact": "erase", "customers/data_request": "export", "shop/redact": "shop",
}  # fmt: skip


def check(
    headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], settings: Mapping[str, Any]
) -> Accepted | Ping:
    """The delivery when its signature holds. raises SignatureWrong"""
    del settings
    given = headers.get("x-shopify-hmac-sha256", "")
    signatures.check_base64_hmac(given, body, secrets.get("secret", ""))
    key = headers.get("x-shopify-webhook-id", "")[: signatures.ID_LENGTH_MAX]
    if not key:
        raise signatures.wrong()
    return Accepted(key, headers.get("x-shopify-topic", "")[:100])


def read(body: bytes, topic: str, context: Context) -> list[News]:
    """What the delivery tells. raises Invalid"""
    data = reading.mapping(reading.parse(body))
    if topic in PRIVACY:
        return [_privacy(data, PRIVACY[topic], context)]
    resource, _, happened = topic.partition("/")
    if topic == EDITED:
        # It tells only what was put in and taken off; the update that follows tells the order.
        return [Nothing("topic_ignored")]
    if happened == "delete":
        if resource != "orders":
            return [Nothing("topic_ignored")]
        return [OrderGone(reading.need(data.get("id"), "id"), context.received_at)]
    reader = READERS.get(resource)
    return [Nothing("topic_ignored")] if reader is None else reader(data, context)


def _order(data: Mapping[str, Any], context: Context) -> list[News]:
    if data.get("test") is True and not context.settings.get("takes_test_orders"):
        return [Nothing("order_test")]
    key = reading.need(data.get("id"), "id")
    currency = reading.need(data.get("currency"), "currency").upper()
    placed_at = reading.need_moment(data.get("created_at"), "created_at")
    edit = edits.read(data, currency)
    lines = order_lines.balanced(_lines(data, edit), edit.total_minor, currency)
    name = reading.text(data.get("name")) or reading.text(data.get("order_number")) or key
    refunds = reading.items(data.get("refunds"), REFUNDS_MAX)
    order = OrderNews(
        key=key,
        number=name.removeprefix("#"),
        placed_at=placed_at,
        told_at=reading.moment(data.get("updated_at")) or placed_at,
        currency=currency,
        status=_status(data),
        lines=lines,
        total_minor=edit.total_minor,
        identity=_buyer(data, context, placed_at),
        refunds=tuple(
            _read_refund(refund, key, currency, context)
            for refund in refunds
            if reading.text(refund.get("id")) not in edit.refunds
        ),
        is_emptied=bool(edit.refunds) and not lines,
        pays_on_delivery=_is_on_delivery(data),
    )
    return [order]


def _is_on_delivery(data: Mapping[str, Any]) -> bool:
    """Whether the money comes with the parcel, by the names Shopify gives to that."""
    names = data.get("payment_gateway_names")
    told = [data.get("gateway"), *(names if isinstance(names, list) else ())]
    return any("cash on delivery" in str(name).lower().replace("_", " ") for name in told)


def _status(data: Mapping[str, Any]) -> OrderStatus:
    if data.get("cancelled_at"):
        return OrderStatus.CANCELLED
    if data.get("financial_status") not in PAID:
        return OrderStatus.NEW
    return (
        OrderStatus.SHIPPED if data.get("fulfillment_status") == "fulfilled" else OrderStatus.PAID
    )


def _lines(data: Mapping[str, Any], edit: Edit) -> list[NewLine]:
    found: list[NewLine] = []
    for line in reading.items(data.get("line_items"), order_lines.LINES_MAX):
        found += _line(line, edit)
    shipping = Decimal(0)
    for one in reading.items(data.get("shipping_lines"), order_lines.LINES_MAX):
        shipping += reading.amount(one.get("price")) - _discounts(one)
    found += order_lines.charge(order_lines.SHIPPING, shipping)
    if data.get("taxes_included") is not True:
        found += order_lines.charge(
            order_lines.TAX, reading.amount(data.get("total_tax")) - edit.tax
        )
    found += order_lines.charge(order_lines.TIP, reading.amount(data.get("total_tip_received")))
    return found


def _line(line: Mapping[str, Any], edit: Edit) -> list[NewLine]:
    quantity = reading.amount(line.get("quantity"))
    total = reading.amount(line.get("price")) * quantity - _discounts(line)
    gone, worth = edit.taken.get(reading.text(line.get("id")) or "", (Decimal(0), Decimal(0)))
    if gone >= quantity > 0:
        return []
    quantity, total = quantity - gone, total - worth
    name = reading.text(line.get("name")) or reading.text(line.get("title"))
    if quantity <= 0 or total < 0:
        return order_lines.charge(order_lines.FEE, total, name)
    return [
        order_lines.goods(
            _sku(line, name), quantity, total, name=name, brand=reading.text(line.get("vendor"))
        )
    ]


def _sku(line: Mapping[str, Any], name: str | None) -> str:
    codes = (line.get("sku"), line.get("variant_id"), line.get("product_id"), name)
    found = next((code for value in codes if (code := reading.text(value))), None)
    if found is None:
        raise Invalid("field_missing", "The delivery does not tell the product of a line.")
    return found[:200]


def _discounts(line: Mapping[str, Any]) -> Decimal:
    allocations = line.get("discount_allocations")
    if isinstance(allocations, list):
        listed = reading.items(allocations, order_lines.LINES_MAX)
        return sum((reading.amount(one.get("amount")) for one in listed), Decimal(0))
    return reading.amount(line.get("total_discount"))


def _refund(data: Mapping[str, Any], context: Context) -> list[News]:
    order_key = reading.need(data.get("order_id"), "order_id")
    if edits.is_bare(data):
        # Whether it takes lines off or lays paid goods back is told with the order.
        return [Nothing("refund_bare")]
    return [_read_refund(data, order_key, "", context)]


def _read_refund(
    data: Mapping[str, Any], order_key: str, currency: str, context: Context
) -> RefundNews:
    currency = currency or context.currency
    at = reading.moment(data.get("processed_at")) or reading.moment(data.get("created_at"))
    total = edits.refunded_minor(data, currency)
    back: list[NewLine] = []
    for line in reading.items(data.get("refund_line_items"), order_lines.LINES_MAX):
        quantity = reading.amount(line.get("quantity"))
        if quantity > 0:
            inner = reading.mapping(line.get("line_item"))
            name = reading.text(inner.get("name")) or reading.text(inner.get("title"))
            subtotal = max(reading.amount(line.get("subtotal")), Decimal(0))
            sold = order_lines.goods(_sku(inner, name), quantity, subtotal, name=name)
            back.append(NewLine(sold.sku, -sold.quantity, sold.unit_price, sold.name))
    return RefundNews(
        order_key=order_key,
        key=reading.need(data.get("id"), "id"),
        at=at or context.received_at,
        total_minor=total,
        lines=order_lines.balanced(back, -total, currency) if back else (),
    )


def _buyer(data: Mapping[str, Any], context: Context, at: datetime) -> Identity | None:
    customer = reading.mapping(data.get("customer"))
    address = (
        reading.mapping(data.get("billing_address"))
        or reading.mapping(data.get("shipping_address"))
        or reading.mapping(customer.get("default_address"))
    )
    found = _person(customer, address, context, at)
    email = reading.text(data.get("email")) or reading.text(data.get("contact_email"))
    phone = reading.text(data.get("phone"))
    traits = dict(found.traits)
    locale = reading.text(data.get("customer_locale"))
    if locale:
        traits["language"] = locale.partition("-")[0].lower()[:2]
    person = Identity(
        external_id=found.external_id,
        email=found.email or email,
        phone=found.phone or phone or reading.text(address.get("phone")),
        traits=traits,
        seen_at=at,
    )
    return person if person.external_id or person.email or person.phone else None


def _person(
    data: Mapping[str, Any], address: Mapping[str, Any], context: Context, at: datetime
) -> Identity:
    told = {
        "first_name": data.get("first_name") or address.get("first_name"),
        "last_name": data.get("last_name") or address.get("last_name"),
        "city": address.get("city"),
        "country": address.get("country_code"),
    }
    return Identity(
        external_id=context.external_id(data.get("id")),
        email=reading.text(data.get("email")),
        phone=reading.text(data.get("phone")),
        traits={name: found for name, value in told.items() if (found := reading.text(value))},
        seen_at=at,
    )


def _customer(data: Mapping[str, Any], context: Context) -> list[News]:
    key = reading.need(data.get("id"), "id")
    made_at = reading.moment(data.get("created_at")) or context.received_at
    address = reading.mapping(data.get("default_address"))
    said = {"email": "email_marketing_consent", "sms": "sms_marketing_consent"}
    consents = [
        consent
        for channel, name in said.items()
        if (consent := _consent(channel, reading.mapping(data.get(name)))) is not None
    ]
    return [
        CustomerNews(
            key=key,
            identity=_person(data, address, context, made_at),
            told_at=reading.moment(data.get("updated_at")) or made_at,
            consents=tuple(consents),
        )
    ]


def _consent(channel: str, data: Mapping[str, Any]) -> Consent | None:
    # "pending" waits for a double opt-in, "not_subscribed" was never asked: neither is a word.
    state = data.get("state")
    if state not in ("subscribed", "unsubscribed"):
        return None
    return Consent(channel, state == "subscribed", reading.moment(data.get("consent_updated_at")))


def _product(data: Mapping[str, Any], context: Context) -> list[News]:
    title = reading.text(data.get("title"))
    images = reading.items(data.get("images"), 1_000)
    told_at = reading.moment(data.get("updated_at")) or context.received_at
    found: list[News] = []
    for variant in reading.items(data.get("variants"), VARIANTS_MAX):
        key = reading.need(variant.get("id"), "id")
        kind = reading.text(variant.get("title"))
        stock = variant.get("inventory_quantity")
        found.append(
            ProductNews(
                key=key,
                sku=(reading.text(variant.get("sku")) or key)[:200],
                told_at=told_at,
                name=title if kind in (None, "Default Title") else f"{title} – {kind}",
                category=reading.text(data.get("product_type")),
                brand=reading.text(data.get("vendor")),
                price=_price(variant.get("price")),
                old_price=_price(variant.get("compare_at_price")),
                picture_url=reading.text(images[0].get("src")) if images else None,
                is_available=data.get("status", "active") == "active",
                on_hand=None if stock is None else reading.amount(stock),
            )
        )
    return found or [Nothing("product_bare")]


def _price(value: Any) -> Decimal | None:
    return reading.amount(value) if value not in (None, "") else None


def _privacy(data: Mapping[str, Any], kind: str, context: Context) -> News:
    customer = reading.mapping(data.get("customer"))
    request = reading.mapping(data.get("data_request"))
    identity = Identity(
        external_id=context.external_id(customer.get("id")),
        email=reading.text(customer.get("email")),
        phone=reading.text(customer.get("phone")),
    )
    orders = data.get("orders_requested") or data.get("orders_to_redact") or []
    known = identity.external_id or identity.email or identity.phone
    return PrivacyNews(
        kind=kind,
        key=reading.text(request.get("id")) or f"{kind}:{known or data.get('shop_id')}",
        told_at=context.received_at,
        identity=identity if known else None,
        props={
            "shop": reading.text(data.get("shop_domain")) or "",
            "orders": [str(one) for one in orders[:500]] if isinstance(orders, list) else [],
        },
    )


READERS = {"orders": _order, "refunds": _refund, "customers": _customer, "products": _product}
