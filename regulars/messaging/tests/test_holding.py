from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from regulars.events import queries as events
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.messaging import actions, queries
from regulars.messaging.records import FINAL_STATES, MessageState, PastMessage
from regulars.messaging.sender import claims, ledger
from regulars.messaging.sender.items import Claim, Ending
from regulars.messaging.tests.sending import plan, ready_town, rows, states
from regulars.store.scope import scope

pytestmark = pytest.mark.usefixtures("as_engine")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_held_campaign_is_not_claimed_and_goes_on_as_much_later_as_it_was_held() -> None:
    town, version = ready_town(2525)
    with time_machine.travel(NOON, tick=False):
        plan(town.bakery.id, version, [town.mira], due_at=NOON)
        plan(town.bakery.id, version, [town.oleg], due_at=NOON + timedelta(minutes=10))
        with scope(town.bakery.id):
            assert actions.hold_messages(town.bakery.id, campaign_id=1) == 2
            assert actions.hold_messages(town.bakery.id, campaign_id=1) == 0
            assert claims.claim(town.bakery.id, 1, 10) == []
            assert town.bakery.id not in claims.workspaces_with_work()

    with time_machine.travel(NOON + timedelta(hours=2), tick=False), scope(town.bakery.id):
        assert claims.claim(town.bakery.id, 1, 10) == []
        assert actions.release_messages(town.bakery.id, campaign_id=1) == 2
        taken = claims.claim(town.bakery.id, 1, 10)

    assert [claim.customer_id for claim in taken] == [town.mira]
    assert rows(town.bakery.id, "due_at")[1] == (NOON + timedelta(hours=2, minutes=10),)


def test_holding_stops_a_worker_that_has_claimed_and_not_handed_over() -> None:
    town, version = ready_town(2525)
    plan(town.bakery.id, version, [town.mira])
    with scope(town.bakery.id):
        taken = claims.claim(town.bakery.id, claims.new_worker(), 10)
        assert actions.hold_messages(town.bakery.id, campaign_id=1) == 1

    assert ledger.store([], taken) == set()
    assert states(town.bakery.id) == {town.mira: "planned"}


def test_a_letter_under_way_cannot_be_called_back() -> None:
    town, version = ready_town(2525)
    plan(town.bakery.id, version, [town.mira])
    with scope(town.bakery.id):
        taken = claims.claim(town.bakery.id, claims.new_worker(), 10)
    ledger.store([], taken)

    with scope(town.bakery.id):
        assert actions.hold_messages(town.bakery.id, campaign_id=1) == 0
        assert actions.cancel_messages(town.bakery.id, campaign_id=1) == 0
    assert states(town.bakery.id) == {town.mira: "handing"}


def put_off(claim: Claim) -> None:
    """The server's answer to a letter in hand-over: later, please."""
    now = clock.now()
    ending = Ending(claim, MessageState.DEFERRED, now, "final 451", due_at=now, was_tried=True)
    ledger.store([ending], [])


def test_a_held_letter_that_the_server_puts_off_waits_until_it_is_let_go() -> None:
    town, version = ready_town(2525)
    plan(town.bakery.id, version, [town.mira])
    with scope(town.bakery.id):
        (claim,) = claims.claim(town.bakery.id, claims.new_worker(), 10)
    ledger.store([], [claim])

    with scope(town.bakery.id):
        assert actions.hold_messages(town.bakery.id, campaign_id=1) == 0
    put_off(claim)

    assert states(town.bakery.id) == {town.mira: "deferred"}
    with scope(town.bakery.id):
        assert claims.claim(town.bakery.id, 1, 10) == []
        assert actions.release_messages(town.bakery.id, campaign_id=1) == 1
    with time_machine.travel(clock.now() + timedelta(minutes=1)), scope(town.bakery.id):
        (again,) = claims.claim(town.bakery.id, 1, 10)
    assert again.id == claim.id


def test_a_letter_taken_while_it_was_held_keeps_its_times_when_the_rest_is_let_go() -> None:
    town, version = ready_town(2525)
    plan(town.bakery.id, version, [town.mira])
    with scope(town.bakery.id):
        (claim,) = claims.claim(town.bakery.id, claims.new_worker(), 10)
    ledger.store([], [claim])
    with scope(town.bakery.id):
        actions.hold_messages(town.bakery.id, campaign_id=1)
    ledger.store([Ending(claim, MessageState.ACCEPTED, clock.now(), was_tried=True)], [])
    ((due_at, held_at),) = rows(town.bakery.id, "due_at, held_at")

    with scope(town.bakery.id):
        assert actions.release_messages(town.bakery.id, campaign_id=1) == 0

    assert held_at is not None
    assert rows(town.bakery.id, "state, due_at, held_at") == [("accepted", due_at, None)]


@pytest.mark.parametrize("is_paused_first", [False, True])
def test_a_cancelled_letter_that_the_server_puts_off_is_not_tried_again(
    is_paused_first: bool,
) -> None:
    town, version = ready_town(2525)
    plan(town.bakery.id, version, [town.mira])
    with scope(town.bakery.id):
        (claim,) = claims.claim(town.bakery.id, claims.new_worker(), 10)
    ledger.store([], [claim])

    with scope(town.bakery.id):
        if is_paused_first:
            actions.hold_messages(town.bakery.id, campaign_id=1)
        assert actions.cancel_messages(town.bakery.id, campaign_id=1) == 0
    put_off(claim)
    with scope(town.bakery.id):
        assert claims.claim(town.bakery.id, 1, 10) == []

    assert states(town.bakery.id) == {town.mira: "expired"}


def test_campaigns_are_counted_and_listed_by_state_without_the_neighbours() -> None:
    town, version = ready_town(2525)
    plan(town.bakery.id, version, [town.mira, town.oleg])
    with scope(town.bakery.id):
        claims.claim(town.bakery.id, 1, 1)
        counts = queries.counts_of_campaigns(town.bakery.id, [1, 2])
        waiting = queries.campaign_messages(town.bakery.id, 1, states=[MessageState.PLANNED])
        first = queries.campaign_messages(town.bakery.id, 1, limit=1)
        rest = queries.campaign_messages(town.bakery.id, 1, after_id=first[0].id)
        mira = queries.campaign_message(town.bakery.id, 1, town.mira)
        nobody = queries.campaign_message(town.bakery.id, 1, town.zoe)

    assert counts == {1: {MessageState.CLAIMED: 1, MessageState.PLANNED: 1}}
    assert [message.customer_id for message in waiting] == [town.oleg]
    assert [message.customer_id for message in (*first, *rest)] == [town.mira, town.oleg]
    assert mira is not None
    assert (mira.state, mira.handed_at, mira.attempts) == (MessageState.CLAIMED, None, 0)
    assert nobody is None
    with scope(town.other.id):
        assert queries.counts_of_campaigns(town.other.id, [1]) == {}
        assert queries.campaign_messages(town.other.id, 1) == []


def past(customer_id: int, version: int, **fields: datetime | None) -> PastMessage:
    times = {"planned_at": NOON, "accepted_at": NOON, "bounced_at": None, **fields}
    return PastMessage("past:1", 7, customer_id, version, **times)  # type: ignore[arg-type]


def test_the_past_is_kept_once_and_nothing_leaves() -> None:
    town, version = ready_town(2525)
    given = [
        past(town.oleg, version, bounced_at=NOON + timedelta(minutes=1)),
        past(town.mira, version),
        past(town.zoe, version, accepted_at=None),
    ]
    with scope(town.bakery.id):
        kept = actions.record_past(town.bakery.id, given)
        again = actions.record_past(town.bakery.id, list(reversed(given)))
        found = queries.campaign_messages(town.bakery.id, 7)
        assert claims.claim(town.bakery.id, 1, 10) == []
        assert events.timeline(town.bakery.id, town.mira, 50, kinds=["message.sent"]) == []

    assert again == list(reversed(kept))
    assert [(m.id, m.public_id) for m in found] == sorted(kept)
    assert {m.customer_id: m.state for m in found} == {
        town.oleg: MessageState.BOUNCED,
        town.mira: MessageState.ACCEPTED,
        town.zoe: MessageState.REJECTED,
    }


def test_the_past_needs_a_version_of_the_same_workspace() -> None:
    town, version = ready_town(2525)
    with scope(town.other.id), pytest.raises(NotFound):
        actions.record_past(town.other.id, [past(town.zoe, version)])
    with scope(town.other.id):
        assert queries.campaign_messages(town.other.id, 7) == []


def test_what_still_waits_is_not_final() -> None:
    waiting = {MessageState.PLANNED, MessageState.DEFERRED, MessageState.CLAIMED}
    assert FINAL_STATES.isdisjoint({*waiting, MessageState.HANDING})
