"""Looking whether the ledger is as it was written, and whether it adds up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from regulars.loyalty.pure import seals
from regulars.loyalty.pure.seals import Fault, Place, Written
from regulars.store.scope import cursor

# Keeps our advisory lock apart from those of other rooms.
LOCK_CLASS = 0x6C6F
WALK_ROWS = 2_000
FAULTS_TOLD_MAX = 100

HEADS = """
SELECT id, workspace_id, kind, natural_key, body_hash, actor, occurred_at, recorded_at,
       rules_version, reason, purchase_id, reverses_id, resolves_id
FROM loyalty_txn WHERE workspace_id = %s AND id = ANY(%s::bigint[])
"""
ENTRIES = """
SELECT txn_id, id, workspace_id, account, owner_id, unit, lot_id, amount, activates_at, expires_at
FROM loyalty_entry WHERE txn_id = ANY(%s::bigint[]) ORDER BY txn_id, id
"""
LINKS = """
SELECT place, txn_id, content, seal FROM loyalty_seal
WHERE workspace_id = %s AND place > %s ORDER BY place LIMIT %s
"""
UNBALANCED = """
SELECT txn_id FROM loyalty_entry WHERE workspace_id = %(w)s
GROUP BY txn_id, unit HAVING sum(amount) <> 0 ORDER BY 1 LIMIT %(max)s
"""
STRAY = """
SELECT DISTINCT e.txn_id FROM loyalty_entry e WHERE e.workspace_id = %(w)s AND NOT EXISTS (
    SELECT FROM loyalty_txn t WHERE t.id = e.txn_id AND t.workspace_id = e.workspace_id)
ORDER BY 1 LIMIT %(max)s
"""
UNSEALED = """
SELECT t.id FROM loyalty_txn t WHERE t.workspace_id = %(w)s
  AND NOT EXISTS (SELECT FROM loyalty_seal s WHERE s.txn_id = t.id)
  AND NOT EXISTS (SELECT FROM loyalty_unsealed u WHERE u.txn_id = t.id)
ORDER BY 1 LIMIT %(max)s
"""
# What members have by the entries, by the lots and by the balances: one number told three times.
BALANCES = """
WITH said AS (
    SELECT owner_id AS member, split_part(unit, ':', 2) AS currency,
           coalesce(sum(amount) FILTER (WHERE account = 'member:available'), 0) AS available,
           coalesce(sum(amount) FILTER (WHERE account = 'member:pending'), 0) AS pending,
           coalesce(sum(amount) FILTER (WHERE account = 'member:held'), 0) AS held,
           -coalesce(sum(amount) FILTER (WHERE account = 'member:debt'), 0) AS debt
    FROM loyalty_entry WHERE workspace_id = %(w)s AND account LIKE 'member:%%' GROUP BY 1, 2),
lots AS (
    SELECT member_id AS member, currency, sum(available) AS available, sum(pending) AS pending,
           sum(held) AS held
    FROM loyalty_lot WHERE workspace_id = %(w)s GROUP BY 1, 2)
SELECT coalesce(s.member, b.member_id, l.member)
FROM said s
FULL JOIN (SELECT * FROM loyalty_balance WHERE workspace_id = %(w)s) b
    ON b.member_id = s.member AND b.currency = s.currency
FULL JOIN lots l ON l.member = coalesce(s.member, b.member_id)
    AND l.currency = coalesce(s.currency, b.currency)
WHERE (coalesce(s.available, 0), coalesce(s.pending, 0), coalesce(s.held, 0), coalesce(s.debt, 0))
      IS DISTINCT FROM
      (coalesce(b.available, 0), coalesce(b.pending, 0), coalesce(b.held, 0), coalesce(b.debt, 0))
   OR (coalesce(s.available, 0), coalesce(s.pending, 0), coalesce(s.held, 0)) IS DISTINCT FROM
      (coalesce(l.available, 0), coalesce(l.pending, 0), coalesce(l.held, 0))
ORDER BY 1 LIMIT %(max)s
"""
LOTS = """
SELECT l.member_id FROM loyalty_lot l
LEFT JOIN (
    SELECT lot_id, sum(amount) FILTER (WHERE account = 'member:available') AS available,
           sum(amount) FILTER (WHERE account = 'member:pending') AS pending,
           sum(amount) FILTER (WHERE account = 'member:held') AS held
    FROM loyalty_entry WHERE workspace_id = %(w)s AND account LIKE 'member:%%'
      AND lot_id IS NOT NULL GROUP BY 1) e ON e.lot_id = l.id
WHERE l.workspace_id = %(w)s AND (
    l.available <> coalesce(e.available, 0) OR l.pending <> coalesce(e.pending, 0)
    OR l.held <> coalesce(e.held, 0))
ORDER BY 1 LIMIT %(max)s
"""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ended once: kept elsewhere, it shows books that were wiped or set back."""

    place: int
    seal: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at a workspace's ledger found; no faults when it is whole and adds up."""

    transactions: int
    entries: int
    waiting: int
    head: Head | None
    faults: tuple[Fault, ...]


def written_of(workspace_id: int, txn_ids: Sequence[int]) -> dict[int, Written]:
    """These transactions with everything they say."""
    raw = cursor()
    raw.execute(HEADS, [workspace_id, list(txn_ids)])
    heads = {row[0]: row for row in raw.fetchall()}
    entries: dict[int, list[tuple[object, ...]]] = {txn_id: [] for txn_id in heads}
    raw.execute(ENTRIES, [list(heads)])
    for row in raw.fetchall():
        entries[row[0]].append(row[1:])
    return {one: Written(one, head, tuple(entries[one])) for one, head in heads.items()}


def verify(workspace_id: int, anchor: Head | None = None) -> Verdict:
    """Whether the ledger is as it was written, and whether it adds up.

    anchor  where the chain ended once, kept outside: it has to hold that place with that seal
    Sealing waits for the end of the transaction, or it would look like faults between statements.
    """
    raw = cursor()
    raw.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK_CLASS])
    key = seals.key_of(settings.SECRET_KEY, workspace_id)
    walk = seals.Walk(key)
    kept = None
    for link, written in _links(workspace_id):
        walk.see(link, written)
        if anchor is not None and link.place == anchor.place:
            kept = link.seal.hex()
    faults = list(walk.faults)
    raw.execute(
        "SELECT place, seal, signature FROM loyalty_sealhead WHERE workspace_id = %s",
        [workspace_id],
    )
    row = raw.fetchone()
    faults += seals.ends(key, walk, row and (row[0], bytes(row[1]), bytes(row[2])))
    if anchor is not None and kept != anchor.seal:
        faults.append(Fault("set_back", place=anchor.place))
    faults += sums(workspace_id)
    head = Head(walk.place, walk.seal.hex()) if walk.place else None
    return Verdict(*_counted(workspace_id), head, tuple(faults))


def sums(workspace_id: int) -> list[Fault]:
    """Where the books do not add up: entries, balances and lots against each other."""
    return [
        *(Fault("unbalanced", txn_id=found) for found in _ask(UNBALANCED, workspace_id)),
        *(Fault("stray_entry", txn_id=found) for found in _ask(STRAY, workspace_id)),
        *(Fault("inserted", txn_id=found) for found in _ask(UNSEALED, workspace_id)),
        *(Fault("balance_differs", member_id=found) for found in _ask(BALANCES, workspace_id)),
        *(Fault("lot_differs", member_id=found) for found in _ask(LOTS, workspace_id)),
    ]


def _ask(statement: str, workspace_id: int) -> list[int]:
    raw = cursor()
    raw.execute(statement, {"w": workspace_id, "max": FAULTS_TOLD_MAX})
    return [row[0] for row in raw.fetchall()]


def _links(workspace_id: int) -> Iterator[tuple[Place, Written | None]]:
    place = 0
    while True:
        raw = cursor()
        raw.execute(LINKS, [workspace_id, place, WALK_ROWS])
        rows = raw.fetchall()
        found = written_of(workspace_id, [row[1] for row in rows])
        for row in rows:
            yield Place(row[0], row[1], bytes(row[2]), bytes(row[3])), found.get(row[1])
        if len(rows) < WALK_ROWS:
            return
        place = rows[-1][0]


def _counted(workspace_id: int) -> tuple[int, int, int]:
    raw = cursor()
    raw.execute(
        "SELECT (SELECT count(*) FROM loyalty_txn WHERE workspace_id = %(w)s),"
        " (SELECT count(*) FROM loyalty_entry WHERE workspace_id = %(w)s),"
        " (SELECT count(*) FROM loyalty_unsealed WHERE workspace_id = %(w)s)",
        {"w": workspace_id},
    )
    row: Any = raw.fetchone()
    return row[0], row[1], row[2]
