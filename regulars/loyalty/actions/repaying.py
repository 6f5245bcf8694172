"""A debt is repaid by whatever points come to the member, in a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.loyalty.actions import ledger
from regulars.loyalty.pure import accrual, lots
from regulars.loyalty.pure.ledger import Draft, Entry
from regulars.loyalty.queries import ledger as books


def repay(workspace_id: int, member_id: int, key: str, now: datetime) -> None:
    """Available points of a member who owes pay the debt, those that end first. Locks them."""
    own = ledger.lock_members(workspace_id, [member_id], now)[member_id]
    owed = {slug: min(b.debt, b.available) for slug, b in own.items() if b.debt and b.available}
    if not owed:
        return
    held = books.open_lots(workspace_id, [member_id])
    entries: list[Entry] = []
    for slug, amount in sorted(owed.items()):
        chosen: Sequence[lots.Lot] = [lot for lot in held if lot.currency == slug]
        taken = lots.burn(chosen, amount, now)
        assert taken is not None
        for lot, part in taken.items():
            entries.extend(accrual.repaying(member_id, slug, part, lot=lot))
    ledger.post(workspace_id, [Draft("repay", key, tuple(entries))], now)
