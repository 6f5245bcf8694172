"""Carrying an erasure on, from wherever it stands, until not a byte is left.

Every piece of work commits together with the number of the next one, so a worker that dies goes
on where it stopped; two at once take turns at the row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg

from regulars.audit import actions as audit
from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import NotFound, Outside
from regulars.lake import engine, erasing
from regulars.lake.sweep import REPLACED_KEPT
from regulars.privacy import files, queries
from regulars.privacy.actions import removing
from regulars.privacy.records import (
    DONE,
    FOLDING,
    REMOVING,
    SCRUBBING,
    SETTLING,
    WAITING,
    ErasureRecord,
)
from regulars.privacy.registry import all_traces
from regulars.store import place, scrubbing
from regulars.store.persons import Person
from regulars.store.roles import Role
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries as workspaces

BUSY_PAUSE = timedelta(seconds=15)
INBOX_PAUSE = timedelta(seconds=2)
SETTLE_PAUSE = timedelta(minutes=1)
# The sweep comes every minute.
SETTLED_AFTER = REPLACED_KEPT + timedelta(minutes=1)
SETTLED_AT_ONCE = timedelta(0)
# Tables up to this size are written anew at once, which takes seconds; larger ones by night.
AT_ONCE_BYTES = 1 << 30
NIGHT_HOUR = 3
# Beside the traced tables: rows pass through these and leave their bytes there.
PASSED_THROUGH = ("events_inbox", "django_session", "store_cache")


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing can be done before this time."""

    until: datetime


def advance(workspace_id: int, public_id: str, *, is_alone: bool = False) -> Pause | None:
    """Do everything that can be done now; a pause when something has to be waited for.

    None when it is done. Engine only.
    is_alone  nobody else reads the lake, so replaced files need not be kept for readers
    """
    while True:
        with scope(workspace_id):
            now = queries.erasure(workspace_id, public_id)
        if now.is_done:
            return None
        if now.state == SETTLING:
            pause = _settle(now, SETTLED_AT_ONCE if is_alone else SETTLED_AFTER)
        else:
            pause = _WORK[now.state](now)
        if pause is not None:
            return pause


def _wait(now: ErasureRecord) -> Pause | None:
    """What was received before has to be in the log, or it would bring them back."""
    with scope(now.workspace_id):
        raw = cursor()
        raw.execute(
            "SELECT EXISTS (SELECT FROM events_inbox WHERE workspace_id = %s AND id <= %s)",
            [now.workspace_id, now.inbox_upto],
        )
        if raw.fetchone() == (True,):
            return Pause(clock.now() + INBOX_PAUSE)
        _move(now, REMOVING)
    return None


def _remove(now: ErasureRecord) -> Pause | None:
    work = removing.units()
    if now.step >= len(work):
        with scope(now.workspace_id):
            _move(now, FOLDING, "removed_at = clock_timestamp()")
        return None
    unit = work[now.step]
    try:
        with scope(now.workspace_id):
            if not _is_still(now):
                return None
            person = _person(now)
            if unit.is_last:
                _bury(now, person)
            counts = dict(now.counts)
            removing.add(counts, done := dict(unit.run(person)))
            _write(now, counts=counts, touched=sorted({*now.touched, *done}), step=now.step + 1)
    except Outside as error:
        if error.is_permanent:
            raise
        return Pause(clock.now() + BUSY_PAUSE)
    return None


def _bury(now: ErasureRecord, person: Person) -> None:
    """Tombstones, in the database and outside of it: a restored database must not bring them back.

    The line outside is written first: without it the rows would be gone and nobody knew why.
    """
    workspace = workspaces.workspace(now.workspace_id)
    files.note_erasure(
        {
            "workspace": workspace.public_id,
            "customers": list(person.public_ids),
            "at": clock.now().isoformat(timespec="seconds"),
        }
    )
    cursor().execute(
        "INSERT INTO privacy_tombstone (workspace_id, customer_id, public_id, erasure_id, at)"
        " SELECT %s, n.customer_id, n.public_id, %s, %s"
        " FROM unnest(%s::bigint[], %s::text[]) AS n (customer_id, public_id)"
        " ON CONFLICT (workspace_id, public_id) DO NOTHING",
        [
            now.workspace_id, now.id, clock.now(),
            list(person.ids[: len(person.public_ids)]), list(person.public_ids),
        ],
    )  # fmt: skip
    audit.note(now.workspace_id, "customer.erased", "customer", now.customer_public_id)


def _person(now: ErasureRecord) -> Person:
    """The person as they are now, or only their ids once the rest is gone."""
    try:
        found = customers.whole_person(now.workspace_id, now.customer_id)
    except NotFound:
        return Person(now.workspace_id, now.ids, (now.customer_public_id,), ())
    new = [one for one in now.ids if one not in found.ids]
    if set(found.ids) - set(now.ids):
        ids = [*now.ids, *(one for one in found.ids if one not in now.ids)]
        cursor().execute(
            "UPDATE privacy_erasure SET ids = %s WHERE workspace_id = %s AND id = %s",
            [ids, now.workspace_id, now.id],
        )
        erasing.hide(cursor(), now.workspace_id, ids, clock.now())
    return Person(found.workspace_id, (*found.ids, *new), found.public_ids, found.identifiers)


def _fold(now: ErasureRecord) -> Pause | None:
    removed = _clean_lake(now)
    with scope(now.workspace_id):
        if _is_still(now):
            lake = dict(now.lake)
            removing.add(lake, removed)
            late = _again(now)
            removing.add(late, removing.files_again(Person(now.workspace_id, now.ids, (), ())))
            _write(now, lake=lake, late=late, touched=sorted({*now.touched, *late}))
            _move(now, SCRUBBING, "folded_at = clock_timestamp()")
    return None


def _clean_lake(now: ErasureRecord) -> dict[str, int]:
    with psycopg.connect(place.conninfo_for(Role.ENGINE), autocommit=True) as connection:
        return erasing.remove(engine.current(), connection, now.workspace_id, now.ids, clock.now())


def _again(now: ErasureRecord) -> dict[str, int]:
    """What came in between, by those who had read the customer before they were gone."""
    late = dict(now.late)
    removing.add(late, removing.again(Person(now.workspace_id, now.ids, (), ())))
    return late


def _scrub(now: ErasureRecord) -> Pause | None:
    tables = tables_to_scrub(now.touched)
    if not now.is_hurried and scrubbing.size_of(tables) > AT_ONCE_BYTES:
        night = _night(now)
        if night > clock.now():
            return Pause(night)
    try:
        done = scrubbing.scrub(tables)
    except Outside:
        return Pause(clock.now() + BUSY_PAUSE)
    with scope(now.workspace_id):
        if _is_still(now):
            _write(now, is_log_clean=done.is_log_clean)
            _move(now, SETTLING, "scrubbed_at = clock_timestamp()")
    return None


def tables_to_scrub(touched: tuple[str, ...]) -> list[str]:
    """Every table a person passes through, and the partitions that were touched."""
    traced = {trace.table for room in all_traces() for trace in (*room.rows, *room.last)} - {
        "events_event"
    }
    parts = {name for name in touched if name.startswith("events_event_")}
    return sorted(traced | parts | set(PASSED_THROUGH))


def _night(now: ErasureRecord) -> datetime:
    """The end of waiting: the first third hour of the night, where the shop is, after removal."""
    zone = ZoneInfo(workspaces.workspace(now.workspace_id).time_zone)
    removed = (now.folded_at or now.asked_at).astimezone(zone)
    night = removed.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return night if night >= removed else night + timedelta(days=1)


def _settle(now: ErasureRecord, after: timedelta) -> Pause | None:
    """Done when the replaced files are gone and nothing has come after."""
    assert now.folded_at is not None
    ready = now.folded_at + after
    if clock.now() < ready:
        return Pause(ready)
    with psycopg.connect(place.conninfo_for(Role.ENGINE), autocommit=True) as connection:
        root = place.lake_folder()
        if erasing.leftovers(connection, root, now.workspace_id, now.folded_at):
            return Pause(clock.now() + SETTLE_PAUSE)
    removed = _clean_lake(now)
    with scope(now.workspace_id):
        if not _is_still(now):
            return None
        late = _again(now)
        if removed or late != now.late:
            # A reader that was under way wrote once more: the files and pages have to go again.
            lake = dict(now.lake)
            removing.add(lake, removed)
            _write(now, lake=lake, late=late, touched=sorted({*now.touched, *late}))
            _move(now, SCRUBBING, "folded_at = clock_timestamp()")
            return None
        erasing.settle(cursor(), now.workspace_id, now.ids)
        _move(now, DONE, "finished_at = clock_timestamp()")
    return None


def _is_still(now: ErasureRecord) -> bool:
    """Whether nobody else went on meanwhile; the row is ours until the transaction ends."""
    raw = cursor()
    raw.execute(
        "SELECT state, step FROM privacy_erasure WHERE workspace_id = %s AND id = %s FOR UPDATE",
        [now.workspace_id, now.id],
    )
    return raw.fetchone() == (now.state, now.step)


def _move(now: ErasureRecord, state: str, also: str = "") -> None:
    cursor().execute(
        f"UPDATE privacy_erasure SET state = %s{', ' + also if also else ''}"
        " WHERE workspace_id = %s AND id = %s AND state = %s",
        [state, now.workspace_id, now.id, now.state],
    )


def _write(now: ErasureRecord, **columns: object) -> None:
    values: Mapping[str, object] = {
        name: json.dumps(value) if isinstance(value, dict | list) else value
        for name, value in columns.items()
    }
    sets = ", ".join(f"{name} = %({name})s" for name in columns)
    cursor().execute(
        f"UPDATE privacy_erasure SET {sets} WHERE workspace_id = %(workspace)s AND id = %(id)s",
        {**values, "workspace": now.workspace_id, "id": now.id},
    )


_WORK = {
    WAITING: _wait,
    REMOVING: _remove,
    FOLDING: _fold,
    SCRUBBING: _scrub,
}
