"""Letters written in processes of their own, so that rendering and signing use other cores.

A process is started when many letters wait and ended when it has had nothing to do for a while, so
a shop that sends little pays nothing. What a process does not answer is given back: its letters
were claimed and not handed over, so they are safe to write again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from regulars.kernel import clock
from regulars.messaging.sender import scribe
from regulars.messaging.sender.items import Item
from regulars.messaging.sender.scribe import Answer, Batch
from regulars.messaging.writing import Written

log = logging.getLogger(__name__)

# Fewer letters are written by the sender itself before a process would have started.
LETTERS_MIN = 64
BATCH_LETTERS = 16
PROCESSES_MAX = 4
# Letters written and not sent yet; batches under way come on top.
READY_BYTES_MAX = 32_000_000
ANSWER_WAIT_S = 60.0
IDLE_S = 60.0
FAULT_PAUSE_S = 300.0
END_WAIT_S = 2.0

# What becomes of a batch: an answer for each item, or None when there is none for any of them.
Then = Callable[[Sequence[Item], Sequence[Answer] | None], None]


def processes_for(cores: int) -> int:
    """How many processes write at most; one core is left for the sender and the database."""
    return max(0, min(PROCESSES_MAX, cores - 1))


@dataclass(frozen=True, slots=True)
class _Order:
    items: tuple[Item, ...]
    then: Then


class Writers:
    """The writing processes of one sender."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, processes: int | None = None) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        self._processes = processes_for(cores or 1) if processes is None else processes
        self._loop = loop
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._room = threading.Condition()
        self._running = 0
        self._ready_bytes = 0
        self._resting_until_s = 0.0
        self._is_stopping = False

    @property
    def are_available(self) -> bool:
        """False on one core, and for a while after a process died."""
        return self._processes > 0 and clock.monotonic_s() >= self._resting_until_s

    def write(self, items: Sequence[Item], then: Then) -> int:
        """Have the letters written; `then` is called in the event loop for each batch.

        returns  how many batches there are
        """
        orders = [
            _Order(tuple(batch), then)
            for recipe in dict.fromkeys(item.reading.recipe_bytes for item in items)
            for batch in _batches([i for i in items if i.reading.recipe_bytes == recipe])
        ]
        for order in orders:
            self._orders.put(order)
        with self._room:
            wanted = min(self._processes, 1 + self._orders.qsize() // 8)
            while self._running < wanted:
                self._running += 1
                threading.Thread(target=self._run, name="messaging-writer", daemon=True).start()
        return len(orders)

    def sent(self, size_bytes: int) -> None:
        """A letter is not kept any more."""
        with self._room:
            self._ready_bytes -= size_bytes
            self._room.notify_all()

    def stop(self) -> None:
        """End the processes once they have answered."""
        with self._room:
            self._is_stopping = True
            for _ in range(self._running):
                self._orders.put(None)
            self._room.notify_all()

    def _run(self) -> None:
        process: _Process | None = None
        order: _Order | None = None
        try:
            while (order := self._next()) is not None:
                process = process or _Process()
                answers = process.answers(order)
                with self._room:
                    self._ready_bytes += sum(size_of(answer) for answer in answers)
                self._tell(order, answers)
        except Exception:
            # Also when no process can be started; the letters must come back in any case.
            log.exception("a writing process was lost; the sender writes itself for a while")
            self._resting_until_s = clock.monotonic_s() + FAULT_PAUSE_S
            assert order is not None
            self._tell(order, None)
            self._give_up()
        finally:
            if process is not None:
                process.end()

    def _next(self) -> _Order | None:
        """The next batch; None when this process is not needed any more."""
        with self._room:
            self._room.wait_for(lambda: self._ready_bytes < READY_BYTES_MAX or self._is_stopping)
        try:
            order = self._orders.get(timeout=IDLE_S)
        except queue.Empty:
            order = None
        if order is None:
            with self._room:
                # What was ordered meanwhile relies on us.
                if self._is_stopping or self._orders.empty():
                    self._running -= 1
                    return None
            return self._next()
        return order

    def _give_up(self) -> None:
        with self._room:
            self._running -= 1
            left: list[_Order] = []
            while not self._orders.empty():
                order = self._orders.get()
                if order is not None:
                    left.append(order)
        for order in left:
            self._tell(order, None)

    def _tell(self, order: _Order, answers: Sequence[Answer] | None) -> None:
        with suppress(RuntimeError):
            # The loop may be closed already; then the claims are recovered.
            self._loop.call_soon_threadsafe(order.then, order.items, answers)


class _Lost(Exception):
    """The process died or is stuck."""


class _Process:
    """One writing process and our end of its connection."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"from {scribe.__name__} import main; main()",
                 str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )  # fmt: skip
        self._connection = Connection(ours.detach())

    def answers(self, order: _Order) -> list[Answer]:
        """An answer for each letter; raises _Lost."""
        now = clock.now()
        letters = tuple((item.profile, item.address(now)) for item in order.items)
        try:
            self._connection.send(Batch(order.items[0].reading.recipe_bytes, letters))
            if not self._connection.poll(ANSWER_WAIT_S):
                raise _Lost
            answers = self._connection.recv()
        except (EOFError, OSError) as error:
            raise _Lost from error
        assert len(answers) == len(letters)
        return list(answers)

    def end(self) -> None:
        """Let it end by closing the connection; kill it when it does not."""
        self._connection.close()
        try:
            self._process.wait(END_WAIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def size_of(answer: Answer) -> int:
    """The bytes a letter keeps until it is sent; none for a reason."""
    return len(answer.raw) if isinstance(answer, Written) else 0


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[at : at + BATCH_LETTERS] for at in range(0, len(items), BATCH_LETTERS))
