"""Sealing what was posted: one follower, after the commit, so that no posting waits for another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from django.conf import settings
from django.db import transaction

from regulars.kernel import clock
from regulars.loyalty.pure import seals
from regulars.loyalty.pure.seals import Place
from regulars.loyalty.queries.sealed import LOCK_CLASS, written_of
from regulars.store.scope import cursor

SEALED_AT_ONCE_MAX = 5_000
WAITING = """
SELECT workspace_id, txn_id FROM loyalty_unsealed
WHERE txn_id IN (SELECT txn_id FROM loyalty_unsealed ORDER BY txn_id LIMIT %s)
ORDER BY workspace_id, txn_id
"""
WRITE = """
INSERT INTO loyalty_seal (workspace_id, place, txn_id, content, seal)
SELECT %s, n.* FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[], %s::bytea[]) AS n
"""
MOVE_HEAD = """
INSERT INTO loyalty_sealhead (workspace_id, place, seal, signature, at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (workspace_id) DO UPDATE
SET place = excluded.place, seal = excluded.seal, signature = excluded.signature, at = excluded.at
"""


def seal_waiting() -> int:
    """Put committed transactions into the chains of their workspaces; engine only, how many."""
    with transaction.atomic():
        raw = cursor()
        raw.execute("SELECT pg_try_advisory_xact_lock(%s, 0)", [LOCK_CLASS])
        if raw.fetchone() != (True,):
            return 0
        raw.execute(WAITING, [SEALED_AT_ONCE_MAX])
        waiting = raw.fetchall()
        for workspace_id, group in groupby(waiting, key=lambda row: int(row[0])):
            _seal(workspace_id, [row[1] for row in group])
        raw.execute(
            "DELETE FROM loyalty_unsealed WHERE txn_id = ANY(%s)", [[row[1] for row in waiting]]
        )
    return len(waiting)


def _seal(workspace_id: int, txn_ids: Sequence[int]) -> None:
    key = seals.key_of(settings.SECRET_KEY, workspace_id)
    raw = cursor()
    raw.execute("SELECT place, seal FROM loyalty_sealhead WHERE workspace_id = %s", [workspace_id])
    place, before = raw.fetchone() or (0, seals.START)
    found = written_of(workspace_id, txn_ids)
    written = [found[txn_id] for txn_id in txn_ids if txn_id in found]
    places: list[Place] = list(seals.sealed(key, written, place=place, before=bytes(before)))
    if not places:
        return
    raw.execute(
        WRITE,
        [
            workspace_id,
            [one.place for one in places],
            [one.txn_id for one in places],
            [one.content for one in places],
            [one.seal for one in places],
        ],
    )
    last = places[-1]
    signature = seals.signature_of(key, last.place, last.seal)
    raw.execute(MOVE_HEAD, [workspace_id, last.place, last.seal, signature, clock.now()])
