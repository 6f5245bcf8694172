"""Reading the trail, and looking whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings

from regulars.audit.pure import chain
from regulars.audit.records import Chosen, EntryRecord, Head, Page, Verdict
from regulars.store.scope import cursor

PAGE_ROWS = 50
WALK_ROWS = 2_000
# Keeps our advisory lock apart from those of other rooms.
LOCK_CLASS = 0x6155
INSERTED_TOLD_MAX = 100
COLUMNS = (
    "id, workspace_id, at, actor_kind, actor, door, act, object_kind, object_id, fields, number"
)
_LISTED = ", ".join(f"e.{name}" for name in COLUMNS.split(", "))


def entry_of(row: Sequence[Any]) -> EntryRecord:
    """The record of a row of COLUMNS."""
    values = dict(zip(COLUMNS.split(", "), row, strict=True))
    return EntryRecord(**{**values, "fields": tuple(values["fields"])})


def page(workspace_id: int, chosen: Chosen, *, before: int | None = None) -> Page:
    """Lines of the workspace, the newest first."""
    kind, _, actor = chosen.actor.partition(":")
    where = {
        "id < %(before)s": before,
        "act = %(act)s": chosen.act,
        "actor_kind = %(kind)s": kind,
        "actor = %(actor)s": actor,
        "object_id = %(object)s": chosen.object_id,
        "at >= %(since)s": chosen.since,
        "at < %(until)s": chosen.until,
    }
    asked = " AND ".join(["workspace_id = %(workspace)s", *(w for w, v in where.items() if v)])
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM audit_entry WHERE {asked} ORDER BY id DESC LIMIT %(rows)s",
        {
            "workspace": workspace_id, "rows": PAGE_ROWS + 1, "before": before, "act": chosen.act,
            "kind": kind, "actor": actor, "object": chosen.object_id,
            "since": chosen.since, "until": chosen.until,
        },
    )  # fmt: skip
    rows = [entry_of(row) for row in raw.fetchall()]
    more = rows[PAGE_ROWS - 1].id if len(rows) > PAGE_ROWS else None
    return Page(tuple(rows[:PAGE_ROWS]), more)


def head(workspace_id: int) -> Head | None:
    """Where the workspace's chain ends now; None when nothing is sealed yet."""
    raw = cursor()
    raw.execute("SELECT place, seal, at FROM audit_head WHERE workspace_id = %s", [workspace_id])
    row = raw.fetchone()
    return None if row is None else Head(int(row[0]), bytes(row[1]).hex(), row[2])


def verify(workspace_id: int, anchor: Head | None = None) -> Verdict:
    """Whether the workspace's trail is as it was written, and if not, which lines are not.

    anchor  where the chain ended once, kept outside: it has to hold that place with that seal
    Sealing and pruning wait for the end of the transaction, or what they do between two of our
    statements would look like faults.
    """
    cursor().execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK_CLASS])
    key = chain.key_of(settings.SECRET_KEY, workspace_id)
    walk, faults = _from_checkpoint(workspace_id, key)
    for link, entry in _links(workspace_id, walk.place):
        walk.see(link, entry)
    faults += walk.close()
    faults += _end(workspace_id, key, walk)
    faults += _against(workspace_id, anchor) if anchor is not None else []
    faults += chain.inserted(_strangers(workspace_id))
    faults += [chain.Fault("deleted", entry_id, None) for entry_id in _gone(workspace_id)]
    raw = cursor()
    raw.execute(
        "SELECT (SELECT count(*) FROM audit_entry WHERE workspace_id = %(w)s),"
        " (SELECT count(*) FROM audit_waiting WHERE workspace_id = %(w)s)",
        {"w": workspace_id},
    )
    counted = raw.fetchone()
    assert counted is not None
    told = tuple(dict(chain.as_text(fault)) for fault in faults)
    return Verdict(entries=counted[0], waiting=counted[1], faults=told)


def _from_checkpoint(workspace_id: int, key: bytes) -> tuple[chain.Walk, list[chain.Fault]]:
    raw = cursor()
    raw.execute(
        "SELECT place, seal, signature FROM audit_checkpoint WHERE workspace_id = %s"
        " ORDER BY place DESC LIMIT 1",
        [workspace_id],
    )
    row = raw.fetchone()
    if row is None:
        return chain.Walk(key, place=0, seal=chain.START), []
    place, seal = int(row[0]), bytes(row[1])
    is_ours = bytes(row[2]) == chain.signature_of(key, "checkpoint", place, seal)
    faults = [] if is_ours else [chain.Fault("forged", None, place)]
    return chain.Walk(key, place=place, seal=seal), faults


def _links(workspace_id: int, place: int) -> Iterator[tuple[chain.Sealed, EntryRecord | None]]:
    while True:
        raw = cursor()
        raw.execute(
            f"SELECT l.place, l.entry_id, l.content, l.seal, {_LISTED} FROM audit_link l"
            " LEFT JOIN audit_entry e ON e.id = l.entry_id AND e.workspace_id = l.workspace_id"
            " WHERE l.workspace_id = %s AND l.place > %s ORDER BY l.place LIMIT %s",
            [workspace_id, place, WALK_ROWS],
        )
        rows = raw.fetchall()
        for row in rows:
            link = chain.Sealed(row[0], row[1], bytes(row[2]), bytes(row[3]))
            yield link, None if row[4] is None else entry_of(row[4:])
        if len(rows) < WALK_ROWS:
            return
        place = rows[-1][0]


def _end(workspace_id: int, key: bytes, walk: chain.Walk) -> list[chain.Fault]:
    """Whether the chain ends where its signed head says."""
    raw = cursor()
    raw.execute(
        "SELECT place, seal, signature FROM audit_head WHERE workspace_id = %s", [workspace_id]
    )
    row = raw.fetchone()
    if row is None:
        return [chain.Fault("cut", None, walk.place)] if walk.place else []
    place, seal = int(row[0]), bytes(row[1])
    if bytes(row[2]) != chain.signature_of(key, "head", place, seal):
        return [chain.Fault("forged", None, place)]
    if place > walk.place:
        return [chain.Fault("cut", None, number) for number in range(walk.place + 1, place + 1)]
    return [] if (place, seal) == (walk.place, walk.seal) else [chain.Fault("forged", None, place)]


def _against(workspace_id: int, anchor: Head) -> list[chain.Fault]:
    """Whether the chain still holds the place it ended at when the anchor was taken."""
    raw = cursor()
    raw.execute(
        "SELECT (SELECT seal FROM audit_link WHERE workspace_id = %(w)s AND place = %(place)s),"
        " (SELECT max(place) FROM audit_checkpoint WHERE workspace_id = %(w)s)",
        {"w": workspace_id, "place": anchor.place},
    )
    row = raw.fetchone()
    assert row is not None
    seal, removed_to = row
    if seal is not None:
        is_same = bytes(seal).hex() == anchor.seal
        return [] if is_same else [chain.Fault("replaced", None, anchor.place)]
    # What was removed for its age is vouched for by a signed checkpoint further on.
    if anchor.place <= (removed_to or 0):
        return []
    return [chain.Fault("set_back", None, anchor.place)]


def _strangers(workspace_id: int) -> list[int]:
    """Lines without a seal that do not wait for one."""
    raw = cursor()
    raw.execute(
        "SELECT e.id FROM audit_entry e WHERE e.workspace_id = %s AND NOT EXISTS ("
        "   SELECT FROM audit_link l WHERE l.workspace_id = e.workspace_id AND l.entry_id = e.id)"
        " AND NOT EXISTS (SELECT FROM audit_waiting w WHERE w.entry_id = e.id)"
        " ORDER BY e.id LIMIT %s",
        [workspace_id, INSERTED_TOLD_MAX],
    )
    return [row[0] for row in raw.fetchall()]


def _gone(workspace_id: int) -> list[int]:
    """Lines that wait for their seal and are there no more."""
    raw = cursor()
    raw.execute(
        "SELECT w.entry_id FROM audit_waiting w WHERE w.workspace_id = %s"
        " AND NOT EXISTS (SELECT FROM audit_entry e WHERE e.id = w.entry_id)"
        " ORDER BY w.entry_id LIMIT %s",
        [workspace_id, INSERTED_TOLD_MAX],
    )
    return [row[0] for row in raw.fetchall()]
