"""One connection of the engine for the look-ups of a raw door."""

from __future__ import annotations

import asyncio

import psycopg

from regulars.kernel.errors import Outside


class Link:
    """Asks one question at a time and connects again when the connection is lost."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._lock = asyncio.Lock()
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None

    async def ask(self, statement: str, values: list[object]) -> list[tuple[object, ...]]:
        """Rows of the statement. raises Outside(keys_unavailable)"""
        async with self._lock:
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = await psycopg.AsyncConnection.connect(
                        self._conninfo, autocommit=True
                    )
                cursor = await self._connection.execute(statement, values)
                return await cursor.fetchall() if cursor.description else []
            except psycopg.DataError:
                # What no column can hold is in no row; the connection is as good as before.
                return []
            except psycopg.Error as error:
                self._connection = None
                raise Outside("keys_unavailable", "Keys cannot be checked just now.") from error
