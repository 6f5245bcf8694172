"""The desk over HTTP: leads, payments, delivery, stock, places and the catalogue."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from regulars.orders import queries
from regulars.orders.queries import LeadFilter, desk
from regulars.orders.tests.test_api import ORDER, Api
from regulars.store.scope import scope
from tests.town import Town, town

LEAD: dict[str, Any] = {
    "key": "l1", "name": "Mira", "phone": "+380671234567", "comment": "Call me",
    "items": [{"sku": "TEA", "quantity": "2", "unit_price": "10.50"}],
    "utm": {"utm_source": "google"},
}  # fmt: skip


@pytest.fixture
def place(db: None) -> Town:
    return town()


@pytest.fixture
def api(place: Town) -> Api:
    return Api(place.bakery.id)


def test_a_lead_is_taken_once_worked_on_and_made_an_order_once(place: Town, api: Api) -> None:
    status, made = api("post", "leads", LEAD)
    assert status == 200
    assert api("post", "leads", LEAD) == (200, made)
    assert api("post", "leads", LEAD | {"comment": "x"})[0] == 409
    assert api("get", "leads", text="mira")[1]["leads"] == [made]
    assert api("get", f"leads/{made['id']}") == (200, made)

    assert api("patch", f"leads/{made['id']}", {"status": "in_work"})[1]["status"] == "in_work"
    assert api("patch", f"leads/{made['id']}", {"status": "won"})[0] == 403
    assert api("patch", f"leads/{made['id']}", {"responsible": "nobody@example.com"})[0] == 422
    first = api("post", f"leads/{made['id']}/order", {})
    again = api("post", f"leads/{made['id']}/order", {})

    assert (first[0], again[0], first[1]) == (201, 200, again[1])
    _, order = api("get", f"orders/{first[1]['order_id']}")
    assert (order["total"], order["payment"], order["stage"]) == ("21.00", "unpaid", "received")
    assert api("get", f"leads/{made['id']}")[1]["order_id"] == order["id"]


def test_payments_and_news_are_told_apart(api: Api) -> None:
    _, made = api("post", "orders", ORDER | {"status": "new", "payment": "unpaid"})
    path = f"orders/{made['id']}"

    moved = api("post", f"{path}/status", {"status": "in_transit", "reason": "van 5"})[1]
    assert (moved["stage"], moved["status"], moved["payment"]) == ("in_transit", "new", "unpaid")
    for _ in range(2):
        part = api("post", f"{path}/payments", {"key": "a", "amount": "10"})[1]
    assert (part["payment"], part["paid"], part["status"]) == ("part_paid", "10.00", "new")
    paid = api("post", f"{path}/payments", {"key": "b", "amount": "10.01"})[1]
    assert (paid["payment"], paid["status"]) == ("paid", "shipped")
    assert api("post", f"{path}/payments", {"key": "b", "amount": "9"})[0] == 409
    assert api("post", f"{path}/payments", {"key": "c", "amount": "0.01"})[0] == 403
    back = api("post", f"{path}/payments", {"key": "d", "amount": "-20.01"})[1]
    assert (back["payment"], back["refunded"], back["status"]) == ("refunded", "20.01", "returned")
    assert [row["status"] for row in api("get", f"{path}/history")[1]["history"]] == ["in_transit"]


def test_a_status_that_means_paid_pays_the_rest(api: Api) -> None:
    _, made = api("post", "orders", ORDER | {"status": "new", "payment": "pending"})

    told = api("post", f"orders/{made['id']}/status", {"status": "paid"})[1]

    assert (told["payment"], told["paid"], told["status"]) == ("paid", "20.01", "paid")


def test_delivery_is_changed_field_by_field(place: Town, api: Api) -> None:
    _, made = api("post", "orders", ORDER)
    path = f"orders/{made['id']}"
    api("patch", path, {"method": "Branch", "tracking_number": "20450"})
    _, told = api(
        "patch", path, {"branch": "5", "eta_at": "2026-05-04T18:00:00Z",
                        "tracking_url": "https://t.example/20450"},
    )  # fmt: skip

    assert told["delivery"] == {
        "method": "Branch", "address": "", "branch": "5", "carrier": "",
        "tracking_number": "20450", "tracking_url": "https://t.example/20450",
    }  # fmt: skip
    assert told["eta_at"] == "2026-05-04T18:00:00Z"
    assert told["page_url"].split("/t/")[1]
    page = Client().get("/t/" + told["page_url"].split("/t/")[1])
    assert page.status_code == 200
    assert api("put", f"{path}/payment-link", {"url": "http://x.example"})[0] == 422


def test_stock_is_counted_and_the_last_piece_is_promised(api: Api) -> None:
    status, shop = api("post", "places", {"name": "Shop"})
    assert (status, api("post", "places", {"name": "Shop"})[0]) == (201, 409)
    rows = {"place": shop["id"], "rows": [{"sku": "TEA", "quantity": 3}]}
    assert api("put", "stock", rows)[1] == {"changed": 1}
    assert api("put", "stock", rows)[1] == {"changed": 0}
    api("post", "orders", ORDER | {"status": "new", "payment": "unpaid", "place": shop["id"]})

    _, told = api("get", "stock", sku="TEA")

    assert told["stock"] == [
        {"place": shop["id"], "sku": "TEA", "on_hand": "3", "reserved": "2", "free": "1"}
    ]
    assert api("put", f"places/{shop['id']}", {"name": "Main"})[1]["name"] == "Main"


def test_the_catalogue_is_written_once_and_wins_over_lines(place: Town, api: Api) -> None:
    api("post", "orders", ORDER)
    product = {"sku": "TEA", "name": "Green tea", "category": "Drinks > Tea", "price": "12.50",
               "old_price": "15", "url": "https://shop.example/tea",
               "availability": "in_stock"}  # fmt: skip
    assert api("put", "catalogue", {"products": [product]})[1] == {"changed": 1}
    assert api("put", "catalogue", {"products": [product]})[1] == {"changed": 0}
    api("post", "orders", ORDER | {"number": "882"})

    _, told = api("get", "catalogue/one", sku="TEA")

    assert (told["name"], told["category"], told["price"], told["last_sold_price"]) == (
        "Green tea", "Tea", "12.5", "10.005",
    )  # fmt: skip
    with scope(place.bakery.id):
        tree = [(c.path, c.parent_code) for c in queries.categories(place.bakery.id)]
        assert tree == [("Drinks", None), ("Drinks > Tea", "Drinks")]
        assert len(queries.products(place.bakery.id, category="Drinks")) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("post", "leads", {"key": "a"}), ("post", "leads", LEAD | {"colour": "red"}),
     ("post", "leads", LEAD | {"status": "won"}), ("post", "leads", LEAD | {"order_id": 1}),
     ("post", "leads", LEAD | {"workspace_id": 1}), ("post", "leads", LEAD | {"utm": {"a": 7}}),
     ("post", "orders", ORDER | {"payment": "refunded"}),
     ("post", "orders", ORDER | {"paid_minor": 5}), ("post", "orders", ORDER | {"token": "x"}),
     ("put", "catalogue", {"products": [{"sku": "A", "price": "-1"}]}),
     ("put", "catalogue", {"products": [{"sku": "A", "url": "javascript:alert(1)"}]}),
     ("put", "catalogue", {"products": [{"sku": "A", "is_stocked": True}]}),
     ("put", "catalogue", {"products": [{"sku": "A"}] * 1_001}),
     ("put", "catalogue", {"products": []}), ("post", "places", {"name": ""}),
     ("post", "places", {"name": "a", "id": "b"})],
)  # fmt: skip
def test_what_does_not_belong_is_refused_and_nothing_is_written(
    place: Town, api: Api, method: str, path: str, body: Any
) -> None:
    status, told = api(method, path, body)

    assert status == 422, told
    with scope(place.bakery.id):
        assert queries.count(place.bakery.id) == 0
        assert queries.leads_count(place.bakery.id, LeadFilter()) == 0
        assert queries.products(place.bakery.id) == desk.places(place.bakery.id) == []


def test_ids_of_another_shop_are_not_found(place: Town, api: Api) -> None:
    _, order = api("post", "orders", ORDER)
    _, lead = api("post", "leads", LEAD)
    _, shop = api("post", "places", {"name": "Shop"})
    stranger = Api(place.other.id)
    rows = {"place": shop["id"], "rows": [{"sku": "TEA", "quantity": 3}]}
    calls: list[tuple[str, str, Any]] = [
        ("get", f"leads/{lead['id']}", None), ("patch", f"leads/{lead['id']}", {}),
        ("post", f"leads/{lead['id']}/order", {}), ("get", f"leads/{lead['id']}/comments", None),
        ("post", f"leads/{lead['id']}/comments", {"key": "a", "text": "b"}),
        ("patch", f"orders/{order['id']}", {"method": "x"}), ("patch", f"orders/{order['id']}", {}),
        ("post", f"orders/{order['id']}/payments", {"key": "a", "amount": "1"}),
        ("put", f"orders/{order['id']}/payment-link", {}),
        ("get", f"orders/{order['id']}/history", None),
        ("get", f"orders/{order['id']}/comments", None),
        ("post", f"orders/{order['id']}/comments", {"key": "a", "text": "b"}),
        ("post", f"orders/{order['id']}/status", {"status": "in_transit"}),
        ("put", f"places/{shop['id']}", {"name": "x"}), ("put", "stock", rows),
        ("post", "orders", ORDER | {"place": shop["id"]}),
        ("post", "leads", LEAD | {"customer_id": order["customer_id"]}),
        ("get", "catalogue/one?sku=TEA", None),
    ]  # fmt: skip

    for method, path, body in calls:
        assert stranger(method, path, body)[0] == 404, (method, path)
    assert stranger("get", "leads")[1]["leads"] == []
    assert stranger("get", "stock")[1]["stock"] == stranger("get", "places")[1]["places"] == []
