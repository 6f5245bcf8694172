"""What a browser says takes nothing from anybody; who was told apart stays two."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from regulars.customers import actions, queries
from regulars.customers.actions import duplicates
from regulars.customers.records import Identifier, IdentifierKind, Identity, PairState
from regulars.orders import actions as orders
from regulars.orders.records import NewLine, NewOrder
from regulars.store.scope import cursor, scope
from tests.town import Town, town

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def place(db: None) -> Town:
    return town()


def browser(place: Town, **named: object) -> int:
    return actions.identify_many(place.bakery.id, [Identity(**named)], source="site")[0]  # type: ignore[arg-type]


def server(place: Town, **named: object) -> int:
    return actions.identify_many(place.bakery.id, [Identity(**named)])[0]  # type: ignore[arg-type]


def card(number: str) -> tuple[Identifier, ...]:
    return (Identifier(IdentifierKind.CARD, number),)


def telegram(name: str) -> tuple[Identifier, ...]:
    return (Identifier(IdentifierKind.TELEGRAM, name),)


def email_of(place: Town, customer_id: int) -> str | None:
    return queries.profiles(place.bakery.id, [customer_id])[customer_id].email


def happened(place: Town, kind: str) -> int:
    raw = cursor()
    raw.execute(
        "SELECT count(*) FROM events_event WHERE workspace_id = %s AND kind = %s",
        [place.bakery.id, kind],
    )
    found = raw.fetchone()
    assert found is not None
    return int(found[0])


def test_a_browser_that_names_an_address_of_another_does_not_take_it(place: Town) -> None:
    with scope(place.bakery.id):
        new = browser(place, external_id="new", anonymous_id="b", email="oleg@example.com")

        assert new not in (place.oleg, place.mira)
        assert queries.find(place.bakery.id, Identity(email="oleg@example.com")) == place.oleg
        assert email_of(place, place.oleg) == "oleg@example.com"
        assert email_of(place, new) is None
        shared = queries.shared_contacts(place.bakery.id, [new])[new]
        assert [(one.customer_id, one.holder_id, one.rule) for one in shared] == [
            (new, place.oleg, "unproved")
        ]
        assert (happened(place, "customer.conflict"), happened(place, "contact.lost")) == (1, 0)


def test_nor_does_it_in_the_name_of_a_customer_with_orders(place: Town) -> None:
    with scope(place.bakery.id):
        orders.record_order(
            place.bakery.id,
            NewOrder("1", NOON, "UAH", (NewLine("bun", Decimal(1), Decimal(9)),),
                     source="till", customer_id=place.mira),
        )  # fmt: skip
        browser(place, external_id="mira", email="oleg@example.com")

        assert email_of(place, place.oleg) == "oleg@example.com"
        assert email_of(place, place.mira) == "mira@example.com"


def test_a_browser_does_not_gather_those_who_have_no_id_in_one_card(place: Town) -> None:
    with scope(place.bakery.id):
        people = [server(place, email=f"{name}@example.com") for name in ("ada", "ben")]

        for name in ("ada", "ben"):
            browser(place, external_id="thief", email=f"{name}@example.com")

        assert queries.roots_of(place.bakery.id, people) == {one: one for one in people}
        assert [email_of(place, one) for one in people] == ["ada@example.com", "ben@example.com"]


def test_who_registers_with_the_address_they_left_before_is_still_known(place: Town) -> None:
    with scope(place.bakery.id):
        subscriber = server(place, email="ada@example.com")

        assert browser(place, external_id="shop-7", email="ada@example.com") == subscriber
        visitor = browser(place, anonymous_id="b")
        assert browser(place, external_id="shop-7", anonymous_id="b") == subscriber
        assert queries.roots_of(place.bakery.id, [visitor]) == {visitor: subscriber}


def test_a_browser_does_not_lead_letters_elsewhere(place: Town) -> None:
    with scope(place.bakery.id):
        (imported,) = actions.identify_many(
            place.bakery.id,
            [Identity(external_id="7", email="ada@example.com")],
            origin="import",
        )

        browser(place, external_id="7", email="thief@example.com")

        assert email_of(place, imported) == "ada@example.com"
        assert queries.find(place.bakery.id, Identity(email="thief@example.com")) == imported


def test_a_browser_fills_an_address_nobody_told_and_mends_its_own(place: Town) -> None:
    with scope(place.bakery.id):
        told = browser(place, external_id="7", email="ada@example.co")
        browser(place, external_id="7", email="ada@example.com")

        assert email_of(place, told) == "ada@example.com"


def test_a_server_takes_a_contact_by_the_written_order_as_ever(place: Town) -> None:
    with scope(place.bakery.id):
        new = server(place, external_id="new", email="oleg@example.com")

        assert (email_of(place, new), email_of(place, place.oleg)) == ("oleg@example.com", None)


def test_two_who_were_told_apart_are_not_merged_by_an_event_that_names_both(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        ada, ben = server(place, email="ada@example.com"), server(place, others=card("c-1"))
        pair, _state = duplicates.propose_pair(shop, ada, ben)
        duplicates.decide_pair(shop, pair, PairState.DIFFERENT, actor="anna")

        told = server(place, email="ada@example.com", others=card("c-1"))

        assert told == ada
        assert queries.roots_of(shop, [ada, ben]) == {ada: ada, ben: ben}
        assert happened(place, "customer.merged") == 0
        assert len(queries.shared_contacts(shop, [ada])[ada]) == 1


def test_nor_by_way_of_a_third_nor_under_the_cards_they_were_merged_into(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        ada, ben = server(place, email="ada@example.com"), server(place, others=card("c-1"))
        pair, _state = duplicates.propose_pair(shop, ada, ben)
        duplicates.decide_pair(shop, pair, PairState.DIFFERENT, actor="anna")
        actions.merge(shop, ada, place.mira)

        actions.identify_many(
            shop,
            [
                Identity(external_id="mira", others=telegram("t")),
                Identity(others=(*card("c-1"), *telegram("t"))),
            ],
        )

        assert queries.roots_of(shop, [ada, ben]) == {ada: place.mira, ben: ben}
