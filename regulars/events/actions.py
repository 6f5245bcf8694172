"""Appending to the log, and keeping what could not enter it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
from django.db import transaction

from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.ids import message_hash
from regulars.kernel.texts import json_without_nul
from regulars.store.scope import cursor

EVENT_AHEAD_MAX = timedelta(days=366 * 5)
EARLIEST_YEAR = 1990
KIND_LENGTH_MAX = 200
DETAIL_LENGTH_MAX = 500

_months_known: set[str] = set()

NOTIFY = "SELECT pg_notify('regulars_events', '')"
COPY_ROWS_MIN = 50
COPY_BLOCK_ROWS = 500
COPY_NULL = r"\N"
ESCAPED = re.compile(r"[\\\t\n\r]")
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
COLUMNS_WRITTEN = (
    "workspace_id, customer_id, subject_id, time, received_at, kind, origin, source, props"
)


def record(workspace_id: int, event: NewEvent) -> bool:
    """Append one event in the current transaction; false when it was there before."""
    return record_many(workspace_id, [event]) == 1


def record_many(workspace_id: int, rows: Sequence[NewEvent]) -> int:
    """Append events in the current transaction; returns how many were new.

    What was seen before under the same (source, key) is dropped, for ever.
    raises  Invalid(event_time | event_kind) for a row that no log could take
    """
    if not rows:
        return 0
    now = clock.now()
    for row in rows:
        check(row, now)
    keyed = [(row.source, row.key) for row in rows if row.key is not None]
    is_new = iter(mark_seen(workspace_id, keyed) if keyed else ())
    new = [row for row in rows if row.key is None or next(is_new)]
    append(workspace_id, new)
    return len(new)


def mark_seen(workspace_id: int, keys: Sequence[tuple[str, str]]) -> list[bool]:
    """For each (source, key) whether it was never seen before; from now on it has been.

    Of twins inside the call the first is new.
    """
    hashes = [message_hash(source, key) for source, key in keys]
    raw = cursor()
    # In key order, so that two transactions with the same keys wait and do not deadlock.
    raw.execute(
        "INSERT INTO events_seen (workspace_id, hash) SELECT %s, hash"
        " FROM unnest(%s::uuid[]) AS given (hash) ORDER BY hash"
        " ON CONFLICT DO NOTHING RETURNING hash",
        [workspace_id, f"{{{','.join([one.hex for one in hashes])}}}"],
    )
    fresh = {found[0] for found in raw.fetchall()}
    answers = []
    for one in hashes:
        answers.append(one in fresh)
        fresh.discard(one)
    return answers


def append(workspace_id: int, rows: Sequence[NewEvent]) -> None:
    """Write rows whose keys the caller has marked as seen in this transaction."""
    if not rows:
        return
    raw = cursor()
    _ensure_months(raw, rows)
    _write(raw, workspace_id, rows, clock.now())


def check(row: NewEvent, now: datetime) -> None:
    """Nothing when the log can take the row. raises Invalid(event_time | event_kind)"""
    if not row.time.year >= EARLIEST_YEAR or row.time > now + EVENT_AHEAD_MAX:
        raise Invalid("event_time", "The time of an event must lie between 1990 and five years on.")
    if not 0 < len(row.kind) <= KIND_LENGTH_MAX or not row.kind.isprintable():
        raise Invalid(
            "event_kind",
            f"An event needs a name of 1 to {KIND_LENGTH_MAX} characters that can be printed.",
        )


def _ensure_months(raw: psycopg.Cursor[tuple[Any, ...]], rows: Sequence[NewEvent]) -> None:
    # Remembered only after commit: a rolled back month must be asked for again.
    months = {row.time.astimezone(UTC).strftime("%Y%m") for row in rows} - _months_known
    if not months:
        return
    for month in sorted(months):
        raw.execute("SELECT events_ensure_month(to_date(%s, 'YYYYMM'))", [month])
    transaction.on_commit(lambda: _months_known.update(months))


def _write(
    raw: psycopg.Cursor[tuple[Any, ...]],
    workspace_id: int,
    rows: Sequence[NewEvent],
    now: datetime,
) -> None:
    encode = msgspec.json.Encoder(decimal_format="number").encode
    values = [
        (
            workspace_id,
            row.customer_id,
            row.subject_id,
            row.time,
            now,
            row.kind,
            row.origin,
            row.source,
            json_without_nul(encode(row.props).decode()),
        )
        for row in rows
    ]
    # COPY is quicker, but PostgreSQL refuses it where row-level security is active.
    if len(rows) >= COPY_ROWS_MIN and not _is_fenced(raw):
        with raw.copy(f"COPY events_event ({COLUMNS_WRITTEN}) FROM STDIN") as copy:
            for at in range(0, len(values), COPY_BLOCK_ROWS):
                copy.write("".join(map(_copy_line, values[at : at + COPY_BLOCK_ROWS])))
        raw.execute(NOTIFY)
    else:
        # With the call to the followers in it: one round trip for an event of a till and not two.
        raw.execute(
            f"WITH written AS (INSERT INTO events_event ({COLUMNS_WRITTEN}) SELECT * FROM"
            " unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[],"
            " %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::jsonb[]))"
            f" {NOTIFY}",
            [list(column) for column in zip(*values, strict=True)],
        )


def _copy_line(values: Sequence[int | str | datetime | None]) -> str:
    """A row in the text format of COPY; psycopg's own way costs a round through it for each."""
    return "\t".join([_copy_cell(value) for value in values]) + "\n"


def _copy_cell(value: int | str | datetime | None) -> str:
    if value is None:
        return COPY_NULL
    text = str(value)
    # Most cells have nothing to escape, and looking is quicker than translating.
    return text.translate(ESCAPES) if ESCAPED.search(text) else text


def _is_fenced(raw: psycopg.Cursor[tuple[Any, ...]]) -> bool:
    raw.execute("SELECT row_security_active('events_event')")
    row = raw.fetchone()
    return bool(row and row[0])


def keep_failed(
    workspace_id: int,
    *,
    source: str,
    inbox_kind: str,
    received_at: datetime,
    stage: str,
    rejects: Sequence[tuple[str, str, bytes]],
) -> list[int]:
    """Keep what could not become an event: (reason, detail, payload as received); their ids."""
    now = clock.now()
    raw = cursor()
    raw.execute(
        "INSERT INTO events_failedevent (workspace_id, source, inbox_kind, received_at, failed_at,"
        " stage, reason, detail, payload, attempts)"
        " SELECT %s, %s, %s, %s, %s, %s, reason, detail, payload, 1"
        " FROM unnest(%s::text[], %s::text[], %s::bytea[]) AS given (reason, detail, payload)"
        " RETURNING id",
        [
            workspace_id,
            source,
            inbox_kind,
            received_at,
            now,
            stage,
            [reason for reason, _, _ in rejects],
            [detail[:DETAIL_LENGTH_MAX].replace("\x00", "") for _, detail, _ in rejects],
            [payload for _, _, payload in rejects],
        ],
    )
    return [row[0] for row in raw.fetchall()]


def replay_failed(workspace_id: int, failed_ids: Sequence[int]) -> int:
    """Put failed events back into the inbox as they came, of origin replay; returns how many.

    Those already replayed are left alone. raises NotFound when none is left to replay.
    """
    raw = cursor()
    raw.execute(
        "WITH taken AS ("
        " UPDATE events_failedevent SET replayed_at = %s, attempts = attempts + 1"
        " WHERE workspace_id = %s AND id = ANY(%s) AND replayed_at IS NULL"
        " RETURNING workspace_id, inbox_kind, source, received_at, payload)"
        " INSERT INTO events_inbox"
        " (workspace_id, kind, source, received_at, is_gzip, is_replay, body)"
        " SELECT workspace_id, inbox_kind, source, received_at, false, true, payload FROM taken"
        " RETURNING 1",
        [clock.now(), workspace_id, list(failed_ids)],
    )
    count = len(raw.fetchall())
    if not count:
        raise NotFound("failed_event_unknown", "There is nothing left to replay among these.")
    return count


def try_parked_again(workspace_id: int, parked_ids: Sequence[int]) -> int:
    """Let parked events be tried at once and anew, with all that wait with them; returns how many.

    Events wait by customer and consumer; one of them names all. raises NotFound when none waits.
    """
    raw = cursor()
    raw.execute(
        "UPDATE events_parked AS p SET attempts = 0, next_try_at = %s"
        " WHERE p.workspace_id = %s AND (p.consumer, coalesce(p.customer_id, 0)) IN"
        " (SELECT consumer, coalesce(customer_id, 0) FROM events_parked"
        " WHERE workspace_id = %s AND id = ANY(%s)) RETURNING 1",
        [clock.now(), workspace_id, workspace_id, list(parked_ids)],
    )
    count = len(raw.fetchall())
    if not count:
        raise NotFound("parked_event_unknown", "None of these events waits any more.")
    return count
