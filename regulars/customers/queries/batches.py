"""Acts on many customers: how far each has come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regulars.customers.records import BatchRecord
from regulars.kernel.errors import NotFound
from regulars.store.scope import cursor

BATCHES_SHOWN = 50
BATCH_COLUMNS = (
    "id, public_id, act, owner_id, owner, query, chosen, given, state, total, done, skipped,"
    " last_id, reason, created_at, finished_at"
)


def batch_of_row(row: Sequence[Any]) -> BatchRecord:
    """The record of a row of BATCH_COLUMNS."""
    fields = list(row)
    fields[6] = tuple(row[6])
    return BatchRecord(*fields)


def batch(workspace_id: int, name: str | int) -> BatchRecord:
    """The batch of this public id or id. raises NotFound(batch_unknown)"""
    column = "public_id" if isinstance(name, str) else "id"
    raw = cursor()
    raw.execute(
        f"SELECT {BATCH_COLUMNS} FROM customers_batch WHERE workspace_id = %s AND {column} = %s",
        [workspace_id, name],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("batch_unknown", "There is no such act.")
    return batch_of_row(row)


def batches(workspace_id: int, owner_id: int) -> list[BatchRecord]:
    """The member's own, the newest first."""
    raw = cursor()
    raw.execute(
        f"SELECT {BATCH_COLUMNS} FROM customers_batch WHERE workspace_id = %s AND owner_id = %s"
        " ORDER BY id DESC LIMIT %s",
        [workspace_id, owner_id, BATCHES_SHOWN],
    )
    return [batch_of_row(row) for row in raw.fetchall()]
