"""The screens of orders and products."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.orders import actions, queries
from regulars.orders.records import NewLine, NewOrder
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.models import User
from regulars.workspaces.records import Role, WorkspaceRecord
from tests.town import Town, town

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def member_of(shop: WorkspaceRecord, role: Role = Role.OWNER) -> Client:
    user_id = workspaces.ensure_user(f"o-{shop.id}-{next(_numbers)}@example.com", "long enough")
    with scope(shop.id):
        workspaces.add_member(shop.id, user_id, role)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    return client


@pytest.fixture
def place(db: None) -> Town:
    return town()


def sell(place: Town, count: int = 1) -> list[str]:
    orders = [
        NewOrder(
            number=f"N{n}",
            placed_at=NOON + timedelta(minutes=n // 3),
            currency="UAH",
            lines=(NewLine("TEA", Decimal(2), Decimal(10), "Green tea"),),
            identity=Identity(external_id="mira") if n % 2 == 0 else None,
        )
        for n in range(count)
    ]
    with scope(place.bakery.id):
        return [o.public_id for o in actions.record_orders_many(place.bakery.id, orders)]


def get(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200, response.content.decode()[:600]
    return response.content.decode()


def test_orders_are_listed_page_by_page_without_loss(place: Town) -> None:
    sell(place, 120)
    client, seen, address = member_of(place.bakery), [], ""
    while True:
        html = get(client, reverse("orders:list") + address)
        seen += re.findall(r">(N\d+)</a>", html)
        found = re.search(r'rel="next" href="([^"]+)"', html)
        if not found:
            break
        address = found.group(1).replace("&amp;", "&")

    assert len(seen) == len(set(seen)) == 120
    assert "120 rows" in html
    assert "guest" in html


@pytest.mark.parametrize(
    ("query", "count"),
    [({"number": "N1"}, 1), ({"number": "nothing"}, 0), ({"kind": "return"}, 0),
     ({"status": "paid"}, 4), ({"status": "'; --"}, 0)],
)  # fmt: skip
def test_orders_are_filtered(place: Town, query: dict[str, str], count: int) -> None:
    sell(place, 4)

    html = get(member_of(place.bakery), reverse("orders:list"), **query)

    assert len(re.findall(r">N\d+</a>", html)) == count


def test_orders_of_one_customer_are_shown(place: Town) -> None:
    sell(place, 4)
    with scope(place.bakery.id):
        mira = customers.profiles(place.bakery.id, [place.mira])[place.mira].public_id
    client = member_of(place.bakery)

    html = get(client, reverse("orders:list"), customer=mira)
    card = get(client, reverse("customers:card", args=[mira]))

    assert sorted(re.findall(r">(N\d+)</a>", html)) == ["N0", "N2"]
    assert "₴40" in card


def test_an_order_shows_its_lines_and_takes_goods_back_once(place: Town) -> None:
    (order,) = sell(place)
    client = member_of(place.bakery)
    address = reverse("orders:order", args=[order])
    html = get(client, address)
    assert "Green tea" in html
    key = re.search(r'name="key" value="([^"]+)"', html)
    assert key is not None

    for _ in range(2):
        client.post(address + "return", {"key": key.group(1), "quantity-1": "1"})

    with scope(place.bakery.id):
        found = queries.returns_of(place.bakery.id, queries.order(place.bakery.id, order))
    assert [r.total_minor for r in found] == [-1000]
    assert f"N0/R{key.group(1)}" in get(client, address)


@pytest.mark.parametrize(
    "form", [{}, {"quantity-1": "0"}, {"quantity-1": "3"}, {"quantity-1": "-1"}]
)
def test_a_return_that_cannot_be_is_told_and_not_written(place: Town, form: dict[str, str]) -> None:
    (order,) = sell(place)
    client = member_of(place.bakery)

    response = client.post(reverse("orders:return", args=[order]), form, follow=True)

    assert 'class="toast bad"' in response.content.decode()
    with scope(place.bakery.id):
        assert queries.count(place.bakery.id) == 1


def test_an_order_is_moved_on_by_hand(place: Town) -> None:
    (order,) = sell(place)
    client = member_of(place.bakery)

    client.post(reverse("orders:status", args=[order]), {"status": "shipped"})

    assert "Handed to the carrier" in get(client, reverse("orders:order", args=[order]))
    response = client.post(reverse("orders:status", args=[order]), {"status": "eaten"})
    assert response.status_code == 422


def test_products_are_filled_from_orders_and_searched(place: Town) -> None:
    sell(place, 3)
    client = member_of(place.bakery)

    assert "Green tea" in get(client, reverse("orders:products"))
    assert "Green tea" in get(client, reverse("orders:products"), search="EEN")
    assert "No such product" in get(client, reverse("orders:products"), search="50%_")


def test_orders_of_another_shop_are_not_found(place: Town) -> None:
    (order,) = sell(place)
    stranger = member_of(place.other)

    assert stranger.get(reverse("orders:order", args=[order])).status_code == 404
    assert stranger.post(reverse("orders:return", args=[order])).status_code in (302, 404)
    assert "N0" not in get(stranger, reverse("orders:list"))


@pytest.mark.parametrize(
    ("role", "view", "edit"),
    [(Role.CASHIER, 403, 403), (Role.SUPPORT, 200, 403), (Role.ORDER_MANAGER, 200, 302)],
)
def test_roles_decide_who_sees_and_who_changes(
    place: Town, role: Role, view: int, edit: int
) -> None:
    (order,) = sell(place)
    client = member_of(place.bakery, role)

    assert client.get(reverse("orders:list")).status_code == view
    response = client.post(reverse("orders:status", args=[order]), {"status": "shipped"})
    assert response.status_code == edit
