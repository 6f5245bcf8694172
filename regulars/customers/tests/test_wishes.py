"""Topics, pauses, grounds, and addresses nothing may clear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.customers import actions, queries
from regulars.customers.pure.wishes import Said, refusal
from regulars.customers.records import Basis, Identity
from regulars.events import queries as events
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.store.scope import cursor, scope
from tests.town import Town, town

EMAIL, MARKETING, OFFERS, NEWS = "email", "marketing", "marketing:offers", "marketing:news"
DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone


@pytest.fixture
def place(db: None) -> Town:
    made = town()
    with scope(made.bakery.id):
        actions.save_topic(made.bakery.id, "news", {"en": "News", "uk": "Новини"})
        actions.save_topic(made.bakery.id, "offers", {"en": "Offers"})
    return made


def why_not(place: Town, purpose: str = MARKETING) -> str | None:
    return queries.may_contact(place.bakery.id, [place.mira], EMAIL, purpose)[place.mira]


def leave(place: Town, purpose: str) -> None:
    actions.withdraw_consent(
        place.bakery.id, place.mira, channel=EMAIL, purpose=purpose, source="test"
    )


def join(place: Town, purpose: str) -> None:
    actions.give_consent(place.bakery.id, place.mira, channel=EMAIL, purpose=purpose, source="test")


def test_who_leaves_offers_keeps_news(place: Town) -> None:
    with scope(place.bakery.id):
        leave(place, OFFERS)

        assert [why_not(place, one) for one in (MARKETING, NEWS, OFFERS)] == [
            None, None, "topic_left",
        ]  # fmt: skip


def test_leaving_everything_ends_the_topics_and_a_topic_chosen_later_counts_alone(
    place: Town,
) -> None:
    with scope(place.bakery.id):
        join(place, NEWS)
        leave(place, MARKETING)
        assert [why_not(place, one) for one in (MARKETING, NEWS, OFFERS)] == [
            "consent_withdrawn", "consent_withdrawn", "consent_withdrawn",
        ]  # fmt: skip

        join(place, NEWS)
        assert [why_not(place, one) for one in (MARKETING, NEWS, OFFERS)] == [
            "consent_withdrawn", None, "consent_withdrawn",
        ]  # fmt: skip


def test_a_topic_left_stays_left_when_marketing_is_agreed_to_again(place: Town) -> None:
    with scope(place.bakery.id):
        leave(place, OFFERS)
        join(place, MARKETING)

        assert why_not(place, OFFERS) == "topic_left"


SAID = st.none() | st.builds(
    Said, st.booleans(), st.datetimes(DAY, DAY + timedelta(days=5), timezones=st.just(UTC))
)


@given(general=SAID, topic=SAID)
def test_without_any_yes_nothing_may_go_and_the_newest_no_wins(
    general: Said | None, topic: Said | None
) -> None:
    answer = refusal(general, topic)

    said = [one for one in (general, topic) if one is not None]
    if not any(one.is_given for one in said):
        assert answer is not None
    if said and all(one.is_given for one in said):
        assert answer is None
    if topic is not None and not topic.is_given:
        assert answer == "topic_left"
    if general is not None and not general.is_given and answer is None:
        assert topic is not None and topic.at > general.at


def test_a_pause_stops_marketing_only_and_ends_by_itself(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    with scope(place.bakery.id):
        actions.pause_marketing(place.bakery.id, place.mira, now + timedelta(days=30))
        assert (why_not(place), why_not(place, NEWS)) == ("paused", "paused")
        assert why_not(place, "transactional") is None

        monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=30, seconds=1))
        assert why_not(place) is None


def test_a_pause_is_ended_by_hand_and_told_once(place: Town) -> None:
    with scope(place.bakery.id):
        until = clock.now() + timedelta(days=30)
        actions.pause_marketing(place.bakery.id, place.mira, until)
        actions.pause_marketing(place.bakery.id, place.mira, until)
        actions.wake_marketing(place.bakery.id, place.mira)
        actions.wake_marketing(place.bakery.id, place.mira)

        assert why_not(place) is None
        kinds = [e.kind for e in events.timeline(place.bakery.id, place.mira, 50)]
        assert kinds.count("preference.changed") == 2
        with pytest.raises(Invalid):
            actions.pause_marketing(place.bakery.id, place.mira, until + timedelta(days=400))


def test_the_pause_of_who_was_merged_counts_for_the_root(place: Town) -> None:
    with scope(place.bakery.id):
        actions.pause_marketing(place.bakery.id, place.oleg, clock.now() + timedelta(days=9))
        actions.merge(place.bakery.id, loser=place.oleg, root=place.mira)

        assert why_not(place) == "paused"
        assert queries.preferences(place.bakery.id, place.mira).paused_until is not None
        actions.wake_marketing(place.bakery.id, place.mira)
        assert why_not(place) is None


def test_the_ledger_keeps_the_ground_of_a_yes_and_none_for_a_no(place: Town) -> None:
    with scope(place.bakery.id):
        actions.give_consent(
            place.bakery.id, place.oleg, channel=EMAIL, purpose=MARKETING, source="till",
            actor="anna", text_version="v3", basis=Basis.EXISTING_CUSTOMER,
        )  # fmt: skip
        actions.withdraw_consent(
            place.bakery.id, place.oleg, channel=EMAIL, purpose=MARKETING, source="phone"
        )

        lines = queries.card(place.bakery.id, place.oleg).history
        assert [(e.state.value, e.basis, e.text_version, e.source, e.actor) for e in lines] == [
            ("withdrawn", "", "", "phone", ""),
            ("given", "existing_customer", "v3", "till", "anna"),
        ]


def suppressed(place: Town) -> bool:
    return why_not(place) == "suppressed"


def test_nothing_a_program_does_clears_a_suppression(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        actions.suppress(shop, channel=EMAIL, address="mira@example.com", reason="complaint")
        join(place, MARKETING)
        assert suppressed(place)

        actions.identify_many(shop, [Identity(external_id="mira", email="mira@example.com")])
        assert suppressed(place)
        actions.change_profile(shop, place.mira, {"email": None}, actor="api")
        actions.change_profile(shop, place.mira, {"email": "Mira@Example.com"}, actor="api")
        assert suppressed(place)
        actions.suppress(shop, channel=EMAIL, address="mira@example.com", reason="bounce")
        assert suppressed(place)

        actions.merge(shop, loser=place.oleg, root=place.mira)
        assert suppressed(place)
        actions.unmerge(shop, place.oleg)
        assert suppressed(place)


def test_an_address_stays_suppressed_under_whoever_comes_with_it_next(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        actions.suppress(shop, channel=EMAIL, address="next@example.com", reason="bounce")
        (newcomer,) = actions.identify_many(shop, [Identity(email="NEXT@example.com")])
        actions.give_consent(shop, newcomer, channel=EMAIL, purpose=MARKETING, source="form")

        found = queries.may_contact(shop, [newcomer], EMAIL, MARKETING)
        assert found == {newcomer: "suppressed"}
        found = queries.may_contact(shop, [newcomer], EMAIL, "transactional")
        assert found == {newcomer: "suppressed"}


def test_a_suppression_outlives_a_merge_and_follows_the_address_not_the_person(
    place: Town,
) -> None:
    shop = place.bakery.id
    with scope(shop):
        actions.suppress(shop, channel=EMAIL, address="oleg@example.com", reason="bounce")
        actions.merge(shop, loser=place.oleg, root=place.mira)
        assert why_not(place) is None

        actions.change_profile(shop, place.mira, {"email": "oleg@example.com"}, actor="anna")
        assert suppressed(place)


def test_lifting_by_hand_needs_a_reason_and_leaves_proof(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        actions.suppress(
            shop, channel=EMAIL, address="mira@example.com", reason="bounce",
            customer_id=place.mira,
        )  # fmt: skip
        with pytest.raises(Invalid) as told:
            actions.lift_suppression(
                shop, channel=EMAIL, address="mira@example.com", actor="anna", note="  "
            )
        assert told.value.code == "lift_note" and suppressed(place)

        actions.lift_suppression(
            shop, channel=EMAIL, address="mira@example.com", actor="anna", note="Mailbox was full"
        )
        assert why_not(place) is None
        raw = cursor()
        raw.execute(
            "SELECT lifted_by, lift_note, reason FROM customers_suppression"
            " WHERE workspace_id = %s", [shop],
        )  # fmt: skip
        assert raw.fetchall() == [("anna", "Mailbox was full", "bounce")]
        event = events.timeline(shop, place.mira, 1)[0]
        assert (event.kind, dict(event.props)) == (
            "suppression.lifted",
            {"channel": EMAIL, "actor": "anna", "note": "Mailbox was full", "reason": "bounce"},
        )
        with pytest.raises(NotFound):
            actions.lift_suppression(
                shop, channel=EMAIL, address="mira@example.com", actor="anna", note="again"
            )


def test_topics_are_named_kept_and_put_away(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        actions.archive_topic(shop, "offers")
        assert [(t.key, t.name_in("uk"), t.name_in("ru")) for t in queries.topics(shop)] == [
            ("news", "Новини", "News")
        ]
        actions.save_topic(shop, "offers", {"ru": "Скидки"})
        assert [t.key for t in queries.topics(shop)] == ["news", "offers"]
        for key, names in (("", {"en": "x"}), ("A b", {"en": "x"}), ("ok", {}), ("ok", {"en": ""})):
            with pytest.raises(Invalid):
                actions.save_topic(shop, key, names)
        with pytest.raises(NotFound):
            actions.archive_topic(shop, "nothing")
    with scope(place.other.id):
        assert queries.topics(place.other.id) == []


def test_the_words_of_a_version_never_change(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        actions.add_consent_text(shop, "v1", "I agree.", actor="anna")
        actions.add_consent_text(shop, "v1", "I agree.", actor="oleg")
        with pytest.raises(Conflict) as told:
            actions.add_consent_text(shop, "v1", "I agree to all.", actor="anna")

        assert told.value.code == "text_taken"
        assert [(t.version, t.words, t.author) for t in queries.consent_texts(shop)] == [
            ("v1", "I agree.", "anna")
        ]


def test_a_wish_to_be_erased_waits_once_and_is_answered_by_a_person(place: Town) -> None:
    shop = place.bakery.id
    with scope(shop):
        assert actions.ask_erasure(shop, place.mira, source="preferences")
        assert not actions.ask_erasure(shop, place.mira, source="preferences")
        (request,) = queries.erasure_requests(shop, is_open=True)
        event = events.timeline(shop, place.mira, 1)[0]
        assert (event.kind, dict(event.props)) == (
            "erasure.requested", {"request": request.public_id, "source": "preferences"},
        )  # fmt: skip

        with pytest.raises(Invalid):
            actions.settle_erasure(shop, request.public_id, state="done", note="", actor="anna")
        actions.settle_erasure(
            shop, request.public_id, state="declined", note="Asked by mistake", actor="anna"
        )
        with pytest.raises(Conflict):
            actions.settle_erasure(shop, request.public_id, state="done", note="x", actor="anna")
        assert queries.erasure_requests(shop, is_open=True) == []
        (settled,) = queries.erasure_requests(shop, is_open=False)
        assert (settled.state, settled.note, settled.settled_by) == (
            "declined", "Asked by mistake", "anna",
        )  # fmt: skip
        assert actions.ask_erasure(shop, place.mira, source="preferences")
    with scope(place.other.id), pytest.raises(NotFound):
        actions.settle_erasure(
            place.other.id, request.public_id, state="done", note="x", actor="anna"
        )
