"""Who is believed about a customer when a server, a browser and a form say different things."""

from __future__ import annotations

from datetime import UTC, datetime

from regulars.customers import actions as customers
from regulars.customers import queries
from regulars.customers.records import Identity
from regulars.intake.processor import _identified
from regulars.intake.segment import Incoming
from regulars.intake.tests.test_forms import GOOD, made, post
from regulars.intake.tests.test_processor import process
from regulars.orders import actions as orders
from regulars.orders import queries as order_queries
from regulars.orders.tests.test_orders import tea
from regulars.store.scope import scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import town, workspace

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SITE = "a-site-of-the-shop"


def taken(shop: WorkspaceRecord, *given: tuple[str, str]) -> list[int]:
    """Messages in this order: a city, and the site it came through or none; whom they mean."""
    items = [
        Incoming(
            f"m{n}", "customer.identified", NOON,
            Identity(external_id="u1", traits={"city": city}), site=site,
        )
        for n, (city, site) in enumerate(given)
    ]  # fmt: skip
    with scope(shop.id):
        return _identified(shop.id, items)


def city_of(shop: WorkspaceRecord, customer_id: int) -> tuple[str | None, str]:
    """The city, and who told it."""
    with scope(shop.id):
        profile = queries.profiles(shop.id, [customer_id])[customer_id]
        told, _at = queries.sources_of(shop.id, customer_id)["city"]
    return profile.city, told


def test_a_browser_does_not_change_what_the_server_told(db: None) -> None:
    shop = workspace()

    (first,) = taken(shop, ("Kyiv", ""))
    (again,) = taken(shop, ("Lviv", SITE))

    assert first == again
    assert city_of(shop, first) == ("Kyiv", "api")


def test_the_server_is_believed_over_a_browser_within_one_batch_too(db: None) -> None:
    shop = workspace()

    ids = taken(shop, ("Lviv", SITE), ("Kyiv", ""), ("Odesa", SITE))

    assert len(set(ids)) == 1
    assert city_of(shop, ids[0]) == ("Kyiv", "api")


def test_a_browser_tells_what_nobody_told_and_changes_its_own_words(db: None) -> None:
    shop = workspace()

    taken(shop, ("Lviv", SITE))
    (customer_id,) = taken(shop, ("Odesa", SITE))

    assert city_of(shop, customer_id) == ("Odesa", "site")


def test_a_form_anybody_may_send_does_not_rename_a_customer(as_engine: None, db: None) -> None:
    shop = workspace()
    with scope(shop.id):
        (known,) = customers.identify_many(
            shop.id, [Identity(email=GOOD["email"], traits={"name": "Hanna"})]
        )
    assert post(made(shop), GOOD)[0] == 200

    process()

    with scope(shop.id):
        assert queries.find(shop.id, Identity(email=GOOD["email"])) == known
        assert queries.profiles(shop.id, [known])[known].name == "Hanna"


def test_an_order_goes_along_with_the_id_it_named_when_a_merge_is_undone(db: None) -> None:
    place = town()
    shop = place.bakery.id
    with scope(shop):
        customers.merge(shop, loser=place.oleg, root=place.mira)
        named = orders.record_order(shop, tea("1", identity=Identity(external_id="oleg")))
        root = orders.record_order(shop, tea("2", identity=Identity(external_id="mira")))
        assert order_queries.value_of(shop, [place.mira, place.oleg]).orders_count == 2

        customers.unmerge(shop, place.oleg)

        assert order_queries.order(shop, named.public_id).customer_id == place.oleg
        assert order_queries.order(shop, root.public_id).customer_id == place.mira
        assert order_queries.value_of(shop, [place.oleg]).total_minor == 2001
        assert order_queries.value_of(shop, [place.mira]).total_minor == 2001
