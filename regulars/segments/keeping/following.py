"""The follower: who was touched and who is due is asked about, and their memberships follow.

One step is a few short transactions. In each workspace one at a time evaluates, under a lock, so
that an older answer never overwrites a newer one.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from regulars.jobs import actions as jobs
from regulars.kernel import clock
from regulars.segments.keeping import asking, sources, writing
from regulars.segments.keeping.kept import Kept, kept_segments
from regulars.segments.keeping.sources import Changes
from regulars.segments.keeping.writing import Cause
from regulars.segments.records import Reason
from regulars.store.faults import is_transient
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries as workspaces

log = logging.getLogger(__name__)

# Customers asked about in one statement and one transaction: as many as have about so many events.
CUSTOMERS_AT_ONCE = 10_000
EVENTS_AT_ONCE = 300_000
# So many when nothing is known of them, and whatever they did.
CUSTOMERS_AT_FIRST = 2_500
CUSTOMERS_ANYWAY = 1_000
# After the machine failed over more, until it has answered about a thousand again.
CUSTOMERS_LEAST = 10
WORKSPACES_KNOWN_MAX = 10_000
# When more are due or touched at once, whole segments are computed anew.
SHARE_MAX = 0.05
ANYWAY_MAX = 10_000
RETRY = timedelta(seconds=30)
# Everything is computed anew once a day, so that no fault lives longer.
REFRESH_EVERY = timedelta(days=1)
REFRESH_LEASE = timedelta(seconds=1)
CLOCK_EVERY_S = 1.0
# All workspaces are gone through in one transaction; those that come later than this get their
# customers put in line and are asked about one by one, for a long transaction holds up everybody.
STEP_S_MAX = 2.0
FILL = "segments.fill"
BY_CLOCK = "time"

_clock_next_s = 0.0
_at_once: dict[int, int] = {}
_is_new = True

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
# Those whom a fault kept from being asked about are not asked about at once again.
_PUT_OFF = """
UPDATE segments_due SET next_change_at = %s
WHERE workspace_id = %s AND customer_id IN (
  SELECT customer_id FROM segments_due WHERE workspace_id = %s AND next_change_at <= %s
  ORDER BY next_change_at, customer_id LIMIT %s)"""
_STALE = """
UPDATE segments_segment SET stale_at = %s, stale_why = %s
WHERE workspace_id = %s AND archived_at IS NULL AND kept IS NOT NULL AND stale_at IS NULL
  AND problem = ''"""
_BROKEN = """
UPDATE segments_segment SET problem = given.code, stale_at = %s, stale_why = 'import'
FROM unnest(%s::bigint[], %s::text[]) AS given (id, code)
WHERE workspace_id = %s AND segments_segment.id = given.id"""
# What broke a rule may have passed: a fact of a newer release that this one did not know.
_MENDED = """
UPDATE segments_segment SET problem = ''
WHERE archived_at IS NULL AND problem <> '' AND (stale_at IS NULL OR stale_at < %s)"""
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
    global _clock_next_s
    # A statement costs much the same for one customer and for a thousand: those who become due
    # within a second are asked about together, and with those who were touched.
    is_time = clock.monotonic_s() >= _clock_next_s
    looked_at: set[int] = set()
    passed = follow_changes(looked_at if is_time else None)
    if is_time:
        found = follow_clock(looked_at)
        if found < CUSTOMERS_ANYWAY:
            _clock_next_s = clock.monotonic_s() + CLOCK_EVERY_S
        passed += found
    return passed + ask_for_fills()


def follow_changes(clock_of: set[int] | None = None) -> int:
    """Ask about whoever was touched since the last step; how many tables were read on.

    clock_of  where given, customers who are due are asked about in the same statements, and the
              workspaces where nobody is left who was due are added to it
    """
    with transaction.atomic():
        after = sources.lock_cursors()
        if after is None:
            return 0
        found: dict[int, Changes] = {}
        moved = sources.read(after, found, upto=None)
        keeping, until_s = _keeping(), clock.monotonic_s() + STEP_S_MAX
        for workspace_id, changes in sorted(found.items()):
            if workspace_id not in keeping:
                continue
            is_late = clock.monotonic_s() > until_s
            with_due = clock_of is not None
            is_clear = _guarded(workspace_id, changes, with_due=with_due, is_late=is_late)
            if clock_of is not None and is_clear:
                clock_of.add(workspace_id)
        sources.move(moved)
    return len(moved)


def _keeping() -> set[int]:
    raw = cursor()
    raw.execute(_KEEPING)
    return {row[0] for row in raw.fetchall()}


def _guarded(workspace_id: int, changes: Changes, *, with_due: bool, is_late: bool) -> bool:
    """Take the changes; a fault is kept to this workspace, whose customers are asked about later.

    returns  whether nobody is left who was due
    raises   what is transient: then nothing was passed
    """
    try:
        with scope(workspace_id):
            if is_late:
                return _put_in_line(workspace_id, changes)
            return _take(workspace_id, changes, with_due=with_due)
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("members of workspace %s were not followed", workspace_id)
        with scope(workspace_id):
            queue(workspace_id, changes.origins(), clock.now() + RETRY)
        return False


def _put_in_line(workspace_id: int, changes: Changes) -> bool:
    if any(one.is_touched_by(changes.names) for one in kept_segments(workspace_id)):
        queue(workspace_id, changes.origins(), clock.now())
    return False


def _take(workspace_id: int, changes: Changes, *, with_due: bool) -> bool:
    lock(workspace_id)
    every = kept_segments(workspace_id)
    touched = [one for one in every if one.is_touched_by(changes.names)]
    if not touched:
        return False
    origins = changes.origins()
    if is_too_many(workspace_id, len(origins)):
        weakest = max(origins.values(), key=lambda origin: sources.WEAKNESS[origin])
        mark_stale(workspace_id, weakest)
        return False
    now, first = clock.now(), fitting(workspace_id, list(origins))
    left = set(origins).difference(first)
    due = _due(workspace_id, now) if with_due and not left else {}
    asked = fitting(workspace_id, list(dict.fromkeys((*first, *due)))) if due else first
    if due:
        forget_due(workspace_id, [one for one in asked if one in due])
        _add(origins, due)
        evaluate(workspace_id, every, asked, now, Reason.TIME, origins, is_whole=True)
    else:
        evaluate(workspace_id, touched, asked, now, Reason.EVENT, origins)
    queue(workspace_id, {one: origins[one] for one in left}, now)
    is_all = len(due) < CUSTOMERS_AT_ONCE and due.keys() <= set(asked)
    return with_due and not left and is_all


def _add(origins: dict[int, str], due: Mapping[int, str | None]) -> None:
    for one, origin in due.items():
        if origin is not None:
            origins[one] = sources.stronger(origins.get(one), origin)


def fitting(workspace_id: int, customer_ids: list[int]) -> list[int]:
    """The first of these customers, as many as one statement should take."""
    return customer_ids[: min(CUSTOMERS_AT_ONCE, _at_once.get(workspace_id, CUSTOMERS_AT_FIRST))]


def _learn(workspace_id: int, customers: int, events: int) -> None:
    """How many customers have about as many events as one statement should read."""
    known = _at_once.get(workspace_id, CUSTOMERS_AT_FIRST)
    if customers < CUSTOMERS_ANYWAY:
        if known <= customers:
            # The machine answers again: trust it with more, step by step.
            _at_once[workspace_id] = min(2 * known, CUSTOMERS_ANYWAY)
        return
    if len(_at_once) >= WORKSPACES_KNOWN_MAX:
        _at_once.clear()
    each = max(events / customers, EVENTS_AT_ONCE / CUSTOMERS_AT_ONCE)
    _at_once[workspace_id] = max(CUSTOMERS_ANYWAY, int(EVENTS_AT_ONCE / each))


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
    root_of = asking.root_of(workspace_id, customer_ids)
    roots = sorted(set(root_of.values()))
    writing.drop(workspace_id, sorted(one for one, root in root_of.items() if one != root))
    zone = workspaces.workspace(workspace_id).zone
    try:
        found = asking.ask(workspace_id, roots, kept, now, zone)
    except asking.PASSING:
        # What was too much for this machine is too much again: fewer the next time.
        known = _at_once.get(workspace_id, CUSTOMERS_AT_FIRST)
        _at_once[workspace_id] = max(CUSTOMERS_LEAST, known // 2)
        raise
    _learn(workspace_id, len(roots), found.events)
    mark_broken(workspace_id, found.broken)
    cause = Cause(reason, origins=_by_root(origins, root_of))
    entries, exits = writing.apply(workspace_id, kept, found, now, cause, is_whole=is_whole)
    return entries + exits


def _by_root(origins: dict[int, str], root_of: dict[int, int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for one, origin in origins.items():
        root = root_of.get(one, one)
        found[root] = sources.stronger(found.get(root), origin)
    return found


def follow_clock(but: Collection[int] = ()) -> int:
    """Ask about customers who are due, some of each workspace; how many there were.

    but  workspaces that were looked at already
    """
    total = 0
    with transaction.atomic():
        keeping = sorted(_keeping().difference(but))
    for workspace_id in keeping:
        total += _guarded_clock(workspace_id)
    return total


def _guarded_clock(workspace_id: int) -> int:
    """Ask about who is due; a fault is kept to this workspace, whose customers wait a little.

    raises  what is transient
    """
    try:
        with transaction.atomic(), scope(workspace_id):
            return _take_due(workspace_id)
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("due customers of workspace %s wait", workspace_id)
        with transaction.atomic(), scope(workspace_id):
            now = clock.now()
            given = [now + RETRY, workspace_id, workspace_id, now, CUSTOMERS_AT_ONCE]
            cursor().execute(_PUT_OFF, given)
        return 0


def _take_due(workspace_id: int) -> int:
    raw = cursor()
    raw.execute(_HAS_DUE, [workspace_id, clock.now()])
    if raw.fetchone() != (True,):
        return 0
    lock(workspace_id)
    now = clock.now()
    due = _due(workspace_id, now)
    if not due:
        return 0
    ids = fitting(workspace_id, list(due))
    forget_due(workspace_id, ids)
    kept = kept_segments(workspace_id)
    if kept:
        origins = {one: origin for one in ids if (origin := due[one]) is not None}
        evaluate(workspace_id, kept, ids, now, Reason.TIME, origins, is_whole=True)
    return len(ids)


def _due(workspace_id: int, now: datetime) -> dict[int, str | None]:
    """Customers who are due, each with the origin of what happened to them; None: the clock's."""
    is_stale = _is_stale(workspace_id)
    if not is_stale and _are_many_due(workspace_id, now):
        mark_stale(workspace_id, BY_CLOCK)
        is_stale = True
    raw = cursor()
    # While whole segments wait to be computed, the clock's customers are left to that.
    raw.execute(_DUE, [workspace_id, now, is_stale, CUSTOMERS_AT_ONCE])
    return dict(raw.fetchall())


def forget_due(workspace_id: int, customer_ids: Sequence[int]) -> None:
    """These customers are asked about now."""
    cursor().execute(_DROP_DUE, [workspace_id, list(customer_ids)])


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
    if not origins:
        return
    ids = sorted(origins)
    cursor().execute(_QUEUE, [workspace_id, at, ids, [origins[one] for one in ids]])


def mark_broken(workspace_id: int, broken: Mapping[int, str]) -> None:
    """Leave these segments out; they are tried again after a day, or when a worker starts."""
    if broken:
        given = [clock.now(), list(broken), list(broken.values()), workspace_id]
        cursor().execute(_BROKEN, given)


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
        raw.execute(_MENDED, [_broken_before()])
        raw.execute(_ZONE_MOVED)
        raw.execute(_WANTING, [clock.now() - REFRESH_EVERY])
        for (workspace_id,) in raw.fetchall():
            with scope(workspace_id):
                jobs.enqueue_anew(workspace_id, FILL, {}, "fill", every=REFRESH_LEASE)
    return 0


def _broken_before() -> datetime:
    """Segments found broken before this instant are tried again: all of them at first."""
    global _is_new
    is_new, _is_new = _is_new, False
    return clock.now() - (timedelta(0) if is_new else REFRESH_EVERY)
