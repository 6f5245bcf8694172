"""Questions about contact data: found in the background, answered by people."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from regulars.customers import actions, queries, tasks
from regulars.customers.records import Identity
from regulars.customers.tests.test_pages import member_of, public_id
from regulars.kernel import clock
from regulars.store.scope import cursor, scope
from tests.town import Town, town


@pytest.fixture
def place(as_engine: None, db: None) -> Town:
    made = town()
    shop = made.bakery.id
    with scope(shop):
        actions.change_profile(shop, made.mira, {"email": "mira@gmial.com"}, actor="anna")
        actions.change_profile(
            shop, made.oleg,
            {"phone": "+380441234567", "email": "oleg@yopmail.com", "birth_on": date(1990, 1, 1)},
            actor="anna",
        )  # fmt: skip
    look(made)
    return made


def look(place: Town) -> int:
    with scope(place.bakery.id):
        return actions.check_contacts(place.bakery.id)


def asked(place: Town) -> list[tuple[str, str, str]]:
    with scope(place.bakery.id):
        return sorted(
            (f.kind, f.value, f.suggestion) for f in queries.contact_flags(place.bakery.id)
        )


ODD = [
    ("birthday_default", "1990-01-01", ""),
    ("email_disposable", "oleg@yopmail.com", ""),
    ("email_typo", "mira@gmial.com", "mira@gmail.com"),
    ("phone_landline", "+380441234567", ""),
]


def test_what_is_odd_is_found_once_and_changes_nothing(place: Town) -> None:
    assert asked(place) == ODD
    assert look(place) == 0
    with scope(place.bakery.id):
        found = queries.profiles(place.bakery.id, [place.mira])[place.mira]
        assert found.email == "mira@gmial.com"
        assert queries.contact_state(place.bakery.id).counts == {kind: 1 for kind, _, _ in ODD}
    with scope(place.other.id):
        assert queries.contact_flags(place.other.id) == []


def test_a_question_goes_with_the_value_it_is_about(place: Town) -> None:
    with scope(place.bakery.id):
        actions.change_profile(
            place.bakery.id, place.mira, {"email": "mira@gmail.com"}, actor="anna"
        )

    assert look(place) == 1
    assert asked(place) == [row for row in ODD if row[0] != "email_typo"]


def test_a_dismissed_question_is_asked_again_only_about_another_value(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        (flag,) = queries.contact_flags_of(shop, place.mira)
        assert actions.dismiss_flags(shop, [flag.id, flag.id], actor="anna") == 1
        assert actions.dismiss_flags(shop, [flag.id], actor="anna") == 0
        actions.change_profile(shop, place.mira, {"city": "Lviv"}, actor="anna")
    look(place)
    assert asked(place) == [row for row in ODD if row[0] != "email_typo"]

    with scope(shop):
        actions.change_profile(shop, place.mira, {"email": "mira@ukr.ent"}, actor="anna")
    look(place)
    assert ("email_typo", "mira@ukr.ent", "mira@ukr.net") in asked(place)


def test_accepting_mends_the_address_and_keeps_the_old_one_known(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        ids = [flag.id for flag in queries.contact_flags(shop)]
        assert actions.accept_suggestions(shop, ids, actor="anna") == 1
        assert actions.accept_suggestions(shop, ids, actor="anna") == 0

        assert queries.profiles(shop, [place.mira])[place.mira].email == "mira@gmail.com"
        assert queries.find(shop, Identity(email="mira@gmial.com")) == place.mira
    assert asked(place) == [row for row in ODD if row[0] != "email_typo"]


def test_an_address_of_another_customer_is_not_taken_over(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        actions.identify_many(shop, [Identity(email="mira@gmail.com")])
        (flag,) = queries.contact_flags_of(shop, place.mira)

        assert actions.accept_suggestions(shop, [flag.id], actor="anna") == 0
        assert queries.profiles(shop, [place.mira])[place.mira].email == "mira@gmial.com"
        assert queries.contact_flags_of(shop, place.mira) == [flag]


def test_domains_are_asked_about_later_and_dead_ones_become_questions(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        (newcomer,) = actions.identify_many(shop, [Identity(email="a@dead.example")])
    look(place)
    with scope(shop):
        due = queries.domains_due(shop, 10)
        assert set(due) == {"dead.example", "gmial.com", "yopmail.com"}
        actions.record_domains(shop, {"dead.example": False, "gmial.com": True})
        assert queries.domains_due(shop, 10) == ["yopmail.com"]
        (flag,) = queries.contact_flags_of(shop, newcomer)
        assert (flag.kind, flag.value) == ("email_no_mail", "a@dead.example")
        (next_one,) = actions.identify_many(shop, [Identity(email="b@dead.example")])
    look(place)
    with scope(shop):
        assert [f.kind for f in queries.contact_flags_of(shop, next_one)] == ["email_no_mail"]
        cursor().execute(
            "UPDATE customers_maildomain SET checked_at = %s", [clock.now() - timedelta(days=31)]
        )
        assert "dead.example" in queries.domains_due(shop, 10)
        actions.record_domains(shop, {"dead.example": True})
        assert queries.contact_flags_of(shop, newcomer) == []


def test_the_page_counts_filters_and_accepts(place: Town) -> None:
    client = member_of(place.bakery)
    page = client.get(reverse("customers:quality")).content.decode()
    only = client.get(reverse("customers:quality"), {"kind": "email_typo"}).content.decode()
    with scope(place.bakery.id):
        ids = [flag.id for flag in queries.contact_flags(place.bakery.id)]
        (typo,) = queries.contact_flags_of(place.bakery.id, place.mira)
    card = client.get(
        reverse("customers:card", args=[public_id(place, place.mira)])
    ).content.decode()

    assert "oleg@yopmail.com" in page and "mira@gmail.com" in page
    assert "oleg@yopmail.com" not in only
    assert f'id="accept-{typo.id}"' in card
    answer = client.post(
        reverse("customers:settle_flags"), {"accept": typo.id, "next": "https://evil.example/"}
    )
    assert answer["Location"] == reverse("customers:quality")
    client.post(reverse("customers:settle_flags"), {"action": "dismiss", "flag": ids})
    assert asked(place) == []


def test_strangers_settle_nothing_of_this_shop(place: Town) -> None:
    with scope(place.bakery.id):
        ids = [flag.id for flag in queries.contact_flags(place.bakery.id)]
    stranger = member_of(place.other)
    stranger.post(reverse("customers:settle_flags"), {"action": "dismiss", "flag": ids})
    stranger.post(reverse("customers:settle_flags"), {"accept": ids[0]})

    assert asked(place) == ODD


def test_the_chore_looks_at_every_workspace(place: Town) -> None:
    with scope(place.other.id):
        actions.change_profile(
            place.other.id, place.zoe, {"email": "zoe@mailinator.com"}, actor="anna"
        )

    assert tasks.check_contacts() >= 1
    with scope(place.other.id):
        assert [f.kind for f in queries.contact_flags(place.other.id)] == ["email_disposable"]
