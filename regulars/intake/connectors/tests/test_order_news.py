"""News of orders in any order: lines, refunds, cancelling, payment at the door, equal bodies."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from regulars.intake.connectors import actions, tasks
from regulars.intake.connectors.records import ConnectionKind, ConnectionRecord
from regulars.intake.connectors.tests import shop as other
from regulars.intake.connectors.tests.test_deliveries import MAPPING, SALE, books, outcomes
from regulars.kernel import clock
from regulars.orders import actions as orders
from regulars.orders import chores
from regulars.orders import queries as order_queries
from regulars.orders.queries import desk
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

TOKEN = {"X-Token": other.STANDARD}


@pytest.fixture
def shop(as_engine: None, db: None) -> WorkspaceRecord:
    return workspace()


def stocked(shop: WorkspaceRecord, **counted: int) -> None:
    with scope(shop.id):
        public_id = orders.save_place(shop.id, name="Shop")
        counts = {sku: Decimal(n) for sku, n in counted.items()}
        orders.set_stock(shop.id, desk.place(shop.id, public_id).id, counts)


def lines_of(shop: WorkspaceRecord, source: str, number: str) -> list[tuple[str, Decimal, int]]:
    with scope(shop.id):
        order_id = order_queries.order_ids(shop.id, source, [number])[number]
        found = order_queries.lines(shop.id, order_id)
    return [(one.sku, one.quantity, one.total_minor) for one in found]


def state(shop: WorkspaceRecord) -> dict[str, Any]:
    """All that counts: orders and returns that stand, what customers bought, the stock."""
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT number, kind, status, stage_now, payment_now, total_minor FROM orders_order"
            " WHERE workspace_id = %s AND (kind = 'sale' OR status <> 'cancelled') ORDER BY number",
            [shop.id],
        )
        found: dict[str, Any] = {"orders": raw.fetchall()}
        raw.execute(
            "SELECT orders_count, total_minor, returned_minor FROM orders_customervalue"
            " WHERE workspace_id = %s AND (orders_count, total_minor, returned_minor) <> (0, 0, 0)",
            [shop.id],
        )
        found["values"] = raw.fetchall()
        raw.execute(
            "SELECT sku, on_hand, reserved FROM orders_stock WHERE workspace_id = %s", [shop.id]
        )
        found["stock"] = raw.fetchall()
        raw.execute(
            "SELECT sku, sum(quantity)::int FROM orders_line WHERE workspace_id = %s"
            " AND NOT is_gone GROUP BY sku ORDER BY sku",
            [shop.id],
        )
        found["lines"] = raw.fetchall()
    return found


def test_edited_lines_of_shopify_are_rewritten_and_older_ones_are_not(
    shop: WorkspaceRecord,
) -> None:
    stocked(shop, IPOD2008PINK=9)
    connection = other.connect(shop, ConnectionKind.SHOPIFY)
    first = other.fixture("shopify_order")
    pink, *rest = first["line_items"]
    more = {**first, "line_items": [{**pink, "quantity": 3, "discount_allocations": []}, *rest],
            "total_price": "808.00", "updated_at": "2026-01-09T20:00:00-05:00"}  # fmt: skip
    late = {**first, "line_items": [pink], "updated_at": "2026-01-09T19:40:00-05:00"}

    for name, data in (("a", first), ("b", more), ("c", late)):
        other.shopify(connection, data, "orders/updated", name)
        other.process()

    assert books(shop) == {"1001": ("sale", "paid", 80800)}
    found = lines_of(shop, "shopify", "1001")
    assert found[0] == ("IPOD2008PINK", Decimal(3), 59700)
    assert sum(total for _, _, total in found) == 80800
    assert state(shop)["stock"] == [("IPOD2008PINK", 9, 3)]
    assert outcomes(shop, connection)[2] == ("ignored", "stale")


def test_edited_lines_of_woocommerce_are_rewritten(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.WOOCOMMERCE)
    order = other.fixture("woo_order")
    other.woo(connection, order, "order.created", "d1")
    fewer = {**order, "line_items": order["line_items"][1:], "total": "223.91",
             "date_modified_gmt": "2026-03-24T10:00:00"}  # fmt: skip
    other.woo(connection, fewer, "order.updated", "d2")
    other.process()

    found = lines_of(shop, "woocommerce", "727")
    assert "ETH-250" not in {sku for sku, _, _ in found}
    assert sum(total for _, _, total in found) == 22391
    assert books(shop) == {"727": ("sale", "processing", 22391)}


def test_a_correction_below_what_came_back_fails_with_its_reason(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.WEBHOOK, mapping=MAPPING)
    other.hook(connection, SALE, "m1")
    other.process()
    with scope(shop.id):
        (found,) = order_queries.page(shop.id)
        orders.record_return(shop.id, found.public_id, key="a", quantities={1: Decimal(2)})
    fewer = {**SALE, "sum": "60.25", "changed": "2026-05-02",
             "goods": [{"code": "RYE", "n": 1, "each": 60.25}]}  # fmt: skip
    other.hook(connection, fewer, "m2")
    other.process()

    assert outcomes(shop, connection)[1] == ("failed", "order_below_returned")
    assert books(shop)["17"] == ("sale", "paid", 12050)


def shopify_story() -> dict[str, tuple[dict[str, Any], str]]:
    """What Shopify tells of an order that is paid, refunded in parts and called off."""
    order, refund = other.fixture("shopify_order"), other.fixture("shopify_refund")
    second = json.loads(json.dumps(refund))
    second["id"] += 1
    for one in second["transactions"]:
        one["id"] += 1
        one["amount"] = "100.00"
    second["refund_line_items"] = []
    placed = {**order, "financial_status": "pending"}
    paid = {**order, "financial_status": "paid", "updated_at": "2026-01-10T10:00:00-05:00"}
    gone = {**order, "cancelled_at": "2026-01-12T04:10:00-05:00", "refunds": [refund, second],
            "financial_status": "partially_refunded",
            "updated_at": "2026-01-12T05:00:00-05:00"}  # fmt: skip
    return {
        "placed": (placed, "orders/create"), "paid": (paid, "orders/paid"),
        "refund": (refund, "refunds/create"), "second": (second, "refunds/create"),
        "gone": (gone, "orders/cancelled"),
    }  # fmt: skip


def tell(connection: ConnectionRecord, names: tuple[str, ...]) -> None:
    story = shopify_story()
    for name in names:
        data, topic = story[name]
        other.shopify(connection, data, topic, name)
        other.process()
    # What waited for its order is played by itself.
    other.process()


def edited_story() -> dict[str, tuple[dict[str, Any], str]]:
    """What Shopify tells of an order that loses a line before it is paid."""
    order, refund = other.fixture("shopify_order"), other.fixture("shopify_refund")
    bare = {**refund, "transactions": []}
    placed = {**order, "financial_status": "pending", "total_outstanding": "405.00"}
    edited = {**placed, "refunds": [bare], "current_total_price": "208.50",
              "total_outstanding": "208.50", "updated_at": "2026-01-10T10:00:00-05:00"}  # fmt: skip
    paid = {**edited, "financial_status": "paid", "total_outstanding": "0.00",
            "updated_at": "2026-01-11T10:00:00-05:00"}  # fmt: skip
    change = {"order_edit": {"id": 1, "order_id": order["id"]}}
    return {
        "placed": (placed, "orders/create"), "bare": (bare, "refunds/create"),
        "change": (change, "orders/edited"), "edited": (edited, "orders/updated"),
        "paid": (paid, "orders/paid"),
    }  # fmt: skip


def test_a_line_taken_off_an_unpaid_order_is_gone_with_what_was_kept_for_it(
    shop: WorkspaceRecord,
) -> None:
    stocked(shop, IPOD2008PINK=9)
    connection = other.connect(shop, ConnectionKind.SHOPIFY)
    story = edited_story()
    ends = []

    for name in ("placed", "bare", "change", "edited", "paid"):
        other.shopify(connection, *story[name], name)
        other.process()
        ends.append((books(shop), state(shop)["stock"][0][2]))

    before = ({"1001": ("sale", "new", 40500)}, 1)
    assert ends[:3] == [before] * 3
    assert ends[3:] == [
        ({"1001": ("sale", "new", 20850)}, 0),
        ({"1001": ("sale", "paid", 20850)}, 0),
    ]
    found = lines_of(shop, "shopify", "1001")
    assert "IPOD2008PINK" not in {sku for sku, _, _ in found}
    assert sum(total for _, _, total in found) == 20850
    assert [one for one in outcomes(shop, connection) if one[0] == "failed"] == []


def test_an_edited_order_ends_alike_whatever_came_first(as_engine: None) -> None:
    ends = {}
    for names in permutations(("placed", "bare", "edited", "paid")):
        shop = workspace()
        stocked(shop, IPOD2008PINK=9)
        connection, story = other.connect(shop, ConnectionKind.SHOPIFY), edited_story()
        for name in names:
            other.shopify(connection, *story[name], name)
            other.process()
        other.process()
        ends[names] = state(shop)

    expected = ends["placed", "bare", "edited", "paid"]
    assert expected["orders"] == [("1001", "sale", "paid", "received", "paid", 20850)]
    assert {names for names, end in ends.items() if end != expected} == set()


def test_an_order_whose_every_line_is_taken_off_keeps_nothing(shop: WorkspaceRecord) -> None:
    stocked(shop, IPOD2008PINK=9)
    connection = other.connect(shop, ConnectionKind.SHOPIFY)
    placed, _ = edited_story()["placed"]
    (pink, *_), (bare,) = placed["line_items"], edited_story()["edited"][0]["refunds"]
    small = {**placed, "line_items": [pink], "shipping_lines": [], "total_tax": "2.50",
             "total_tip_received": "0", "total_price": "196.50"}  # fmt: skip
    empty = {**small, "refunds": [bare], "current_total_price": "0.00",
             "total_outstanding": "0.00", "updated_at": "2026-01-10T10:00:00-05:00"}  # fmt: skip

    for name, data in (("a", small), ("b", empty)):
        other.shopify(connection, data, "orders/updated", name)
        other.process()

    assert books(shop) == {"1001": ("sale", "new", 0)}
    assert state(shop)["stock"] == [("IPOD2008PINK", 9, 0)]
    assert lines_of(shop, "shopify", "1001") == []


def test_a_line_taken_off_a_paid_order_is_goods_whose_money_follows(shop: WorkspaceRecord) -> None:
    connection = other.connect(shop, ConnectionKind.SHOPIFY)
    order, refund = other.fixture("shopify_order"), other.fixture("shopify_refund")
    bare = {**refund, "transactions": []}
    money = {**refund, "id": refund["id"] + 1, "refund_line_items": []}
    edited = {
        **order, "refunds": [bare], "current_total_price": "208.50",
        "total_outstanding": "-196.50", "updated_at": "2026-01-10T10:00:00-05:00",
    }  # fmt: skip
    settled = {**edited, "refunds": [bare, money], "total_outstanding": "0.00",
               "updated_at": "2026-01-11T10:00:00-05:00"}  # fmt: skip

    for name, data in (("a", order), ("b", edited), ("c", settled)):
        other.shopify(connection, data, "orders/updated", name)
        other.process()

    sale, *back = sorted(state(shop)["orders"], key=lambda row: -row[5])
    assert (sale[5], [row[5] for row in back]) == (40500, [0, -19650])


# All of them; the order of those two refunds among themselves is told by the test below.
CALLED_OFF = [
    names for names in permutations(("placed", "paid", "refund", "second", "gone"))
    if names.index("refund") < names.index("second")
]  # fmt: skip


def test_an_order_that_was_called_off_ends_alike_whatever_came_first(as_engine: None) -> None:
    ends = {}
    for names in CALLED_OFF:
        shop = workspace()
        stocked(shop, IPOD2008PINK=9)
        tell(other.connect(shop, ConnectionKind.SHOPIFY), names)
        ends[names] = state(shop)

    expected = ends[CALLED_OFF[0]]
    assert expected["stock"] == [("IPOD2008PINK", 9, 0)]
    assert expected["values"] == []
    assert expected["orders"] == [("1001", "sale", "cancelled", "cancelled", "unpaid", 40500)]
    assert {names for names, end in ends.items() if end != expected} == set()


def test_refunds_of_a_standing_order_end_alike_whatever_came_first(as_engine: None) -> None:
    ends = {}
    for names in permutations(("placed", "paid", "refund", "second")):
        shop = workspace()
        stocked(shop, IPOD2008PINK=9)
        connection = other.connect(shop, ConnectionKind.SHOPIFY)
        tell(connection, names)
        ends[names] = state(shop)

    expected = ends["placed", "paid", "refund", "second"]
    assert [row[1:3] + row[5:] for row in expected["orders"]] == [
        ("sale", "paid", 40500), ("return", "returned", -19650), ("return", "returned", -10000),
    ]  # fmt: skip
    assert expected["stock"] == [("IPOD2008PINK", 9, 1)]
    assert {names for names, end in ends.items() if end != expected} == set()


@pytest.mark.parametrize(
    ("kind", "fixture", "topic", "sku", "more"),
    [(ConnectionKind.WOOCOMMERCE, "woo_order", "order.created", "ETH-250",
      {"status": "on-hold", "payment_method": "cod"}),
     (ConnectionKind.SHOPIFY, "shopify_order", "orders/create", "IPOD2008PINK",
      {"financial_status": "pending",
       "payment_gateway_names": ["Cash on Delivery (COD)"]})],
)  # fmt: skip
def test_goods_paid_at_the_door_are_kept_until_they_arrive(
    shop: WorkspaceRecord, monkeypatch: pytest.MonkeyPatch, kind: ConnectionKind, fixture: str,
    topic: str, sku: str, more: dict[str, Any],
) -> None:  # fmt: skip
    stocked(shop, **{sku: 9})
    connection = other.connect(shop, kind)
    send = other.woo if kind is ConnectionKind.WOOCOMMERCE else other.shopify
    send(connection, {**other.fixture(fixture), **more}, topic, "d1")
    other.process()
    before = state(shop)["stock"]
    later = clock.now() + timedelta(days=20)
    monkeypatch.setattr(clock, "now", lambda: later)
    chores.expire_reservations()

    assert state(shop)["stock"] == before
    assert before[0][2] > 0


def test_equal_bodies_without_an_id_are_one_for_three_days_and_then_news(
    shop: WorkspaceRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = other.connect(shop, ConnectionKind.WEBHOOK, mapping=MAPPING, proof="token")
    body = json.dumps(SALE).encode()
    now = clock.now()
    for after in (timedelta(0), timedelta(hours=71), timedelta(hours=73), timedelta(hours=74)):
        monkeypatch.setattr(clock, "now", lambda at=now + after: at)
        assert other.post(connection, body, TOKEN).status_code == 200
        with scope(shop.id):
            # The inbox is stamped by the database; here time goes by the test's clock.
            cursor().execute(
                "UPDATE events_inbox SET received_at = %s WHERE workspace_id = %s",
                [now + after, shop.id],
            )
        other.process()

    assert [one for one, _ in outcomes(shop, connection)] == [
        "taken", "repeated", "taken", "repeated",
    ]  # fmt: skip
    assert books(shop) == {"17": ("sale", "paid", 12050)}
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=30))
    tasks.tidy()
    with scope(shop.id):
        raw = cursor()
        raw.execute(
            "SELECT count(*) FROM intake_subject WHERE workspace_id = %s AND kind = 'body'",
            [shop.id],
        )
        assert raw.fetchone() == (0,)


def test_a_header_of_the_owners_choice_names_deliveries(shop: WorkspaceRecord) -> None:
    connection = other.connect(
        shop, ConnectionKind.WEBHOOK, mapping=MAPPING, proof="token", id_header="X-Event"
    )
    body = json.dumps(SALE).encode()
    for name in ("e1", "e2", "e1"):
        other.post(connection, body, {**TOKEN, "X-Event": name})
    other.process()

    assert [one for one, _ in outcomes(shop, connection)] == ["taken", "taken", "repeated"]
    assert timedelta(days=3) == actions.SAME_BODY_FOR
