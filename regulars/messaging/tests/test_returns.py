"""What comes back: letters to the bounce door and the catcher, openings and clicks."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connections

from regulars.customers import queries as customers
from regulars.events import inbox
from regulars.events import queries as events
from regulars.events.claims import InboxRow
from regulars.kernel import clock
from regulars.kernel.ids import new_public_id
from regulars.messaging import actions, queries, tracking
from regulars.messaging.bounce_door import BounceDoor
from regulars.messaging.catcher import Catcher
from regulars.messaging.pure import tokens
from regulars.messaging.pure.tokens import Purpose
from regulars.messaging.receiver import Door, run_receiver
from regulars.messaging.records import MessageState, PastMessage
from regulars.messaging.tests.peers import free_port
from regulars.messaging.tests.sending import ready_town, wait_for
from regulars.store.scope import scope
from tests.town import Town, workspace

pytestmark = pytest.mark.usefixtures("as_engine")

# In the form Postfix, Exim, Exchange Online and Gmail give their reports.
POSTFIX = """From: MAILER-DAEMON@mx.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="A1.17/mx.example"

--A1.17/mx.example
Content-Description: Notification

<mira@example.com>: host mail.example.com said: 550 5.1.1 User unknown (in reply to RCPT TO)
--A1.17/mx.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Sender: rfc822; b-x@bounce.example

Final-Recipient: rfc822; mira@example.com
Original-Recipient: rfc822;mira@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--A1.17/mx.example--
"""
EXIM_FULL = """From: Mail Delivery System <Mailer-Daemon@exim.example>
X-Failed-Recipients: mira@example.com
Auto-Submitted: auto-replied
Subject: Mail delivery failed: returning message to sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=1700-eximdsn-42

--1700-eximdsn-42
Content-type: text/plain; charset=us-ascii

A message that you sent could not be delivered: mailbox is full
--1700-eximdsn-42
Content-type: message/delivery-status

Reporting-MTA: dns; exim.example

Action: failed
Final-Recipient: rfc822;mira@example.com
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 mailbox full

--1700-eximdsn-42--
"""
EXCHANGE = """From: Microsoft Outlook <postmaster@outlook.example>
Subject: Undeliverable: News
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="_x_"

--_x_
Content-Type: multipart/alternative; boundary="_y_"

--_y_
Content-Type: text/plain; charset="us-ascii"

Your message couldn't be delivered to mira@example.com.
--_y_--
--_x_
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01.prod.outlook.example
Received-From-MTA: dns;bakery.example

Final-Recipient: rfc822;mira@example.com
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found

--_x_--
"""
GMAIL_DELAY = """From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
Subject: Delivery Status Notification (Delay)
MIME-Version: 1.0
Content-Type: multipart/report; boundary="00ff"; report-type=delivery-status

--00ff
Content-Type: text/plain; charset="UTF-8"

Gmail will retry for 46 more hours.
--00ff
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.example

Final-Recipient: rfc822; mira@example.com
Action: delayed
Status: 4.4.1

--00ff--
"""


def accepted(town: Town, version: int, occurrence: str = "campaign:1") -> str:
    """A message to Mira that the server has taken; its public id."""
    now = clock.now() - timedelta(minutes=5)
    row = PastMessage(occurrence, 1, town.mira, version, now, now)
    with scope(town.bakery.id):
        ((_id, public_id),) = actions.record_past(town.bakery.id, [row])
    return public_id


def kinds(town: Town) -> list[str]:
    with scope(town.bakery.id):
        return [event.kind for event in events.timeline(town.bakery.id, town.mira, 100)]


def refusal(town: Town, purpose: str) -> str | None:
    with scope(town.bakery.id):
        return customers.contact_refusals(
            town.bakery.id, [town.mira], channel="email", purpose=purpose
        ).get(town.mira)


@contextmanager
def receiving(door: Door) -> Iterator[int]:
    """The product's own receiver, as the worker runs it."""
    port, stop = free_port(), threading.Event()
    thread = threading.Thread(target=run_receiver, args=(stop, "127.0.0.1", port, door))
    thread.start()
    wait_for(lambda: _answers(port))
    try:
        yield port
    finally:
        stop.set()
        thread.join()


def _answers(port: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=5):
            return True
    except OSError:
        return False


def give(port: int, receiver: str, text: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.sendmail("", [receiver], text.replace("\n", "\r\n").encode())


@pytest.mark.parametrize(
    ("report", "state", "transactional"),
    [
        (POSTFIX, "bounced", "suppressed"),
        (EXCHANGE, "bounced", "suppressed"),
        (EXIM_FULL, "bounced", None),
        (GMAIL_DELAY, "accepted", None),
    ],
    ids=["postfix-gone", "exchange-gone", "exim-full", "gmail-delay"],
)
def test_a_report_finds_its_message_by_the_return_path(
    report: str, state: str, transactional: str | None
) -> None:
    town, version = ready_town(2525)
    public_id = accepted(town, version)
    token = tokens.seal_bounce(town.bakery.secret.encode(), town.bakery.id, public_id)

    with receiving(BounceDoor()) as port:
        give(port, f"B-{token.upper()}@bounce.example", report)
        give(port, f"b-{token}@bounce.example", report)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            give(port, "somebody@bounce.example", report)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            give(port, f"b-{'b' if token[0] == 'a' else 'a'}{token[1:]}@bounce.example", report)

    with scope(town.bakery.id):
        message = queries.message(town.bakery.id, public_id)
    assert message is not None
    assert message.state == MessageState(state)
    assert kinds(town).count("message.bounced") == (1 if state == "bounced" else 0)
    assert refusal(town, "transactional") == transactional


def test_a_mailbox_that_stays_full_is_given_up_the_third_time() -> None:
    town, version = ready_town(2525)
    for number in range(3):
        assert refusal(town, "transactional") is None
        public_id = accepted(town, version, f"campaign:{number}")
        with scope(town.bakery.id):
            actions.take_bounce(town.bakery.id, public_id, EXIM_FULL.encode())

    assert refusal(town, "transactional") == "suppressed"


def test_the_catcher_keeps_letters_under_the_workspace_that_sent_them() -> None:
    town, _version = ready_town(2525)
    named = f"Message-ID: <{'m' * 22}.{town.other.id}@x.example>\nSubject: Hi\n\nwords\n"
    with receiving(Catcher()) as port:
        give(port, "anybody@example.com", named)

    with scope(town.other.id):
        (letter,) = queries.caught(town.other.id)
    assert (letter.subject, letter.rcpt_to) == ("Hi", "anybody@example.com")
    with scope(town.bakery.id):
        assert queries.caught(town.bakery.id) == []


class Kept:
    """An inbox that remembers what it was given."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str, bytes]] = []

    async def store(self, workspace_id: int, kind: str, body: bytes, **_: object) -> None:
        self.rows.append((workspace_id, kind, body))


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    made = Kept()
    monkeypatch.setattr(inbox, "current", lambda: made)
    return made


def ask(path: str, *, method: str = "GET", agent: str = "") -> tuple[int, dict[bytes, bytes]]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {}

    request = {"type": "http", "path": path, "method": method,
               "headers": [(b"user-agent", agent.encode())]}  # fmt: skip
    asyncio.run(tracking.handle(request, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"])


def taken(town: Town, kept: Kept) -> list[tuple[str, bool]]:
    rows = [
        InboxRow(
            id=n,
            workspace_id=workspace_id,
            kind=kind,
            source="",
            received_at=clock.now(),
            body=body,
        )
        for n, (workspace_id, kind, body) in enumerate(kept.rows)
    ]
    with scope(town.bakery.id):
        tracking.take(town.bakery.id, rows)
        found = events.timeline(
            town.bakery.id, town.mira, 100, kinds=["message.opened", "message.clicked"]
        )
    # What rules narrow by: which campaign, by which channel.
    assert all({"campaign", "message"} <= set(event.props) for event in found)
    assert {event.props["channel"] for event in found} <= {"email"}
    return sorted((event.kind, event.props["is_confirmed"]) for event in found)


PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


@pytest.mark.parametrize(
    ("agent", "is_confirmed"), [(PHONE, True), (GMAIL, False), ("Mozilla/5.0", False)]
)
def test_openings_count_and_those_of_proxies_are_not_confirmed(
    kept: Kept, agent: str, is_confirmed: bool
) -> None:
    town, version = ready_town(2525)
    secret, public_id = town.bakery.secret.encode(), accepted(town, version)
    path = f"/o/{tokens.seal(secret, Purpose.OPEN, town.bakery.id, public_id)}.gif"

    status, headers = ask(path, agent=agent)
    ask(path, agent=agent)

    assert (status, headers[b"content-type"]) == (200, b"image/gif")
    assert taken(town, kept) == [("message.opened", is_confirmed)]
    assert taken(town, kept) == [("message.opened", is_confirmed)]


def test_a_click_leads_to_the_sealed_address_and_a_scanners_is_not_confirmed(kept: Kept) -> None:
    town, version = ready_town(2525)
    secret, public_id = town.bakery.secret.encode(), accepted(town, version)
    target = "https://shop.example/p?a=1&b=2"
    token = tokens.seal_link(secret, town.bakery.id, public_id, link_index=0, url=target)

    status, headers = ask(f"/l/{token}", agent=PHONE)
    ask(f"/l/{token}", method="HEAD", agent=PHONE)

    assert (status, headers[b"location"]) == (302, target.encode())
    assert taken(town, kept) == [("message.clicked", False), ("message.clicked", True)]


def test_a_click_within_two_seconds_of_the_hand_over_is_a_scanners(kept: Kept) -> None:
    town, version = ready_town(2525)
    now: datetime = clock.now()
    row = PastMessage("campaign:9", 1, town.mira, version, now, now)
    with scope(town.bakery.id):
        ((_id, public_id),) = actions.record_past(town.bakery.id, [row])
    secret = town.bakery.secret.encode()
    token = tokens.seal_link(
        secret, town.bakery.id, public_id, link_index=0, url="https://shop.example/"
    )

    ask(f"/l/{token}", agent=PHONE)

    assert taken(town, kept) == [("message.clicked", False)]


def test_changed_tokens_lead_nowhere_and_test_letters_leave_no_trace(kept: Kept) -> None:
    town, version = ready_town(2525)
    secret, public_id = town.bakery.secret.encode(), accepted(town, version)
    token = tokens.seal_link(
        secret, town.bakery.id, public_id, link_index=0, url="https://shop.example/"
    )
    forged = tokens.seal_link(
        town.other.secret.encode(), town.bakery.id, public_id, link_index=0,
        url="https://evil.example/",
    )  # fmt: skip
    of_test = tokens.seal(secret, Purpose.OPEN, town.bakery.id, new_public_id())

    assert ask(f"/l/{token[:-1]}")[0] == 404
    assert ask(f"/l/{forged}")[0] == 404
    assert ask(f"/l/{token}", method="POST")[0] == 405
    assert kept.rows == []
    assert ask("/o/rubbish.gif")[0] == 200
    assert ask(f"/o/{of_test}.gif", agent=PHONE)[0] == 200
    assert taken(town, kept) == []


def test_links_work_again_after_the_database_was_restarted(db: None, database: str) -> None:
    shop = workspace()
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(tracking.secret_of, shop.id).result()
        with psycopg.connect(database, autocommit=True) as server:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        second = thread.submit(tracking.secret_of, shop.id).result()
        thread.submit(connections.close_all).result()
    connections.close_all()

    assert first == second == shop.secret.encode()
