"""What a till must not forget: ids it gave out, and what waits to be handed over."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

QUEUE_BATCH_MAX = 100
# Half of what the server reads of one request.
QUEUE_BATCH_BYTES_MAX = 256 << 10

TABLES = """
CREATE TABLE IF NOT EXISTS purchase (id TEXT PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS call (
  kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key));
CREATE TABLE IF NOT EXISTS queue (
  no INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL, key TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL DEFAULT 'waiting', answer TEXT);
"""


class Journal:
    """A small database on the till's disk; every write is on the disk before the call returns."""

    def __init__(self, folder: str) -> None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(str(Path(folder) / "till.sqlite"), isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(TABLES)

    def begin(self, purchase_id: str) -> None:
        """Remember that this id was given out."""
        self._db.execute("INSERT INTO purchase (id, state) VALUES (?, 'open')", [purchase_id])

    def mark(self, purchase_id: str, state: str) -> None:
        """Remember how far the purchase has come."""
        self._db.execute(
            "INSERT INTO purchase (id, state) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET state = excluded.state",
            [purchase_id, state],
        )

    def state(self, purchase_id: str) -> str:
        """How far the purchase has come, as far as this till knows."""
        row = self._db.execute("SELECT state FROM purchase WHERE id = ?", [purchase_id]).fetchone()
        return row[0] if row else ""

    def unfinished(self) -> list[str]:
        """Purchases that were begun and neither sold nor cancelled."""
        rows = self._db.execute("SELECT id FROM purchase WHERE state IN ('open', 'held')")
        return [row[0] for row in rows.fetchall()]

    def body(self, kind: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        """The body of this call as it was first written: a repeat says exactly the same."""
        text = json.dumps(body, ensure_ascii=False, sort_keys=True)
        self._db.execute(
            "INSERT INTO call (kind, key, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [kind, key, text],
        )
        row = self._db.execute(
            "SELECT body FROM call WHERE kind = ? AND key = ?", [kind, key]
        ).fetchone()
        return dict(json.loads(row[0]))

    def forget(self, kind: str, key: str) -> None:
        """Let the call be said anew: the server refused it and kept nothing."""
        self._db.execute("DELETE FROM call WHERE kind = ? AND key = ?", [kind, key])

    def put(self, key: str, item: dict[str, Any]) -> None:
        """Queue what happened offline; the same key once."""
        self._db.execute(
            "INSERT INTO queue (key, item) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [key, json.dumps(item, ensure_ascii=False, sort_keys=True)],
        )

    def waiting(self) -> list[tuple[int, dict[str, Any]]]:
        """What waits to be handed over, the oldest first: at least one item, no more than fit."""
        rows = self._db.execute(
            "SELECT no, item FROM queue WHERE state = 'waiting' ORDER BY no LIMIT ?",
            [QUEUE_BATCH_MAX],
        )
        batch: list[tuple[int, dict[str, Any]]] = []
        size = 0
        for number, text in rows:
            size += len(text.encode())
            if batch and size > QUEUE_BATCH_BYTES_MAX:
                break
            batch.append((number, json.loads(text)))
        return batch

    def settle(self, number: int, state: str, answer: dict[str, Any] | None) -> None:
        """Note what became of a queued item: done, or refused for a person to look at."""
        self._db.execute(
            "UPDATE queue SET state = ?, answer = ? WHERE no = ?",
            [state, json.dumps(answer, ensure_ascii=False), number],
        )

    def refused(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Items the server refused, with its reasons."""
        rows = self._db.execute("SELECT item, answer FROM queue WHERE state = 'refused'")
        return [(json.loads(row[0]), json.loads(row[1])) for row in rows.fetchall()]

    def close(self) -> None:
        """Leave the database."""
        self._db.close()
