"""Burnt points of a return find back to the lots they came from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext_noop as _

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Refused
from regulars.loyalty.actions import carrying, ledger, repaying, telling
from regulars.loyalty.point_records import GivenBack
from regulars.loyalty.pure import accrual, lots
from regulars.loyalty.pure.ledger import (
    Account,
    Draft,
    Entry,
    NewLot,
    body_hash,
    points_unit,
)
from regulars.loyalty.pure.lots import Lot
from regulars.loyalty.queries import ledger as books
from regulars.loyalty.queries.members import now_of

KIND = "give_back"


def give_back(
    workspace_id: int,
    purchase_id: str,
    points: int,
    key: str,
    *,
    extra: timedelta = timedelta(days=30),
    now: datetime | None = None,
) -> GivenBack:
    """Points burnt in a purchase return to their lots; past its date a lot lives `extra` more.

    raises  Refused(return_exceeds_burn) when more would come back than was burnt,
            Conflict(idempotency_mismatch)
    """
    moment = now or clock.now()
    owner = _owner(books.of_purchase(workspace_id, purchase_id))
    body = {"purchase": purchase_id, "points": points}
    if owner is not None:
        ledger.lock_members(workspace_id, sorted({owner, now_of(workspace_id, owner)}), moment)
    # Read once more: a return that came before us may have been committed while we waited.
    txns = books.of_purchase(workspace_id, purchase_id)
    before = next((t for t in txns if (t.kind, t.key) == (KIND, key)), None)
    if before is not None:
        if before.said != body_hash(body):
            raise Conflict("idempotency_mismatch", _("This key came before with another body."))
        return GivenBack(before.id, points, is_new=False)
    if points == 0:
        return GivenBack(None, 0, is_new=False)
    burnt = _burnt(txns)
    if owner is None or points > sum(amount for _, amount in burnt):
        raise Refused("return_exceeds_burn", _("More points would come back than were spent."))
    back = lots.put_back(burnt, points)
    known = books.lots_by_id(workspace_id, back)
    entries, new = _movement(workspace_id, owner, back, known, moment, extra)
    draft = Draft(KIND, key, entries, lots=new, body=body, purchase_id=purchase_id)
    (posted,) = ledger.post(workspace_id, [draft], moment)
    telling.tell(workspace_id, [draft] if posted.is_new else [], moment)
    if posted.is_new:
        _come_home(workspace_id, now_of(workspace_id, owner), key, moment)
    return GivenBack(posted.txn_id, points, posted.is_new)


def _come_home(workspace_id: int, holder: int, key: str, now: datetime) -> None:
    """What belongs to somebody told apart since goes to them; whoever has it now pays debts."""
    homes = carrying.follow(workspace_id, holder, f"give_back:{key}", now)
    repaying.repay(workspace_id, holder, f"give_back:{key}", now)
    for one in homes:
        if one != holder:
            repaying.repay(workspace_id, one, f"give_back:{key}:{one}", now)


def _owner(txns: Sequence[books.Txn]) -> int | None:
    """Whose lots were burnt: a late confirmation may have held those of somebody else anew."""
    burns = [
        txn
        for txn in txns
        if any(line.account == Account.REDEEMED and line.amount > 0 for line in txn.lines)
    ]
    found = (
        line.owner_id
        for txn in (*reversed(burns), *txns)
        for line in txn.lines
        if line.account == Account.HELD
    )
    return next(found, None)


def _burnt(txns: Sequence[books.Txn]) -> list[tuple[int, int]]:
    """Each burnt lot and what of it has not come back, in the order of the burn."""
    lines = [line for txn in txns for line in txn.lines if line.account == Account.REDEEMED]
    return list(lots.by_lot((line.lot_id, line.amount) for line in lines if line.lot_id).items())


def _movement(
    workspace_id: int,
    owner: int,
    back: dict[int, int],
    known: dict[int, Lot],
    now: datetime,
    extra: timedelta,
) -> tuple[tuple[Entry, ...], tuple[NewLot, ...]]:
    """Entries into the lots themselves, or, after a merge, into lots of whoever it was into."""
    now_owner = now_of(workspace_id, owner)
    currency = next(iter(known.values())).currency
    if now_owner == owner:
        return accrual.freed(owner, currency, Account.REDEEMED, back, known, now, extra), ()
    unit = points_unit(currency)
    entries: list[Entry] = []
    new: list[NewLot] = []
    for lot_id, amount in sorted(back.items()):
        until = lots.date_back(known[lot_id].expires_at, now, extra)
        entries.append(Entry(Account.REDEEMED, unit, -amount, lot=lot_id))
        entries.append(
            Entry(
                Account.AVAILABLE, unit, amount, now_owner, new_lot=len(new), expires_at=until,
                activates_at=known[lot_id].activates_at,
            )
        )  # fmt: skip
        new.append(
            NewLot(
                now_owner, currency, amount, known[lot_id].activates_at, until,
                partner_id=known[lot_id].partner_id, source_lot=lot_id,
            )
        )  # fmt: skip
    return tuple(entries), tuple(new)
