from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.db import connection

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.customers.records import Identity
from regulars.events import queries as events
from regulars.kernel import clock
from regulars.messaging import actions
from regulars.messaging.records import MessageState
from regulars.messaging.sender import claims, ledger
from regulars.messaging.sender.items import Claim, Ending
from regulars.messaging.sender.loop import SendLoop
from regulars.messaging.tests.peers import DROP, QUICK, StrictPeer
from regulars.messaging.tests.sending import (
    plan,
    prepare,
    ready_town,
    rows,
    running,
    sending,
    states,
    wait_for,
)
from regulars.messaging.tests.test_returns import POSTFIX
from regulars.store.scope import cursor, scope

pytestmark = pytest.mark.usefixtures("as_engine")


def is_settled(workspace_id: int) -> bool:
    return all(
        state not in {"planned", "deferred", "claimed", "handing"}
        for state in states(workspace_id).values()
    )


def people(workspace_id: int, count: int) -> list[int]:
    with scope(workspace_id):
        ids = customers.identify_many(
            workspace_id,
            [Identity(external_id=f"p{n}", email=f"p{n}@example.com") for n in range(count)],
        )
        for customer_id in ids:
            customers.give_consent(
                workspace_id, customer_id, channel="email", purpose="marketing", source="test"
            )
    return list(ids)


def test_a_consenting_customer_gets_the_letter_once_and_others_a_reason() -> None:
    with running(StrictPeer()) as peer:
        town, version = ready_town(peer.port)
        everybody = [town.mira, town.oleg, town.zoe]
        assert plan(town.bakery.id, version, everybody) == 3
        assert plan(town.bakery.id, version, everybody) == 0

        with sending():
            wait_for(lambda: is_settled(town.bakery.id))

    assert rows(town.bakery.id) == [
        (town.mira, "accepted", ""),
        (town.oleg, "refused", "consent_missing"),
        (town.zoe, "refused", "customer_unknown"),
    ]
    assert peer.recipients == ["mira@example.com"]
    assert peer.errors == []
    (letter,) = peer.letters
    read: Any = message_from_bytes(letter, policy=policy.default)
    assert read["Subject"] == "News for Mira"
    assert "Hi Mira" in read.get_body(("html",)).get_content()
    assert "/l/" in read.get_body(("html",)).get_content()
    assert "/u/" in read["List-Unsubscribe"]
    assert "Unsubscribe" in read.get_body(("plain",)).get_content()
    with scope(town.bakery.id):
        kinds = [event.kind for event in events.timeline(town.bakery.id, town.mira, 10)]
        assert kinds.count("message.sent") == 1
        assert not any("message" in e.kind for e in events.timeline(town.bakery.id, town.oleg, 10))


@pytest.mark.parametrize(
    ("script", "state", "reason"),
    [
        ({"rcpt": "550 5.1.1 no such user"}, "rejected", "rcpt 550 5.1.1 no such user"),
        ({"final": "554 5.7.1 spam"}, "rejected", "final 554 5.7.1 spam"),
        ({"rcpt": "450 4.2.0 later"}, "deferred", "rcpt 450 4.2.0 later"),
        ({"mail": "550 5.7.1 not you"}, "deferred", "mail 550 5.7.1 not you"),
        ({"stored": DROP}, "unknown", "no_answer"),
    ],
)
def test_what_the_server_says_is_what_is_stored(
    script: dict[str, str], state: str, reason: str
) -> None:
    with running(StrictPeer(script=script)) as peer:
        town, version = ready_town(peer.port)
        plan(town.bakery.id, version, [town.mira])

        with sending():
            wait_for(lambda: rows(town.bakery.id, "state, reason, attempts")[0][2] == 1)

    ((found, why, due_at, planned_at, token),) = rows(
        town.bakery.id, "state, reason, due_at, planned_at, token"
    )
    assert (found, why) == (state, reason)
    assert (due_at > planned_at + timedelta(seconds=20)) is (state == "deferred")
    assert (token is None) is (state == "deferred")
    assert len(peer.letters) == (1 if state == "unknown" else 0)
    with scope(town.bakery.id):
        sent = [
            e for e in events.timeline(town.bakery.id, town.mira, 10) if e.kind == "message.sent"
        ]
    assert sent == []


def test_an_address_that_is_gone_is_suppressed_for_everything() -> None:
    with running(StrictPeer(script={"rcpt": "550 5.1.1 no such user"})) as peer:
        town, version = ready_town(peer.port)
        plan(town.bakery.id, version, [town.mira])
        with sending():
            wait_for(lambda: is_settled(town.bakery.id))
            plan(town.bakery.id, version, [town.mira], occurrence="receipt:1", is_marketing=False)
            wait_for(lambda: is_settled(town.bakery.id))

    assert rows(town.bakery.id, "state, reason")[1] == ("refused", "suppressed")
    assert len(peer.recipients) == 1


def move_mira(workspace_id: int, customer_id: int) -> None:
    with scope(workspace_id):
        customers.change_profile(
            workspace_id, customer_id, {"email": "mira@new.example"}, actor="test"
        )


def suppressed(workspace_id: int) -> list[tuple[str, int | None]]:
    """Which of Mira's addresses take no letters, and whose they are."""
    names = ["mira@example.com", "mira@new.example"]
    with scope(workspace_id):
        hashes = customer_queries.address_hashes(workspace_id, names, channel="email")
        raw = cursor()
        raw.execute(
            "SELECT address_hash, customer_id FROM customers_suppression WHERE workspace_id = %s",
            [workspace_id],
        )
        name_of = dict(zip(hashes, names, strict=True))
        return [(name_of[bytes(hash_)], customer_id) for hash_, customer_id in raw.fetchall()]


@pytest.mark.parametrize("has_moved", [True, False])
def test_a_bounce_suppresses_the_address_that_was_written_to(has_moved: bool) -> None:
    with running(StrictPeer()) as peer:
        town, version = ready_town(peer.port)
        plan(town.bakery.id, version, [town.mira])
        with sending():
            wait_for(lambda: is_settled(town.bakery.id))
    if has_moved:
        move_mira(town.bakery.id, town.mira)

    ((public_id,),) = rows(town.bakery.id, "public_id")
    with scope(town.bakery.id):
        actions.take_bounce(town.bakery.id, public_id, POSTFIX.encode())
        refusals = customer_queries.contact_refusals(
            town.bakery.id, [town.mira], channel="email", purpose="marketing"
        )

    assert states(town.bakery.id) == {town.mira: "bounced"}
    owner = None if has_moved else town.mira
    assert suppressed(town.bakery.id) == [("mira@example.com", owner)]
    assert refusals == ({} if has_moved else {town.mira: "suppressed"})


def test_a_refused_receiver_who_has_moved_keeps_the_new_address() -> None:
    with running(StrictPeer(script={"rcpt": "550 5.1.1 no such user"})) as peer:
        town, version = ready_town(peer.port)
        plan(town.bakery.id, version, [town.mira])
        loop = SendLoop(timeouts=QUICK)
        endings: list[Ending] = []
        loop.ledger.finish = endings.append  # type: ignore[method-assign]
        with sending(loop):
            wait_for(lambda: len(endings) == 1)
    move_mira(town.bakery.id, town.mira)

    ledger.store(endings, [])

    assert states(town.bakery.id) == {town.mira: "rejected"}
    assert suppressed(town.bakery.id) == [("mira@example.com", None)]


def test_a_transactional_letter_without_an_answer_goes_out_once_more_unchanged() -> None:
    with running(StrictPeer(script={"stored:1": DROP, "stored": DROP})) as peer:
        town, version = ready_town(peer.port)
        plan(town.bakery.id, version, [town.oleg], is_marketing=False)
        with sending():
            wait_for(lambda: len(peer.letters) == 1)
            wait_for(lambda: rows(town.bakery.id, "attempts") == [(1,)])
            with scope(town.bakery.id):
                cursor().execute(
                    "UPDATE messaging_message SET due_at = now() WHERE workspace_id = %s",
                    [town.bakery.id],
                )
            wait_for(lambda: is_settled(town.bakery.id))

    assert rows(town.bakery.id, "state, attempts") == [("unknown", 2)]
    first, second = (message_from_bytes(letter) for letter in peer.letters)
    assert first["Message-ID"] == second["Message-ID"]
    assert "List-Unsubscribe" not in first


def test_who_unsubscribed_after_planning_gets_nothing() -> None:
    with running(StrictPeer()) as peer:
        town, version = ready_town(peer.port)
        plan(town.bakery.id, version, [town.mira])
        with scope(town.bakery.id):
            customers.withdraw_consent(
                town.bakery.id, town.mira, channel="email", purpose="marketing", source="test"
            )
        with sending():
            wait_for(lambda: is_settled(town.bakery.id))

    assert rows(town.bakery.id) == [(town.mira, "refused", "consent_withdrawn")]
    assert peer.recipients == []


def claim_one(workspace_id: int, worker: int) -> Claim:
    with scope(workspace_id):
        (claim,) = claims.claim(workspace_id, worker, 10)
    return claim


def test_a_withdrawal_between_claim_and_mark_withholds_the_letter() -> None:
    town, version = ready_town(2525)
    plan(town.bakery.id, version, [town.mira])
    claim = claim_one(town.bakery.id, claims.new_worker())
    with scope(town.bakery.id):
        customers.withdraw_consent(
            town.bakery.id, town.mira, channel="email", purpose="marketing", source="test"
        )

    assert ledger.store([], [claim]) == set()

    assert rows(town.bakery.id) == [(town.mira, "refused", "consent_withdrawn")]


def test_a_cancelled_message_is_not_marked() -> None:
    town, version = ready_town(2525)
    plan(town.bakery.id, version, [town.mira, town.oleg])
    with scope(town.bakery.id):
        taken = claims.claim(town.bakery.id, claims.new_worker(), 1)
        assert actions.cancel_messages(town.bakery.id, campaign_id=1) == 2

    assert ledger.store([], taken) == set()
    assert set(states(town.bakery.id).values()) == {"cancelled"}


def test_a_late_worker_is_stopped_by_its_old_token() -> None:
    town, version = ready_town(2525)
    plan(town.bakery.id, version, [town.mira])
    late = claim_one(town.bakery.id, 1)
    with scope(town.bakery.id):
        cursor().execute("UPDATE messaging_message SET claimed_until = now() - interval '1 s'")
        assert claims.recover(own_worker=2) == 1
    new = claim_one(town.bakery.id, 2)

    assert ledger.store([], [late]) == set()
    assert ledger.store([], [new]) == {new.id}
    assert ledger.store([], [new]) == set()
    ended = Ending(late, MessageState.ACCEPTED, clock.now())
    ledger.store([ended], [])
    assert states(town.bakery.id) == {town.mira: "handing"}


def test_what_a_dead_worker_left_is_settled_by_how_far_it_got() -> None:
    town, version = ready_town(2525)
    plan(town.bakery.id, version, [town.mira])
    plan(town.bakery.id, version, [town.oleg], is_marketing=False, occurrence="receipt:1")
    dead = -7
    with scope(town.bakery.id):
        taken = claims.claim(town.bakery.id, dead, 10)
    assert ledger.store([], taken) == {claim.id for claim in taken}
    plan(town.bakery.id, version, [town.mira], occurrence="campaign:2")
    claim_one(town.bakery.id, dead)

    with scope(town.bakery.id):
        assert claims.recover(own_worker=2) == 3

    assert rows(town.bakery.id, "occurrence, state, token IS NULL") == [
        ("campaign:1", "unknown", False),
        ("receipt:1", "planned", True),
        ("campaign:2", "planned", True),
    ]
    (unknown,) = [claim for claim in taken if claim.is_marketing]
    ledger.store([Ending(unknown, MessageState.ACCEPTED, clock.now())], [])
    assert rows(town.bakery.id, "state")[0] == ("accepted",)


def test_a_living_worker_keeps_what_it_claimed() -> None:
    town, version = ready_town(2525)
    plan(town.bakery.id, version, [town.mira])
    worker = claims.new_worker()
    claim_one(town.bakery.id, worker)

    import psycopg

    from regulars.store import place
    from regulars.store.roles import Role

    with psycopg.connect(place.conninfo_for(Role.ENGINE)) as other:
        row = other.execute(
            "SELECT pg_try_advisory_xact_lock(%s, %s)", [claims.LOCK_CLASS, worker]
        ).fetchone()

    assert row == (False,)
    assert states(town.bakery.id) == {town.mira: "claimed"}


def test_what_is_not_due_waits_and_what_is_too_late_expires() -> None:
    town, version = ready_town(2525)
    later = clock.now() + timedelta(hours=1)
    plan(town.bakery.id, version, [town.mira], due_at=later)
    with scope(town.bakery.id):
        actions.plan_messages(
            town.bakery.id, occurrence="flash", campaign_id=None, customer_ids=[town.mira],
            template_version_id=version, due_at=clock.now(), is_marketing=True,
            expires_at=clock.now() - timedelta(seconds=1),
        )  # fmt: skip
        assert claims.claim(town.bakery.id, 1, 10) == []

    assert rows(town.bakery.id, "state") == [("planned",), ("expired",)]


def test_a_letter_that_cannot_be_read_is_refused_once_its_claim_is_committed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    town, version = ready_town(2525)
    with scope(town.bakery.id):
        cursor().execute(
            "UPDATE messaging_templateversion SET subject = '{{' WHERE workspace_id = %s",
            [town.bakery.id],
        )
    plan(town.bakery.id, version, [town.mira])
    loop = SendLoop()
    given: list[bool] = []

    def finish(ending: Ending) -> None:
        # The ledger writes at once and elsewhere: an open claim would hide the row from it.
        given.append(connection.in_atomic_block)
        ledger.store([ending], [])

    monkeypatch.setattr(loop.ledger, "finish", finish)
    monkeypatch.setattr(claims, "workspaces_with_work", lambda: [town.bakery.id])
    loop.feed()

    assert given == [False]
    assert rows(town.bakery.id) == [(town.mira, "refused", "template_open")]


def test_a_server_that_cannot_be_reached_pauses_the_sender_and_loses_nothing() -> None:
    with running(StrictPeer(script={"greeting": "554 no"})) as peer:
        town, version = ready_town(peer.port)
        plan(town.bakery.id, version, [town.mira])
        loop = SendLoop()
        with sending(loop):
            wait_for(lambda: sender_row(town.bakery.id)[0] is not None)
            wait_for(lambda: states(town.bakery.id) == {town.mira: "planned"})

    paused_until, faults, last_error = sender_row(town.bakery.id)
    assert paused_until > clock.now()
    assert faults == 1
    assert last_error == "The mail server refused: 554 no"
    assert rows(town.bakery.id, "state, attempts") == [("planned", 0)]


def sender_row(workspace_id: int) -> tuple[Any, ...]:
    with scope(workspace_id):
        raw = cursor()
        raw.execute(
            "SELECT paused_until, faults, last_error FROM messaging_sender WHERE workspace_id = %s",
            [workspace_id],
        )
        row = raw.fetchone()
    assert row is not None
    return row


def test_one_customers_bad_data_stops_nobody_else() -> None:
    with running(StrictPeer()) as peer:
        town, version = ready_town(
            peer.port, subject="For {{ customer.attrs.title }}", source="<p>x</p>"
        )
        with scope(town.bakery.id):
            (bad,) = customers.identify_many(
                town.bakery.id,
                [
                    Identity(
                        external_id="bad",
                        email="bad@example.com",
                        traits={"title": "a\r\nBcc: x@y.z"},
                    )
                ],
            )
            customers.give_consent(
                town.bakery.id, bad, channel="email", purpose="marketing", source="test"
            )
        plan(town.bakery.id, version, [bad, town.mira])
        with sending():
            wait_for(lambda: is_settled(town.bakery.id))

    assert rows(town.bakery.id) == [
        (bad, "refused", "header_invalid"),
        (town.mira, "accepted", ""),
    ]
    assert len(peer.letters) == 1


def test_two_workspaces_send_side_by_side_under_their_own_names() -> None:
    with running(StrictPeer()) as peer:
        town, version = ready_town(peer.port)
        other_version = prepare(town.other.id, peer.port)
        plan(town.bakery.id, version, [town.mira])
        plan(town.other.id, other_version, [town.zoe])
        with sending():
            wait_for(lambda: is_settled(town.bakery.id) and is_settled(town.other.id))

    assert sorted(peer.recipients) == ["mira@example.com", "zoe@example.com"]
    assert states(town.other.id) == {town.zoe: "accepted"}


def test_many_letters_go_over_few_connections_each_once() -> None:
    with running(StrictPeer()) as peer:
        town, version = ready_town(peer.port, connections_max=4)
        crowd = people(town.bakery.id, 300)
        plan(town.bakery.id, version, crowd)
        with sending() as loop:
            wait_for(lambda: is_settled(town.bakery.id))

    assert set(states(town.bakery.id).values()) == {"accepted"}
    assert sorted(peer.recipients) == sorted(f"p{n}@example.com" for n in range(300))
    assert peer.connections <= 8
    assert loop.ledger.commits < 450
