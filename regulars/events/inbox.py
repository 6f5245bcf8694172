"""The inbox: a request is stored as received before it is acknowledged.

Natural group commit: while one commit is under way new rows gather, and the next commit takes them
all as soon as the last one returns. Nothing waits for a timer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import psycopg

from regulars.kernel import clock
from regulars.kernel.errors import Outside, Refused

GROUP_ROWS_MAX = 512
GROUP_BYTES_MAX = 16 << 20
WAITING_BYTES_MAX = 64 << 20
STORE_TIMEOUT_S = 10.0
LATE_LOOK_S = 1.0
STATEMENT_TIMEOUT_MS = 10_000

INSERT = (
    "INSERT INTO events_inbox (workspace_id, kind, source, is_gzip, body)"
    " SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::boolean[], %s::bytea[])"
)


@dataclass(slots=True, eq=False)
class _Waiting:
    workspace_id: int
    kind: str
    source: str
    is_gzip: bool
    body: bytes
    stored: asyncio.Future[None]
    since_s: float


class Inbox:
    """Stores requests durably; one per event loop.

    `writers` connections commit in turn, so that bytes travel while another one waits for the disk.
    """

    def __init__(self, conninfo: str, *, writers: int = 2) -> None:
        self._conninfo = conninfo
        self._writers = writers
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._under_way: set[_Waiting] = set()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to store; needs a running event loop."""
        self._tasks = [asyncio.create_task(self._write_forever()) for _ in range(self._writers)]
        self._tasks.append(asyncio.create_task(self._give_up_late_ones()))

    async def stop(self) -> None:
        """Store what waits, then end."""
        while self._waiting:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def store(
        self, workspace_id: int, kind: str, body: bytes, *, source: str = "", is_gzip: bool = False
    ) -> None:
        """Return when the body is on disk.

        raises  Refused(inbox_full) when too much waits, Outside(inbox_unavailable) when it cannot
                be stored; in both cases nothing was acknowledged and the sender may try again
        """
        if self._waiting_bytes + len(body) > WAITING_BYTES_MAX:
            raise Refused("inbox_full", "Too many requests wait for the disk; try again shortly.")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        row = _Waiting(workspace_id, kind, source, is_gzip, body, future, clock.monotonic_s())
        self._waiting.append(row)
        self._waiting_bytes += len(body)
        self._under_way.add(row)
        self._wake.set()
        try:
            await future
        finally:
            self._under_way.discard(row)

    async def _give_up_late_ones(self) -> None:
        # One look a second at all of them; a timer for each costs more than the rest of its way.
        while True:
            await asyncio.sleep(LATE_LOOK_S)
            oldest = clock.monotonic_s() - STORE_TIMEOUT_S
            late = [row for row in self._under_way if row.since_s < oldest]
            _answer(late, Outside("inbox_unavailable", "The event could not be stored in time."))

    async def _write_forever(self) -> None:
        connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        while True:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            group = self._take()
            try:
                if connection is None or connection.closed:
                    connection = await psycopg.AsyncConnection.connect(
                        self._conninfo, autocommit=True
                    )
                    await connection.execute(
                        f"SET statement_timeout = {STATEMENT_TIMEOUT_MS};"
                        " SET synchronous_commit = on"
                    )
                await self._insert(connection, group)
            except psycopg.Error:
                await _close(connection)
                connection = None
                _answer(group, Outside("inbox_unavailable", "The event could not be stored."))
            except asyncio.CancelledError:
                await _close(connection)
                _answer(group, Outside("inbox_unavailable", "The server is stopping."))
                raise
            else:
                _answer(group, None)

    def _take(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        for row in self._waiting[:GROUP_ROWS_MAX]:
            if group and size + len(row.body) > GROUP_BYTES_MAX:
                break
            group.append(row)
            size += len(row.body)
        del self._waiting[: len(group)]
        self._waiting_bytes -= size
        return group

    @staticmethod
    async def _insert(
        connection: psycopg.AsyncConnection[tuple[object, ...]], group: list[_Waiting]
    ) -> None:
        await connection.execute(
            INSERT,
            [
                [row.workspace_id for row in group],
                [row.kind for row in group],
                [row.source for row in group],
                [row.is_gzip for row in group],
                [row.body for row in group],
            ],
            binary=True,
        )


def _answer(group: list[_Waiting], error: Exception | None) -> None:
    for row in group:
        if row.stored.done():
            continue
        if error is None:
            row.stored.set_result(None)
        else:
            row.stored.set_exception(error)


async def _close(connection: psycopg.AsyncConnection[tuple[object, ...]] | None) -> None:
    if connection is not None:
        await connection.close()


_current: Inbox | None = None


def use(inbox: Inbox) -> None:
    """Make this the process's inbox, for handlers that are not given one."""
    global _current
    _current = inbox


def current() -> Inbox:
    """The process's inbox."""
    assert _current is not None, "inbox.use() has not been called in this process"
    return _current
