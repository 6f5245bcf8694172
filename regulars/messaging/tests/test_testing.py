from __future__ import annotations

import threading
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

import pytest

from regulars.events import queries as events
from regulars.kernel.errors import Outside
from regulars.messaging import actions, queries, words
from regulars.messaging.adapters.smtp import once
from regulars.messaging.adapters.smtp.client import Peer
from regulars.messaging.pure.addresses import mailbox
from regulars.messaging.tests.peers import HANG, StrictPeer, aiosmtpd_peer
from regulars.messaging.tests.sending import SOURCE, WAIT_S, ready_town, rows, running
from regulars.store.scope import scope

pytestmark = pytest.mark.usefixtures("as_engine")


def send(workspace_id: int, customer_id: int, **changed: str) -> None:
    given = {"subject": "News for {{ customer.first_name }}", "source": SOURCE,
             "address": "anna@example.com", **changed}  # fmt: skip
    with scope(workspace_id):
        actions.send_test(workspace_id, customer_id=customer_id, **given)


def test_a_test_goes_to_the_member_as_the_customer_would_get_it_and_leaves_no_trace() -> None:
    with aiosmtpd_peer() as (sink, controller):
        town, _version = ready_town(controller.port)
        with scope(town.bakery.id):
            before = len(events.timeline(town.bakery.id, town.mira, 50))

        send(town.bakery.id, town.mira)

    ((_sender, receivers, raw),) = sink.letters
    read: Any = message_from_bytes(raw, policy=policy.default)
    assert receivers == ["anna@example.com"]
    assert read["To"] == "anna@example.com"
    assert read["Subject"] == "News for Mira"
    assert "/u/" in read["List-Unsubscribe"]
    assert rows(town.bakery.id) == []
    with scope(town.bakery.id):
        assert len(events.timeline(town.bakery.id, town.mira, 50)) == before


def test_the_test_of_the_settings_is_a_letter_of_its_own() -> None:
    with running(StrictPeer()) as peer:
        town, _version = ready_town(peer.port)
        with scope(town.bakery.id):
            actions.try_sender(town.bakery.id, address="anna@example.com")

    (letter,) = peer.letters
    read: Any = message_from_bytes(letter, policy=policy.default)
    assert peer.recipients == ["anna@example.com"]
    assert read["Subject"] == "It works: your mail leaves"
    assert read["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    ("script", "code", "told"),
    [
        ({"rcpt": "550 5.1.1 no such user"}, "letter_refused", "550 5.1.1 no such user"),
        ({"final": "451 4.7.1 later"}, "letter_refused", "451 4.7.1 later"),
        ({"greeting": "554 5.3.2 go away"}, "smtp_greeting", "554 5.3.2 go away"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(
    script: dict[str, str], code: str, told: str
) -> None:
    with running(StrictPeer(script=script)) as peer:
        town, _version = ready_town(peer.port)
        with pytest.raises(Outside) as refusal:
            send(town.bakery.id, town.mira)

    assert refusal.value.code == code
    assert told in words.fault(refusal.value)
    assert peer.letters == []


def hand_over(find: Callable[[], Peer], deadline_s: float) -> None:
    receiver = mailbox("anna@example.com")
    once.hand_over_once(
        find, sender="", recipient=receiver, letter=b"Subject: x\r\n", deadline_s=deadline_s
    )


@pytest.mark.parametrize("stage", ["greeting", "data", "final"])
def test_a_server_that_keeps_silent_holds_nobody_longer_than_the_deadline(stage: str) -> None:
    # Each step may take five seconds; all together may not.
    with running(StrictPeer(script={stage: HANG})) as peer, pytest.raises(Outside) as refusal:
        hand_over(peer.peer, 0.1)

    assert refusal.value.code == "letter_refused"
    assert words.fault(refusal.value) == "The mail server did not take the letter."


def test_a_name_that_is_not_found_in_time_is_left_behind() -> None:
    has_ended = threading.Event()
    try:
        with running(StrictPeer()) as peer:

            def find() -> Peer:
                has_ended.wait(WAIT_S)
                return peer.peer()

            with pytest.raises(Outside) as refusal:
                hand_over(find, 0.1)
            assert not has_ended.is_set()
    finally:
        has_ended.set()

    assert refusal.value.code == "letter_refused"
    assert peer.connections == 0


def test_another_workspaces_customer_is_nobody() -> None:
    with running(StrictPeer()) as peer:
        town, _version = ready_town(peer.port)
        with pytest.raises(Exception, match="no such customer"):
            send(town.bakery.id, town.zoe)

    assert peer.connections == 0


def test_a_preview_shows_the_line_that_is_added_and_tells_names_nobody_declared() -> None:
    town, _version = ready_town(2525)
    with scope(town.bakery.id):
        shown = queries.preview(
            town.bakery.id,
            town.mira,
            subject="Hi {{ customer.first_name }}",
            source="<p>{{ customer.nickname }} {{ customer.attrs.size }}</p>",
        )

    assert shown.subject == "Hi Mira"
    assert "Unsubscribe" in shown.html
    assert not shown.has_unsubscribe
    assert shown.unknown == ("customer.nickname",)
    assert shown.missing == ("customer.nickname", "customer.attrs.size")
