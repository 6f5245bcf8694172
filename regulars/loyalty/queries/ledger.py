"""Questions to the ledger that those who write it ask first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from regulars.loyalty.pure.ledger import currency_of
from regulars.loyalty.pure.lots import Lot
from regulars.store.scope import cursor

LOTS_MAX = 20_000

LOT = """
l.id, l.member_id, l.currency, l.amount, l.available, l.pending, l.held, l.activates_at,
coalesce(l.expires_at, CASE WHEN l.slides THEN b.slides_until END), l.slides, l.purchase_id,
l.partner_id, l.line_id, l.source_txn, l.source_lot, l.waits_for, l.cost_minor
"""
FROM_LOTS = """
FROM loyalty_lot l
LEFT JOIN loyalty_balance b ON b.member_id = l.member_id AND b.currency = l.currency
"""
OPEN = f"""
SELECT {LOT} {FROM_LOTS}
WHERE l.workspace_id = %s AND l.member_id = ANY(%s::bigint[])
  AND (l.available > 0 OR l.pending > 0 OR l.held > 0) ORDER BY l.id LIMIT %s
"""
# Of one member the plan is kept; for a list PostgreSQL makes a new one every time.
OPEN_ONE = OPEN.replace("= ANY(%s::bigint[])", "= %s")
BY_ID = f"SELECT {LOT} {FROM_LOTS} WHERE l.workspace_id = %s AND l.id = ANY(%s::bigint[])"
TXN = """
SELECT t.id, t.kind, t.natural_key, t.body_hash, t.purchase_id, t.resolves_id,
       e.account, e.owner_id, e.unit, e.lot_id, e.amount
FROM loyalty_txn t LEFT JOIN loyalty_entry e ON e.txn_id = t.id
WHERE t.workspace_id = %s AND
"""
# By member as well: entries are not found by their lot alone.
EXPIRED = """
SELECT l.currency, -sum(e.amount)::bigint
FROM loyalty_lot l
JOIN loyalty_entry e ON e.owner_id = l.member_id AND e.lot_id = l.id
JOIN loyalty_txn t ON t.id = e.txn_id AND t.kind = 'expire'
WHERE l.workspace_id = %s AND l.purchase_id = %s
  AND e.account IN ('member:available', 'member:pending')
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it stands in the books."""

    account: str
    owner_id: int | None
    unit: str
    lot_id: int | None
    amount: int

    @property
    def currency(self) -> str | None:
        return currency_of(self.unit)


@dataclass(frozen=True, slots=True)
class Txn:
    """A transaction as it stands in the books, its entries in the order they were written."""

    id: int
    kind: str
    key: str
    said: bytes
    purchase_id: str | None
    resolves_id: int | None
    lines: tuple[Line, ...]


def open_lots(workspace_id: int, member_ids: Sequence[int]) -> list[Lot]:
    """Lots of these members with anything left in them, the oldest first."""
    raw = cursor()
    if len(member_ids) == 1:
        raw.execute(OPEN_ONE, [workspace_id, member_ids[0], LOTS_MAX], prepare=True)
    else:
        most = LOTS_MAX * len(member_ids)
        raw.execute(OPEN, [workspace_id, list(member_ids), most], prepare=True)
    return [Lot(*row) for row in raw.fetchall()]


def lots_by_id(workspace_id: int, lot_ids: Iterable[int]) -> dict[int, Lot]:
    """These lots, empty or not."""
    raw = cursor()
    raw.execute(BY_ID, [workspace_id, list(lot_ids)], prepare=True)
    return {row[0]: Lot(*row) for row in raw.fetchall()}


def find(workspace_id: int, kind: str, key: str) -> Txn | None:
    """The transaction of this kind and key."""
    raw = cursor()
    raw.execute(
        TXN + "t.kind = %s AND t.natural_key = %s ORDER BY e.id",
        [workspace_id, kind, key],
        prepare=True,
    )
    return next(iter(_txns(raw.fetchall())), None)


def of_purchase(workspace_id: int, purchase_id: str) -> list[Txn]:
    """Every transaction of a purchase, in the order they were written."""
    raw = cursor()
    raw.execute(TXN + "t.purchase_id = %s ORDER BY t.id, e.id", [workspace_id, purchase_id])
    return _txns(raw.fetchall())


def expired_of(workspace_id: int, purchase_id: str) -> dict[str, int]:
    """What ended by its date of the points that a purchase gave, by currency."""
    raw = cursor()
    raw.execute(EXPIRED, [workspace_id, purchase_id])
    return dict(raw.fetchall())


def _txns(rows: Sequence[tuple[Any, ...]]) -> list[Txn]:
    heads: dict[int, tuple[Any, ...]] = {}
    lines: dict[int, list[Line]] = {}
    for row in rows:
        heads[row[0]] = row
        own = lines.setdefault(row[0], [])
        if row[6] is not None:
            own.append(Line(*row[6:11]))
    return [
        Txn(row[0], row[1], row[2], bytes(row[3]), row[4], row[5], tuple(lines[txn_id]))
        for txn_id, row in heads.items()
    ]


def waiting(workspace_id: int, waits_for: Sequence[str]) -> list[Lot]:
    """Lots that wait for one of these events."""
    raw = cursor()
    raw.execute(
        f"SELECT {LOT} {FROM_LOTS} WHERE l.workspace_id = %s AND l.waits_for = ANY(%s::text[])"
        " AND l.pending > 0 AND l.activates_at IS NULL ORDER BY l.id LIMIT %s",
        [workspace_id, list(waits_for), LOTS_MAX],
    )
    return [Lot(*row) for row in raw.fetchall()]


def resolved(workspace_id: int, hold_id: int) -> Txn | None:
    """The transaction that settled this hold."""
    raw = cursor()
    raw.execute(TXN + "t.resolves_id = %s ORDER BY e.id", [workspace_id, hold_id])
    return next(iter(_txns(raw.fetchall())), None)
