"""What members have: as of now, though nobody has yet activated or expired what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.kernel import clock
from regulars.loyalty.pure import lots
from regulars.loyalty.pure.ledger import NEVER, Balance
from regulars.loyalty.pure.lots import Lot
from regulars.loyalty.queries import ledger as books
from regulars.store.scope import cursor

MEMBERS_MAX = 5_000
STORED = """
SELECT member_id, currency, available, pending, held, debt, due_at FROM loyalty_balance
WHERE workspace_id = %s AND member_id = ANY(%s::bigint[])
"""
# Of one member the plan is kept; for a list PostgreSQL makes a new one every time.
STORED_ONE = STORED.replace("= ANY(%s::bigint[])", "= %s")


def balances(
    workspace_id: int, member_ids: Sequence[int], now: datetime | None = None
) -> dict[int, dict[str, Balance]]:
    """The balance of each member in each currency, by its slug.

    Points whose day has come count as active, and ended ones as gone, before the ledger says so.
    """
    assert len(member_ids) <= MEMBERS_MAX
    moment = now or clock.now()
    raw = cursor()
    raw.execute(STORED, [workspace_id, list(member_ids)], prepare=True)
    stored = raw.fetchall()
    found: dict[int, dict[str, Balance]] = {member_id: {} for member_id in member_ids}
    own: dict[tuple[int, str], list[Lot]] = {}
    if stored:
        for lot in books.open_lots(workspace_id, [row[0] for row in stored]):
            own.setdefault((lot.member_id, lot.currency), []).append(lot)
    for member_id, currency, available, pending, held, debt, due_at in stored:
        kept = own.get((member_id, currency), [])
        is_late = due_at is not None and due_at <= moment
        balance = Balance(available, pending, held, debt)
        found[member_id][currency] = _with_next(
            _as_of(kept, debt, moment) if is_late else balance, kept, moment
        )
    return found


def sums(workspace_id: int, member_id: int, now: datetime) -> dict[str, Balance]:
    """The balances of one member as of now, and nothing of when their points end.

    Half the questions of `balances` where nothing is due: for whoever asks at every call of a till.
    """
    raw = cursor()
    raw.execute(STORED_ONE, [workspace_id, member_id], prepare=True)
    stored = raw.fetchall()
    if any(row[6] is not None and row[6] <= now for row in stored):
        return balances(workspace_id, [member_id], now)[member_id]
    return {row[1]: Balance(*row[2:6]) for row in stored}


def _as_of(own: Sequence[Lot], debt: int, now: datetime) -> Balance:
    """What the lots come to once everything due is done: activation repays debt first."""
    started = [lot for lot in own if lot.activates_at is not None and lot.activates_at <= now]
    repaid = min(debt, sum(lot.pending for lot in started))
    rest = repaid
    available = 0
    for lot in sorted(own, key=lambda one: one.id):
        is_started = lot.activates_at is not None and lot.activates_at <= now
        used = min(rest, lot.pending) if is_started else 0
        rest -= used
        if lots.is_live(lot, now):
            available += lot.available + (lot.pending - used if is_started else 0)
    pending = sum(
        lot.pending
        for lot in own
        if (lot.activates_at is None and lots.is_live(lot, now))
        or (lot.activates_at is not None and lot.activates_at > now)
    )
    return Balance(available, pending, sum(lot.held for lot in own), debt - repaid)


def _with_next(balance: Balance, own: Sequence[Lot], now: datetime) -> Balance:
    at, points = lots.next_expiry(own, now)
    if at is None or at >= NEVER:
        return balance
    return Balance(balance.available, balance.pending, balance.reserved, balance.debt, at, points)
