"""Whole segments computed in one pass over the lake, some customers at a time.

A segment whose rule is new gets its members as the next generation, which readers see all at once
or not at all. One that only has to be looked at again is brought right range by range. Whoever was
touched since the lake's state, or turns before the answer is written, is left to the follower.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
from django.db import transaction

from regulars.events.records import Origin
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.errors import Outside
from regulars.lake import engine
from regulars.lake.pinned import Columns, Pinned
from regulars.lake.source import Position
from regulars.rules.shared import CompiledMany
from regulars.segments.keeping import asking, following, sources, staging, writing
from regulars.segments.keeping.asking import NEVER_US, Found, Ids
from regulars.segments.keeping.kept import Kept, document_of, kept_segments, read_rule
from regulars.segments.keeping.staging import Staged
from regulars.segments.keeping.writing import EPOCH, Cause
from regulars.segments.queries import rules_by_slug
from regulars.segments.records import Reason
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries as workspaces

log = logging.getLogger(__name__)

# Memory of a pass is that of so many customers: a statement over them and their answers.
CUSTOMERS_AT_ONCE = 262_144
# Of these so many are compared with what is stored in one transaction; the follower waits for it.
COMPARED_AT_ONCE = 65_536
MERGED_AT_ONCE = 2_500
AGAIN = timedelta(seconds=1)
# An older pass has too much to catch up with.
RESUMED_WITHIN = timedelta(minutes=10)

_WANTING = """
SELECT id, slug, version, kept_version, generation, stale_why FROM segments_segment
WHERE workspace_id = %s AND archived_at IS NULL AND problem = ''
  AND (kept_version <> version OR stale_at IS NOT NULL OR refreshed_at < %s) ORDER BY id"""
_POSITIONS = """
SELECT relation, coalesce(xid::text::bigint, 0), coalesce(id, 0) FROM lake_cursor"""
_MERGED = """
SELECT loser_id, root_id FROM customers_merge WHERE workspace_id = %s AND NOT is_gone"""
_REFRESHED = """
UPDATE segments_segment s SET refreshed_at = %(at)s,
  stale_at = CASE WHEN stale_at <= %(at)s THEN NULL ELSE stale_at END,
  stale_why = CASE WHEN stale_at <= %(at)s THEN '' ELSE stale_why END
FROM unnest(%(ids)s::bigint[], %(versions)s::bigint[]) AS given (id, version)
WHERE s.workspace_id = %(workspace)s AND s.id = given.id AND s.kept_version = given.version"""


@dataclass(slots=True)
class Pass:
    """One pass over a workspace.

    at         the instant all rules are asked at
    positions  how far the lake had been fed when it was pinned, at least
    fresh      segments whose rules are new, with the generation to be written
    stale      segments whose stored members are looked at again, and their versions
    done       customers up to this id have been answered
    late       customers touched since the lake's state, by their ids as rows have them
    """

    workspace_id: int
    at: datetime
    positions: dict[str, Position]
    fresh: list[Staged]
    stale: list[Kept]
    versions: dict[int, int]
    why: str
    done: int = 0
    is_resumed: bool = False
    late: dict[int, str] = field(default_factory=dict)
    read: dict[str, Position] = field(default_factory=dict)
    due: list[tuple[Ids, Ids]] = field(default_factory=list)

    @property
    def asked(self) -> list[Kept]:
        """Every segment of the pass, fresh ones first."""
        return [*(one.kept for one in self.fresh), *self.stale]


def run(job: JobRecord) -> None:
    """Compute all segments of the workspace that wait for it, or go on where a worker died."""
    if not _hold(job.workspace_id):
        _later(job)
        return
    try:
        with transaction.atomic():
            # Whatever happens from here on is passed by the follower.
            sources.lock_cursors()
        with transaction.atomic(), scope(job.workspace_id):
            found = _begin(job)
        if found is None:
            return
        if _is_lake_far_behind(found):
            _later(job)
            return
        _answer_all(job, found)
        _answer_merged(found)
        _finish(job, found)
    finally:
        _release(job.workspace_id)


def _later(job: JobRecord) -> None:
    with transaction.atomic():
        jobs.put_back(job, clock.now() + AGAIN)


def _hold(workspace_id: int) -> bool:
    raw = cursor()
    raw.execute("SELECT pg_try_advisory_lock(hashtextextended('fill:' || %s, 0))", [workspace_id])
    return raw.fetchone() == (True,)


def _release(workspace_id: int) -> None:
    cursor().execute(
        "SELECT pg_advisory_unlock(hashtextextended('fill:' || %s, 0))", [workspace_id]
    )


def _begin(job: JobRecord) -> Pass | None:
    """The pass to be made; None when no segment waits any more."""
    workspace_id, now = job.workspace_id, clock.now()
    raw = cursor()
    raw.execute(_WANTING, [workspace_id, now - following.REFRESH_EVERY])
    rows = raw.fetchall()
    if not rows:
        return None
    live = {one.id: one for one in kept_segments(workspace_id)}
    stale = [live[row[0]] for row in rows if row[2] == row[3] and row[0] in live]
    fresh = _fresh(workspace_id, [row for row in rows if row[2] != row[3]])
    raw.execute(_POSITIONS)
    positions = {name: Position(xid, row) for name, xid, row in raw.fetchall()}
    whys = {row[5] for row in rows if row[5]}
    versions = {row[0]: row[2] for row in rows}
    found = Pass(workspace_id, now, positions, fresh, stale, versions, _why(whys))
    _resume(found, job.progress.get("run"))
    _leave_out(found, asking.faults_of(found.asked))
    if not found.asked:
        return None
    if not found.is_resumed:
        staging.clear(workspace_id, [one.kept.id for one in fresh])
    found.read = dict(found.positions)
    return found


def _leave_out(found: Pass, broken: Mapping[int, str]) -> None:
    """A rule that cannot be asked any more must not keep all others from being computed."""
    following.mark_broken(found.workspace_id, broken)
    found.fresh = [one for one in found.fresh if one.kept.id not in broken]
    found.stale = [one for one in found.stale if one.id not in broken]
    for one in broken:
        found.versions.pop(one, None)


def _fresh(workspace_id: int, rows: Sequence[tuple[Any, ...]]) -> list[Staged]:
    if not rows:
        return []
    rules, zone = rules_by_slug(workspace_id), workspaces.workspace(workspace_id).zone
    found = []
    for segment_id, slug, version, kept_version, generation, _ in rows:
        document = document_of(slug, rules, zone.key)
        kept = Kept(segment_id, slug, generation + 1, *read_rule(document))
        found.append(Staged(kept, version, document, generation if kept_version else None))
    return found


def _why(whys: set[str]) -> str:
    """What made the segments stale; of several causes the one that sets off least."""
    known = [why for why in whys if why in sources.WEAKNESS]
    if known:
        return max(known, key=lambda why: sources.WEAKNESS[why])
    return following.BY_CLOCK if following.BY_CLOCK in whys else Origin.REPLAY.value


def _resume(found: Pass, state: Mapping[str, Any] | None) -> None:
    """Go on with the pass of a worker that died, when it was about the same segments."""
    if not state or found.at - datetime.fromisoformat(state["at"]) > RESUMED_WITHIN:
        return
    if state["versions"] != {str(k): v for k, v in found.versions.items()}:
        return
    found.is_resumed = True
    found.at = datetime.fromisoformat(state["at"])
    found.done = state["done"]
    found.positions = {name: Position(*one) for name, one in state["positions"].items()}


def _state(found: Pass) -> dict[str, Any]:
    return {
        "run": {
            "at": found.at.isoformat(),
            "done": found.done,
            "versions": {str(k): v for k, v in found.versions.items()},
            "positions": {name: [one.xid, one.id] for name, one in found.positions.items()},
        },
        "segments": len(found.versions),
    }


def _is_lake_far_behind(found: Pass) -> bool:
    """Whether so much is missing in the lake that it is better to wait for it."""
    with transaction.atomic(), scope(found.workspace_id):
        _look_who_is_late(found)
        return following.is_too_many(found.workspace_id, len(found.late))


def _look_who_is_late(found: Pass) -> None:
    """Add whoever the follower has passed since the last look."""
    goal = sources.cursors()
    changes: dict[int, sources.Changes] = {}
    after = {name: found.read.get(name, Position()) for name in goal}
    sources.read(after, changes, upto=goal)
    for name, position in goal.items():
        found.read[name] = max(after[name], position)
    own = changes.get(found.workspace_id)
    if own is not None:
        found.late.update(own.origins())


def _answer_all(job: JobRecord, found: Pass) -> None:
    zone = workspaces.workspace(found.workspace_id).zone
    pinned = Pinned(engine.current(), found.workspace_id)
    merged = _merged(found.workspace_id)
    apart = np.array(sorted({one for pair in merged for one in pair}), dtype=np.int64)
    for first, last in pinned.cuts(CUSTOMERS_AT_ONCE):
        if last <= found.done:
            continue
        answers = asking.found_in(_asked(found, pinned, (first, last), zone), found.asked, {})
        answers = _but(answers, np.isin(answers.customers, apart))
        if len(answers.customers):
            _write(found, answers, clock.now())
        found.done = last
        with transaction.atomic(), scope(job.workspace_id):
            if not jobs.report_progress(job, _state(found)):
                raise Outside("job_taken_over", "Another worker goes on with this.")


def _asked(
    found: Pass, pinned: Pinned, within: tuple[int, int], zone: ZoneInfo
) -> tuple[CompiledMany, Columns]:
    """The answers about a range; rules that spoil them are left out of the pass from here on."""
    asked = asking.compiled(found.asked, found.at, zone)
    try:
        return asked, pinned.query(asked.sql, asked.params, within)
    except asking.PASSING:
        raise
    except duckdb.Error:
        broken = _spoilers(found, pinned, within, zone)
        with transaction.atomic(), scope(found.workspace_id):
            _leave_out(found, broken)
        if not broken or not found.asked:
            raise
    asked = asking.compiled(found.asked, found.at, zone)
    return asked, pinned.query(asked.sql, asked.params, within)


def _spoilers(
    found: Pass, pinned: Pinned, within: tuple[int, int], zone: ZoneInfo
) -> dict[int, str]:
    broken = {}
    for one in found.asked:
        alone = asking.compiled([one], found.at, zone)
        try:
            pinned.query(alone.sql, alone.params, within)
        except asking.PASSING:
            raise
        except duckdb.Error:
            log.exception("the rule of segment %s can not be asked", one.id)
            broken[one.id] = "rule_failed"
    return broken


def _merged(workspace_id: int) -> list[tuple[int, int]]:
    with transaction.atomic(), scope(workspace_id):
        raw = cursor()
        raw.execute(_MERGED, [workspace_id])
        return [(int(loser), int(root)) for loser, root in raw.fetchall()]


def _answer_merged(found: Pass) -> None:
    """Customers that others were merged into: their rows lie under several ids."""
    zone = workspaces.workspace(found.workspace_id).zone
    roots = sorted({root for _, root in _merged(found.workspace_id)})
    for start in range(0, len(roots), MERGED_AT_ONCE):
        some = roots[start : start + MERGED_AT_ONCE]
        with transaction.atomic(), scope(found.workspace_id):
            following.lock(found.workspace_id)
            now = clock.now()
            answers = asking.ask(found.workspace_id, some, found.asked, now, zone)
        if len(answers.customers):
            _write(found, answers, now, is_range=False)


def _but(answers: Found, is_left_out: Any) -> Found:
    kept = ~is_left_out
    return replace(
        answers,
        customers=answers.customers[kept],
        holds=answers.holds[kept],
        turns_us=answers.turns_us[kept],
    )


def _write(found: Pass, answers: Found, now: datetime, *, is_range: bool = True) -> None:
    """Stage the answers of fresh segments, and bring stale ones right.

    is_range  the customers are all there are between the first and the last
    """
    count = len(found.fresh)
    # Written before by a worker that died, they are written anew.
    again = answers.customers if found.is_resumed or not is_range else None
    for place, staged in enumerate(found.fresh):
        chosen = answers.customers[answers.holds[:, place]]
        with transaction.atomic(), scope(found.workspace_id):
            staging.stage(found.workspace_id, staged, chosen, now, again=again)
    if found.fresh:
        moving = answers.turns_us != NEVER_US
        found.due.append((answers.customers[moving], answers.turns_us[moving]))
    if not found.stale:
        return
    for start in range(0, len(answers.customers), COMPARED_AT_ONCE):
        part = slice(start, start + COMPARED_AT_ONCE)
        stale = replace(
            answers,
            customers=answers.customers[part],
            holds=answers.holds[part, count:],
            turns_us=answers.turns_us[part],
        )
        with transaction.atomic(), scope(found.workspace_id):
            _refresh(found, stale, is_range=is_range)


def _refresh(found: Pass, answers: Found, *, is_range: bool) -> None:
    workspace_id = found.workspace_id
    following.lock(workspace_id)
    _look_who_is_late(found)
    now = clock.now()
    late = np.array(asking.roots_of(workspace_id, list(found.late)), dtype=np.int64)
    is_turned = answers.turns_us <= (now - EPOCH) // timedelta(microseconds=1)
    left_out = is_turned | np.isin(answers.customers, late)
    due = answers.customers[is_turned], answers.turns_us[is_turned]
    settled = _but(answers, left_out)
    if len(settled.customers):
        cause = Cause(*_cause(found.why))
        # Whoever else is kept, and not asked about here, may turn earlier.
        live = {one.id for one in kept_segments(workspace_id)}
        is_whole = live <= {one.id for one in found.stale}
        stored = (
            staging.stored_between(workspace_id, found.stale, settled.customers)
            if is_range
            else None
        )
        writing.apply(
            workspace_id, found.stale, settled, now, cause, is_whole=is_whole, stored=stored
        )
    writing.write_due(workspace_id, *due, now, is_whole=False)


def _cause(why: str) -> tuple[Reason, str]:
    if why == following.BY_CLOCK:
        return Reason.TIME, Origin.LIVE.value
    return Reason.EVENT, why


def _finish(job: JobRecord, found: Pass) -> None:
    """Swap what was staged, and tell that everything is fresh."""
    workspace_id = found.workspace_id
    for staged in found.fresh:
        with transaction.atomic(), scope(workspace_id):
            following.lock(workspace_id)
            is_swapped = staging.swap(workspace_id, staged, found.at, clock.now())
        if not is_swapped:
            staging.discard(workspace_id, staged)
    with transaction.atomic(), scope(workspace_id):
        following.lock(workspace_id)
        _look_who_is_late(found)
        late = dict.fromkeys(found.late, Origin.IMPORT.value) if found.fresh else {}
        following.queue(workspace_id, late, clock.now())
        _settle(found, [one.id for one in found.stale])
    if found.fresh:
        _write_due(found)
        # What a worker that died knew about due times is lost: one more look brings it back.
        if not found.is_resumed:
            with transaction.atomic(), scope(workspace_id):
                _settle(found, [one.kept.id for one in found.fresh], after=clock.now())
    staging.clear(workspace_id, [one.kept.id for one in found.fresh])
    with transaction.atomic(), scope(workspace_id):
        jobs.report_progress(job, {"segments": len(found.versions)})


def _write_due(found: Pass) -> None:
    for customers, turns in found.due:
        for start in range(0, len(customers), staging.ROWS_AT_ONCE):
            part = slice(start, start + staging.ROWS_AT_ONCE)
            with transaction.atomic(), scope(found.workspace_id):
                following.lock(found.workspace_id)
                writing.write_due(
                    found.workspace_id, customers[part], turns[part], found.at, is_whole=False
                )


def _settle(found: Pass, ids: Sequence[int], after: datetime | None = None) -> None:
    cursor().execute(
        _REFRESHED,
        {
            "workspace": found.workspace_id,
            "at": after or found.at,
            "ids": list(ids),
            "versions": [found.versions[one] for one in ids],
        },
    )
