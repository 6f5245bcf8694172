"""Which workspace a key opens, remembered for a few seconds."""

from __future__ import annotations

import asyncio

import psycopg

from regulars.kernel import clock
from regulars.kernel.errors import Outside
from regulars.workspaces.actions import hash_of_key
from regulars.workspaces.records import KeyScope

# A revoked key is refused at the latest after this time.
REMEMBERED_S = 5.0
REMEMBERED_KEYS_MAX = 10_000


class Keys:
    """Looks keys up by their hash, as engine."""

    def __init__(self, conninfo: str, key_scope: KeyScope) -> None:
        self._conninfo = conninfo
        self._scope = key_scope
        self._known: dict[str, tuple[int | None, float]] = {}
        self._lock = asyncio.Lock()
        self._connection: psycopg.AsyncConnection[tuple[int]] | None = None

    async def workspace_of(self, key: str) -> int | None:
        """The workspace whose open key this is, else None. raises Outside(keys_unavailable)"""
        found = self._known.get(key)
        if found is not None and found[1] > clock.monotonic_s():
            return found[0]
        async with self._lock:
            workspace_id = await self._look_up(key)
        if len(self._known) >= REMEMBERED_KEYS_MAX:
            self._known.clear()
        self._known[key] = (workspace_id, clock.monotonic_s() + REMEMBERED_S)
        return workspace_id

    async def _look_up(self, key: str) -> int | None:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = await psycopg.AsyncConnection.connect(
                    self._conninfo, autocommit=True
                )
            cursor = await self._connection.execute(
                "SELECT workspace_id FROM workspaces_apikey"
                " WHERE key_hash = %s AND scope = %s AND revoked_at IS NULL",
                [hash_of_key(key), self._scope.value],
            )
            row = await cursor.fetchone()
        except psycopg.Error as error:
            self._connection = None
            raise Outside("keys_unavailable", "Keys cannot be checked just now.") from error
        return None if row is None else row[0]
