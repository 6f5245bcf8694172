"""Writing to the trail, sealing what was written, and removing what is too old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction

from regulars.audit.pure import chain
from regulars.audit.queries import COLUMNS, LOCK_CLASS, entry_of
from regulars.audit.records import EntryRecord
from regulars.kernel import clock
from regulars.store.scope import cursor
from regulars.store.trail import Note as Note
from regulars.store.trail import acting as acting
from regulars.store.trail import note as note
from regulars.store.trail import note_many as note_many

SEALED_AT_ONCE_MAX = 1_000
PRUNED_AT_ONCE_MAX = 10_000

FIND_WAITING = f"""
SELECT {COLUMNS} FROM audit_entry WHERE id IN (
    SELECT entry_id FROM audit_waiting ORDER BY entry_id LIMIT %s)
ORDER BY workspace_id, id
"""
WRITE_LINKS = """
INSERT INTO audit_link (workspace_id, place, entry_id, content, seal)
SELECT %s, n.* FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[]) AS n
"""
MOVE_HEAD = """
INSERT INTO audit_head (workspace_id, place, seal, signature, at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (workspace_id) DO UPDATE
SET place = excluded.place, seal = excluded.seal, signature = excluded.signature, at = excluded.at
"""
# Lines are sealed nearly in the order of their time; the prefix ends before the first young one.
FIND_PRUNED = """
SELECT place, seal FROM audit_link
WHERE workspace_id = %(workspace)s AND place < least(
    (SELECT min(l.place) FROM audit_link l JOIN audit_entry e ON e.id = l.entry_id
     WHERE l.workspace_id = %(workspace)s AND e.at >= %(before)s),
    (SELECT min(place) FROM audit_link WHERE workspace_id = %(workspace)s) + %(rows)s)
ORDER BY place DESC LIMIT 1
"""


def seal_waiting() -> int:
    """Put committed lines into the chains of their workspaces; engine only, returns how many.

    One follower at a time: it reads what is committed, so nobody who writes ever waits for it.
    """
    with transaction.atomic():
        raw = cursor()
        raw.execute("SELECT pg_try_advisory_xact_lock(%s, 0)", [LOCK_CLASS])
        if raw.fetchone() != (True,):
            return 0
        raw.execute(FIND_WAITING, [SEALED_AT_ONCE_MAX])
        found = [entry_of(row) for row in raw.fetchall()]
        for workspace_id, group in groupby(found, key=lambda entry: entry.workspace_id):
            _seal(workspace_id, list(group))
        raw.execute("DELETE FROM audit_waiting WHERE entry_id = ANY(%s)", [[e.id for e in found]])
    return len(found)


def _seal(workspace_id: int, entries: Sequence[EntryRecord]) -> None:
    key = chain.key_of(settings.SECRET_KEY, workspace_id)
    raw = cursor()
    raw.execute("SELECT place, seal FROM audit_head WHERE workspace_id = %s", [workspace_id])
    place, seal = raw.fetchone() or (0, chain.START)
    links = list(chain.sealed(key, entries, place=place, before=bytes(seal)))
    raw.execute(
        WRITE_LINKS,
        [
            workspace_id,
            [link.place for link in links],
            [link.entry_id for link in links],
            [link.content for link in links],
            [link.seal for link in links],
        ],
    )
    last = links[-1]
    signature = chain.signature_of(key, "head", last.place, last.seal)
    raw.execute(MOVE_HEAD, [workspace_id, last.place, last.seal, signature, clock.now()])


def prune(workspace_id: int, before: datetime) -> int:
    """Remove sealed lines older than this, and sign where the chain now begins; engine only.

    At most PRUNED_AT_ONCE_MAX lines at once; returns how many went.
    """
    with transaction.atomic():
        raw = cursor()
        raw.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK_CLASS])
        raw.execute(
            FIND_PRUNED,
            {"workspace": workspace_id, "before": before, "rows": PRUNED_AT_ONCE_MAX},
        )
        found = raw.fetchone()
        if found is None:
            return 0
        place, seal = int(found[0]), bytes(found[1])
        key = chain.key_of(settings.SECRET_KEY, workspace_id)
        raw.execute(
            "INSERT INTO audit_checkpoint (workspace_id, place, seal, signature, at, before)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [workspace_id, place, seal, chain.signature_of(key, "checkpoint", place, seal),
             clock.now(), before],
        )  # fmt: skip
        raw.execute(
            "DELETE FROM audit_entry WHERE id IN (SELECT entry_id FROM audit_link"
            " WHERE workspace_id = %s AND place <= %s)",
            [workspace_id, place],
        )
        raw.execute(
            "DELETE FROM audit_link WHERE workspace_id = %s AND place <= %s", [workspace_id, place]
        )
        return raw.rowcount


def kept() -> timedelta:
    """How long lines are kept."""
    return timedelta(days=settings.AUDIT_KEPT_DAYS)
