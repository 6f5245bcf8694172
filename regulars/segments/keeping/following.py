"""The follower: who was touched and who is due is asked about, and their memberships follow.

One step is a few short transactions. In each workspace one at a time evaluates, under a lock, so
that an older answer never overwrites a newer one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from regulars.jobs import actions as jobs
from regulars.kernel import clock
from regulars.kernel.errors import RegularsError
from regulars.segments.keeping import asking, sources, writing
from regulars.segments.keeping.kept import Kept, kept_segments
from regulars.segments.keeping.sources import Changes
from regulars.segments.keeping.writing import Cause
from regulars.segments.records import Reason
from regulars.store.faults import is_transient
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries as workspaces

log = logging.getLogger(__name__)

# Customers asked about in one statement and one transaction.
CUSTOMERS_AT_ONCE = 2_500
# When more are due or touched at once, whole segments are computed anew.
SHARE_MAX = 0.05
ANYWAY_MAX = 10_000
RETRY = timedelta(seconds=30)
# Everything is computed anew once a day, so that no fault lives longer.
REFRESH_EVERY = timedelta(days=1)
REFRESH_LEASE = timedelta(seconds=1)
CLOCK_EVERY_S = 1.0
FILL = "segments.fill"
BY_CLOCK = "time"

_clock_next_s = 0.0

_KEEPING = """
SELECT DISTINCT workspace_id FROM segments_segment
WHERE archived_at IS NULL AND kept IS NOT NULL AND problem = ''"""
_HAS_DUE = """
SELECT EXISTS (SELECT FROM segments_due WHERE workspace_id = %s AND next_change_at <= %s)"""
_DUE = """
SELECT customer_id, origin FROM segments_due WHERE workspace_id = %s AND next_change_at <= %s
AND (origin IS NOT NULL OR NOT %s) ORDER BY next_change_at, customer_id LIMIT %s"""
_COUNT_DUE = """
SELECT count(*) FROM (SELECT FROM segments_due
WHERE workspace_id = %s AND next_change_at <= %s AND origin IS NULL LIMIT %s) AS found"""
_CUSTOMERS = """
SELECT coalesce(sum(rows), 0) FROM lake_file
WHERE workspace_id = %s AND relation = 'customers' AND is_live"""
# A live cause is not hidden by history; what waits for the clock waits no longer.
_QUEUE = """
INSERT INTO segments_due AS d (workspace_id, customer_id, next_change_at, origin)
SELECT %s, customer, %s, origin FROM unnest(%s::bigint[], %s::text[]) AS given (customer, origin)
ON CONFLICT (workspace_id, customer_id) DO UPDATE
SET next_change_at = least(d.next_change_at, excluded.next_change_at),
    origin = CASE WHEN d.origin = 'live' THEN d.origin ELSE excluded.origin END"""
_DROP_DUE = """
DELETE FROM segments_due WHERE workspace_id = %s AND customer_id = ANY(%s)"""
_STALE = """
UPDATE segments_segment SET stale_at = %s, stale_why = %s
WHERE workspace_id = %s AND archived_at IS NULL AND kept IS NOT NULL AND stale_at IS NULL
  AND problem = ''"""
_BROKEN = """
UPDATE segments_segment SET problem = given.code
FROM unnest(%s::bigint[], %s::text[]) AS given (id, code)
WHERE workspace_id = %s AND segments_segment.id = given.id"""
# Days begin elsewhere: calendar windows mean something else.
_ZONE_MOVED = """
UPDATE segments_segment s SET version = version + 1
FROM workspaces_workspace w
WHERE w.id = s.workspace_id AND s.archived_at IS NULL AND s.kept IS NOT NULL
  AND s.kept_version = s.version AND s.kept->>'zone' <> w.time_zone"""
_WANTING = """
SELECT DISTINCT workspace_id FROM segments_segment
WHERE archived_at IS NULL AND problem = ''
  AND (kept_version <> version OR stale_at IS NOT NULL OR refreshed_at < %s)"""


def follow() -> int:
    """One step for all workspaces; how much was found to do."""
    return follow_changes() + _follow_clock_now_and_then() + ask_for_fills()


def _follow_clock_now_and_then() -> int:
    # A statement costs much the same for one customer and for a thousand: those who become due
    # within a second are asked about together.
    global _clock_next_s
    if clock.monotonic_s() < _clock_next_s:
        return 0
    found = follow_clock()
    if found < CUSTOMERS_AT_ONCE:
        _clock_next_s = clock.monotonic_s() + CLOCK_EVERY_S
    return found


def follow_changes() -> int:
    """Ask about whoever was touched since the last step; how many rows were passed."""
    with transaction.atomic():
        after = sources.lock_cursors()
        if after is None:
            return 0
        found: dict[int, Changes] = {}
        moved = sources.read(after, found, upto=None)
        keeping = _keeping()
        for workspace_id, changes in sorted(found.items()):
            if workspace_id in keeping:
                _guarded(workspace_id, changes)
        sources.move(moved)
    return len(moved)


def _keeping() -> set[int]:
    raw = cursor()
    raw.execute(_KEEPING)
    return {row[0] for row in raw.fetchall()}


def _guarded(workspace_id: int, changes: Changes) -> None:
    """Take the changes; a fault is kept to this workspace, whose customers are asked about later.

    raises  what is transient: then nothing was passed
    """
    try:
        with scope(workspace_id):
            _take(workspace_id, changes)
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("members of workspace %s were not followed", workspace_id)
        with scope(workspace_id):
            queue(workspace_id, changes.origins(), clock.now() + RETRY)


def _take(workspace_id: int, changes: Changes) -> None:
    lock(workspace_id)
    kept = [one for one in kept_segments(workspace_id) if one.is_touched_by(changes.names)]
    if not kept:
        return
    origins = changes.origins()
    if is_too_many(workspace_id, len(origins)):
        weakest = max(origins.values(), key=lambda origin: sources.WEAKNESS[origin])
        mark_stale(workspace_id, weakest)
        return
    now, ids = clock.now(), list(origins)
    evaluate(workspace_id, kept, ids[:CUSTOMERS_AT_ONCE], now, Reason.EVENT, origins)
    rest = {one: origins[one] for one in ids[CUSTOMERS_AT_ONCE:]}
    if rest:
        queue(workspace_id, rest, now)


def evaluate(
    workspace_id: int,
    kept: Sequence[Kept],
    customer_ids: Sequence[int],
    now: datetime,
    reason: Reason,
    origins: dict[int, str],
    *,
    is_whole: bool = False,
) -> int:
    """Ask about these customers, of any id they ever had, and let memberships follow."""
    roots = asking.roots_of(workspace_id, customer_ids)
    merged = sorted(set(customer_ids) - set(roots))
    writing.drop(workspace_id, merged)
    zone = workspaces.workspace(workspace_id).zone
    found = asking.ask(workspace_id, roots, kept, now, zone)
    if found.broken:
        cursor().execute(_BROKEN, [list(found.broken), list(found.broken.values()), workspace_id])
    cause = Cause(reason, origins=_by_root(workspace_id, origins, merged))
    entries, exits = writing.apply(workspace_id, kept, found, now, cause, is_whole=is_whole)
    return entries + exits


def _by_root(workspace_id: int, origins: dict[int, str], merged: Sequence[int]) -> dict[int, str]:
    found = dict(origins)
    for one in merged:
        for root in asking.roots_of(workspace_id, [one]):
            if one in origins:
                found.setdefault(root, origins[one])
    return found


def follow_clock() -> int:
    """Ask about customers who are due, some of each workspace; how many there were."""
    total = 0
    with transaction.atomic():
        keeping = sorted(_keeping())
    for workspace_id in keeping:
        try:
            with transaction.atomic(), scope(workspace_id):
                total += _take_due(workspace_id)
        except RegularsError:
            log.exception("due customers of workspace %s wait", workspace_id)
    return total


def _take_due(workspace_id: int) -> int:
    raw, now = cursor(), clock.now()
    raw.execute(_HAS_DUE, [workspace_id, now])
    if raw.fetchone() != (True,):
        return 0
    lock(workspace_id)
    now = clock.now()
    is_stale = _is_stale(workspace_id)
    if not is_stale and _are_many_due(workspace_id, now):
        mark_stale(workspace_id, BY_CLOCK)
        is_stale = True
    # While whole segments wait to be computed, the clock's customers are left to that.
    raw.execute(_DUE, [workspace_id, now, is_stale, CUSTOMERS_AT_ONCE])
    due = dict(raw.fetchall())
    if not due:
        return 0
    origins = {one: origin for one, origin in due.items() if origin is not None}
    raw.execute(_DROP_DUE, [workspace_id, list(due)])
    kept = kept_segments(workspace_id)
    if kept:
        evaluate(workspace_id, kept, list(due), now, Reason.TIME, origins, is_whole=True)
    return len(due)


def _is_stale(workspace_id: int) -> bool:
    raw = cursor()
    raw.execute(
        "SELECT EXISTS (SELECT FROM segments_segment WHERE workspace_id = %s"
        " AND stale_at IS NOT NULL AND archived_at IS NULL AND problem = '' AND stale_why = %s)",
        [workspace_id, BY_CLOCK],
    )
    return raw.fetchone() == (True,)


def _are_many_due(workspace_id: int, now: datetime) -> bool:
    most = _many(workspace_id)
    raw = cursor()
    raw.execute(_COUNT_DUE, [workspace_id, now, most + 1])
    row = raw.fetchone()
    return row is not None and row[0] > most


def is_too_many(workspace_id: int, customers: int) -> bool:
    """Whether so many at once are better answered by a pass over everybody."""
    return customers > ANYWAY_MAX and customers > _many(workspace_id)


def _many(workspace_id: int) -> int:
    raw = cursor()
    raw.execute(_CUSTOMERS, [workspace_id])
    row = raw.fetchone()
    return max(ANYWAY_MAX, int(SHARE_MAX * float(row[0]) if row else 0))


def queue(workspace_id: int, origins: dict[int, str], at: datetime) -> None:
    """Let customers be asked about at the instant, as those whom something happened to."""
    ids = sorted(origins)
    cursor().execute(_QUEUE, [workspace_id, at, ids, [origins[one] for one in ids]])


def mark_stale(workspace_id: int, why: str) -> None:
    """Let every segment of the workspace be computed anew.

    why  "time", or the origin of what happened
    """
    cursor().execute(_STALE, [clock.now(), why, workspace_id])


def lock(workspace_id: int) -> None:
    """Nobody else changes memberships of this workspace until the transaction ends."""
    cursor().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('members:' || %s, 0))", [workspace_id]
    )


def ask_for_fills() -> int:
    """Put a job into the queue where segments wait to be computed; never work of its own."""
    with transaction.atomic():
        raw = cursor()
        raw.execute(_ZONE_MOVED)
        raw.execute(_WANTING, [clock.now() - REFRESH_EVERY])
        for (workspace_id,) in raw.fetchall():
            with scope(workspace_id):
                jobs.enqueue_anew(workspace_id, FILL, {}, "fill", every=REFRESH_LEASE)
    return 0
