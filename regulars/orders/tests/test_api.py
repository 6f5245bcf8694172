"""Customers and orders over HTTP, as a shop's own program calls them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from regulars.customers import queries as customers
from regulars.orders import queries
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.records import KeyScope
from tests.town import Town, town

ORDER: dict[str, Any] = {
    "number": "881",
    "placed_at": "2026-05-01T12:00:00+03:00",
    "currency": "UAH",
    "customer": {"email": "mira@example.com", "traits": {"city": "Odesa"}},
    "lines": [{"sku": "TEA", "quantity": "2", "unit_price": "10.005", "name": "Tea"}],
}


class Api:
    """The API with the key of one shop."""

    def __init__(self, workspace_id: int) -> None:
        with scope(workspace_id):
            key = workspaces.create_key(workspace_id, KeyScope.API)
        self.client = Client(headers={"Authorization": f"Bearer {key}"})

    def __call__(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        call = getattr(self.client, method)
        if method == "get":
            response = call(f"/api/v1/{path}", query)
        else:
            response = call(f"/api/v1/{path}", body, content_type="application/json")
        return response.status_code, response.json()


@pytest.fixture
def place(db: None) -> Town:
    return town()


@pytest.fixture
def api(place: Town) -> Api:
    return Api(place.bakery.id)


def test_an_order_is_recorded_once_and_read_back(place: Town, api: Api) -> None:
    status, made = api("post", "orders", ORDER)
    again, same = api("post", "orders", ORDER)

    assert (status, again) == (201, 200)
    assert same == made
    assert (made["total"], made["lines"][0]["unit_price"]) == ("20.01", "10.005")
    assert api("get", f"orders/{made['id']}") == (200, made)
    assert api("get", "orders", number="881") == (200, {"orders": [made], "next": None})
    assert api("get", "orders", customer=made["customer_id"])[1]["orders"] == [made]
    with scope(place.bakery.id):
        mira = customers.profiles(place.bakery.id, [place.mira])[place.mira]
    assert made["customer_id"] == mira.public_id
    assert mira.city == "Odesa"


def test_the_same_number_with_another_body_is_a_conflict(place: Town, api: Api) -> None:
    api("post", "orders", ORDER)

    status, told = api("post", "orders", ORDER | {"total": "1"})

    assert (status, told["code"]) == (409, "idempotency_mismatch")
    with scope(place.bakery.id):
        assert queries.count(place.bakery.id) == 1


def test_goods_come_back_once_for_a_key(api: Api) -> None:
    _, made = api("post", "orders", ORDER)
    body = {"key": "r1", "lines": [{"line": 1, "quantity": "1"}]}

    status, back = api("post", f"orders/{made['id']}/returns", body)
    again, same = api("post", f"orders/{made['id']}/returns", body)
    refused, told = api(
        "post", f"orders/{made['id']}/returns", {"key": "r2", "lines": [{"line": 1, "quantity": 9}]}
    )

    assert (status, again, same["id"]) == (201, 200, back["id"])
    assert (back["kind"], back["total"], back["number"]) == ("return", "-10.01", "881/Rr1")
    assert (refused, told["code"]) == (403, "return_exceeds")


def test_an_order_is_moved_on(api: Api) -> None:
    _, made = api("post", "orders", ORDER)

    assert api("post", f"orders/{made['id']}/status", {"status": "shipped"})[1]["status"] == (
        "shipped"
    )
    assert api("post", f"orders/{made['id']}/status", {"status": "paid"})[1]["status"] == "shipped"


@pytest.mark.parametrize(
    "change",
    [
        {"placed_at": "yesterday"}, {"placed_at": "2026-05-01T12:00:00"}, {"currency": "EUR"},
        {"currency": 7}, {"lines": "tea"}, {"lines": [{"sku": "TEA"}]}, {"lines": []},
        {"lines": [{"sku": "TEA", "quantity": "many", "unit_price": 1}]},
        {"lines": [{"sku": "TEA", "quantity": 0, "unit_price": 1}]},
        {"lines": [{"sku": "TEA", "quantity": 1, "unit_price": "1e400"}]},
        {"customer": {"email": "a@b.com\nBcc: c@d.com"}}, {"customer": {"phone": "12"}},
        {"customer": {}}, {"customer": {"external_id": "null"}}, {"status": "eaten"},
        {"colour": "green"}, {"number": "x" * 300}, {"total": "NaN"},
    ],
)  # fmt: skip
def test_a_bad_order_is_refused_with_a_reason_and_nothing_is_written(
    place: Town, api: Api, change: dict[str, Any]
) -> None:
    status, told = api("post", "orders", ORDER | change)

    assert status == 422, told
    assert told["code"]
    assert told["message"]
    with scope(place.bakery.id):
        assert queries.count(place.bakery.id) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[1, 2", b'"text"', b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused(place: Town, api: Api, body: bytes) -> None:
    response = api.client.post("/api/v1/orders", body, content_type="application/json")

    assert response.status_code in (400, 422)
    assert response.json()


def test_customers_are_found_changed_and_listed(place: Town, api: Api) -> None:
    status, made = api("post", "customers/identify", [{"email": "New@Example.com",
                                                       "traits": {"first_name": "N"}}])  # fmt: skip
    assert status == 200
    (found,) = made["ids"]
    assert api("post", "customers/identify", [{"email": "new@example.com"}])[1]["ids"] == [found]

    status, card = api("patch", f"customers/{found}", {"city": "Lviv", "first_name": None})
    assert (status, card["city"], card["first_name"], card["email"]) == (
        200, "Lviv", None, "new@example.com",
    )  # fmt: skip
    _, page = api("get", "customers", search="new@ex")
    assert [c["id"] for c in page["customers"]] == [found]
    assert api("get", "customers")[1]["count"] == 3
    events = api("get", f"customers/{found}/events")[1]["events"]
    assert [e["kind"] for e in events] == ["customer.changed", "customer.changed"]


def test_an_identifier_of_somebody_else_is_a_conflict(place: Town, api: Api) -> None:
    _, made = api("post", "customers/identify", [{"email": "new@example.com"}])

    status, told = api("patch", f"customers/{made['ids'][0]}", {"email": "mira@example.com"})

    assert (status, told["code"]) == (409, "identifier_taken")


def test_consents_are_said_over_the_api(place: Town, api: Api) -> None:
    _, page = api("get", "customers", search="oleg")
    oleg = page["customers"][0]["id"]

    for state in ("given", "withdrawn"):
        status, card = api("post", f"customers/{oleg}/consents",
                           {"channel": "email", "state": state})  # fmt: skip
        assert status == 200
        assert [(c["channel"], c["state"]) for c in card["consents"]] == [("email", state)]


@pytest.mark.parametrize(
    "body",
    [
        [{"email": "no address"}], [{"email": "a@b.com\r\nX: y"}], [{"phone": "1"}], [{}],
        [{"external_id": "undefined"}], [{"colour": "green"}], {"email": "a@b.com"}, "text", [7],
        [{"email": 7}], [{"traits": "x", "email": "a@b.com"}],
        [{"external_id": f"n{n}"} for n in range(1_001)],
    ],
)  # fmt: skip
def test_bad_identities_are_refused_and_nobody_is_made(place: Town, api: Api, body: Any) -> None:
    status, told = api("post", "customers/identify", body)

    assert status in (400, 422), told
    assert api("get", "customers")[1]["count"] == 2


def test_a_shop_sees_only_its_own(place: Town, api: Api) -> None:
    _, made = api("post", "orders", ORDER)
    stranger = Api(place.other.id)

    assert stranger("get", f"orders/{made['id']}")[0] == 404
    assert stranger("get", f"customers/{made['customer_id']}")[0] == 404
    assert stranger("post", f"orders/{made['id']}/returns", {"key": "a"})[0] == 404
    assert stranger("get", "orders")[1]["orders"] == []


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer rg_api_nothing", "Basic eDp5"])
def test_without_a_key_nothing_is_told(place: Town, header: str) -> None:
    response = Client(headers={"Authorization": header} if header else {}).get("/api/v1/customers")

    assert response.status_code == 401


def test_orders_are_walked_by_key(api: Api) -> None:
    for n in range(60):
        api("post", "orders", ORDER | {"number": f"n{n}"})
    seen: list[str] = []
    after = ""
    while True:
        _, page = api("get", "orders", after=after)
        seen += [order["number"] for order in page["orders"]]
        if page["next"] is None:
            break
        after = page["next"]

    assert len(seen) == len(set(seen)) == 60
    assert api("get", "orders", after="!!!")[0] == 422
