"""Earned points of a return are taken back, as far as the programme's return policy goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext_noop as _

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Refused
from regulars.loyalty.actions import ledger, telling
from regulars.loyalty.point_records import TakenBack
from regulars.loyalty.pure.ledger import Account, Draft, Entry, body_hash, points_unit
from regulars.loyalty.pure.lots import Lot
from regulars.loyalty.pure.takings import Policy, Taking, taking
from regulars.loyalty.queries import ledger as books
from regulars.loyalty.queries.members import now_of

KIND = "take_back"
GONE = ":expired"


def take_back(
    workspace_id: int,
    purchase_id: str,
    points: Mapping[str, int],
    key: str,
    *,
    policy: Policy = "within_balance",
    now: datetime | None = None,
) -> TakenBack:
    """Take so many points of each currency that this purchase earned.

    Its own lots give first; then, unless only pending points may be taken, the member's others.
    With the policy `negative` what is missing becomes a debt. What ended of its own lots
    meanwhile counts as taken: the books carry it from what expired to what was revoked.
    raises  Refused(return_exceeds_earned), Conflict(idempotency_mismatch)
    """
    moment = now or clock.now()
    owner = _owner(books.of_purchase(workspace_id, purchase_id))
    if owner is not None:
        ledger.lock_members(workspace_id, sorted({owner, now_of(workspace_id, owner)}), moment)
    txns = books.of_purchase(workspace_id, purchase_id)
    body = {"purchase": purchase_id, "points": sorted(points.items())}
    before = next((t for t in txns if (t.kind, t.key) == (KIND, key)), None)
    if before is not None:
        if before.said != body_hash(body):
            raise Conflict("idempotency_mismatch", _("This key came before with another body."))
        return _as_taken(before, points, _gone(t for t in txns if t.key in (key, key + GONE)))
    wanted = {slug: amount for slug, amount in points.items() if amount}
    if not wanted:
        return TakenBack(None, {}, {}, {}, is_new=False)
    _check(txns, wanted)
    assert owner is not None
    member_id = now_of(workspace_id, owner)
    own = books.open_lots(workspace_id, [member_id])
    expired = books.expired_of(workspace_id, purchase_id)
    for slug, amount in _gone(txns).items():
        expired[slug] = expired.get(slug, 0) - amount
    found = {
        slug: _of(own, slug, amount, purchase_id, policy, max(0, expired.get(slug, 0)))
        for slug, amount in wanted.items()
    }
    entries = tuple(e for slug, one in found.items() for e in _entries(member_id, slug, one))
    gone = _gone_entries({slug: one.gone for slug, one in found.items()})
    draft = Draft(KIND, key, entries or gone, body=body, purchase_id=purchase_id)
    # Apart from what a member had: partners and events read of that transaction only points taken.
    further = [Draft(KIND, key + GONE, gone, purchase_id=purchase_id)] if entries and gone else []
    posted, *_rest = ledger.post(workspace_id, [draft, *further], moment)
    telling.tell(workspace_id, [draft] if posted.is_new else [], moment)
    return TakenBack(
        posted.txn_id,
        {slug: one.points for slug, one in found.items()},
        {slug: one.debt for slug, one in found.items() if one.debt},
        {slug: one.missed for slug, one in found.items() if one.missed},
        posted.is_new,
    )


def _owner(txns: Sequence[books.Txn]) -> int | None:
    kinds = {Account.AVAILABLE, Account.PENDING}
    found = (
        line.owner_id
        for txn in txns
        if any(line.account == Account.ISSUED for line in txn.lines)
        for line in txn.lines
        if line.account in kinds
    )
    return next(found, None)


def _check(txns: Sequence[books.Txn], wanted: Mapping[str, int]) -> None:
    for slug, amount in wanted.items():
        lines = [line for txn in txns for line in txn.lines if line.currency == slug]
        earned = -sum(line.amount for line in lines if line.account == Account.ISSUED)
        taken = sum(line.amount for line in lines if line.account == Account.REVOKED)
        if amount > earned - taken:
            raise Refused(
                "return_exceeds_earned", _("More points would be taken than were earned.")
            )


def _of(
    own: Sequence[Lot],
    currency: str,
    points: int,
    purchase_id: str,
    policy: Policy,
    expired: int,
) -> Taking:
    lots = [lot for lot in own if lot.currency == currency]
    return taking(lots, points, purchase_id, policy, expired)


def _gone(txns: Iterable[books.Txn]) -> dict[str, int]:
    """What of the expired points of a purchase is counted as taken, by currency."""
    found: dict[str, int] = {}
    for txn in txns:
        for line in txn.lines:
            if line.account == Account.EXPIRED and line.currency is not None:
                found[line.currency] = found.get(line.currency, 0) - line.amount
    return found


def _gone_entries(gone: Mapping[str, int]) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for slug, amount in gone.items():
        if amount:
            entries.append(Entry(Account.EXPIRED, points_unit(slug), -amount))
            entries.append(Entry(Account.REVOKED, points_unit(slug), amount))
    return tuple(entries)


def _entries(member_id: int, currency: str, one: Taking) -> list[Entry]:
    unit = points_unit(currency)
    entries = []
    for account, amounts in ((Account.PENDING, one.pending), (Account.AVAILABLE, one.available)):
        for lot, amount in amounts.items():
            entries.append(Entry(account, unit, -amount, member_id, lot=lot))
            entries.append(Entry(Account.REVOKED, unit, amount, lot=lot))
    if one.debt:
        entries.append(Entry(Account.DEBT, unit, -one.debt, member_id))
        entries.append(Entry(Account.REVOKED, unit, one.debt))
    return entries


def _as_taken(txn: books.Txn, points: Mapping[str, int], gone: Mapping[str, int]) -> TakenBack:
    taken: dict[str, int] = {}
    debt: dict[str, int] = {}
    for line in txn.lines:
        slug = line.currency
        if slug is None or not line.account.startswith("member:"):
            continue
        side = debt if line.account == Account.DEBT else taken
        side[slug] = side.get(slug, 0) - line.amount
    missed = {
        slug: amount - taken.get(slug, 0) - debt.get(slug, 0) - gone.get(slug, 0)
        for slug, amount in points.items()
    }
    return TakenBack(
        txn.id, taken, debt, {slug: n for slug, n in missed.items() if n}, is_new=False
    )


def pay_debt(
    workspace_id: int,
    member_id: int,
    currency: str,
    points: int,
    key: str,
    *,
    purchase_id: str | None = None,
    now: datetime | None = None,
) -> bool:
    """A debt is paid with money, for example out of a refund; false when it was before.

    raises  Refused(debt_exceeded), Conflict(idempotency_mismatch)
    """
    moment = now or clock.now()
    body = {"member": member_id, "currency": currency, "points": points}
    balance = ledger.lock_members(workspace_id, [member_id], moment)[member_id].get(currency)
    known = books.find(workspace_id, "pay_debt", key)
    if known is not None:
        if known.said != body_hash(body):
            raise Conflict("idempotency_mismatch", _("This key came before with another body."))
        return False
    if not 0 < points <= (balance.debt if balance else 0):
        raise Refused("debt_exceeded", _("The member owes less than this."))
    unit = points_unit(currency)
    entries = (
        Entry(Account.DEBT, unit, points, member_id),
        Entry(Account.ADJUST, unit, -points),
    )
    draft = Draft("pay_debt", key, entries, body=body, purchase_id=purchase_id)
    (posted,) = ledger.post(workspace_id, [draft], moment)
    telling.tell(workspace_id, [draft] if posted.is_new else [], moment)
    return posted.is_new
