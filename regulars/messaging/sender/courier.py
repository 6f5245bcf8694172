"""Letters of one workspace on their way: a few connections that take from one queue."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from regulars.kernel import clock
from regulars.kernel.errors import Outside
from regulars.messaging.accounts import peer_of
from regulars.messaging.adapters.smtp.client import (
    Connection,
    Outcome,
    State,
    Timeouts,
    connect,
)
from regulars.messaging.letters import Account
from regulars.messaging.pure.bounces import Kind, kind_of_status
from regulars.messaging.pure.sending import delay_after
from regulars.messaging.records import MessageState
from regulars.messaging.sender.items import Ending, Item
from regulars.messaging.sender.ledger import Ledger
from regulars.messaging.sender.scribe import Answer, written_or_reason
from regulars.messaging.sender.writers import LETTERS_MIN, Writers, size_of
from regulars.messaging.writing import Written

log = logging.getLogger(__name__)

IDLE_S = 5.0
LEASE_RESERVE = timedelta(seconds=60)
# The sizes of letters are a message's own business; other refusals of MAIL concern the sender.
TOO_LARGE = 552

OnFault = Callable[[int, Outside], None]


class Lane:
    """The queue and the connections of one workspace.

    on_fault  told when the server cannot be used; the lane gives back what it has
    """

    def __init__(
        self,
        account: Account,
        ledger: Ledger,
        writers: Writers,
        on_fault: OnFault,
        timeouts: Timeouts,
    ) -> None:
        self.account = account
        self._ledger = ledger
        self._writers = writers
        self._on_fault = on_fault
        self._timeouts = timeouts
        self._queue: asyncio.Queue[Item] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy = 0
        # Letters that are being written elsewhere.
        self._away = 0
        # Goes up when letters are given back; those that were away then are given back too.
        self._turn = 0

    @property
    def backlog(self) -> int:
        """Letters waiting or under way."""
        return self._queue.qsize() + self._away + self._busy

    def add(self, items: list[Item]) -> None:
        """Take letters to send; many are written elsewhere first."""
        if self._writers.are_available and len(items) + self.backlog >= LETTERS_MIN:
            turn = self._turn
            self._away += len(items)
            self._writers.write(items, lambda batch, answers: self._come(batch, answers, turn))
        else:
            self._line_up(items)

    def _come(self, items: Sequence[Item], answers: Sequence[Answer] | None, turn: int) -> None:
        """Letters come back from where they were written."""
        self._away -= len(items)
        if answers is None:
            back = list(items)
        else:
            back = [replace(i, answer=a) for i, a in zip(items, answers, strict=True)]
        if answers is None or turn != self._turn:
            for item in back:
                self._forget(item)
                self._release(item)
        else:
            self._line_up(back)

    def _line_up(self, items: list[Item]) -> None:
        """Queue letters; opens connections as needed."""
        for item in items:
            self._queue.put_nowait(item)
        wanted = min(self.account.connections_max, self._queue.qsize())
        while len(self._tasks) < wanted:
            task = asyncio.create_task(self._carry())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def give_back(self) -> None:
        """Return what was not begun."""
        self._turn += 1
        while not self._queue.empty():
            item = self._queue.get_nowait()
            self._forget(item)
            self._release(item)

    async def stop(self) -> None:
        """Finish the letters under way and give back the rest."""
        self.give_back()
        while self._busy or self._away:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self) -> None:
        connection: Connection | None = None
        try:
            while True:
                item = await self._next()
                self._busy += 1
                self._ledger.begin()
                self._forget(item)
                try:
                    connection = await self._carry_one(connection, item)
                finally:
                    self._busy -= 1
                    self._ledger.leave()
        except TimeoutError:
            return
        except Outside as fault:
            self.give_back()
            self._on_fault(self.account.workspace.id, fault)
        finally:
            if connection is not None:
                with suppress(asyncio.CancelledError):
                    await connection.quit()

    async def _next(self) -> Item:
        # Waiting with a limit costs a task; under way there is mostly something in the queue.
        if not self._queue.empty():
            return self._queue.get_nowait()
        return await asyncio.wait_for(self._queue.get(), IDLE_S)

    async def _carry_one(self, connection: Connection | None, item: Item) -> Connection | None:
        if item.claim.claimed_until < clock.now() + LEASE_RESERVE:
            self._release(item)
            return connection
        if connection is not None and not connection.is_usable:
            await connection.quit()
            connection = None
        if connection is None:
            try:
                connection = await self._connect()
            except Outside:
                self._release(item)
                raise
        # The mark is stored while the letter is written and announced; the final dot waits for it.
        mark = self._ledger.hand(item.claim)
        try:
            written = self._write(item)
            if written is not None:
                await self._send(connection, item, written, mark)
        finally:
            with suppress(Outside):
                await mark
        return connection

    def _write(self, item: Item) -> Written | None:
        claim, answer = item.claim, item.answer
        if answer is None:
            answer = written_or_reason(item.reading, item.profile, item.address(clock.now()))
        if isinstance(answer, Written):
            return answer
        self._ledger.finish(Ending(claim, MessageState.REFUSED, clock.now(), answer))
        return None

    async def _connect(self) -> Connection:
        return await connect(await asyncio.to_thread(peer_of, self.account, self._timeouts))

    async def _send(
        self, connection: Connection, item: Item, written: Written, mark: asyncio.Future[bool]
    ) -> None:
        try:
            outcome = await connection.send(
                sender=written.return_path,
                recipient=written.recipient,
                letter=written.raw,
                handing=lambda: _stored(mark),
            )
        except Outside:
            # The mark may or may not be stored, but the final dot was not sent: safe to repeat.
            self._release(item)
            return
        if outcome.state is not State.WITHHELD:
            self._ledger.finish(ending_of(item, outcome))

    def _forget(self, item: Item) -> None:
        """The letter leaves the queue."""
        if item.answer is not None:
            self._writers.sent(size_of(item.answer))

    def _release(self, item: Item) -> None:
        self._ledger.finish(Ending(item.claim, MessageState.PLANNED, clock.now()))


async def _stored(mark: asyncio.Future[bool]) -> bool:
    return await mark


def ending_of(item: Item, outcome: Outcome) -> Ending:
    """What to store for what the server did."""
    now, claim = clock.now(), item.claim
    reason = " ".join(filter(None, (outcome.stage, str(outcome.code or ""), outcome.words)))
    if outcome.state is State.ACCEPTED:
        return Ending(claim, MessageState.ACCEPTED, now, was_tried=True)
    if outcome.state is State.UNKNOWN and claim.is_marketing:
        return Ending(claim, MessageState.UNKNOWN, now, "no_answer", was_tried=True)
    is_about_sender = outcome.stage == "mail" and outcome.code != TOO_LARGE
    if outcome.state is State.REJECTED and not is_about_sender:
        is_gone = (
            outcome.stage == "rcpt" and kind_of_status(outcome.enhanced, outcome.words) is Kind.HARD
        )
        state = MessageState.REJECTED
        return Ending(claim, state, now, reason, was_tried=True, is_gone=is_gone)
    if outcome.state is State.UNKNOWN and claim.attempts > 0:
        return Ending(claim, MessageState.UNKNOWN, now, "no_answer", was_tried=True)
    delay = delay_after(claim.attempts + 1, chance=random.random())
    if delay is None:
        return Ending(claim, MessageState.REJECTED, now, reason, was_tried=True)
    return Ending(claim, MessageState.DEFERRED, now, reason, due_at=now + delay, was_tried=True)
