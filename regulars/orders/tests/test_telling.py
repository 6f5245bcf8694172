"""Orders told anew by programs, and changed by hand on their page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from regulars.orders import actions, queries
from regulars.orders.queries import desk
from regulars.orders.records import PaymentState, Stage
from regulars.orders.tests.test_api import ORDER, Api
from regulars.orders.tests.test_desk_pages import sell, told
from regulars.orders.tests.test_pages import get, member_of
from regulars.store.scope import scope
from regulars.workspaces.records import Role
from tests.town import Town, town

FEWER = {"lines": [{"sku": "TEA", "quantity": "1", "unit_price": "9.50", "name": "Tea"}]}


@pytest.fixture
def place(db: None) -> Town:
    return town()


@pytest.fixture
def api(place: Town) -> Api:
    return Api(place.bakery.id)


def at(hour: int) -> dict[str, str]:
    return {"updated_at": f"2026-06-01T{hour:02}:00:00Z"}


def test_a_program_corrects_an_order_only_by_newer_news(api: Api) -> None:
    status, made = api("post", "orders", ORDER | at(8))
    assert status == 201
    assert api("post", "orders", ORDER | FEWER)[0] == 409
    status, changed = api("post", "orders", ORDER | FEWER | at(10))
    late = api("post", "orders", ORDER | at(9))
    again = api("post", "orders", ORDER | FEWER | at(10))

    assert (status, changed["id"], changed["total"]) == (200, made["id"], "9.50")
    assert late == again == (200, changed)
    (row,) = api("get", f"orders/{made['id']}/history")[1]["corrections"]
    assert (row["total_before"], row["total_after"]) == (made["total"], "9.50")
    assert api("post", "orders", ORDER | {"updated_at": "2999-01-01T00:00:00Z"})[0] == 422
    assert api("post", "orders", ORDER | {"updated_at": "2026-06-01T00:00:00"})[0] == 422


def test_a_program_says_that_an_order_is_paid_on_delivery(api: Api) -> None:
    order = ORDER | {"status": "new", "pays_on_delivery": True}
    _, made = api("post", "orders", order)
    assert made["pays_on_delivery"] is True
    assert api("post", "orders", order)[0] == 200
    told = api("patch", f"orders/{made['id']}", {"pays_on_delivery": False})[1]
    assert told["pays_on_delivery"] is False


def form_of(client: Client, address: str) -> dict[str, str]:
    html = get(client, address)
    seen = re.search(r'name="seen" value="([^"]*)"', html)
    fields = re.findall(r'name="((?:quantity|price)-\d+)"[^>]*value="([^"]*)"', html)
    assert seen is not None
    return {"seen": seen[1], **dict(fields)}


def test_lines_are_changed_by_hand_and_the_discount_stays(place: Town) -> None:
    order = sell(place, "A1", total_minor=1500)
    client = member_of(place.bakery)
    address = reverse("orders:order", args=[order])
    form = form_of(client, address)
    assert (form["quantity-1"], form["price-1"]) == ("2", "10")

    more = {"quantity-1": "3", "sku": "CUP", "quantity": "1", "price": "4,50"}
    answer = client.post(address + "lines", form | more, follow=True).content.decode()
    stale = client.post(address + "lines", form | more, follow=True).content.decode()

    assert "The lines are changed." in answer
    assert "Tea × 2 → 3" in told(answer)
    assert "Somebody changed the order meanwhile" in stale
    with scope(place.bakery.id):
        found = queries.order(place.bakery.id, order)
        lines = queries.lines(place.bakery.id, found.id)
        assert [(one.sku, one.quantity) for one in lines] == [("TEA", 3), ("CUP", 1)]
        assert found.total_minor == 1500 + 1000 + 450


@pytest.mark.parametrize(
    "change", [{"quantity-1": "0"}, {"quantity-1": "x"}, {"price-1": ""}, {"quantity-1": "-1"},
               {"sku": "CUP"}, {}],
)  # fmt: skip
def test_lines_that_cannot_be_are_told_and_nothing_changes(
    place: Town, change: dict[str, Any]
) -> None:
    order = sell(place, "A1")
    client = member_of(place.bakery)
    address = reverse("orders:order", args=[order])

    answer = client.post(address + "lines", form_of(client, address) | change, follow=True)

    assert answer.status_code == 200
    assert "The lines are changed." not in answer.content.decode()
    with scope(place.bakery.id):
        found = queries.order(place.bakery.id, order)
        assert (found.total_minor, desk.corrections(place.bakery.id, found.id)) == (2000, [])


def test_a_page_says_that_an_order_is_paid_on_delivery(place: Town) -> None:
    order = sell(place, "A1")
    client = member_of(place.bakery)
    address = reverse("orders:order", args=[order])

    client.post(address + "on-delivery", {"on": "1"})

    html = get(client, address)
    assert "Pays on delivery" in html
    assert "Pays on delivery" in get(client, reverse("orders:list"))
    client.post(address + "on-delivery", {"on": "0"})
    with scope(place.bakery.id):
        assert not queries.order(place.bakery.id, order).pays_on_delivery


def test_the_reason_of_a_bulk_move_is_kept_with_each(place: Town) -> None:
    ids = [sell(place, f"A{n}") for n in range(2)]
    client = member_of(place.bakery)
    form = {"order": ids, "stage": "cancelled"}
    assert 'name="reason"' in client.post(reverse("orders:bulk"), form).content.decode()
    client.post(reverse("orders:bulk"), form | {"confirmed": "1", "reason": "no flour"})

    with scope(place.bakery.id):
        for one in ids:
            found = queries.order(place.bakery.id, one)
            assert [r.reason for r in desk.history(place.bakery.id, found.id)] == ["no flour"]


def test_who_may_not_edit_changes_no_lines_and_others_find_nothing(place: Town) -> None:
    order = sell(place, "A1", payment=PaymentState.PAID)
    for path in ("lines", "on-delivery"):
        address = reverse("orders:order", args=[order]) + path
        assert member_of(place.bakery, Role.ANALYST).post(address, {}).status_code == 403
        assert member_of(place.other).post(address, {}).status_code == 404
    with scope(place.bakery.id):
        found = queries.order(place.bakery.id, order)
        actions.move(place.bakery.id, found.id, Stage.CANCELLED)
        assert found.total_minor == 2000
    assert 'data-dialog="lines"' not in get(
        member_of(place.bakery), reverse("orders:order", args=[order])
    )
