"""Who is believed when sources disagree; kept with each attribute."""

from __future__ import annotations

import pytest

from regulars.customers import actions, queries
from regulars.customers.records import Identity
from regulars.store.scope import scope
from tests.town import Town, town


@pytest.fixture
def place(db: None) -> Town:
    return town()


def told(place: Town) -> dict[str, str]:
    found = queries.sources_of(place.bakery.id, place.mira)
    return {name: source for name, (source, _) in found.items()}


def city(place: Town) -> str | None:
    return queries.profiles(place.bakery.id, [place.mira])[place.mira].city


def say(place: Town, value: str, source: str) -> None:
    actions.identify_many(
        place.bakery.id, [Identity(external_id="mira", traits={"city": value})], source=source
    )


def test_the_first_word_is_kept_with_its_source_and_time(place: Town) -> None:
    with scope(place.bakery.id):
        found = queries.sources_of(place.bakery.id, place.mira)

    assert {name: source for name, (source, _) in found.items()} == {
        "email": "api", "phone": "api", "first_name": "api", "city": "api",
    }  # fmt: skip
    assert all(len(at) == len("2026-11-22T13:05:00Z") for _, at in found.values())


def test_a_weaker_source_changes_nothing_and_a_stronger_does(place: Town) -> None:
    with scope(place.bakery.id):
        say(place, "Odesa", "import")
        assert (city(place), told(place)["city"]) == ("Kyiv", "api")
        say(place, "Lviv", "till")
        assert (city(place), told(place)["city"]) == ("Lviv", "till")
        say(place, "Dnipro", "form")
        actions.change_profile(place.bakery.id, place.mira, {"city": "Rivne"}, actor="anna")
        say(place, "Sumy", "form")
        say(place, "Lutsk", "api")
        assert (city(place), told(place)["city"]) == ("Rivne", "hand")


def test_the_api_leaves_what_a_person_wrote_and_fills_what_is_unknown(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        actions.change_profile(shop, place.mira, {"city": "Rivne"}, actor="anna")
        is_changed = actions.change_profile(
            shop, place.mira, {"city": "Lutsk", "country": "UA"}, actor="api", source="api"
        )

        found = queries.profiles(shop, [place.mira])[place.mira]
        assert is_changed and (found.city, found.country) == ("Rivne", "UA")
        assert not actions.change_profile(
            shop, place.mira, {"city": "Lutsk"}, actor="api", source="api"
        )


def test_own_attributes_follow_the_same_order(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        for value, source in (("green", "form"), ("black", "site"), ("white", "form")):
            actions.identify_many(
                shop, [Identity(external_id="mira", traits={"tea": value})], source=source
            )

        assert queries.profiles(shop, [place.mira])[place.mira].attrs == {"tea": "white"}
        assert told(place)["attr.tea"] == "form"


def test_an_id_of_another_system_has_no_rank(place: Town) -> None:
    with scope(place.bakery.id):
        assert "external_id" not in told(place)


def test_names_typed_in_one_case_come_in_with_capitals(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        (found,) = actions.identify_many(
            shop,
            [Identity(external_id="9", traits={"first_name": "ОЛЕНА", "last_name": "коваль-МЕЛЬНИК",
                                               "city": "LVIV"})],
        )  # fmt: skip
        profile = queries.profiles(shop, [found])[found]

    assert (profile.first_name, profile.last_name, profile.city) == (
        "Олена", "коваль-МЕЛЬНИК", "LVIV",
    )  # fmt: skip


def test_merging_and_unmerging_brings_the_sources_back(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        actions.identify_many(
            shop, [Identity(external_id="oleg", traits={"country": "UA"})], source="import"
        )
        before = queries.sources_of(shop, place.mira)
        actions.merge(shop, loser=place.oleg, root=place.mira)
        merged = queries.sources_of(shop, place.mira)
        actions.unmerge(shop, place.oleg, actor="anna")
        after = queries.sources_of(shop, place.mira)

    assert merged["country"][0] == "import"
    assert after == before
