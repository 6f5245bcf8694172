"""What providers send, read without a database."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.intake.connectors.pure import signatures
from regulars.intake.connectors.pure.signatures import SignatureWrong
from regulars.intake.connectors.records import (
    Accepted,
    Consent,
    Context,
    CustomerNews,
    Nothing,
    OrderGone,
    OrderNews,
    Ping,
    PrivacyNews,
    ProductNews,
    RefundNews,
)
from regulars.intake.connectors.shopify import provider as shopify
from regulars.intake.connectors.tests import shop, strategies
from regulars.intake.connectors.webhook import provider as webhook
from regulars.intake.connectors.woocommerce import provider as woocommerce
from regulars.kernel.errors import Invalid
from regulars.kernel.money import line_total_minor
from regulars.orders.records import OrderStatus

AT = datetime(2026, 4, 1, tzinfo=UTC)
CONTEXT = Context("woocommerce", "UAH", AT)
SECRETS = {"secret": shop.SECRET}


def read_woo(name: str, topic: str, **changes: Any) -> Any:
    body = json.dumps({**shop.fixture(name), **changes}).encode()
    (news,) = woocommerce.read(body, topic, CONTEXT)
    return news


def read_shopify(name: str, topic: str, **changes: Any) -> Any:
    body = json.dumps({**shop.fixture(name), **changes}).encode()
    return shopify.read(body, topic, Context("shopify", "UAH", AT))


def total_of(order: OrderNews) -> int:
    return sum(
        line_total_minor(one.quantity, one.unit_price, order.currency) for one in order.lines
    )


def test_an_order_of_woocommerce_comes_to_its_total_to_the_coin() -> None:
    order = read_woo("woo_order", "order.created")

    assert isinstance(order, OrderNews)
    assert (order.number, order.currency, order.status) == ("727", "UAH", OrderStatus.PROCESSING)
    assert order.total_minor == 47391 == total_of(order)
    assert [(one.sku, one.quantity, one.unit_price) for one in order.lines] == [
        ("ETH-250", Decimal(3), Decimal("83.333333")),
        ("23", Decimal(1), Decimal("56.590000")),
        ("order:shipping", Decimal(1), Decimal("80.00")),
        ("order:fee", Decimal(1), Decimal("10.00")),
        ("order:tax", Decimal(1), Decimal("77.32")),
    ]
    assert order.placed_at == datetime(2026, 3, 22, 16, 28, 2, tzinfo=UTC)
    assert order.told_at == datetime(2026, 3, 22, 16, 28, 8, tzinfo=UTC)
    assert order.identity is not None
    assert order.identity.external_id == "woocommerce:26"
    assert (order.identity.email, order.identity.phone) == ("olena@example.com", "+380671112233")
    assert order.identity.traits["first_name"] == "Олена"


def test_a_guest_of_woocommerce_is_known_by_the_address_only() -> None:
    order = read_woo("woo_order", "order.created", customer_id=0)

    assert order.identity.external_id is None
    assert order.identity.email == "olena@example.com"


def test_refunds_of_woocommerce_are_told_one_by_one() -> None:
    order = read_woo(
        "woo_order", "order.updated", status="refunded",
        refunds=[{"id": 730, "reason": "late", "total": "-100.10"},
                 {"id": 731, "reason": "", "total": "-373.81"}],
    )  # fmt: skip

    assert [(one.key, one.total_minor) for one in order.refunds] == [("730", 10010), ("731", 37381)]
    assert order.status is OrderStatus.PAID
    assert read_woo("woo_order", "order.updated", status="refunded").status is OrderStatus.RETURNED


@pytest.mark.parametrize(
    ("word", "paid", "status"),
    [("pending", None, "new"), ("on-hold", None, "new"), ("failed", None, "new"),
     ("completed", "2026-01-01T00:00:00", "delivered"), ("cancelled", None, "cancelled"),
     ("trash", None, "cancelled"), ("wc-shipped", None, "shipped"),
     ("my-own", "2026-01-01T00:00:00", "paid"), ("my-own", None, "new")],
)  # fmt: skip
def test_statuses_of_woocommerce_are_ours(word: str, paid: str | None, status: str) -> None:
    order = read_woo("woo_order", "order.updated", status=word, date_paid=paid, date_paid_gmt=paid)

    assert order.status == status


def test_other_things_of_woocommerce() -> None:
    customer = read_woo("woo_customer", "customer.updated")
    product = read_woo("woo_product", "product.updated")

    assert isinstance(customer, CustomerNews)
    assert customer.identity.external_id == "woocommerce:25"
    assert customer.identity.traits["city"] == "Lviv"
    assert isinstance(product, ProductNews)
    assert (product.sku, product.price, product.old_price) == (
        "TEA-1", Decimal("199.99"), Decimal("249.00"),
    )  # fmt: skip
    assert product.category == "Чай"
    assert woocommerce.read(b'{"id": 5}', "order.deleted", CONTEXT) == [OrderGone("5", AT)]
    assert woocommerce.read(b'{"id": 5}', "coupon.created", CONTEXT) == [Nothing("topic_ignored")]


def test_an_order_of_shopify_comes_to_its_total_to_the_coin() -> None:
    (order,) = read_shopify("shopify_order", "orders/create")

    assert (order.number, order.status) == ("1001", OrderStatus.PAID)
    assert order.total_minor == 40500 == total_of(order)
    assert [(one.sku, one.unit_price) for one in order.lines] == [
        ("IPOD2008PINK", Decimal("194.000000")),
        ("808950811", Decimal("194.000000")),
        ("order:shipping", Decimal("10.00")),
        ("order:tax", Decimal("5.00")),
        ("order:tip", Decimal("2.00")),
    ]
    assert order.identity.external_id == "shopify:115310627314723954"
    assert order.identity.traits["language"] == "en"


def test_what_a_total_lacks_or_has_beyond_its_lines_is_a_line() -> None:
    (less,) = read_shopify("shopify_order", "orders/create", total_price="400.00")
    (more,) = read_shopify("shopify_order", "orders/create", total_price="405.03")

    assert total_of(less) == 40000
    assert (less.lines[-1].sku, less.lines[-1].quantity) == ("order:discount", Decimal(-1))
    assert total_of(more) == 40503
    assert (more.lines[-1].sku, more.lines[-1].unit_price) == ("order:rounding", Decimal("0.03"))


def test_taxes_inside_prices_are_no_line() -> None:
    (order,) = read_shopify(
        "shopify_order", "orders/create", taxes_included=True, total_price="400.00"
    )

    assert "order:tax" not in [one.sku for one in order.lines]
    assert total_of(order) == 40000


@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.integers(0, 99_999), st.integers(0, 500)),
        min_size=1, max_size=6,
    ),
    st.integers(0, 5_000), st.integers(0, 5_000), st.booleans(),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_any_order_of_shopify_comes_to_its_total(
    bought: list[tuple[int, int, int]], shipping: int, tax: int, is_included: bool
) -> None:
    def money(minor: int) -> str:
        return f"{minor // 100}.{minor % 100:02}"

    lines = [
        {"sku": f"s{i}", "quantity": quantity, "price": money(price),
         "discount_allocations": [{"amount": money(min(off, quantity * price))}]}
        for i, (quantity, price, off) in enumerate(bought)
    ]  # fmt: skip
    net = sum(q * p - min(off, q * p) for q, p, off in bought)
    total = net + shipping + (0 if is_included else tax)

    (order,) = read_shopify(
        "shopify_order", "orders/create", line_items=lines, total_price=money(total),
        total_tax=money(tax), taxes_included=is_included, total_tip_received="0.00",
        shipping_lines=[{"price": money(shipping), "discount_allocations": []}],
    )  # fmt: skip

    assert total_of(order) == total == order.total_minor


def test_a_part_refund_of_shopify() -> None:
    (refund,) = read_shopify("shopify_refund", "refunds/create")

    assert isinstance(refund, RefundNews)
    assert (refund.order_key, refund.key) == ("820982911946154508", "890088186047892319")
    assert refund.total_minor == 19650
    assert [(one.sku, one.quantity, one.unit_price) for one in refund.lines] == [
        ("IPOD2008PINK", Decimal(-1), Decimal("194.000000")),
        ("order:discount", Decimal(-1), Decimal("2.50")),
    ]


def test_a_refund_that_failed_is_no_money_back() -> None:
    failed = {**shop.fixture("shopify_refund")["transactions"][0], "status": "failure"}

    (refund,) = read_shopify("shopify_refund", "refunds/create", transactions=[failed])

    assert refund.total_minor == 0


def test_other_things_of_shopify() -> None:
    (customer,) = read_shopify("shopify_customer", "customers/update")
    small, medium = read_shopify("shopify_product", "products/update")
    (test_order,) = read_shopify("shopify_order", "orders/create", test=True)
    (cancelled,) = read_shopify(
        "shopify_order", "orders/cancelled", cancelled_at="2026-01-10T00:00:00Z"
    )

    assert customer.consents == (Consent("email", True, datetime(2026, 2, 1, 15, tzinfo=UTC)),)
    assert (small.sku, small.name, small.old_price) == (
        "example-shirt-s", "Example T-Shirt – Small", Decimal("24.00"),
    )  # fmt: skip
    assert medium.sku == "757650484644203962"
    assert test_order == Nothing("order_test")
    assert cancelled.status is OrderStatus.CANCELLED


def test_the_privacy_topics_of_shopify() -> None:
    body = {
        "shop_id": 954889, "shop_domain": "example.myshopify.com", "orders_requested": [299938],
        "customer": {"id": 191167, "email": "john@example.com", "phone": "555-625-1199"},
        "data_request": {"id": 9999},
    }  # fmt: skip
    context = Context("shopify", "UAH", AT)

    (asked,) = shopify.read(json.dumps(body).encode(), "customers/data_request", context)
    (erase,) = shopify.read(json.dumps(body).encode(), "customers/redact", context)
    (gone,) = shopify.read(
        b'{"shop_id": 954889, "shop_domain": "e.myshopify.com"}', "shop/redact", context
    )

    assert isinstance(asked, PrivacyNews) and isinstance(erase, PrivacyNews)
    assert (asked.kind, asked.key, asked.props["orders"]) == ("export", "9999", ["299938"])
    assert erase.kind == "erase"
    assert erase.identity is not None and erase.identity.email == "john@example.com"
    assert isinstance(gone, PrivacyNews) and (gone.kind, gone.identity) == ("shop", None)


def test_money_is_read_exactly_or_not_at_all() -> None:
    with pytest.raises(Invalid, match="finer than a coin"):
        read_woo("woo_order", "order.created", total="473.915")
    for wrong in ("abc", "1e400", "NaN", True, [], "1e30"):
        with pytest.raises(Invalid):
            read_woo("woo_order", "order.created", total=wrong)
    yen = read_woo("woo_order", "order.created", currency="JPY", total="473", line_items=[],
                   shipping_total="0", fee_lines=[], total_tax="0")  # fmt: skip

    assert yen.total_minor == 473 == total_of(yen)


# Golden signatures, made by another program: openssl dgst -sha256 -hmac SECRET -binary | base64
GOLDEN_BODY = b'{"id":727,"status":"processing"}'
GOLDEN = "L7ye+y2RexrfTghc4C8qssPyR+rv9FtGT98DhhSQvak="


def test_golden_signatures_hold_and_every_flipped_byte_is_refused() -> None:
    body = GOLDEN_BODY
    assert shop.sign(body) == GOLDEN
    checks = {
        "x-wc-webhook-signature": woocommerce.check, "x-shopify-hmac-sha256": shopify.check,
    }  # fmt: skip
    for name, check in checks.items():
        headers = {name: GOLDEN, "x-shopify-webhook-id": "w1", "x-wc-webhook-delivery-id": "d1"}
        assert isinstance(check(headers, body, SECRETS, {}), Accepted)
        for place in range(len(body)):
            altered = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            with pytest.raises(SignatureWrong):
                check(headers, altered, SECRETS, {})
        for place in range(len(GOLDEN)):
            other = "A" if GOLDEN[place] != "A" else "B"
            with pytest.raises(SignatureWrong):
                check({**headers, name: GOLDEN[:place] + other + GOLDEN[place + 1 :]}, body,
                      SECRETS, {})  # fmt: skip
        for given_ in ("", GOLDEN[:-1], GOLDEN + "A", GOLDEN.lower(), "ї" * 44):
            with pytest.raises(SignatureWrong):
                check({**headers, name: given_}, body, SECRETS, {})
        with pytest.raises(SignatureWrong):
            check(headers, body, {"secret": ""}, {})


def test_the_greeting_of_woocommerce_is_known_and_nothing_like_it() -> None:
    assert isinstance(woocommerce.check({}, b"webhook_id=17", SECRETS, {}), Ping)
    for body in (b"webhook_id=17&x=1", b"webhook_id=", b"webhook_id=x", b"{}", b""):
        with pytest.raises(SignatureWrong):
            woocommerce.check({}, body, SECRETS, {})
    with pytest.raises(SignatureWrong):
        woocommerce.check({"x-wc-webhook-signature": "x"}, b"webhook_id=17", SECRETS, {})


def test_two_orders_of_one_second_are_two_deliveries() -> None:
    keys = set()
    for body in (b'{"id":1}', b'{"id":2}'):
        headers = {"x-wc-webhook-signature": shop.sign(body), "x-wc-webhook-delivery-id": "same"}
        accepted = woocommerce.check(headers, body, SECRETS, {})
        assert isinstance(accepted, Accepted)
        keys.add(accepted.key)

    assert len(keys) == 2


# The example of the published scheme.
EXAMPLE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE_BODY = b'{"test": 2432232314}'
EXAMPLE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_example_of_standard_webhooks_holds() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
        "webhook-signature": EXAMPLE,
    }  # fmt: skip
    now = 1614265330.0

    found = signatures.check_standard(headers, EXAMPLE_BODY, EXAMPLE_SECRET, now)

    assert found == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    rotated = {**headers, "webhook-signature": f"v1,AAAA v1a,xyz {EXAMPLE}"}
    assert signatures.check_standard(rotated, EXAMPLE_BODY, EXAMPLE_SECRET, now) == found
    for seconds in (-300, 300):
        signatures.check_standard(headers, EXAMPLE_BODY, EXAMPLE_SECRET, now + seconds)
    for seconds in (-301, 301):
        with pytest.raises(SignatureWrong):
            signatures.check_standard(headers, EXAMPLE_BODY, EXAMPLE_SECRET, now + seconds)
    for name, value in headers.items():
        for place in range(len(value)):
            other = "x" if value[place] != "x" else "y"
            altered = {**headers, name: value[:place] + other + value[place + 1 :]}
            with pytest.raises(SignatureWrong):
                signatures.check_standard(altered, EXAMPLE_BODY, EXAMPLE_SECRET, now)
    for place in range(len(EXAMPLE_BODY)):
        flipped = bytes(b ^ (i == place) for i, b in enumerate(EXAMPLE_BODY))
        with pytest.raises(SignatureWrong):
            signatures.check_standard(headers, flipped, EXAMPLE_SECRET, now)


def test_a_shared_token_is_compared_whole() -> None:
    chosen = {"proof": "token", "token_header": "x-token"}

    accepted = webhook.check({"x-token": shop.SECRET}, b"{}", SECRETS, chosen)

    assert isinstance(accepted, Accepted) and len(accepted.key) == 64
    for given_ in ("", shop.SECRET[:-1], shop.SECRET + " ", "ї"):
        with pytest.raises(SignatureWrong):
            webhook.check({"x-token": given_}, b"{}", SECRETS, chosen)
    with pytest.raises(SignatureWrong):
        webhook.check({}, b"{}", {}, chosen)


WOO_BODIES = [("woo_order", "order.updated"), ("woo_customer", "customer.updated"),
              ("woo_product", "product.updated")]  # fmt: skip
SHOPIFY_BODIES = [("shopify_order", "orders/updated"), ("shopify_refund", "refunds/create"),
                  ("shopify_customer", "customers/update"), ("shopify_product", "products/update"),
                  ("shopify_customer", "customers/redact")]  # fmt: skip


@pytest.mark.parametrize(("name", "topic"), WOO_BODIES + SHOPIFY_BODIES)
@given(st.data())
@settings(max_examples=150, deadline=None)
def test_altered_bodies_are_read_or_refused(name: str, topic: str, data: st.DataObject) -> None:
    body = data.draw(
        st.one_of(strategies.mutated(shop.fixture(name)), st.binary(max_size=200),
                  strategies.values.map(lambda v: json.dumps(v).encode()))
    )  # fmt: skip
    reader = woocommerce.read if "." in topic else shopify.read
    with suppress(Invalid):
        reader(body, topic, CONTEXT)


@pytest.mark.parametrize("secret", ["", "whsec_"])
def test_nobody_signs_with_no_secret_at_all(secret: str) -> None:
    empty = base64.b64encode(hmac.new(b"", b"m1.1767225600.{}", hashlib.sha256).digest())
    headers = {
        "webhook-id": "m1", "webhook-timestamp": "1767225600",
        "webhook-signature": "v1," + empty.decode(),
    }  # fmt: skip

    with pytest.raises(SignatureWrong):
        signatures.check_standard(headers, b"{}", secret, 1767225600.0)
