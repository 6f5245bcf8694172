from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.fields import actions, discovery, queries
from regulars.fields.records import FieldChange
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.store.scope import cursor, scope
from tests.town import Town, town

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def view(number: int, props: dict[str, object], customer: int, kind: str = "Viewed") -> NewEvent:
    return NewEvent(kind, NOON + timedelta(minutes=number), f"{kind}:{number}", customer, props)


def record(place: Town, *rows: NewEvent) -> None:
    with scope(place.bakery.id):
        events.record_many(place.bakery.id, rows)


def types_of(place: Town, kind: str) -> dict[str, dict[str, int]]:
    with scope(place.bakery.id):
        return {f.name: dict(f.types) for f in queries.fields_of(place.bakery.id, kind)}


def test_properties_are_found_with_the_types_of_their_values(feed: Callable[[], None]) -> None:
    here = town()
    record(
        here,
        view(1, {"price": 5, "sku": "A", "at": "2026-01-02", "a/b~c": True}, here.mira),
        view(2, {"price": "5,20", "sku": "7", "at": "2026-01-02T10:00:00Z"}, here.oleg),
        view(3, {"price": 2.5, "tags": ["x"], "box": {"w": 1}, "none": None}, here.oleg),
    )
    feed()
    discovery.discover(here.bakery.id, is_settled=True)

    assert types_of(here, "Viewed") == {
        "a/b~c": {"bool": 1},
        "at": {"date": 1, "time": 1},
        "box": {"object": 1},
        "price": {"number": 2, "digits": 1},
        "sku": {"digits": 1, "text": 1},
        "tags": {"list": 1},
    }
    with scope(here.bakery.id):
        price = queries.field(here.bakery.id, "Viewed", "price")
        (kind,) = [k for k in queries.kinds(here.bakery.id) if k.kind == "Viewed"]
    assert (price.settled.type, price.settled.is_conflict, price.settled.misfits) == (
        "number", True, 1,
    )  # fmt: skip
    assert (price.first_at, price.last_at) == (
        NOON + timedelta(minutes=1), NOON + timedelta(minutes=3),
    )  # fmt: skip
    assert kind.last_at == NOON + timedelta(minutes=3)


def test_attributes_are_found_and_belong_to_their_workspace(feed: Callable[[], None]) -> None:
    here = town()
    with scope(here.bakery.id):
        customers.identify_many(
            here.bakery.id,
            [
                Identity(external_id="mira", traits={"shoe size": 38, "vip": True}),
                Identity(external_id="new", traits={"shoe size": "38"}),
            ],
        )
    feed()
    discovery.discover(here.bakery.id, is_settled=True)
    discovery.discover(here.other.id, is_settled=True)

    assert types_of(here, "") == {"shoe size": {"number": 1, "digits": 1}, "vip": {"bool": 1}}
    with scope(here.other.id):
        assert queries.attributes(here.other.id) == []


def test_each_event_is_counted_once_and_the_newest_wait_a_turn(feed: Callable[[], None]) -> None:
    here = town()
    record(here, view(1, {"price": 1}, here.mira))
    feed()
    discovery.discover(here.bakery.id)
    assert types_of(here, "Viewed") == {}
    discovery.discover(here.bakery.id)
    assert types_of(here, "Viewed") == {"price": {"number": 1}}
    record(here, view(2, {"price": "dear"}, here.mira))
    feed()
    for _ in range(3):
        discovery.discover(here.bakery.id)
    assert types_of(here, "Viewed") == {"price": {"number": 1, "text": 1}}


def test_the_dictionary_takes_no_more_fields_than_its_limit(
    feed: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = town()
    feed()
    discovery.discover(here.bakery.id, is_settled=True)
    with scope(here.bakery.id):
        known = len(queries.kinds(here.bakery.id)) + sum(
            queries.properties_counted(here.bakery.id).values()
        )
    monkeypatch.setattr(discovery, "FIELDS_MAX", known + 3)
    record(here, view(1, {"a": 1, "b": 1, "c": 1, "x" * 101: 1}, here.mira))
    feed()
    discovery.discover(here.bakery.id, is_settled=True)

    assert types_of(here, "Viewed") == {"a": {"number": 1}, "b": {"number": 1}}
    with scope(here.bakery.id):
        assert queries.left_out(here.bakery.id) == 1


def test_a_person_names_types_and_hides_a_field(feed: Callable[[], None]) -> None:
    here = town()
    record(here, view(1, {"price": "5"}, here.mira))
    feed()
    discovery.discover(here.bakery.id, is_settled=True)
    with scope(here.bakery.id):
        actions.change_field(
            here.bakery.id, "Viewed", "price",
            FieldChange(label=" Price ", description="with tax", declared_type="number"),
        )  # fmt: skip
        found = queries.field(here.bakery.id, "Viewed", "price")
        assert (found.title, found.description, found.settled.type) == (
            "Price", "with tax", "number",
        )  # fmt: skip
        actions.change_field(here.bakery.id, "Viewed", "price", FieldChange(is_hidden=True))
        assert queries.fields_of(here.bakery.id, "Viewed") == []
        assert len(queries.fields_of(here.bakery.id, "Viewed", hidden=True)) == 1
        with pytest.raises(NotFound, match="no such field"):
            actions.change_field(here.bakery.id, "Viewed", "weight", FieldChange())
    with scope(here.other.id), pytest.raises(NotFound):
        actions.change_field(here.other.id, "Viewed", "price", FieldChange(label="theirs"))


def test_an_attribute_is_made_before_its_values_come(feed: Callable[[], None]) -> None:
    here = town()
    with scope(here.bakery.id):
        actions.add_attribute(here.bakery.id, "pet", FieldChange(label="Pet", declared_type="text"))
        with pytest.raises(Conflict):
            actions.add_attribute(here.bakery.id, "pet", FieldChange())
        for name in ("email", "", "x" * 101, "a\nb"):
            with pytest.raises(Invalid):
                actions.add_attribute(here.bakery.id, name, FieldChange())
        with pytest.raises(Invalid):
            actions.add_attribute(here.bakery.id, "odd", FieldChange(declared_type="blob"))
        customers.identify_many(
            here.bakery.id, [Identity(external_id="mira", traits={"pet": "cat"})]
        )
    feed()
    discovery.discover(here.bakery.id, is_settled=True)
    with scope(here.bakery.id):
        (pet,) = queries.attributes(here.bakery.id)
    assert (pet.title, dict(pet.types), pet.is_made) == ("Pet", {"text": 1}, True)


def test_values_are_shown_only_when_enough_people_share_them(feed: Callable[[], None]) -> None:
    here = town()
    with scope(here.bakery.id):
        customers.identify_many(
            here.bakery.id,
            [
                Identity(external_id=f"c{n}", traits={"pet": "cat" if n < 5 else f"only {n}"})
                for n in range(9)
            ],
        )
    feed()
    with scope(here.bakery.id):
        assert queries.frequent_values(here.bakery.id, "", "pet") == [("cat", 5)]


def test_nothing_is_written_where_nothing_is_new(feed: Callable[[], None]) -> None:
    here = town()
    record(here, view(1, {"price": 5}, here.mira))
    feed()
    discovery.discover(here.bakery.id, is_settled=True)

    before = scan_of(here)
    met = discovery.discover(here.bakery.id)
    again = discovery.discover(here.bakery.id, is_settled=True)

    assert (met, again) == (0, 0)
    assert scan_of(here) == before


def scan_of(place: Town) -> tuple[object, ...]:
    with scope(place.bakery.id):
        raw = cursor()
        raw.execute(
            "SELECT xmin::text, done_id, seen_id, at FROM fields_scan WHERE workspace_id = %s",
            [place.bakery.id],
        )
        row = raw.fetchone()
    assert row is not None
    return tuple(row)
