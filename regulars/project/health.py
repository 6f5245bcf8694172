"""`/livez` says that the process answers; `/readyz` that it can do its work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
import psycopg

CHECK_TIMEOUT_S = 3.0
BACKLOG_S_MAX = 60.0

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Health:
    """Answers both addresses."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo

    async def __call__(self, scope: MutableMapping[str, Any], receive: object, send: Send) -> None:
        if scope["path"].startswith("/livez"):
            await _respond(send, 200, {"status": "alive"})
            return
        try:
            checks = await asyncio.wait_for(self._checks(), CHECK_TIMEOUT_S)
        except (psycopg.Error, TimeoutError):
            checks = {"database": "unavailable"}
        is_ready = all(value == "ok" for value in checks.values())
        await _respond(
            send,
            200 if is_ready else 503,
            {"status": "ready" if is_ready else "not ready", "checks": checks},
        )

    async def _checks(self) -> dict[str, str]:
        connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        async with connection:
            cursor = await connection.execute(
                "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(received_at)), 0)"
                " FROM events_inbox"
            )
            row = await cursor.fetchone()
        assert row is not None
        age_s = float(row[0])
        return {
            "database": "ok",
            "inbox": "ok" if age_s <= BACKLOG_S_MAX else f"oldest row waits {age_s:.0f} s",
        }


async def _respond(send: Send, status: int, content: dict[str, Any]) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"application/json")],
        }
    )
    await send({"type": "http.response.body", "body": msgspec.json.encode(content)})
