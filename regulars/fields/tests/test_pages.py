from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.fields import discovery, queries
from regulars.store.scope import scope
from regulars.workspaces.records import Role
from regulars.workspaces.tests.doors import person, signed_in
from tests.town import Town, town

BREAKER = "<script>alert(1)</script>"


@pytest.fixture
def here(feed: Callable[[], None]) -> Town:
    """A town whose bakery saw three events with a property of two types."""
    found = town()
    at = datetime(2026, 3, 14, 12, tzinfo=UTC)
    with scope(found.bakery.id):
        events.record_many(
            found.bakery.id,
            [
                NewEvent("Viewed", at, f"v{number}", found.mira, {"price": price, BREAKER: 1})
                for number, price in enumerate([5, 6, "dear"])
            ],
        )
    feed()
    discovery.discover(found.bakery.id, is_settled=True)
    return found


def visitor(here: Town, role: Role = Role.MARKETER) -> Client:
    return signed_in(person(role, here.bakery))


def test_kinds_properties_and_conflicts_are_listed(here: Town) -> None:
    client = visitor(here)
    kinds = client.get("/data/fields/?show=events").content.decode()
    page = client.get("/data/fields/?kind=Viewed").content.decode()

    assert 'href="/data/fields/?kind=Viewed">Viewed</a>' in kinds
    assert "33.3% of another type" in page
    assert BREAKER not in page and "&lt;script&gt;" in page


def test_a_field_is_described_and_hidden(here: Town) -> None:
    client = visitor(here)
    address = "/data/fields/field/?kind=Viewed&name=price"
    assert "1 value is of another type" in client.get(address).content.decode()
    answer = client.post(
        address, {"label": "Price", "declared_type": "text", "description": "", "is_hidden": "on"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/data/fields/?kind=Viewed")
    with scope(here.bakery.id):
        found = queries.field(here.bakery.id, "Viewed", "price")
    assert (found.title, found.settled.type, found.is_hidden) == ("Price", "text", True)
    assert "Price" not in client.get("/data/fields/?kind=Viewed").content.decode()
    assert "Price" in client.get("/data/fields/?kind=Viewed&hidden=1").content.decode()


def test_a_type_that_is_none_is_refused(here: Town) -> None:
    address = "/data/fields/field/?kind=Viewed&name=price"
    answer = visitor(here).post(address, {"declared_type": "blob"})
    assert answer.status_code == 422
    with scope(here.bakery.id):
        assert queries.field(here.bakery.id, "Viewed", "price").declared_type == ""


def test_an_attribute_is_made_once(here: Town) -> None:
    client = visitor(here)
    given = {"name": "pet", "label": "Pet", "declared_type": "text"}
    assert client.post("/data/fields/new/", given).status_code == 302
    again = client.post("/data/fields/new/", given)
    assert again.status_code == 422
    assert "There is an attribute of this name." in again.content.decode()
    assert "Pet" in client.get("/data/fields/").content.decode()


def test_who_may_not_import_changes_nothing(here: Town) -> None:
    client = visitor(here, Role.ANALYST)
    address = "/data/fields/field/?kind=Viewed&name=price"
    assert client.get(address).status_code == 200
    assert client.post(address, {"label": "Mine"}).status_code == 403
    assert client.post("/data/fields/new/", {"name": "pet"}).status_code == 403
    assert visitor(here, Role.CASHIER).get("/data/fields/").status_code == 403
    with scope(here.bakery.id):
        assert queries.field(here.bakery.id, "Viewed", "price").label == ""
        assert queries.attributes(here.bakery.id) == []


def test_a_field_of_another_workspace_is_not_there(here: Town) -> None:
    stranger = signed_in(person(Role.OWNER, here.other))
    address = "/data/fields/field/?kind=Viewed&name=price"
    assert stranger.get(address).status_code == 404
    assert stranger.post(address, {"label": "Mine"}).status_code == 404
