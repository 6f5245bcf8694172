"""What a till sees of customers: who they are, and nothing of what they spent."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from regulars.customers import actions
from regulars.customers.tests.test_pages import get, member_of, public_id
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.orders import actions as orders
from regulars.orders.records import NewLine, NewOrder
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces
from regulars.workspaces.pure.rights import RIGHTS
from regulars.workspaces.records import Right, Role
from tests.town import Town, town

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECRETS = ("SECRET-77", "4,321", "4321", "Spent", "Last order")


@pytest.fixture
def place(db: None) -> Town:
    """Mira bought for 4,321.55, and the site told of it by its own names too."""
    made = town()
    shop = made.bakery.id
    with scope(shop):
        orders.record_order(
            shop,
            NewOrder("SECRET-77", NOON, "UAH", (NewLine("bun", Decimal(1), Decimal("4321.55")),),
                     source="till", customer_id=made.mira),
        )  # fmt: skip
        told = {"order_id": "SECRET-77", "total": 4321.55}
        for kind in ("Order Completed", "Order Sealed", "Cart Viewed", "Page Viewed"):
            events.record(
                shop,
                NewEvent(kind=kind, time=NOON, key=kind, customer_id=made.mira, props=told),
            )
        events.record(
            shop,
            NewEvent(kind="Products Searched", time=NOON, key="s", customer_id=made.mira,
                     props={"query": "rye bread"}),
        )  # fmt: skip
    return made


def seen_by(place: Town, role: Role, *addresses: str) -> str:
    client = member_of(place.bakery, role)
    return "".join(get(client, address) for address in addresses)


@pytest.mark.parametrize("show", ["", "orders", "site", "profile", "nonsense"])
def test_the_timeline_of_a_till_tells_no_sums_and_no_numbers_of_orders(
    place: Town, show: str
) -> None:
    mira = public_id(place, place.mira)
    addresses = [
        f"{reverse(name, args=[mira])}?show={show}"
        for name in ("customers:card", "customers:timeline")
    ]

    page = seen_by(place, Role.CASHIER, *addresses)

    assert [word for word in SECRETS if word in page] == []
    assert ("rye bread" in page) is (show != "profile")


def test_who_may_see_orders_sees_them_in_the_timeline(place: Town) -> None:
    address = reverse("customers:timeline", args=[public_id(place, place.mira)])

    page = seen_by(place, Role.SUPPORT, address)

    assert "SECRET-77" in page
    assert "Order Sealed" in page


def test_the_list_of_a_till_has_no_columns_of_orders_even_when_chosen(place: Town) -> None:
    client = member_of(place.bakery, Role.CASHIER)
    address = reverse("customers:list")

    assert [word for word in SECRETS if word in get(client, address)] == []
    client.post(reverse("customers:columns"), {"column": ["spent", "orders", "last", "phone"]})
    page = get(client, address)

    assert [word for word in SECRETS if word in page] == []
    assert "+380671234567" in page


def test_columns_chosen_before_the_right_was_taken_are_not_shown(place: Town) -> None:
    client = member_of(place.bakery, Role.CASHIER)
    get(client, reverse("customers:list"))
    with scope(place.bakery.id):
        for member in workspaces.members(place.bakery.id):
            actions.choose_columns(place.bakery.id, member.user_id, ["spent", "orders"])

    page = get(client, reverse("customers:list"))

    assert [word for word in SECRETS if word in page] == []


def test_a_saved_view_of_sums_narrows_nothing_for_a_till(place: Town) -> None:
    page = seen_by(place, Role.CASHIER, f"{reverse('customers:list')}?spent_from=4000")

    assert "Oleg" in page


def test_whoever_exports_customers_may_see_their_orders() -> None:
    for rights in RIGHTS.values():
        assert Right.CUSTOMERS_EXPORT not in rights or Right.ORDERS_VIEW in rights
