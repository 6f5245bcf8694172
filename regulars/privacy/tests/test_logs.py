"""Taking in, importing, sending and erasing write no personal data to any log."""

from __future__ import annotations

import gzip
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from regulars.customers import actions as customers
from regulars.events import queries as events
from regulars.intake.importers.run import run_import
from regulars.messaging.tests import sending
from regulars.messaging.tests.peers import StrictPeer
from regulars.privacy import actions
from regulars.privacy.tests import canary
from regulars.project import lake, loops
from regulars.project.logs import Formatter
from regulars.store import place
from regulars.store.scope import cursor, scope
from tests.town import town

ENDED = {"accepted", "rejected", "refused", "bounced", "unknown"}


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything any logger says, written as the product writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter(settings.LOGGING["formatters"]["line"]["format"]))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def receive(workspace_id: int, kind: str, body: bytes) -> None:
    """Something in the inbox, as the web process stores it."""
    cursor().execute(
        "INSERT INTO events_inbox (workspace_id, kind, source, is_gzip, body)"
        " VALUES (%s, %s, 'web', true, %s)",
        [workspace_id, kind, gzip.compress(body)],
    )


def test_no_log_names_a_person(
    as_engine: None, written: io.StringIO, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bakery = town().bakery
    mark, phone = "kanarkalogs", "+380671119922"
    email = f"{mark}@example.com"
    whole = {
        "type": "track", "userId": f"ext-{mark}", "event": "Seen", "messageId": "m1",
        "timestamp": "2026-11-01T10:00:00Z", "context": {"traits": {"email": email}},
    }  # fmt: skip
    broken = {"type": "track", "userId": {"a": email}, "event": [phone]}
    with scope(bakery.id):
        receive(bakery.id, "segment", json.dumps({"batch": [whole, broken]}).encode())
        receive(bakery.id, "segment", f'{{"broken": "{email} {phone}'.encode())
        receive(bakery.id, "form", f"email={email}&phone={phone}".encode())
        receive(bakery.id, "tracking", f"{email} {phone}".encode())
    while loops.process_inbox():
        pass
    path = tmp_path / f"{mark}.csv"
    path.write_text(f"email;phone;name\n{email};{phone};{mark}\n{mark} @@;{phone}x;{mark}\n")
    run_import(bakery.id, "customers", path, None)
    keeper = lake.Keeper(lake.open_engine(256))
    with scope(bakery.id):
        (customer_id,) = customers.identify_many(
            bakery.id, [customers_identity(email, phone)]
        )  # fmt: skip
        customers.give_consent(
            bakery.id, customer_id, channel="email", purpose="marketing", source="test"
        )
    send(bakery.id, customer_id, email)
    with scope(bakery.id):
        asked = actions.erase(bakery.id, customer_id, actor="user:1")
        assert events.failed(bakery.id)
    keeper.drain()
    actions.advance(bakery.id, asked.public_id)

    told = written.getvalue() + "".join(capfd.readouterr()) + servers_log()
    for word in (mark, phone[1:], phone[4:]):
        assert word not in told


def send(workspace_id: int, customer_id: int, email: str) -> None:
    """A letter that is taken and one that the server refuses, naming the address."""
    for number, script in enumerate(({}, {"rcpt": f"550 5.1.1 <{email}> unknown"})):
        with sending.running(StrictPeer(script)) as peer:
            version = sending.prepare(workspace_id, peer.port)
            sending.plan(workspace_id, version, [customer_id], occurrence=f"campaign:{number}")
            with sending.sending():
                sending.wait_for(lambda: {row[1] for row in sending.rows(workspace_id)} <= ENDED)
    assert [row[1] for row in sending.rows(workspace_id)] == ["accepted", "rejected"]


def customers_identity(email: str, phone: str) -> object:
    from regulars.customers.records import Identity

    return Identity(email=email, phone=phone)


def servers_log() -> str:
    """What the built-in database wrote, when there is one."""
    path = place.data_folder() / "postgres" / "log"
    if path.is_file():
        return path.read_text(errors="replace")
    return "".join(one.read_text(errors="replace") for one in path.glob("*") if one.is_file())


def test_the_search_would_find_a_person_in_a_log(written: io.StringIO) -> None:
    logging.getLogger("regulars.somewhere").warning("it was %s", "kanarka@example.com")

    assert "kanarka@example.com" in written.getvalue()
    assert canary.hits("nobody", Path(place.data_folder()) / "nowhere") == []
