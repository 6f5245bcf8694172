"""What was said stays said when customers are merged, split and merged again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections

from regulars.customers import actions, queries
from regulars.customers.records import ConsentState, NewConsent
from regulars.kernel import clock
from regulars.store.scope import cursor, scope
from tests.town import Town, town

MARKETING, NEWS, OFFERS = "marketing", "marketing:news", "marketing:offers"


@pytest.fixture
def place(db: None) -> Town:
    return town()


def give(place: Town, customer_id: int, purpose: str = MARKETING) -> None:
    actions.give_consent(
        place.bakery.id, customer_id, channel="email", purpose=purpose, source="test"
    )


def leave(place: Town, customer_id: int, purpose: str = MARKETING) -> None:
    actions.withdraw_consent(
        place.bakery.id, customer_id, channel="email", purpose=purpose, source="test"
    )


def why_not(place: Town, customer_id: int, purpose: str = MARKETING) -> str | None:
    answers = queries.may_contact(place.bakery.id, [customer_id], "email", purpose)
    return answers[customer_id]


def merged(place: Town) -> None:
    actions.merge(place.bakery.id, loser=place.oleg, root=place.mira)


def split(place: Town) -> None:
    actions.unmerge(place.bakery.id, place.oleg)


def test_a_topic_left_after_a_split_is_left_although_the_other_had_said_it_too(
    place: Town,
) -> None:
    with scope(place.bakery.id):
        give(place, place.oleg, OFFERS)
        merged(place)
        split(place)

        leave(place, place.mira, OFFERS)

        assert why_not(place, place.mira, OFFERS) == "topic_left"
        assert why_not(place, place.oleg, OFFERS) is None


def test_a_consent_after_a_split_counts_although_the_other_had_given_it_later(place: Town) -> None:
    with scope(place.bakery.id):
        give(place, place.oleg, NEWS)
        merged(place)
        split(place)
        early = clock.now() - timedelta(days=2)
        said = NewConsent(place.mira, "email", NEWS, ConsentState.WITHDRAWN, "test", at=early)
        actions.record_consents(place.bakery.id, [said])

        assert why_not(place, place.mira, NEWS) == "topic_left"


def test_a_list_without_times_brings_nobody_back_who_left_before_a_merge(place: Town) -> None:
    with scope(place.bakery.id):
        leave(place, place.mira)
        actions.merge(place.bakery.id, loser=place.mira, root=place.oleg)
        assert why_not(place, place.oleg) == "consent_withdrawn"

        said = NewConsent(place.oleg, "email", MARKETING, ConsentState.GIVEN, "file")
        added = actions.record_consents(place.bakery.id, [said], origin="import")

        assert added == 0
        assert why_not(place, place.oleg) == "consent_withdrawn"


@pytest.mark.parametrize(
    ("agreed", "left"), [(NEWS, MARKETING), (MARKETING, NEWS), (NEWS, NEWS), (MARKETING, MARKETING)]
)
def test_what_was_left_while_two_were_one_stays_left_by_both(
    place: Town, agreed: str, left: str
) -> None:
    with scope(place.bakery.id):
        give(place, place.oleg, agreed)
        merged(place)
        leave(place, place.mira, left)
        split(place)

        assert why_not(place, place.oleg, NEWS) is not None
        assert why_not(place, place.mira, NEWS) is not None


def test_who_never_agreed_to_anything_is_left_without_lines_they_did_not_say(place: Town) -> None:
    with scope(place.bakery.id):
        merged(place)
        leave(place, place.mira)
        split(place)

        assert queries.card(place.bakery.id, place.oleg).history == ()
        assert why_not(place, place.oleg) == "consent_missing"


def test_a_pause_and_a_frequency_chosen_while_two_were_one_count_for_both(place: Town) -> None:
    with scope(place.bakery.id):
        give(place, place.oleg)
        merged(place)
        actions.pause_marketing(place.bakery.id, place.mira, clock.now() + timedelta(days=30))
        actions.choose_gap(place.bakery.id, place.mira, "email", 14)
        split(place)

        for customer_id in (place.mira, place.oleg):
            assert why_not(place, customer_id) == "paused"
            assert queries.preferences(place.bakery.id, customer_id).gap_days == {"email": 14}


@pytest.mark.usefixtures("as_engine")
def test_a_refusal_that_meets_a_merge_is_the_refusal_of_who_stays() -> None:
    place = town()
    left, merging = threading.Event(), threading.Event()

    def merge() -> None:
        try:
            left.wait(10)
            with scope(place.bakery.id):
                merging.set()
                merged(place)
        finally:
            connections.close_all()

    other = threading.Thread(target=merge)
    other.start()
    with scope(place.bakery.id):
        # Oleg had said nothing before, so there is no row of his that a merge could wait for.
        leave(place, place.oleg)
        left.set()
        assert merging.wait(10)
        # The merge has to wait for us; without that it would be over by now.
        other.join(0.5)
        assert other.is_alive()
    other.join(10)

    with scope(place.bakery.id):
        assert why_not(place, place.mira) == "consent_withdrawn"


@pytest.mark.parametrize("reason", ["bounce", "complaint"])
def test_an_address_stopped_by_hand_is_closed_for_good_by_what_comes_back(
    place: Town, reason: str
) -> None:
    address = "mira@example.com"
    with scope(place.bakery.id):
        actions.suppress(place.bakery.id, channel="email", reason="by_hand", address=address)
        assert why_not(place, place.mira, "transactional") is None

        actions.suppress(place.bakery.id, channel="email", reason=reason, address=address)
        actions.suppress(place.bakery.id, channel="email", reason="by_hand", address=address)

        assert why_not(place, place.mira, "transactional") == "suppressed"
        raw = cursor()
        raw.execute("SELECT reason FROM customers_suppression")
        assert raw.fetchall() == [(reason,)]
