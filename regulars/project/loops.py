"""The worker's loops: each its own thread and its own connection, woken by NOTIFY or a poll."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

import psycopg
from django.db import close_old_connections, connections, transaction

from regulars import wiring
from regulars.audit import actions as audit
from regulars.events import consumers
from regulars.intake import processor
from regulars.jobs import runner
from regulars.kernel import clock
from regulars.project import lake
from regulars.store import place
from regulars.store.roles import Role

log = logging.getLogger(__name__)

POLL_S = 1.0
PARKED_EVERY_S = 5.0
CHORES_EVERY_S = 3_600.0
MINUTE_S = 60.0
FAULT_PAUSE_S = 2.0
CHANNELS = ("regulars_events", "regulars_jobs", "regulars_inbox")
LAKE_PAUSE_S = 0.5
# A follower rests after a step for this share of what the step took.
REST_SHARE = 0.5
REST_S_MAX = 0.3
# Consumers rest after a round that was not full: every round costs each of them some questions.
ROUND_REST_S = 0.25


class Bell:
    """Wakes the loops; each loop waits on its own event."""

    def __init__(self) -> None:
        self._events: list[threading.Event] = []

    def new(self) -> threading.Event:
        event = threading.Event()
        self._events.append(event)
        return event

    def ring(self) -> None:
        for event in self._events:
            event.set()


def forever(
    name: str, step: Callable[[], int | bool], stop: threading.Event, bell: threading.Event
) -> None:
    """Call step again at once while it finds work, else wait for the bell or the poll."""
    while not stop.is_set():
        bell.clear()
        try:
            did_work = bool(step())
        except Exception:
            # The database may be restarting; a loop must outlive it. Nothing was acknowledged.
            log.exception("the loop %s failed; it goes on in %s s", name, FAULT_PAUSE_S)
            close_old_connections()
            stop.wait(FAULT_PAUSE_S)
            continue
        if not did_work:
            bell.wait(POLL_S)
    connections.close_all()


def listen(stop: threading.Event, bell: Bell) -> None:
    """Ring when another process notifies."""
    while not stop.is_set():
        try:
            with psycopg.connect(place.conninfo_for(Role.ENGINE), autocommit=True) as connection:
                for channel in CHANNELS:
                    connection.execute(f"LISTEN {channel}")
                while not stop.is_set():
                    for _ in connection.notifies(timeout=POLL_S, stop_after=1):
                        bell.ring()
        except psycopg.Error:
            stop.wait(FAULT_PAUSE_S)


class ConsumerStep:
    """One round over all consumers, and parked events now and then."""

    def __init__(self) -> None:
        with transaction.atomic():
            consumers.ensure_lanes(wiring.CONSUMERS)
        self._next_parked = 0.0

    def __call__(self) -> int:
        passed = sum(consumers.run_once(n, c) for n, c in wiring.CONSUMERS.items())
        if clock.monotonic_s() >= self._next_parked:
            consumers.retry_parked(wiring.CONSUMERS)
            self._next_parked = clock.monotonic_s() + PARKED_EVERY_S
        return passed


class ChoreStep:
    """Chores that come round every so many seconds; one that fails keeps no other from its turn."""

    def __init__(self, chores: Mapping[str, str], every_s: float) -> None:
        self._chores = chores
        self._every_s = every_s
        self._next = 0.0

    def __call__(self) -> bool:
        if clock.monotonic_s() < self._next:
            return False
        self._next = clock.monotonic_s() + self._every_s
        for name, path in self._chores.items():
            try:
                wiring.resolve(path)()
            except Exception:
                log.exception("the chore %s failed; its next turn is in %s s", name, self._every_s)
                close_old_connections()
        return False


def followed(path: str) -> Callable[[], int]:
    """The step of a follower that a wiring line names."""
    found: Callable[[], int] = wiring.resolve(path)
    return found


def rested(step: Callable[[], int], stop: threading.Event) -> int:
    """A step, and after work a rest: more comes together, and others get the processor."""
    started = clock.monotonic_s()
    found = step()
    if found:
        stop.wait(min(REST_S_MAX, REST_SHARE * (clock.monotonic_s() - started)))
    return found


def gathered(step: Callable[[], int], stop: threading.Event) -> int:
    """A round of the consumers, and a rest unless the log holds more than a batch."""
    passed = step()
    if 0 < passed < consumers.BATCH_ROWS:
        stop.wait(ROUND_REST_S)
    return passed


def process_inbox() -> int:
    """One batch of the inbox."""
    return processor.run_once(wiring.INBOX)


def run_jobs() -> bool:
    """One job."""
    return runner.run_once(wiring.JOBS, wiring.GAVE_UP)


def seal_audit() -> int:
    """Seal what was written to the audit trail."""
    return audit.seal_waiting()


def drain(keeper: lake.Keeper) -> None:
    """Process everything received, let every consumer read it, and copy it to the lake."""
    step = ConsumerStep()
    while process_inbox():
        pass
    while step():
        pass
    for path in wiring.FOLLOWERS.values():
        while followed(path)():
            pass
    while seal_audit():
        pass
    keeper.drain()
