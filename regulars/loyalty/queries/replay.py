"""The ledger played again from its first line to any moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from regulars.loyalty.pure.playback import Books, LotState, Step, play
from regulars.store.scope import cursor

PAGE_ROWS = 20_000
LOG = """
SELECT e.txn_id, e.account, e.owner_id, e.unit, e.lot_id, e.amount, e.activates_at, e.expires_at,
       e.id, t.recorded_at
FROM loyalty_entry e JOIN loyalty_txn t ON t.id = e.txn_id
WHERE e.workspace_id = %s AND e.txn_id >= %s AND (e.txn_id, e.id) > (%s, %s)
ORDER BY e.txn_id, e.id LIMIT %s
"""
STORED_LOTS = """
SELECT id, member_id, 'points:' || currency, amount, available, pending, held, activates_at,
       expires_at FROM loyalty_lot WHERE workspace_id = %s ORDER BY id
"""


def replay(workspace_id: int, at: datetime | None = None) -> Books:
    """What the books said at a moment, worked out from the log alone.

    raises  ValueError naming the first transaction that cannot be
    """
    return play(Books(), _log(workspace_id, at))


def _log(workspace_id: int, at: datetime | None) -> Iterator[Step]:
    txn_id, entry_id = 0, 0
    latest: datetime | None = None
    while True:
        raw = cursor()
        raw.execute(LOG, [workspace_id, txn_id, txn_id, entry_id, PAGE_ROWS])
        rows = raw.fetchall()
        for row in rows:
            # Whoever waited for a lock has an earlier time than whoever held it: the order of the
            # books counts, so a cut is always between two transactions.
            latest = row[9] if latest is None else max(latest, row[9])
            if at is not None and latest > at:
                return
            yield Step(*row[:8])
        if len(rows) < PAGE_ROWS:
            return
        txn_id, entry_id = rows[-1][0], rows[-1][8]


def stored(workspace_id: int) -> Books:
    """The same from the tables that are kept in step with the log, for comparing."""
    books = Books()
    raw = cursor()
    raw.execute(STORED_LOTS, [workspace_id])
    for lot_id, member_id, unit, amount, available, pending, held, activates, expires in raw:
        parts = {"member:available": available, "member:pending": pending, "member:held": held}
        books.lots[lot_id] = LotState(member_id, unit, amount, parts, activates, expires)
    raw.execute(
        "SELECT account, owner_id, unit, sum(amount)::bigint FROM loyalty_entry"
        " WHERE workspace_id = %s AND account NOT LIKE 'member:%%' GROUP BY 1, 2, 3",
        [workspace_id],
    )
    books.accounts = {(row[0], row[1], row[2]): row[3] for row in raw.fetchall()}
    raw.execute(
        "SELECT member_id, 'points:' || currency, available, pending, held, -debt"
        " FROM loyalty_balance WHERE workspace_id = %s",
        [workspace_id],
    )
    names = ("member:available", "member:pending", "member:held", "member:debt")
    for member_id, unit, *amounts in raw.fetchall():
        for name, amount in zip(names, amounts, strict=True):
            books.accounts[name, member_id, unit] = amount
    return books
