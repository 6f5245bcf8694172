"""Verbs of points. Each builds a draft, posts it, and tells of it in the same transaction."""

from __future__ import annotations

from datetime import datetime

from regulars.kernel import clock
from regulars.loyalty.actions import ledger, telling
from regulars.loyalty.actions.adjustments import adjust as adjust
from regulars.loyalty.actions.adjustments import approve as approve
from regulars.loyalty.actions.adjustments import refuse as refuse
from regulars.loyalty.actions.giving_back import give_back as give_back
from regulars.loyalty.actions.holds import capture as capture
from regulars.loyalty.actions.holds import held as held
from regulars.loyalty.actions.holds import hold as hold
from regulars.loyalty.actions.holds import release as release
from regulars.loyalty.actions.holds import settle as settle
from regulars.loyalty.actions.taking_back import pay_debt as pay_debt
from regulars.loyalty.actions.taking_back import take_back as take_back
from regulars.loyalty.point_records import Earn, Grant, Granted
from regulars.loyalty.pure import accrual
from regulars.loyalty.pure.ledger import Account, Draft, currency_of
from regulars.loyalty.queries.members import moved
from regulars.workspaces import queries as workspaces

EARNED_AT_ONCE_MAX = 1_000


def grant(workspace_id: int, asked: Grant, now: datetime | None = None) -> Granted:
    """Give points in one lot. raises Conflict(idempotency_mismatch)"""
    (granted,) = earn_many(workspace_id, [asked.as_earn()], now)
    return granted


def earn(workspace_id: int, asked: Earn, now: datetime | None = None) -> Granted:
    """Give points in as many lots as there are parts. raises Conflict(idempotency_mismatch)"""
    (granted,) = earn_many(workspace_id, [asked], now)
    return granted


def earn_many(workspace_id: int, asked: list[Earn], now: datetime | None = None) -> list[Granted]:
    """Give points to many at once; of one member at most one grant in a call.

    Whoever was merged into another gives them to the other.

    raises  Conflict(idempotency_mismatch)
    """
    assert len(asked) <= EARNED_AT_ONCE_MAX
    assert len({one.member_id for one in asked}) == len(asked)
    others = moved(workspace_id, [one.member_id for one in asked])
    owners = [others.get(one.member_id, one.member_id) for one in asked]
    moment = now or clock.now()
    zone = workspaces.workspace(workspace_id).zone
    balances = ledger.lock_members(workspace_id, sorted(set(owners)), moment)
    owed = {
        (member_id, slug): balance.debt
        for member_id, own in balances.items()
        for slug, balance in own.items()
    }
    made: list[Draft | None] = []
    for one, owner in zip(asked, owners, strict=True):
        debts = {slug: debt for (member_id, slug), debt in owed.items() if member_id == owner}
        draft = accrual.earn_draft(one, debts, moment, zone, owner)
        for entry in draft.entries if draft else ():
            if entry.account == Account.DEBT:
                owed[owner, currency_of(entry.unit) or ""] -= entry.amount
        made.append(draft)
    drafts = [draft for draft in made if draft is not None]
    posted = iter(ledger.post(workspace_id, drafts, moment))
    granted = []
    new = []
    for one, draft in zip(asked, made, strict=True):
        if draft is None:
            granted.append(Granted(None, 0, is_new=False))
            continue
        written = next(posted)
        new.extend([draft] if written.is_new else [])
        points = sum(part.points for part in one.parts)
        granted.append(Granted(written.txn_id, points, written.is_new))
    telling.tell(workspace_id, new, moment)
    return granted
