"""Letters written in processes of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from regulars.customers import actions as customers
from regulars.customers.records import Identity, Profile
from regulars.kernel import clock
from regulars.kernel.ids import new_public_id
from regulars.messaging.pure.addresses import mailbox
from regulars.messaging.sender import scribe, writers
from regulars.messaging.sender.items import Claim, Item
from regulars.messaging.sender.loop import SendLoop
from regulars.messaging.sender.scribe import Answer, Batch, Desk
from regulars.messaging.sender.writers import BATCH_LETTERS, LETTERS_MIN, Writers, processes_for
from regulars.messaging.tests.peers import QUICK, StrictPeer
from regulars.messaging.tests.sending import (
    WAIT_S,
    plan,
    ready_town,
    running,
    sending,
    states,
    wait_for,
)
from regulars.messaging.writing import Address, Reading, Recipe, Written, read_recipe
from regulars.store.scope import scope
from regulars.workspaces.records import WorkspaceRecord

SHOP = WorkspaceRecord(7, "w" * 22, "shop", "Shop", "UAH", "Europe/Kyiv", "en", "UA", "s" * 43)


def reading_of(html: str = "<p>Hi {{ customer.first_name }}</p>") -> Reading:
    recipe = Recipe(
        subject="News",
        html=html,
        text="Hi {{ customer.first_name }} https://shop.example/a",
        boundary="b1",
        is_marketing=True,
        workspace=SHOP,
        sender=mailbox("shop@bakery.example", "Shop"),
        reply_to=None,
        bounce_domain="bounce.example",
        signers=(),
        public_url="https://crm.example",
    )
    return read_recipe(recipe)


def profile_of(number: int) -> Profile:
    now = clock.now()
    return Profile(
        number, new_public_id(), None, None, f"Name{number}", None, f"p{number}@example.com",
        None, None, None, None, None, None, {}, now, now,
    )  # fmt: skip


def items_of(count: int, reading: Reading | None = None) -> list[Item]:
    read, until = reading or reading_of(), clock.now() + timedelta(minutes=5)
    account: Any = SimpleNamespace(workspace=SHOP)
    return [
        Item(
            Claim(7, n, 1, new_public_id(), 1, n, 1, True, 0, until, n),
            account,
            read,
            profile_of(n),
        )
        for n in range(count)
    ]


class Office:
    """Writers with an event loop of their own and what they answered."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.writers = Writers(self.loop, processes=1)
        self.answered: list[tuple[Sequence[Item], Sequence[Answer] | None]] = []
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def write(self, items: list[Item]) -> None:
        """Order the letters and wait until each batch is answered."""
        goal = len(self.answered) + self.writers.write(items, self._then)
        wait_for(lambda: len(self.answered) == goal)

    def _then(self, items: Sequence[Item], answers: Sequence[Answer] | None) -> None:
        self.answered.append((items, answers))

    def close(self) -> None:
        self.writers.stop()
        wait_for(lambda: not scribes())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(WAIT_S)
        self.loop.close()


def scribes() -> list[psutil.Process]:
    """The writing processes this process has started."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            # Also a zombie, which is no process any more.
            if scribe.__name__ in " ".join(child.cmdline()):
                found.append(child)
    return found


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.close()


def test_one_core_is_left_for_the_rest() -> None:
    assert [processes_for(cores) for cores in (1, 2, 3, 5, 64)] == [0, 1, 2, 4, 4]


def test_a_process_writes_what_the_sender_would_write() -> None:
    reading, now = reading_of(), clock.now()
    letters = tuple((profile_of(n), Address(new_public_id(), 1, now)) for n in range(3))

    answers = Desk().write(Batch(reading.recipe_bytes, letters))

    assert answers == [scribe.written_or_reason(reading, *letter) for letter in letters]
    assert all(isinstance(answer, Written) for answer in answers)


def test_letters_come_back_in_batches_each_for_its_receiver(office: Office) -> None:
    items = items_of(BATCH_LETTERS + 3)
    bad = items[5] = replace(items[5], profile=replace(items[5].profile, email="nobody"))

    office.write(items)

    assert [len(batch) for batch, _ in office.answered] == [BATCH_LETTERS, 3]
    found = {
        item.claim.id: answer
        for batch, answers in office.answered
        for item, answer in zip(batch, answers or (), strict=True)
    }
    assert found.pop(bad.claim.id) == "address_invalid"
    for number, answer in found.items():
        assert isinstance(answer, Written)
        assert message_from_bytes(answer.raw)["To"] == f"p{number}@example.com"
    assert len(found) == BATCH_LETTERS + 2


def test_a_recipe_that_cannot_be_read_refuses_its_letters_alone(office: Office) -> None:
    wrong = replace(reading_of(), recipe_bytes=b"")
    broken = replace(reading_of().recipe, html="{{ customer")
    wrong = replace(wrong, recipe_bytes=scribe.pickle.dumps(broken))

    office.write([*items_of(2, wrong), *items_of(1)])

    (_, refused), (_, answers) = office.answered
    assert refused == ["template_open"] * 2
    assert answers is not None and isinstance(answers[0], Written)


def test_a_killed_process_gives_its_letters_back_and_rests(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write(items_of(1))
    (child,) = scribes()
    os.kill(child.pid, signal.SIGKILL)

    office.write(items_of(BATCH_LETTERS * 3))

    assert [answers for _, answers in office.answered[1:]] == [None] * 3
    assert not office.writers.are_available
    later_s = clock.monotonic_s() + writers.FAULT_PAUSE_S
    monkeypatch.setattr(clock, "monotonic_s", lambda: later_s)
    assert office.writers.are_available
    office.write(items_of(1))
    assert office.answered[-1][1] is not None


def test_letters_that_wait_hold_the_next_ones_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "READY_BYTES_MAX", 1)
    office.write(items_of(1))
    ((_, answers),) = office.answered
    assert answers is not None

    office.writers.write(items_of(1), office._then)
    assert len(office.answered) == 1
    office.writers.sent(writers.size_of(answers[0]))

    wait_for(lambda: len(office.answered) == 2)


def test_a_process_without_work_ends(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "IDLE_S", 0.01)
    office.write(items_of(1))

    wait_for(lambda: not scribes())

    office.write(items_of(1))
    assert len(office.answered) == 2


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


@pytest.mark.usefixtures("as_engine")
@pytest.mark.parametrize("is_killed", [False, True])
def test_many_letters_are_written_elsewhere_and_each_leaves_once(
    is_killed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_killed:
        monkeypatch.setattr(scribe, "__name__", "sys")
    with running(StrictPeer()) as peer:
        town, version = ready_town(peer.port)
        count = LETTERS_MIN + 6
        plan(town.bakery.id, version, people(town.bakery.id, count))

        with sending(SendLoop(timeouts=QUICK, writing_processes=1)) as sender:
            wait_for(lambda: set(states(town.bakery.id).values()) == {"accepted"})
            assert sender._writers.are_available is not is_killed

    assert sorted(peer.recipients) == sorted(f"p{n}@example.com" for n in range(count))
    assert peer.errors == []
    assert sender.backlog == 0 and sender._writers._ready_bytes == 0


@pytest.mark.usefixtures("as_engine")
def test_few_letters_start_no_process() -> None:
    with running(StrictPeer()) as peer:
        town, version = ready_town(peer.port)
        plan(town.bakery.id, version, people(town.bakery.id, 5))

        with sending(SendLoop(timeouts=QUICK, writing_processes=1)):
            wait_for(lambda: set(states(town.bakery.id).values()) == {"accepted"})
            assert scribes() == []
