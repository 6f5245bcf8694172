"""The till's own threads: few, with connections that stay, apart from the threads of pages.

A call that waits longer than the till does is answered as offline. What it had begun goes on and
either ends or is rolled back; the till asks again with the same key and is told which.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import psycopg
from django.db import Error as DatabaseError
from django.db import connection

from regulars.kernel.errors import Outside
from regulars.store.faults import is_transient

# Python runs one thread at a time. Of calls that calculate, more than two would only take turns and
# all end late; calls that write mostly wait for the database.
COUNTING_THREADS, WRITING_THREADS = 2, 4
SWITCH_S = 0.002
# Tills wait two seconds; the answer must be on its way before.
ANSWER_WITHIN_S = 1.8
STATEMENT_MS_MAX = 1_500
# Far more than can be answered in time; what comes above is told so at once.
WAITING_MAX = 256
PREPARED_AFTER = 5

T = TypeVar("T")


class Hands:
    """Runs database work of tills beside the event loop."""

    def __init__(
        self,
        counting: int = COUNTING_THREADS,
        writing: int = WRITING_THREADS,
        answer_within_s: float = ANSWER_WITHIN_S,
        statement_ms: int = STATEMENT_MS_MAX,
    ) -> None:
        self._threads = {True: counting, False: writing}
        self._pools: dict[bool, ThreadPoolExecutor] = {}
        self._answer_within_s = answer_within_s
        self._statement_ms = statement_ms
        self._waiting = 0
        # Counts lost databases, so that every thread leaves its dead connection behind at once.
        self._losses = 0
        self._own = threading.local()

    async def run(self, work: Callable[[], T], *, counts: bool = False) -> T:
        """What the work gives.

        counts  it calculates a cart, which takes the processor and not the database
        raises  Outside(till_offline | till_busy) and whatever the work raises
        """
        if self._waiting >= WAITING_MAX:
            raise Outside("till_busy", "Too many calls wait; ask again with the same key.")
        if counts not in self._pools:
            self._pools[counts] = ThreadPoolExecutor(
                self._threads[counts], thread_name_prefix="till"
            )
            # A thread that comes back from the database would wait five milliseconds, a dozen
            # times a call, for another that calculates.
            sys.setswitchinterval(min(SWITCH_S, sys.getswitchinterval()))
        self._waiting += 1
        given: Future[T] = self._pools[counts].submit(self._do, work)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(given), self._answer_within_s)
        except TimeoutError:
            raise offline() from None
        finally:
            self._waiting -= 1

    def _do(self, work: Callable[[], T]) -> T:
        try:
            self._make_ready()
            return work()
        except (DatabaseError, psycopg.Error) as error:
            if not is_transient(error):
                raise
            self._leave_connection(error)
            raise offline() from error
        finally:
            if connection.in_atomic_block:
                connection.close()

    def _make_ready(self) -> None:
        """A live connection with the till's time limits."""
        if getattr(self._own, "losses", 0) != self._losses:
            self._own.losses = self._losses
            connection.close()
        connection.ensure_connection()
        if getattr(self._own, "raw", None) is not connection.connection:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, false),"
                    " set_config('lock_timeout', %s, false)",
                    [str(self._statement_ms), str(self._statement_ms)],
                )
            # Few connections that stay: statements are planned once in each.
            connection.connection.prepare_threshold = PREPARED_AFTER
            self._own.raw = connection.connection

    def _leave_connection(self, error: BaseException) -> None:
        raw = connection.connection
        is_lost = raw is None or raw.closed or raw.broken
        connection.close()
        if is_lost:
            self._losses += 1
            self._own.losses = self._losses

    def stop(self) -> None:
        """Let what runs end."""
        for pool in self._pools.values():
            pool.shutdown(wait=True)
        self._pools.clear()


def offline() -> Outside:
    """What a till is told when no answer comes in time."""
    return Outside(
        "till_offline",
        "No answer in time. Ask again once with the same key; then go on offline and sync later.",
        offline=True,
    )
