"""Points follow their customer: cards that become one share their points, cards told apart part.

What a hold keeps stays where it was kept until the hold is settled, and follows then: to whom the
card was merged into, or home to whom it came from and who was told apart meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.loyalty.actions import ledger, members, repaying, tiers
from regulars.loyalty.actions.cards import touch_cards
from regulars.loyalty.pure.ledger import Account, Balance, Draft, Entry, NewLot, points_unit
from regulars.loyalty.pure.lots import Lot
from regulars.loyalty.queries import ledger as books
from regulars.loyalty.queries.members import moved, now_of
from regulars.store.scope import cursor

# Whose each lot was, from whoever has it now back to whoever it was given to.
OWNERS = """
WITH RECURSIVE up AS (
    SELECT l.id AS lot, l.member_id, l.source_lot, 0 AS depth FROM loyalty_lot l
    WHERE l.workspace_id = %(workspace)s AND l.id = ANY(%(lots)s::bigint[])
    UNION ALL
    SELECT up.lot, l.member_id, l.source_lot, up.depth + 1
    FROM up JOIN loyalty_lot l ON l.id = up.source_lot AND l.workspace_id = %(workspace)s)
SELECT lot, array_agg(member_id ORDER BY depth) FROM up GROUP BY lot
"""
MERGED = """
UPDATE loyalty_member SET merged_into = %s WHERE workspace_id = %s AND (id = %s OR merged_into = %s)
"""
COUNTS_THERE = """
UPDATE loyalty_turnover SET member_id = %s, origin_id = coalesce(origin_id, member_id)
WHERE workspace_id = %s AND member_id = %s
"""
COUNTS_HERE = """
UPDATE loyalty_turnover SET member_id = %(member)s, origin_id = NULL
WHERE workspace_id = %(workspace)s AND member_id = %(holder)s AND origin_id = %(member)s
"""


def merge(
    workspace_id: int, loser_id: int, root_id: int, key: str, now: datetime | None = None
) -> bool:
    """Customers became one: what the one had is the other's now; false for no member."""
    moment = now or clock.now()
    loser = _member(workspace_id, loser_id)
    if loser is None or customers.roots_of(workspace_id, [loser_id]).get(loser_id) == loser_id:
        # Told apart again before we came: each keeps their own.
        return False
    (winner,) = members.enrol(workspace_id, [root_id], moment)
    balances = ledger.lock_members(workspace_id, sorted((loser, winner)), moment)
    lots = books.open_lots(workspace_id, [loser])
    _carry(workspace_id, loser, winner, lots, balances[loser], f"merge:{key}", moment)
    repaying.repay(workspace_id, winner, f"merge:{key}", moment)
    cursor().execute(MERGED, [winner, workspace_id, loser, loser])
    cursor().execute(COUNTS_THERE, [winner, workspace_id, loser])
    tiers.recompute(workspace_id, [loser, winner], moment)
    return True


def split(workspace_id: int, customer_id: int, key: str, now: datetime | None = None) -> bool:
    """A merged customer is told apart: what is left of theirs comes back; false for nothing."""
    moment = now or clock.now()
    member = _member(workspace_id, customer_id)
    holder = member and now_of(workspace_id, member)
    if member is None or holder is None or holder == member:
        return False
    ledger.lock_members(workspace_id, sorted((member, holder)), moment)
    held = books.open_lots(workspace_id, [holder])
    before = _owners_before(workspace_id, held)
    lots = [lot for lot in held if member in before.get(lot.id, ())]
    _carry(workspace_id, holder, member, lots, {}, f"split:{key}", moment)
    raw = cursor()
    raw.execute(
        "UPDATE loyalty_member SET merged_into = NULL WHERE workspace_id = %s AND id = %s",
        [workspace_id, member],
    )
    raw.execute(COUNTS_HERE, {"workspace": workspace_id, "member": member, "holder": holder})
    tiers.recompute(workspace_id, [member, holder], moment)
    return True


def follow(workspace_id: int, member_id: int, key: str, now: datetime) -> list[int]:
    """What a hold let go goes where it belongs by now; returns who got anything.

    Somebody who was merged since gives it to whom they were merged into. What came from somebody
    who was told apart since goes back to them. The member is locked.
    """
    winner = now_of(workspace_id, member_id)
    lots = [
        lot for lot in books.open_lots(workspace_id, [member_id]) if lot.available + lot.pending
    ]
    before = _owners_before(workspace_id, lots)
    others = sorted({one for owners in before.values() for one in owners})
    merged = moved(workspace_id, others) if others else {}
    goes: dict[int, list[Lot]] = {}
    for lot in lots:
        homes = (merged.get(one, one) for one in before.get(lot.id, ()))
        home = next((one for one in homes if one not in (member_id, winner)), winner)
        if home != member_id:
            goes.setdefault(home, []).append(lot)
    if goes:
        ledger.lock_members(workspace_id, sorted({member_id, *goes}), now)
    for home in sorted(goes):
        named = f"follow:{key}" if home == winner else f"follow:{key}:{home}"
        _carry(workspace_id, member_id, home, goes[home], {}, named, now)
    return sorted(goes)


def _owners_before(workspace_id: int, lots: Sequence[Lot]) -> dict[int, list[int]]:
    """Whose the lots were before they came to whoever has them, the nearest first.

    What went away and came home was its holder's before, and counts for nobody else.
    """
    carried = [lot.id for lot in lots if lot.source_lot is not None]
    if not carried:
        return {}
    raw = cursor()
    raw.execute(OWNERS, {"workspace": workspace_id, "lots": carried})
    return {lot_id: _before_last(owners) for lot_id, owners in raw.fetchall()}


def _before_last(owners: Sequence[int]) -> list[int]:
    at = max(place for place, one in enumerate(owners) if one == owners[0])
    return list(owners[at + 1 :])


def _member(workspace_id: int, customer_id: int) -> int | None:
    raw = cursor()
    raw.execute(
        "SELECT id FROM loyalty_member WHERE workspace_id = %s AND customer_id = %s",
        [workspace_id, customer_id],
    )
    row = raw.fetchone()
    return int(row[0]) if row else None


def _carry(
    workspace_id: int,
    source: int,
    target: int,
    lots: Sequence[Lot],
    balances: dict[str, Balance],
    key: str,
    now: datetime,
) -> None:
    entries: list[Entry] = []
    new: list[NewLot] = []
    for lot in lots:
        unit = points_unit(lot.currency)
        parts = ((Account.AVAILABLE, lot.available), (Account.PENDING, lot.pending))
        for account, amount in parts:
            if amount:
                entries.append(Entry(account, unit, -amount, source, lot=lot.id))
                entries.append(
                    Entry(
                        account, unit, amount, target, new_lot=len(new),
                        activates_at=lot.activates_at, expires_at=_own_date(lot),
                    )
                )  # fmt: skip
                if lot.slides and lot.expires_at is not None:
                    entries.append(
                        Entry(Account.ACTIVE, unit, 0, target, expires_at=lot.expires_at)
                    )
                new.append(_copy(lot, target, amount))
    for slug, balance in balances.items():
        if balance.debt:
            unit = points_unit(slug)
            entries.append(Entry(Account.DEBT, unit, balance.debt, source))
            entries.append(Entry(Account.DEBT, unit, -balance.debt, target))
    if entries:
        ledger.post(workspace_id, [Draft("carry", key, tuple(entries), lots=tuple(new))], now)
        # No event tells of it: what both have may be seen on their phones.
        touch_cards(workspace_id, [source, target])


def _own_date(lot: Lot) -> datetime | None:
    return None if lot.slides else lot.expires_at


def _copy(lot: Lot, target: int, amount: int) -> NewLot:
    return NewLot(
        member_id=target,
        currency=lot.currency,
        amount=amount,
        activates_at=lot.activates_at,
        expires_at=_own_date(lot),
        slides=lot.slides,
        waits_for=lot.waits_for,
        partner_id=lot.partner_id,
        cost_minor=lot.cost_minor * amount // lot.amount,
        purchase_id=lot.purchase_id,
        line_id=lot.line_id,
        source_lot=lot.id,
    )
