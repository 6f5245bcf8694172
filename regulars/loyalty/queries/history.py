"""What happened to points, transaction by transaction, each with its entries and its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.store.scope import cursor

PAGE_ROWS = 50
# Why points were changed by hand stands with the adjustment, where it can be erased.
HEAD = """
t.id, t.kind, t.natural_key, t.occurred_at, t.recorded_at,
CASE WHEN t.kind = 'adjust' THEN coalesce((
    SELECT a.reason FROM loyalty_adjustment a WHERE a.public_id = t.natural_key), t.reason)
ELSE t.reason END, t.actor, t.purchase_id, t.reverses_id, t.resolves_id
"""
# What a member's own accounts gained and lost, by currency.
SUMS = """
split_part(e.unit, ':', 2) AS currency,
coalesce(sum(e.amount) FILTER (WHERE e.account = 'member:available'), 0)::bigint AS available,
coalesce(sum(e.amount) FILTER (WHERE e.account = 'member:pending'), 0)::bigint AS pending,
coalesce(sum(e.amount) FILTER (WHERE e.account = 'member:held'), 0)::bigint AS held,
coalesce(-sum(e.amount) FILTER (WHERE e.account = 'member:debt'), 0)::bigint AS debt
"""
# Keeping for a purchase and giving it back changes nothing that a customer has to know.
QUIET = ("hold", "release", "activity")
OF_MEMBER = f"""
SELECT {HEAD}, e.owner_id, {SUMS}
FROM loyalty_entry e JOIN loyalty_txn t ON t.id = e.txn_id
WHERE e.workspace_id = %(workspace)s AND e.owner_id = %(member)s AND e.account LIKE 'member:%%'
  AND t.id < %(before)s AND NOT t.kind = ANY(%(but)s)
GROUP BY t.id, e.owner_id, e.unit
HAVING bool_or(e.amount <> 0)
ORDER BY t.id DESC LIMIT %(limit)s
"""
FOUND = f"""
WITH heads AS MATERIALIZED (
    SELECT t.* FROM loyalty_txn t
    WHERE t.workspace_id = %(workspace)s AND t.id < %(before)s
      AND (%(kind)s = '' OR t.kind = %(kind)s)
      AND (%(purchase)s = '' OR t.purchase_id = %(purchase)s)
      AND (%(since)s::timestamptz IS NULL OR t.recorded_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR t.recorded_at < %(until)s)
      AND (%(actor)s = '' OR t.actor = %(actor)s OR starts_with(t.actor, %(actor)s || ' '))
      AND (%(member)s = 0 OR EXISTS (
          SELECT FROM loyalty_entry o WHERE o.txn_id = t.id AND o.owner_id = %(member)s
            AND o.account LIKE 'member:%%'))
    ORDER BY t.id DESC LIMIT %(limit)s)
SELECT {HEAD}, e.owner_id, {SUMS}
FROM heads t
LEFT JOIN loyalty_entry e ON e.txn_id = t.id AND e.account LIKE 'member:%%'
     AND (%(member)s = 0 OR e.owner_id = %(member)s)
GROUP BY t.id, t.kind, t.natural_key, t.occurred_at, t.recorded_at, t.reason, t.actor,
         t.purchase_id, t.reverses_id, t.resolves_id, e.owner_id, e.unit
ORDER BY t.id DESC, e.owner_id
"""
ONE = f"SELECT {HEAD} FROM loyalty_txn t WHERE t.workspace_id = %s AND t.id = %s"
ENTRIES = """
SELECT account, owner_id, unit, lot_id, amount FROM loyalty_entry
WHERE workspace_id = %s AND txn_id = %s ORDER BY id
"""
LINKED = """
SELECT id, kind FROM loyalty_txn
WHERE workspace_id = %s AND (resolves_id = %s OR reverses_id = %s) ORDER BY id
"""
NEWEST = 2**62


@dataclass(frozen=True, slots=True)
class Moved:
    """What one transaction did to one member in one currency, in hundredths, with its sign.

    reverses_id, resolves_id  the transaction it takes back, and the hold it settles
    """

    txn_id: int
    kind: str
    key: str
    occurred_at: datetime
    recorded_at: datetime
    reason: str
    actor: str
    purchase_id: str | None
    reverses_id: int | None
    resolves_id: int | None
    member_id: int | None = None
    currency: str = ""
    available: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0

    @property
    def points(self) -> int:
        """What the member gained or lost: to spend, waiting and kept taken together."""
        return self.available + self.pending + self.held - self.debt

    @property
    def shown(self) -> int:
        """What a customer is told: activation moves points without adding any."""
        return self.points or self.available


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which transactions to show; empty means all."""

    member_id: int = 0
    kind: str = ""
    purchase_id: str = ""
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a transaction."""

    account: str
    owner_id: int | None
    unit: str
    lot_id: int | None
    amount: int


def of_member(
    workspace_id: int,
    member_id: int,
    *,
    before: int = NEWEST,
    limit: int = PAGE_ROWS,
    but: Sequence[str] = QUIET,
) -> list[Moved]:
    """What happened to the member's points, the newest first.

    before  only transactions before this one
    but     kinds that are left out
    """
    raw = cursor()
    raw.execute(
        OF_MEMBER,
        {"workspace": workspace_id, "member": member_id, "before": before, "limit": limit,
         "but": list(but)},
    )  # fmt: skip
    return [Moved(*row) for row in raw.fetchall()]


def page(
    workspace_id: int, wanted: Wanted, *, before: int = NEWEST, limit: int = PAGE_ROWS
) -> list[Moved]:
    """Transactions of the ledger, the newest first; one that moves several members has a row each.

    limit  counts transactions, not rows
    """
    raw = cursor()
    raw.execute(
        FOUND,
        {"workspace": workspace_id, "before": before, "limit": limit, "kind": wanted.kind,
         "purchase": wanted.purchase_id, "since": wanted.since, "until": wanted.until,
         "actor": wanted.actor, "member": wanted.member_id},
    )  # fmt: skip
    return [_moved(row) for row in raw.fetchall()]


def _moved(row: Sequence[Any]) -> Moved:
    # A transaction of certificates or of the programme alone has no member.
    return Moved(*row) if row[10] is not None else Moved(*row[:10])


def transaction(workspace_id: int, txn_id: int) -> tuple[Moved, list[Line], list[tuple[int, str]]]:
    """One transaction, its entries, and those that settle or reverse it.

    raises  LookupError when there is none
    """
    raw = cursor()
    raw.execute(ONE, [workspace_id, txn_id])
    row = raw.fetchone()
    if row is None:
        raise LookupError(txn_id)
    raw.execute(ENTRIES, [workspace_id, txn_id])
    lines = [Line(*line) for line in raw.fetchall()]
    raw.execute(LINKED, [workspace_id, txn_id, txn_id])
    return Moved(*row), lines, raw.fetchall()
