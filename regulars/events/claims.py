"""Taking rows of the inbox for processing; engine only."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.store.scope import cursor

CLAIM_ROWS = 64
CLAIM_ROWS_MAX = 1_024
CLAIM_BYTES_SMALL = 512 << 10
CLAIM_BYTES_MAX = 8 << 20
BODY_BYTES_MAX = 8 << 20


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A request as received, its body decompressed."""

    id: int
    workspace_id: int
    kind: str
    source: str
    received_at: datetime
    body: bytes
    is_replay: bool = False


@dataclass(slots=True)
class Pace:
    """How many rows to claim next.

    Requests of one event need larger batches than requests of a hundred: a transaction costs the
    same for both, and 64 single events at a time are processed at a third of the speed.
    """

    rows_max: int = CLAIM_ROWS

    def learn(self, taken: Sequence[InboxRow]) -> None:
        """Grow after a full batch of little, shrink after much."""
        if sum(len(row.body) for row in taken) > CLAIM_BYTES_SMALL:
            self.rows_max = max(self.rows_max // 2, CLAIM_ROWS)
        elif len(taken) == self.rows_max:
            self.rows_max = min(self.rows_max * 2, CLAIM_ROWS_MAX)


def claim(rows_max: int = CLAIM_ROWS) -> list[InboxRow]:
    """The oldest rows nobody holds, locked until the transaction ends."""
    raw = cursor()
    raw.execute(
        "SELECT id, workspace_id, kind, source, received_at, is_gzip, is_replay, body"
        " FROM events_inbox ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
        [rows_max],
    )
    rows: list[InboxRow] = []
    size = 0
    for id_, workspace_id, kind, source, received_at, is_gzip, is_replay, body in raw.fetchall():
        plain = unzip(body, BODY_BYTES_MAX) if is_gzip else bytes(body)
        size += len(plain)
        if rows and size > CLAIM_BYTES_MAX:
            break
        rows.append(InboxRow(id_, workspace_id, kind, source, received_at, plain, is_replay))
    return rows


def unzip(body: bytes, limit: int) -> bytes:
    """The decompressed body, of at most `limit` bytes.

    raises  ValueError when it is not one gzip stream, is cut short or grows over the limit
    """
    machine = zlib.decompressobj(wbits=31)
    try:
        plain = machine.decompress(body, limit + 1)
    except zlib.error as error:
        raise ValueError("not gzip") from error
    if len(plain) > limit:
        raise ValueError("too large")
    if not machine.eof or machine.unused_data:
        raise ValueError("cut short or followed by something")
    return plain


def settle(rows: Sequence[InboxRow]) -> None:
    """Remove processed rows, in the transaction that wrote their effects."""
    cursor().execute("DELETE FROM events_inbox WHERE id = ANY(%s)", [[row.id for row in rows]])
