"""Answers become rows: who came in, who left, when to look again, and how large segments are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from regulars.events import actions as events
from regulars.events.records import NewEvent, Origin
from regulars.segments.keeping.asking import NEVER_US, Found, Ids
from regulars.segments.keeping.kept import Kept
from regulars.segments.queries.membership import ENTERED, LEFT
from regulars.segments.records import Reason
from regulars.store.scope import cursor

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Bounds beyond this are as good as never: the segment is computed anew long before.
TURNS_AHEAD_MAX = timedelta(days=366 * 10)
SOURCE = "segments"

_STORED = """
SELECT m.segment_id, m.customer_id FROM segments_segment s
JOIN segments_member m ON m.segment_id = s.id AND m.generation = s.generation
WHERE s.workspace_id = %s AND s.id = ANY(%s) AND m.customer_id = ANY(%s)"""
_ENTER = """
INSERT INTO segments_member (workspace_id, segment_id, generation, customer_id, since)
SELECT %s, segment, generation, customer, %s
FROM unnest(%s::bigint[], %s::int[], %s::bigint[]) AS given (segment, generation, customer)
ON CONFLICT DO NOTHING"""
_LEAVE = """
DELETE FROM segments_member m
USING unnest(%s::bigint[], %s::int[], %s::bigint[]) AS given (segment, generation, customer)
WHERE m.segment_id = given.segment AND m.generation = given.generation
  AND m.customer_id = given.customer"""
_GROW = """
WITH changed AS (
  UPDATE segments_segment s SET size = coalesce(s.size, 0) + given.more
  FROM unnest(%(segments)s::bigint[], %(more)s::bigint[]) AS given (segment, more)
  WHERE s.workspace_id = %(workspace)s AND s.id = given.segment
  RETURNING s.id, s.size)
INSERT INTO segments_size (workspace_id, segment_id, hour, at, count)
SELECT %(workspace)s, id, date_trunc('hour', %(now)s::timestamptz), %(now)s, size FROM changed
ON CONFLICT (segment_id, hour) DO UPDATE SET at = excluded.at, count = excluded.count"""
# Only lowered where not all answers of the customer were asked for: others may turn earlier.
_LOWER_DUE = """
INSERT INTO segments_due AS d (workspace_id, customer_id, next_change_at)
SELECT %s, customer, %s::timestamptz + us * interval '1 microsecond'
FROM unnest(%s::bigint[], %s::bigint[]) AS given (customer, us)
ON CONFLICT (workspace_id, customer_id) DO UPDATE SET next_change_at = excluded.next_change_at
WHERE d.next_change_at > excluded.next_change_at"""
_CLEAR_DUE = "DELETE FROM segments_due WHERE workspace_id = %s AND customer_id = ANY(%s)"
# Who was merged into another is in nothing; nobody is told, for it is no decision about them.
_DROP = """
WITH gone AS (
  DELETE FROM segments_member WHERE workspace_id = %(workspace)s AND customer_id = ANY(%(ids)s)
  RETURNING segment_id, generation)
UPDATE segments_segment s SET size = s.size - g.rows
FROM (SELECT segment_id, generation, count(*) AS rows FROM gone GROUP BY 1, 2) g
WHERE s.id = g.segment_id AND s.generation = g.generation"""

Pairs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why answers are asked for.

    reason   for everybody, but those of `origins`
    origin   of the events to be written
    origins  customers whom something happened to: of which origin it was
    """

    reason: Reason
    origin: str = Origin.LIVE.value
    origins: Mapping[int, str] | None = None

    def of(self, customer_id: int) -> tuple[str, str]:
        """Reason and origin for one customer."""
        origin = (self.origins or {}).get(customer_id)
        return (self.reason, self.origin) if origin is None else (Reason.EVENT, origin)


def apply(
    workspace_id: int,
    kept: Sequence[Kept],
    found: Found,
    now: datetime,
    cause: Cause,
    *,
    is_whole: bool,
    stored: npt.NDArray[np.bool_] | None = None,
) -> tuple[int, int]:
    """Let the stored members be as found, in the current transaction; entries and exits.

    is_whole  every segment that the clock can change was asked about, so the next look at a
              customer is exactly as found
    stored    who is stored, where that was read before
    """
    if stored is None:
        stored = _stored(workspace_id, kept, found.customers)
    known = np.array([one.id not in found.broken for one in kept], dtype=np.bool_)
    entries = np.argwhere(found.holds & ~stored & known)
    exits = np.argwhere(~found.holds & stored & known)
    _move(workspace_id, kept, found.customers, entries, exits, now)
    tell(workspace_id, _news(kept, found.customers, entries, exits, now, cause))
    write_due(workspace_id, found.customers, found.turns_us, now, is_whole=is_whole)
    return len(entries), len(exits)


def _stored(workspace_id: int, kept: Sequence[Kept], customers: Ids) -> npt.NDArray[np.bool_]:
    """The same table as the answers: a row for each customer, a column for each segment."""
    raw = cursor()
    raw.execute(_STORED, [workspace_id, [one.id for one in kept], customers.tolist()])
    pairs = np.array(raw.fetchall(), dtype=np.int64).reshape(-1, 2)
    return table_of(pairs, [one.id for one in kept], customers)


def table_of(pairs: Pairs, segments: Sequence[int], customers: Ids) -> npt.NDArray[np.bool_]:
    """True where (segment, customer) is among the pairs; customers ascend, segments need not."""
    found = np.zeros((len(customers), len(segments)), dtype=np.bool_)
    place = {segment: number for number, segment in enumerate(segments)}
    columns = np.array([place[one] for one in pairs[:, 0].tolist()], dtype=np.int64)
    found[np.searchsorted(customers, pairs[:, 1]), columns] = True
    return found


def _move(
    workspace_id: int,
    kept: Sequence[Kept],
    customers: Ids,
    entries: Pairs,
    exits: Pairs,
    now: datetime,
) -> None:
    raw = cursor()
    more = np.zeros(len(kept), dtype=np.int64)
    for pairs, sign, sql, before in (
        (entries, 1, _ENTER, [workspace_id, now]), (exits, -1, _LEAVE, []),
    ):  # fmt: skip
        if len(pairs):
            raw.execute(sql, [*before, *_named(kept, customers, pairs)])
            np.add.at(more, pairs[:, 1], sign)
    grow(workspace_id, [one.id for one in kept], more, now)


def _named(kept: Sequence[Kept], customers: Ids, pairs: Pairs) -> list[list[int]]:
    own = [kept[place] for place in pairs[:, 1].tolist()]
    return [
        [one.id for one in own],
        [one.generation for one in own],
        customers[pairs[:, 0]].tolist(),
    ]


def grow(
    workspace_id: int, segments: Sequence[int], more: npt.NDArray[np.int64], now: datetime
) -> None:
    """Change the sizes of segments, and keep a point of each that changed."""
    changed = np.flatnonzero(more)
    if not len(changed):
        return
    cursor().execute(
        _GROW,
        {
            "workspace": workspace_id,
            "segments": [segments[place] for place in changed.tolist()],
            "more": more[changed].tolist(),
            "now": now,
        },
    )


def _news(
    kept: Sequence[Kept],
    customers: Ids,
    entries: Pairs,
    exits: Pairs,
    now: datetime,
    cause: Cause,
) -> Iterator[NewEvent]:
    for kind, pairs in ((ENTERED, entries), (LEFT, exits)):
        for row, place in pairs.tolist():
            customer_id = int(customers[row])
            reason, origin = cause.of(customer_id)
            one = kept[place]
            yield news_of(kind, one.id, one.slug, customer_id, now, reason, origin)


def news_of(
    kind: str,
    segment_id: int,
    slug: str,
    customer_id: int,
    now: datetime,
    reason: str,
    origin: str,
) -> NewEvent:
    """The event of an entry or an exit; it stands or falls with the row it tells of."""
    return NewEvent(
        kind=kind,
        time=now,
        key=None,
        customer_id=customer_id,
        props={"segment": slug, "reason": str(reason)},
        origin=origin,
        subject_id=segment_id,
        source=SOURCE,
    )


def tell(workspace_id: int, news: Iterator[NewEvent]) -> None:
    """Append the events in the current transaction."""
    events.record_many(workspace_id, list(news))


def write_due(
    workspace_id: int,
    customers: Ids,
    turns_us: Ids,
    now: datetime,
    *,
    is_whole: bool,
) -> None:
    """When to look at the customers again."""
    raw = cursor()
    if is_whole:
        raw.execute(_CLEAR_DUE, [workspace_id, customers.tolist()])
    limit = (now + TURNS_AHEAD_MAX - EPOCH) // timedelta(microseconds=1)
    due = np.flatnonzero((turns_us != NEVER_US) & (turns_us < limit))
    if len(due):
        raw.execute(
            _LOWER_DUE, [workspace_id, EPOCH, customers[due].tolist(), turns_us[due].tolist()]
        )


def drop(workspace_id: int, customer_ids: Sequence[int]) -> None:
    """Take customers who are nobody of their own any more out of everything."""
    if customer_ids:
        given = {"workspace": workspace_id, "ids": list(customer_ids)}
        cursor().execute(_DROP, given)
        cursor().execute(_CLEAR_DUE, [workspace_id, list(customer_ids)])
