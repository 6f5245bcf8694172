"""What was planned and claimed before the reader chose is asked again at the hand-over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.events import queries as events
from regulars.kernel import clock
from regulars.messaging import actions
from regulars.messaging.actions import choosing
from regulars.messaging.records import MessageState
from regulars.messaging.sender import claims, ledger
from regulars.messaging.sender.items import Claim, Ending
from regulars.messaging.sender.loop import _addressed
from regulars.messaging.tests.sending import ready_town, states
from regulars.store.scope import cursor, scope
from tests.town import Town

pytestmark = pytest.mark.usefixtures("as_engine")
WORKER = 7


def planned(topic: str = "", *, occurrence: str = "campaign:1") -> tuple[Town, int]:
    town, version = ready_town(2525)
    plan(town, version, topic, occurrence=occurrence)
    return town, version


def plan(
    town: Town, version: int, topic: str = "", *, occurrence: str = "campaign:1",
    is_marketing: bool = True,
) -> None:  # fmt: skip
    with scope(town.bakery.id):
        actions.plan_messages(
            town.bakery.id, occurrence=occurrence, campaign_id=1, customer_ids=[town.mira],
            template_version_id=version, due_at=clock.now(), is_marketing=is_marketing,
            topic=topic,
        )  # fmt: skip


def claimed(town: Town) -> list[Claim]:
    with scope(town.bakery.id):
        return claims.claim(town.bakery.id, WORKER, 10)


def outcome(town: Town) -> list[tuple[str, str]]:
    with scope(town.bakery.id):
        raw = cursor()
        raw.execute(
            "SELECT state, reason FROM messaging_message WHERE workspace_id = %s ORDER BY id",
            [town.bakery.id],
        )
        return raw.fetchall()


def say(town: Town, purpose: str, *, given: bool) -> None:
    with scope(town.bakery.id):
        word = customers.give_consent if given else customers.withdraw_consent
        word(town.bakery.id, town.mira, channel="email", purpose=purpose, source="test")


@pytest.mark.parametrize(
    ("purpose", "reason"),
    [("marketing", "consent_withdrawn"), ("marketing:offers", "topic_left")],
)
def test_a_claimed_letter_is_refused_when_its_reader_leaves(purpose: str, reason: str) -> None:
    town, _ = planned("offers")
    held = claimed(town)
    say(town, purpose, given=False)

    marked = ledger.store([], held)

    assert marked == set()
    assert outcome(town) == [("refused", reason)]


def test_a_claimed_letter_of_another_topic_goes() -> None:
    town, _ = planned("news")
    held = claimed(town)
    say(town, "marketing:offers", given=False)

    assert ledger.store([], held) == {one.id for one in held}
    assert outcome(town) == [("handing", "")]


def test_a_claimed_letter_is_refused_when_its_reader_pauses() -> None:
    town, _ = planned()
    held = claimed(town)
    with scope(town.bakery.id):
        choosing.pause(town.bakery.id, town.mira)

    assert ledger.store([], held) == set()
    assert outcome(town) == [("refused", "paused")]


def test_a_claimed_letter_is_refused_when_its_reader_wants_to_be_erased() -> None:
    town, _ = planned("news")
    held = claimed(town)
    with scope(town.bakery.id):
        choosing.ask_to_be_erased(town.bakery.id, town.mira)

    assert ledger.store([], held) == set()
    assert outcome(town) == [("refused", "consent_withdrawn")]


def test_a_letter_about_an_order_goes_in_spite_of_a_pause_a_topic_and_a_frequency() -> None:
    town, version = ready_town(2525)
    plan(town, version, is_marketing=False)
    with scope(town.bakery.id):
        choosing.pause(town.bakery.id, town.mira)
        customers.choose_gap(town.bakery.id, town.mira, "email", 30)
    say(town, "marketing", given=False)

    held = claimed(town)

    assert ledger.store([], held) == {one.id for one in held}


def test_who_wants_one_letter_a_week_gets_one_a_week() -> None:
    town, version = planned()
    plan(town, version, occurrence="campaign:2")
    with scope(town.bakery.id):
        customers.choose_gap(town.bakery.id, town.mira, "email", 7)

    ledger.store([], claimed(town))
    assert outcome(town) == [("handing", ""), ("refused", "too_often")]
    with scope(town.bakery.id):
        cursor().execute(
            "UPDATE messaging_message SET state = 'accepted', handed_at = %s WHERE state ="
            " 'handing'", [clock.now() - timedelta(days=6, hours=23)],
        )  # fmt: skip
    plan(town, version, occurrence="campaign:3")
    ledger.store([], claimed(town))
    assert outcome(town)[2] == ("refused", "too_often")

    with scope(town.bakery.id):
        cursor().execute(
            "UPDATE messaging_message SET handed_at = %s WHERE handed_at IS NOT NULL",
            [clock.now() - timedelta(days=7)],
        )
    plan(town, version, occurrence="campaign:4")
    ledger.store([], claimed(town))
    assert outcome(town)[3] == ("handing", "")


def test_a_topic_alone_is_enough_for_its_own_letters() -> None:
    town, version = ready_town(2525)
    with scope(town.bakery.id):
        customers.give_consent(
            town.bakery.id, town.oleg, channel="email", purpose="marketing:news", source="x"
        )
        for occurrence, topic in (("a", "news"), ("b", ""), ("c", "offers")):
            actions.plan_messages(
                town.bakery.id, occurrence=occurrence, campaign_id=1, customer_ids=[town.oleg],
                template_version_id=version, due_at=clock.now(), is_marketing=True, topic=topic,
            )  # fmt: skip

    ledger.store([], claimed(town))

    assert outcome(town) == [
        ("handing", ""), ("refused", "consent_missing"), ("refused", "consent_missing"),
    ]  # fmt: skip
    assert set(states(town.bakery.id)) == {town.oleg}


def written(town: Town, held: list[Claim]) -> list[Claim]:
    """The claims as they are once their letters are written."""
    with scope(town.bakery.id):
        ids = [claim.customer_id for claim in held]
        profiles = customer_queries.profiles(town.bakery.id, ids)
        return _addressed(town.bakery.id, held, profiles)


def test_a_written_letter_does_not_go_to_an_address_that_a_split_gave_back() -> None:
    town, version = ready_town(2525)
    workspace_id = town.bakery.id
    with scope(workspace_id):
        customers.change_profile(workspace_id, town.mira, {"email": ""}, actor="test")
        customers.merge(workspace_id, loser=town.oleg, root=town.mira)
        customers.give_consent(
            workspace_id, town.mira, channel="email", purpose="marketing", source="test"
        )
        (profile,) = customer_queries.profiles(workspace_id, [town.mira]).values()
        assert profile.email == "oleg@example.com"
    plan(town, version)
    held = written(town, claimed(town))
    assert len(held) == 1
    with scope(workspace_id):
        customers.unmerge(workspace_id, town.oleg)
        customers.change_profile(
            workspace_id, town.mira, {"email": "mira@new.example"}, actor="test"
        )

    assert ledger.store([], held) == set()
    assert outcome(town) == [("planned", "")]

    again = written(town, claimed(town))
    assert ledger.store([], again) == {one.id for one in again}
    assert again[0].address_hash != held[0].address_hash


def test_leaving_by_a_letter_to_an_address_that_was_given_back_stops_that_address() -> None:
    town, version = ready_town(2525)
    workspace_id = town.bakery.id
    with scope(workspace_id):
        customers.give_consent(
            workspace_id, town.oleg, channel="email", purpose="marketing", source="test"
        )
        customers.change_profile(workspace_id, town.mira, {"email": ""}, actor="test")
        customers.merge(workspace_id, loser=town.oleg, root=town.mira)
    plan(town, version)
    held = written(town, claimed(town))
    assert ledger.store([], held) == {held[0].id}
    with scope(workspace_id):
        customers.unmerge(workspace_id, town.oleg)
        said = {"channel": "email", "purpose": "marketing"}
        assert customer_queries.contact_refusals(workspace_id, [town.oleg], **said) == {}

        actions.unsubscribe(workspace_id, held[0].public_id, source="one_click")

        refused = customer_queries.contact_refusals(workspace_id, [town.oleg], **said)
        assert refused == {town.oleg: "suppressed"}
        about_orders = {"channel": "email", "purpose": "transactional"}
        assert customer_queries.contact_refusals(workspace_id, [town.oleg], **about_orders) == {}


def test_leaving_by_a_letter_to_ones_own_address_suppresses_nothing() -> None:
    town, _ = planned()
    held = written(town, claimed(town))
    ledger.store([], held)
    with scope(town.bakery.id):
        actions.unsubscribe(town.bakery.id, held[0].public_id, source="one_click")

        raw = cursor()
        raw.execute(
            "SELECT count(*) FROM customers_suppression WHERE workspace_id = %s", [town.bakery.id]
        )
        assert raw.fetchone() == (0,)


def merged_away(town: Town) -> None:
    """Mira, for whom a letter is planned, turns out to be Oleg."""
    with scope(town.bakery.id):
        customers.merge(town.bakery.id, loser=town.mira, root=town.oleg)


def test_a_letter_about_an_order_goes_to_who_its_customer_is_by_now() -> None:
    town, version = ready_town(2525)
    plan(town, version, is_marketing=False)
    merged_away(town)

    held = written(town, claimed(town))

    assert [(one.customer_id, one.planned_for) for one in held] == [(town.oleg, town.mira)]
    assert ledger.store([], held) == {held[0].id}
    with scope(town.bakery.id):
        hashes = customer_queries.hashes_now(town.bakery.id, [town.oleg], channel="email")
    assert held[0].address_hash == hashes[town.oleg]
    ending = Ending(held[0], MessageState.ACCEPTED, clock.now())
    ledger.store([ending], [])
    with scope(town.bakery.id):
        (sent,) = [
            e for e in events.timeline(town.bakery.id, town.mira) if e.kind == "message.sent"
        ]
    assert sent.subject_id == held[0].id


def test_an_offer_to_somebody_who_was_merged_is_refused() -> None:
    town, version = ready_town(2525)
    plan(town, version)
    merged_away(town)

    assert ledger.store([], claimed(town)) == set()
    assert outcome(town) == [("refused", "customer_merged")]


def test_a_letter_about_an_order_finds_its_reader_after_a_merge_and_after_a_split() -> None:
    town, version = ready_town(2525)
    plan(town, version, is_marketing=False)
    held = written(town, claimed(town))
    merged_away(town)
    assert ledger.store([], held) == set()
    assert outcome(town) == [("planned", "")]

    held = written(town, claimed(town))
    with scope(town.bakery.id):
        customers.unmerge(town.bakery.id, town.mira)
    assert ledger.store([], held) == set()
    assert outcome(town) == [("planned", "")]

    held = written(town, claimed(town))
    assert ledger.store([], held) == {held[0].id}
    assert held[0].customer_id == town.mira
