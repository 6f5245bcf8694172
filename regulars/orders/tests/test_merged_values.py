"""What people bought, when two are found to be one and told apart again."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.customers.records import Identity, ListFilter
from regulars.customers.records import Membership as Joined
from regulars.kernel import clock
from regulars.orders import actions, conditions, queries
from regulars.orders.models import CustomerValue
from regulars.orders.queries.values import values_together
from regulars.orders.tests.test_orders import NOON, tea
from regulars.store.scope import scope
from tests.town import Town, town

OLEG = Identity(external_id="oleg")


@pytest.fixture
def place(db: None) -> Iterator[Town]:
    """A town in which Mira bought one thing and Oleg three times as much in two orders."""
    there = town()
    with scope(there.bakery.id):
        actions.record_order(there.bakery.id, tea("m1"))
        actions.record_order(there.bakery.id, tea("o1", identity=OLEG))
        actions.record_order(there.bakery.id, tea("o2", "4", identity=OLEG))
        yield there


def kept(place: Town) -> dict[int, tuple[int, int]]:
    rows = CustomerValue.objects.filter(workspace_id=place.bakery.id)
    return {row.customer_id: (row.orders_count, row.total_minor) for row in rows}


def found(place: Town, **more: str) -> set[int]:
    chosen = ListFilter(more=tuple(more.items()))
    return {one.id for one in customer_queries.page(place.bakery.id, chosen).rows}


def merge(place: Town) -> None:
    customers.merge(place.bakery.id, loser=place.oleg, root=place.mira)


def test_what_each_of_two_bought_is_right_before_while_and_after_they_are_one(place: Town) -> None:
    shop = place.bakery.id
    before = kept(place)
    assert before == {place.mira: (1, 2001), place.oleg: (2, 6003)}

    merge(place)
    assert queries.value_of(shop, [place.mira, place.oleg]).total_minor == 8004
    actions.record_order(shop, tea("m2"))
    customers.unmerge(shop, place.oleg)

    assert kept(place) == {place.mira: (2, 4002), place.oleg: (2, 6003)}
    assert queries.value_of(shop, [place.mira]).total_minor == 4002
    assert queries.value_of(shop, [place.oleg]).orders_count == 2


def test_the_list_shows_the_sum_of_both_while_they_are_one(place: Town) -> None:
    shop = place.bakery.id
    merge(place)

    (value,) = values_together(shop, [place.mira]).values()
    cells = {name: column.values(shop, [place.mira]) for name, column in conditions.COLUMNS.items()}

    assert (value.orders_count, value.total_minor, value.last_at) == (3, 8004, NOON)
    assert cells["spent"] == {place.mira: Decimal("80.04")}
    assert cells["orders"] == {place.mira: 3}
    customers.unmerge(shop, place.oleg)
    assert values_together(shop, [place.mira])[place.mira].total_minor == 2001
    assert values_together(place.other.id, [place.mira]) == {}


@pytest.mark.parametrize(
    ("more", "while_one", "after"),
    [
        ({"spent_from": "60"}, {"mira"}, {"oleg"}),
        ({"orders": "yes"}, {"mira"}, {"mira", "oleg"}),
        ({"spent_to": "30"}, set(), {"mira"}),
    ],
)
def test_a_filter_means_the_person_who_bought_it_after_a_split_too(
    place: Town, more: dict[str, str], while_one: set[str], after: set[str]
) -> None:
    names = {place.mira: "mira", place.oleg: "oleg"}
    merge(place)
    assert {names[one] for one in found(place, **more)} == while_one

    customers.unmerge(place.bakery.id, place.oleg)

    assert {names[one] for one in found(place, **more)} == after


def test_orders_of_a_source_are_found_with_whom_they_belong_to_after_a_split(place: Town) -> None:
    shop = place.bakery.id
    actions.record_order(shop, tea("t1", identity=OLEG, source="till"))
    merge(place)
    assert found(place, through="till") == {place.mira}

    customers.unmerge(shop, place.oleg)

    assert found(place, through="till") == {place.oleg}


def test_a_company_does_not_count_what_a_former_part_of_its_people_bought(place: Town) -> None:
    shop = place.bakery.id
    customers.join_companies(shop, [Joined(place.mira, "acme", {}, clock.now())])
    (company,) = customer_queries.companies_of(shop, [place.mira])
    merge(place)
    assert set(customer_queries.member_ids(shop, company.id)) == {place.mira, place.oleg}

    customers.unmerge(shop, place.oleg)

    assert set(customer_queries.member_ids(shop, company.id)) == {place.mira}
