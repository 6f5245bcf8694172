"""From the public address to the books, with failures kept and played again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.events import queries as events
from regulars.intake.connectors import actions
from regulars.intake.connectors.records import ConnectionKind, ConnectionState
from regulars.intake.connectors.tests import shop as other
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.orders import queries as orders
from regulars.orders.records import OrderRecord
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

MAPPING = {
    "customer": {"email": {"path": "buyer.mail"}, "first_name": {"path": "buyer.name"},
                 "external_id": {"path": "buyer.id"}},
    "order": {"number": {"path": "no"}, "placed_at": {"path": "made"}, "total": {"path": "sum"},
              "updated_at": {"path": "changed"},
              "status": {"path": "state", "values": {"оплачен": "paid", "скасовано": "cancelled"}},
              "currency": {"const": "UAH"}},
    "lines_each": "goods",
    "lines": {"sku": {"path": "code"}, "quantity": {"path": "n"}, "unit_price": {"path": "each"}},
    "event": {"kind": {"const": "Order seen"}, "properties": {"path": "buyer"}},
}  # fmt: skip
SALE = {
    "no": 17, "made": "2026-05-01T10:00:00+03:00", "changed": "2026-05-01T10:00:00+03:00",
    "sum": "120.50", "state": "Оплачен",
    "buyer": {"id": 5, "mail": "mira@example.com", "name": "Mira"},
    "goods": [{"code": "RYE", "n": 2, "each": 60.25}],
}  # fmt: skip


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


def order_of(shop: WorkspaceRecord, source: str, number: str) -> OrderRecord | None:
    with scope(shop.id):
        found = orders.order_ids(shop.id, source, [number])
        return orders.order_by_id(shop.id, found[number]) if number in found else None


def books(shop: WorkspaceRecord) -> dict[str, tuple[str, str, int]]:
    """Every order of the shop: number → kind, status, total."""
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT number, kind, status, total_minor FROM orders_order WHERE workspace_id = %s",
            [shop.id],
        )
        return {row[0]: (row[1], row[2], row[3]) for row in raw.fetchall()}


def outcomes(shop: WorkspaceRecord, connection: Any) -> list[tuple[str, str]]:
    return [(one.outcome.value, one.reason) for one in other.log_of(shop, connection)]


def test_strangers_get_404_and_forgers_401_and_nothing_is_stored(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.WOOCOMMERCE)
    stranger = workspace("florist")
    body = b'{"id": 1}'
    good = other.woo_headers(body, "order.created", "d1")

    for public_id in ("x", "0.x", f"{shop.id:x}.{'x' * 22}", connection.public_id + "x",
                      f"{stranger.id:x}.{connection.public_id.partition('.')[2]}",
                      f"{2**62:x}.abc", "f" * 15 + ".abc"):  # fmt: skip
        assert other.post(public_id, body, good).status_code == 404
    for headers in ({}, {**good, "X-WC-Webhook-Signature": "x"},
                    {**good, "X-WC-Webhook-Signature": other.sign(body, "another")}):  # fmt: skip
        assert other.post(connection, body, headers).status_code == 401
    assert other.post(connection, b"webhook_id=17", {}).status_code == 200
    long = b"x" * (2 * 1024 * 1024 + 1)
    assert other.post(connection, long, {}).status_code == 413

    assert other.stored(shop) == 0
    assert other.post(connection, body, good).status_code == 200
    assert other.stored(shop) == 1


def test_an_old_message_played_again_later_is_refused(
    shop: WorkspaceRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = other.connect(shop, ConnectionKind.WEBHOOK)
    now = int(clock.now().timestamp())

    for sent, status in ((now - 400, 401), (now + 400, 401), (now - 200, 200)):
        headers = other.standard_headers(b"{}", "m1", sent)
        assert other.post(connection, b"{}", headers).status_code == status
    assert other.stored(shop) == 1


def test_a_shop_of_woocommerce_from_order_to_refund(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.WOOCOMMERCE)
    order = other.fixture("woo_order")
    refund = {"id": 730, "reason": "", "total": "-100.10"}
    later = {"status": "completed", "date_modified_gmt": "2026-03-23T10:00:00",
             "refunds": [refund]}  # fmt: skip

    other.woo(connection, order, "order.created", "d1")
    other.process()
    other.woo(connection, {**order, **later}, "order.updated", "d2")
    other.woo(connection, other.fixture("woo_customer"), "customer.created", "d3")
    other.woo(connection, other.fixture("woo_product"), "product.created", "d4")
    other.process()

    assert books(shop) == {
        "727": ("sale", "delivered", 47391), "727/R730": ("return", "returned", -10010),
    }  # fmt: skip
    with scope(shop.id):
        buyer = customers.find(shop.id, Identity(email="olena@example.com"))
        john = customers.find(shop.id, Identity(external_id="woocommerce:25"))
        assert buyer is not None and john is not None
        assert orders.value_of(shop.id, [buyer]).total_minor == 47391
        raw = cursor()
        raw.execute(
            "SELECT name, list_price::text, old_price::text, is_stocked FROM orders_product"
            " WHERE workspace_id = %s AND sku = 'TEA-1'",
            [shop.id],
        )
        assert raw.fetchall() == [("Чай Карпатський", "199.990000", "249.000000", False)]
    assert [one for one, _ in outcomes(shop, connection)] == ["taken"] * 4


def test_the_same_delivery_twice_is_taken_once(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.SHOPIFY)
    order = other.fixture("shopify_order")

    for delivery in ("w1", "w1", "w2"):
        other.shopify(connection, order, "orders/create", delivery)
        other.process()
    other.shopify(connection, order, "orders/create", "w1")
    other.process()

    assert books(shop) == {"1001": ("sale", "paid", 40500)}
    assert outcomes(shop, connection) == [
        ("taken", ""), ("repeated", ""), ("ignored", "orders_same"), ("repeated", ""),
    ]  # fmt: skip


def test_news_out_of_order_end_like_news_in_order(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.SHOPIFY)
    first = {**other.fixture("shopify_order"), "financial_status": "pending"}
    paid = {**first, "financial_status": "paid", "updated_at": "2026-01-09T19:31:00-05:00"}
    edited = {**paid, "total_price": "300.00", "updated_at": "2026-01-09T20:00:00-05:00"}

    for name, data in (("c", edited), ("a", first), ("b", paid)):
        other.shopify(connection, data, "orders/updated", name)
        other.process()

    assert books(shop) == {"1001": ("sale", "paid", 30000)}
    assert outcomes(shop, connection)[1:] == [("ignored", "stale"), ("ignored", "stale")]


def test_an_edited_order_is_corrected_to_the_coin(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.SHOPIFY)
    first = other.fixture("shopify_order")
    edited = {**first, "total_price": "300.00", "updated_at": "2026-01-09T20:00:00-05:00"}
    again = {**first, "total_price": "310.55", "updated_at": "2026-01-09T21:00:00-05:00"}

    for name, data in (("a", first), ("b", edited), ("c", again)):
        other.shopify(connection, data, "orders/updated", name)
        other.process()

    assert sum(total for _, _, total in books(shop).values()) == 31055


def test_two_edits_of_one_second_both_count(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.WOOCOMMERCE)
    order = other.fixture("woo_order")
    other.woo(connection, order, "order.created", "d1")
    for number, total in enumerate(("500.00", "510.00"), 2):
        edited = {**order, "total": total, "date_modified_gmt": "2026-03-24T10:00:00"}
        other.woo(connection, edited, "order.updated", f"d{number}")
    other.process()

    assert [one for one, _ in outcomes(shop, connection)] == ["taken"] * 3
    assert sum(total for _, _, total in books(shop).values()) == 51000


def test_refunds_of_shopify_come_once_whichever_way_they_come(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.SHOPIFY)
    order, refund = other.fixture("shopify_order"), other.fixture("shopify_refund")
    whole = {**order, "refunds": [refund], "financial_status": "partially_refunded",
             "updated_at": "2026-01-12T04:10:30-05:00"}  # fmt: skip

    other.shopify(connection, refund, "refunds/create", "r1")
    other.process()
    other.shopify(connection, order, "orders/create", "o1")
    other.process()
    # What came before its order waited and is taken by itself.
    assert outcomes(shop, connection)[0] == ("failed", "order_unknown")
    other.process()
    other.shopify(connection, whole, "orders/updated", "o2")
    other.process()

    assert books(shop) == {
        "1001": ("sale", "paid", 40500),
        "1001/R890088186047892319": ("return", "returned", -19650),
    }
    with scope(shop.id):
        assert events.failed_count(shop.id) == 0
        with pytest.raises(NotFound):
            actions.replay(shop.id, connection)


@pytest.mark.parametrize("is_refund_first", [True, False])
def test_a_cancelled_order_takes_its_money_off_once(
    shop: WorkspaceRecord, is_refund_first: bool
) -> None:
    connection = other.connect(shop, ConnectionKind.SHOPIFY)
    order, refund = other.fixture("shopify_order"), other.fixture("shopify_refund")
    refund["transactions"][0]["amount"] = "405.00"
    gone = {**order, "cancelled_at": "2026-01-12T04:10:00-05:00", "refunds": [refund],
            "financial_status": "refunded", "updated_at": "2026-01-12T04:11:00-05:00"}  # fmt: skip
    news = [(refund, "refunds/create", "r"), (gone, "orders/cancelled", "c")]

    other.shopify(connection, order, "orders/create", "o")
    for data, topic, name in news if is_refund_first else news[::-1]:
        other.shopify(connection, data, topic, name)
        other.process()

    counted = [
        total for kind, status, total in books(shop).values()
        if kind == "return" or status != "cancelled"
    ]  # fmt: skip
    assert sum(counted) == 0


def test_rights_of_persons_asked_through_shopify(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.SHOPIFY)
    person = {"shop_domain": "e.myshopify.com",
              "customer": {"id": 706405506930370084, "email": "bob@example.com"}}  # fmt: skip
    other.shopify(connection, other.fixture("shopify_customer"), "customers/create", "c")
    other.process()

    other.shopify(connection, person, "customers/redact", "p1")
    other.shopify(connection, {**person, "data_request": {"id": 9}}, "customers/data_request", "p2")
    other.shopify(connection, {"shop_id": 1, "shop_domain": "e"}, "shop/redact", "p3")
    stranger = {"customer": {"email": "nobody@example.com"}}
    other.shopify(connection, stranger, "customers/redact", "p4")
    other.process()

    with scope(shop.id):
        bob = customers.find(shop.id, Identity(email="bob@example.com"))
        assert bob is not None
        (request,) = customers.erasure_requests(shop.id, is_open=True)
        assert request.customer_id == bob
        kinds = {event.kind for event in events.latest(shop.id)}
        assert customers.find(shop.id, Identity(email="nobody@example.com")) is None
        assert customers.may_contact(shop.id, [bob], "email", "marketing") == {bob: None}
    assert {"export.requested", "shop.redacted", "erasure.requested"} <= kinds
    assert outcomes(shop, connection)[-1] == ("ignored", "customer_unknown")


def test_a_generic_delivery_becomes_what_its_map_says(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.WEBHOOK, mapping=MAPPING)

    other.hook(connection, SALE, "m1")
    cancelled = {**SALE, "state": "скасовано", "changed": "2026-05-02T10:00:00+03:00"}
    other.hook(connection, cancelled, "m2")
    other.hook(connection, {**SALE, "state": "wer weiß", "changed": "2026-05-03"}, "m3")
    other.process()

    assert books(shop) == {"17": ("sale", "cancelled", 12050)}
    with scope(shop.id):
        mira = customers.find(shop.id, Identity(email="mira@example.com"))
        assert mira == customers.find(shop.id, Identity(external_id="webhook:5"))
        assert mira is not None
        kinds = [event.kind for event in events.timeline(shop.id, mira)]
    assert kinds.count("Order seen") == 2
    assert [one for one, _ in outcomes(shop, connection)] == ["taken", "taken", "failed"]
    assert outcomes(shop, connection)[2] == ("failed", "status_unknown")


def test_a_failed_delivery_is_played_again_after_the_map_is_mended(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.WEBHOOK)
    other.hook(connection, SALE, "m1")
    other.process()
    assert outcomes(shop, connection) == [("failed", "mapping_empty")]

    with scope(shop.id):
        actions.change_connection(shop.id, connection.public_id, settings={"mapping": MAPPING})
        (line,) = other.log_of(shop, connection)
        assert actions.replay(shop.id, connection, line.id) == 1
    other.process()

    assert books(shop) == {"17": ("sale", "paid", 12050)}
    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT origin FROM orders_order WHERE workspace_id = %s", [shop.id])
        assert raw.fetchall() == [("replay",)]


def test_what_comes_during_a_pause_waits_for_the_replay(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.WEBHOOK, mapping=MAPPING)
    with scope(shop.id):
        actions.set_state(shop.id, connection.public_id, ConnectionState.PAUSED)
    other.hook(connection, SALE, "m1")
    other.process()

    assert books(shop) == {}
    assert outcomes(shop, connection) == [("kept", "connection_paused")]
    with scope(shop.id):
        actions.set_state(shop.id, connection.public_id, ConnectionState.ON)
        actions.replay(shop.id, connection)
    other.process()
    assert books(shop) == {"17": ("sale", "paid", 12050)}


def test_a_broken_delivery_harms_no_neighbour(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.WEBHOOK, mapping=MAPPING)
    for number, data in enumerate([SALE, {"no": 18, "sum": "x"}, [], {**SALE, "no": 19}]):
        other.hook(connection, data, f"m{number}")
    body = b"\xff\x00{"
    assert other.post(connection, body, other.standard_headers(body, "m9")).status_code == 200
    other.process()

    assert set(books(shop)) == {"17", "19"}
    assert [one for one, _ in outcomes(shop, connection)] == [
        "taken", "failed", "failed", "taken", "failed",
    ]  # fmt: skip


def test_a_deleted_connection_answers_404_and_what_waited_is_kept(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.WEBHOOK, mapping=MAPPING)
    other.hook(connection, SALE, "m1")
    with scope(shop.id):
        actions.delete_connection(shop.id, connection.public_id)
    other.process()

    body = json.dumps(SALE).encode()
    assert other.post(connection, body, other.standard_headers(body, "m2")).status_code == 404
    with scope(shop.id):
        (failed,) = events.failed(shop.id)
    assert failed.reason == "connection_unknown"
    assert books(shop) == {}


def test_an_unreadable_phone_loses_no_order(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.WOOCOMMERCE)
    order = other.fixture("woo_order")
    order["billing"] |= {"phone": "call me", "email": "not an address"}
    order["customer_id"] = 0
    other.woo(connection, order, "order.created", "d1")
    other.process()

    found = order_of(shop, "woocommerce", "727")
    assert found is not None and found.customer_id is None


def test_an_order_in_another_currency_is_kept_with_its_reason(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.WOOCOMMERCE)
    other.woo(connection, {**other.fixture("woo_order"), "currency": "EUR"}, "order.created", "d")
    other.process()

    assert outcomes(shop, connection) == [("failed", "currency_unsupported")]
    assert books(shop) == {}


def test_two_shops_of_one_kind_keep_their_numbers_apart(shop: WorkspaceRecord) -> None:
    first = other.connect(shop, ConnectionKind.WOOCOMMERCE)
    second = other.connect(shop, ConnectionKind.WOOCOMMERCE)
    order = other.fixture("woo_order")
    other.woo(first, order, "order.created", "d")
    other.woo(second, {**order, "total": "10.00"}, "order.created", "d")
    other.process()

    assert (first.source, second.source) == ("woocommerce", "woocommerce-2")
    one, two = (order_of(shop, source, "727") for source in (first.source, second.source))
    assert one is not None and two is not None
    assert (one.total_minor, two.total_minor) == (47391, 1000)


def test_a_delivery_cannot_pass_itself_off_as_the_product(shop: WorkspaceRecord) -> None:
    named = {**MAPPING, "order": {}, "lines": {}, "event": {"kind": {"const": "order.paid"}}}
    connection = other.connect(shop, ConnectionKind.WEBHOOK, mapping=named)

    other.hook(connection, SALE, "m1")
    other.process()

    assert outcomes(shop, connection) == [("failed", "event_reserved")]
