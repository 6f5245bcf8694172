"""Scoring a workspace: counted in the lake, and only what differs is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from regulars.events import actions as events
from regulars.events.records import NewEvent, Origin
from regulars.kernel import clock
from regulars.lake import engine
from regulars.store.scope import cursor, scope
from regulars.value import queries
from regulars.value.pure.columns import FIELDS

# Rows of one write: far below the five seconds that a transaction may last.
CHUNK_ROWS = 5_000
# A change of stage that began longer ago came with history; it must not start anything.
LIVE_DAYS_MAX = 3
STAGE_CHANGED = "value.stage_changed"

WRITE = f"""
WITH given AS (
  SELECT * FROM unnest(%(customer)s::bigint[], {
    ", ".join(f"%({name})s::{kind}[]" for name, kind in FIELDS.items())
}) AS g (customer_id, {", ".join(FIELDS)})
), before AS (
  SELECT customer_id, stage, is_gone FROM value_score
  WHERE workspace_id = %(workspace)s AND customer_id = ANY(%(customer)s)
), written AS (
  INSERT INTO value_score AS known (workspace_id, customer_id, is_gone, {", ".join(FIELDS)})
  SELECT %(workspace)s, customer_id, false, {", ".join(FIELDS)} FROM given ORDER BY customer_id
  ON CONFLICT (workspace_id, customer_id) DO UPDATE
    SET is_gone = false, {", ".join(f"{name} = excluded.{name}" for name in FIELDS)}
    WHERE known.is_gone OR ({", ".join(f"known.{name}" for name in FIELDS)})
      IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in FIELDS)})
  RETURNING customer_id, stage, stage_since
)
SELECT w.customer_id, coalesce(b.stage, ''), w.stage, w.stage_since
FROM written w LEFT JOIN before b USING (customer_id) ORDER BY 1
"""
# Whoever was merged is counted with the root; the row that is left must not speak for it.
FORGET_MERGED = """
UPDATE value_score s SET is_gone = true FROM customers_merge m
WHERE s.workspace_id = %s AND NOT s.is_gone AND m.workspace_id = s.workspace_id
  AND m.loser_id = s.customer_id AND NOT m.is_gone
"""
TOUCH = """
INSERT INTO value_setting AS known (workspace_id, touched_at, changed_by, took_ms, cluster_note)
VALUES (%(workspace)s, %(now)s, '', 0, '')
ON CONFLICT (workspace_id) DO UPDATE SET touched_at = excluded.touched_at
  WHERE known.touched_at IS NULL OR known.touched_at < %(now)s - interval '5 seconds'
"""
SCORED = """
INSERT INTO value_setting AS known (workspace_id, scored_at, changed_by, took_ms, cluster_note)
VALUES (%(workspace)s, %(at)s, '', %(took)s, '')
ON CONFLICT (workspace_id) DO UPDATE
  SET scored_at = excluded.scored_at, took_ms = excluded.took_ms
  WHERE known.scored_at IS NULL OR known.scored_at <= excluded.scored_at
"""


def score(workspace_id: int, at: datetime, is_mine: Callable[[], bool] = lambda: True) -> int:
    """Bring the stored scores to what the lake says as of the instant; returns rows written.

    Opens transactions of its own, one a chunk, so that none of them is long.
    is_mine  asked in each of them: whether the caller still holds the work
    """
    began_s = clock.monotonic_s()
    with scope(workspace_id):
        statement = queries.differing(workspace_id, at)
        settings = queries.settings(workspace_id)
        today = queries.scope_of(workspace_id, at).last_day()
    # No transaction is open while the lake counts.
    found = engine.query(workspace_id, statement.sql, dict(statement.params))
    written = 0
    for chunk in _chunks(found):
        with scope(workspace_id):
            if not is_mine():
                return written
            changed = _write(workspace_id, chunk)
            moves = _moves(changed, at, today, is_first=settings.scored_at is None)
            events.record_many(workspace_id, moves)
            written += len(changed)
    with scope(workspace_id):
        if not is_mine():
            return written
        forget_merged(workspace_id)
        took_ms = round((clock.monotonic_s() - began_s) * 1000)
        cursor().execute(SCORED, {"workspace": workspace_id, "at": at, "took": took_ms})
    return written


def touch(workspace_id: int) -> None:
    """Remember that something changed which scores are made of."""
    cursor().execute(TOUCH, {"workspace": workspace_id, "now": clock.now()})


def forget_merged(workspace_id: int) -> int:
    """Take the rows of merged customers out of the lake; returns how many."""
    raw = cursor()
    raw.execute(FORGET_MERGED, [workspace_id])
    return raw.rowcount


Changed = tuple[int, str, str, Any]


def _write(workspace_id: int, chunk: pa.Table) -> list[Changed]:
    values = {name: chunk[name].to_pylist() for name in ("customer", *FIELDS)}
    raw = cursor()
    raw.execute(WRITE, {"workspace": workspace_id, **values})
    return list(raw.fetchall())


def _moves(
    changed: Sequence[Changed], at: datetime, today: Any, *, is_first: bool
) -> list[NewEvent]:
    """Events of those whose stage turned; who was not known before came as a prospect."""
    if is_first:
        return []
    found = []
    for customer_id, was, now, since in changed:
        before = was or "prospect"
        if before == now:
            continue
        is_live = today - since <= timedelta(days=LIVE_DAYS_MAX)
        found.append(
            NewEvent(
                kind=STAGE_CHANGED,
                time=at,
                key=f"value.stage:{customer_id}:{now}:{at.isoformat()}",
                customer_id=customer_id,
                props={"from": before, "to": now, "since": since.isoformat()},
                origin=(Origin.LIVE if is_live else Origin.IMPORT).value,
            )
        )
    return found


def _chunks(found: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, found.num_rows, CHUNK_ROWS):
        yield found.slice(start, CHUNK_ROWS)
