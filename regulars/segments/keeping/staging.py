"""Members of the next generation of a segment: written beside the live ones, then named at once."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv
from django.db import transaction
from psycopg.types.json import Jsonb

from regulars.events.records import Origin
from regulars.segments.keeping import writing
from regulars.segments.keeping.asking import Ids
from regulars.segments.keeping.kept import Kept
from regulars.segments.queries.membership import ENTERED, LEFT
from regulars.segments.records import Reason
from regulars.store.scope import cursor, scope

ROWS_AT_ONCE = 50_000
# A new rule that moves more customers than this is told by sizes alone.
TOLD_MAX = 100_000
# No generation has this number.
NOTHING = -1

_OLD_SINCE = """
UPDATE segments_member n SET since = o.since FROM segments_member o
WHERE n.segment_id = %(segment)s AND n.generation = %(next)s
  AND n.customer_id BETWEEN %(first)s AND %(last)s
  AND o.segment_id = %(segment)s AND o.generation = %(live)s AND o.customer_id = n.customer_id"""
_ONLY_IN = """
SELECT a.customer_id FROM segments_member a
WHERE a.workspace_id = %s AND a.segment_id = %s AND a.generation = %s AND NOT EXISTS (
  SELECT FROM segments_member b
  WHERE b.segment_id = a.segment_id AND b.generation = %s AND b.customer_id = a.customer_id)
LIMIT %s"""
_SWAP = """
WITH swapped AS (
  UPDATE segments_segment SET generation = %(next)s, kept = %(kept)s, kept_version = %(version)s,
    refreshed_at = %(at)s, stale_at = %(now)s, stale_why = 'rule',
    size = (SELECT count(*) FROM segments_member
            WHERE segment_id = %(segment)s AND generation = %(next)s)
  WHERE workspace_id = %(workspace)s AND id = %(segment)s AND version = %(version)s
    AND archived_at IS NULL
  RETURNING id, size)
INSERT INTO segments_size (workspace_id, segment_id, hour, at, count)
SELECT %(workspace)s, id, date_trunc('hour', %(now)s::timestamptz), %(now)s, size FROM swapped
ON CONFLICT (segment_id, hour) DO UPDATE SET at = excluded.at, count = excluded.count
RETURNING 1"""
_CLEAR = """
DELETE FROM segments_member WHERE ctid = ANY(ARRAY(
  SELECT m.ctid FROM segments_member m JOIN segments_segment s ON s.id = m.segment_id
  WHERE s.workspace_id = %s AND s.id = ANY(%s) AND m.generation <> s.generation LIMIT %s))"""

_DISCARD = """
DELETE FROM segments_member WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM segments_member
  WHERE workspace_id = %s AND segment_id = %s AND generation = %s LIMIT %s))"""


@dataclass(frozen=True, slots=True)
class Staged:
    """A segment on its way to another rule.

    kept      with the generation to be written
    version   of the rule it is computed for
    document  what its members will answer to
    live      the generation that counts until then; None for a first fill
    """

    kept: Kept
    version: int
    document: Mapping[str, Any]
    live: int | None


def stage(
    workspace_id: int,
    staged: Staged,
    customers: Ids,
    now: datetime,
    *,
    again: Ids | None = None,
) -> None:
    """Add members of the next generation; who is in the live one keeps their day of entry.

    again  customers who may have been staged before
    """
    segment_id, generation = staged.kept.id, staged.kept.generation
    raw = cursor()
    if again is not None:
        raw.execute(
            "DELETE FROM segments_member"
            " WHERE segment_id = %s AND generation = %s AND customer_id = ANY(%s)",
            [segment_id, generation, again.tolist()],
        )
    if not len(customers):
        return
    text = f"{workspace_id},{segment_id},{generation},%d,{now.isoformat()}\n"
    rows = "".join(text % one for one in customers.tolist())
    columns = "workspace_id, segment_id, generation, customer_id, since"
    with raw.copy(f"COPY segments_member ({columns}) FROM STDIN (FORMAT csv)") as copy:
        copy.write(rows)
    if staged.live is not None:
        raw.execute(
            _OLD_SINCE,
            {
                "segment": segment_id, "next": generation, "live": staged.live,
                "first": int(customers[0]), "last": int(customers[-1]),
            },
        )  # fmt: skip


def swap(workspace_id: int, staged: Staged, at: datetime, now: datetime) -> bool:
    """Let the staged generation count; false when the rule was changed in the meantime."""
    one = staged.kept
    live = NOTHING if staged.live is None else staged.live
    entered = _only_in(workspace_id, one.id, one.generation, live)
    left = _only_in(workspace_id, one.id, live, one.generation)
    raw = cursor()
    raw.execute(
        _SWAP,
        {
            "workspace": workspace_id, "segment": one.id, "next": one.generation,
            "version": staged.version, "kept": Jsonb(dict(staged.document)), "at": at, "now": now,
        },
    )  # fmt: skip
    if raw.fetchone() is None:
        return False
    if len(entered) + len(left) <= TOLD_MAX:
        reason = Reason.FIRST if staged.live is None else Reason.RULE
        news = (
            # A rule is no deed of the customer: nothing is set off by it.
            writing.news_of(kind, one.id, one.slug, customer, now, reason, Origin.IMPORT.value)
            for kind, customers in ((ENTERED, entered), (LEFT, left))
            for customer in customers
        )
        writing.tell(workspace_id, news)
    return True


def _only_in(workspace_id: int, segment_id: int, here: int, there: int) -> list[int]:
    raw = cursor()
    raw.execute(_ONLY_IN, [workspace_id, segment_id, here, there, TOLD_MAX + 1])
    return [row[0] for row in raw.fetchall()]


def clear(workspace_id: int, segment_ids: Sequence[int]) -> None:
    """Delete rows of generations that do not count, a few at a time."""
    while True:
        with transaction.atomic(), scope(workspace_id):
            raw = cursor()
            raw.execute(_CLEAR, [workspace_id, list(segment_ids), ROWS_AT_ONCE])
            if raw.rowcount < ROWS_AT_ONCE:
                return


def discard(workspace_id: int, staged: Staged) -> None:
    """Delete what was staged for a segment that was changed or deleted in the meantime."""
    while True:
        with transaction.atomic(), scope(workspace_id):
            raw = cursor()
            raw.execute(
                _DISCARD, [workspace_id, staged.kept.id, staged.kept.generation, ROWS_AT_ONCE]
            )
            if raw.rowcount < ROWS_AT_ONCE:
                return


def stored_between(
    workspace_id: int, kept: Sequence[Kept], customers: Ids
) -> npt.NDArray[np.bool_]:
    """Who of these customers, a range that ascends, is stored in which segment."""
    found = np.zeros((len(customers), len(kept)), dtype=np.bool_)
    for place, one in enumerate(kept):
        own = _stored(workspace_id, one, int(customers[0]), int(customers[-1]))
        found[:, place] = np.isin(customers, own, assume_unique=True)
    return found


def _stored(workspace_id: int, one: Kept, first: int, last: int) -> Ids:
    sql = (
        "COPY (SELECT customer_id FROM segments_member"
        f" WHERE workspace_id = {workspace_id:d} AND segment_id = {one.id:d}"
        f" AND generation = {one.generation:d}"
        f" AND customer_id BETWEEN {first:d} AND {last:d}) TO STDOUT (FORMAT csv)"
    )
    buffer = io.BytesIO()
    with cursor().copy(sql.encode()) as copy:
        for block in copy:
            buffer.write(block)
    if not buffer.tell():
        return np.zeros(0, dtype=np.int64)
    buffer.seek(0)
    table = pa_csv.read_csv(
        buffer,
        read_options=pa_csv.ReadOptions(column_names=["customer"]),
        convert_options=pa_csv.ConvertOptions(column_types={"customer": pa.int64()}),
    )
    found: Ids = table["customer"].to_numpy()
    return found
