"""Holds: points kept for a purchase, which are spent or go back, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from django.utils.translation import gettext_noop as _

from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, NotFound, Refused
from regulars.loyalty.actions import carrying, ledger, repaying, telling
from regulars.loyalty.point_records import Earn, Held, Hold, PointsInsufficient, Settled
from regulars.loyalty.pure import accrual
from regulars.loyalty.pure.ledger import (
    Account,
    Balance,
    Draft,
    Entry,
    body_hash,
    moves,
)
from regulars.loyalty.pure.lots import RELEASE_GRACE, by_lot
from regulars.loyalty.queries import ledger as books
from regulars.loyalty.queries.members import is_blocked, now_of
from regulars.workspaces import queries as workspaces


def hold(
    workspace_id: int, asked: Hold, now: datetime | None = None, *, is_locked: bool = False
) -> Held:
    """Keep points of the lots that end first.

    The same key again gives the hold as it was made.
    is_locked  the caller holds the member's balances, as of the same moment
    raises  PointsInsufficient(points_insufficient), Refused(member_blocked),
            Conflict(idempotency_mismatch)
    """
    assert asked.points > 0
    moment = now or clock.now()
    if not is_locked:
        ledger.lock_members(workspace_id, [asked.member_id], moment)
    own = books.open_lots(workspace_id, [asked.member_id])
    draft = accrual.hold_draft(asked, own, moment)
    if draft is None:
        return _held_before(workspace_id, asked) or _refuse(asked)
    if is_blocked(workspace_id, asked.member_id):
        before = _held_before(workspace_id, asked)
        if before is not None:
            return before
        raise Refused("member_blocked", _("This member may not spend points."))
    (posted,) = ledger.post(workspace_id, [draft], moment)
    if not posted.is_new:
        return held(workspace_id, asked.key)
    taken = {e.lot: e.amount for e in draft.entries if e.account == Account.HELD and e.lot}
    return Held(posted.txn_id, asked.member_id, asked.currency, taken, asked.purchase_id)


def _refuse(asked: Hold) -> Held:
    raise PointsInsufficient(
        "points_insufficient", _("There are not enough points."), asked=asked.points
    )


def _held_before(workspace_id: int, asked: Hold) -> Held | None:
    found = books.find(workspace_id, "hold", asked.key)
    if found is None:
        return None
    body = {"member": asked.member_id, "currency": asked.currency, "points": asked.points}
    if found.said != body_hash(body):
        raise Conflict("idempotency_mismatch", _("This key came before with another body."))
    return _as_held(found)


def held(workspace_id: int, key: str) -> Held:
    """The hold of this key. raises NotFound(hold_unknown)"""
    found = books.find(workspace_id, "hold", key)
    if found is None:
        raise NotFound("hold_unknown", _("There is no such hold."))
    return _as_held(found)


def _as_held(found: books.Txn) -> Held:
    kept = [line for line in found.lines if line.account == Account.HELD and line.lot_id]
    owner, currency = kept[0].owner_id, kept[0].currency
    assert owner is not None and currency is not None
    taken = by_lot((line.lot_id, line.amount) for line in kept if line.lot_id)
    return Held(found.id, owner, currency, taken, found.purchase_id, is_new=False)


def capture(
    workspace_id: int,
    hold_key: str,
    key: str,
    *,
    points: int | None = None,
    now: datetime | None = None,
    grace: timedelta = RELEASE_GRACE,
) -> Settled:
    """Spend what a hold kept; with fewer points the rest goes back, in a transaction of its own.

    raises  NotFound(hold_unknown), Conflict(already_settled | idempotency_mismatch)
    """
    settled = settle(
        workspace_id, hold_key=hold_key, capture_key=key, points=points, now=now, grace=grace
    )
    assert settled is not None
    return settled


def release(
    workspace_id: int,
    hold_key: str,
    key: str,
    now: datetime | None = None,
    grace: timedelta = RELEASE_GRACE,
) -> Settled:
    """Let what a hold kept go back; a lot past its date lives a little longer.

    raises  NotFound(hold_unknown), Conflict(already_settled | idempotency_mismatch)
    """
    moment = now or clock.now()
    kept = held(workspace_id, hold_key)
    ledger.lock_members(workspace_id, [kept.member_id], moment)
    draft = Draft(
        kind="release",
        key=key,
        entries=_going_back(workspace_id, kept, dict(kept.allocations), moment, grace),
        body={"hold": hold_key},
        resolves_id=kept.txn_id,
    )
    (posted,) = ledger.post(workspace_id, [draft], moment)
    if posted.is_new:
        _come_home(workspace_id, kept.member_id, str(posted.txn_id), moment)
    return Settled(posted.txn_id, 0, kept.points, posted.is_new)


def settle(
    workspace_id: int,
    *,
    hold_key: str | None = None,
    capture_key: str = "",
    points: int | None = None,
    earn: Earn | None = None,
    now: datetime | None = None,
    grace: timedelta = RELEASE_GRACE,
    zone: tzinfo | None = None,
    customer_id: int | None = None,
    slides_until: datetime | None = None,
    locked: Mapping[int, Mapping[str, Balance]] | None = None,
    news: Sequence[NewEvent] = (),
) -> Settled | None:
    """A purchase becomes a sale: its hold is spent and its points are given, in one posting.

    None when there was no hold. What was settled before is left as it was. Who knows the zone and
    the customer saves the questions.
    slides_until  until when the member's sliding points live after this burn (sliding.after_burn)
    locked        balances of members whose rows the caller holds and who were not merged away
    news          what made this happen, recorded with what it does to the points
    raises  NotFound(hold_unknown), Conflict(already_settled | idempotency_mismatch)
    """
    moment = now or clock.now()
    kept = held(workspace_id, hold_key) if hold_key is not None else None
    locked = locked or {}
    owner = None
    if earn is not None:
        is_known = earn.member_id in locked
        owner = earn.member_id if is_known else now_of(workspace_id, earn.member_id)
    members = sorted({m for m in (kept and kept.member_id, owner) if m})
    balances = locked
    if not locked.keys() >= set(members):
        balances = ledger.lock_members(workspace_id, members, moment)
    drafts: list[Draft] = []
    if kept is not None:
        drafts.extend(
            _capture(workspace_id, kept, capture_key, points, moment, grace, slides_until)
        )
    if earn is not None:
        assert owner is not None
        debts = {slug: balance.debt for slug, balance in balances[owner].items()}
        zone = zone or workspaces.workspace(workspace_id).zone
        given = accrual.earn_draft(earn, debts, moment, zone, owner)
        drafts.extend([given] if given else [])
    posted = ledger.post(workspace_id, drafts, moment)
    new = [draft for draft, one in zip(drafts, posted, strict=True) if one.is_new]
    known = {members[0]: customer_id} if customer_id and len(members) == 1 else None
    telling.tell(workspace_id, new, moment, known, news)
    if kept is None:
        return None
    captured = sum(e.amount for e in drafts[0].entries if e.account == Account.REDEEMED)
    if captured < kept.points and posted[0].is_new:
        _come_home(workspace_id, kept.member_id, str(posted[0].txn_id), moment)
    return Settled(posted[0].txn_id, captured, kept.points - captured, posted[0].is_new)


def _capture(
    workspace_id: int,
    kept: Held,
    key: str,
    points: int | None,
    now: datetime,
    grace: timedelta,
    slides_until: datetime | None,
) -> list[Draft]:
    wanted = kept.points if points is None else min(points, kept.points)
    spent: dict[int, int] = {}
    back: dict[int, int] = {}
    for lot, amount in kept.allocations.items():
        used = min(amount, wanted - sum(spent.values()))
        spent[lot], back[lot] = used, amount - used
    capture = Draft(
        kind="capture",
        key=key,
        entries=moves(kept.member_id, kept.currency, Account.HELD, Account.REDEEMED, spent)
        + accrual.sliding(kept.member_id, {kept.currency: slides_until} if slides_until else {}),
        body={"hold": kept.txn_id, "points": wanted},
        resolves_id=kept.txn_id,
        purchase_id=kept.purchase_id,
    )
    rest = _going_back(workspace_id, kept, back, now, grace)
    if not rest:
        return [capture]
    return [capture, Draft("release", f"{key}:rest", rest, body={"hold": kept.txn_id})]


def _come_home(workspace_id: int, member_id: int, key: str, now: datetime) -> None:
    """What was let go follows merges and splits, and pays what whoever gets it owes."""
    homes = carrying.follow(workspace_id, member_id, key, now)
    winner = now_of(workspace_id, member_id)
    repaying.repay(workspace_id, winner, f"let_go:{key}", now)
    for one in homes:
        if one != winner:
            repaying.repay(workspace_id, one, f"let_go:{key}:{one}", now)


def _going_back(
    workspace_id: int,
    kept: Held,
    amounts: dict[int, int],
    now: datetime,
    grace: timedelta,
) -> tuple[Entry, ...]:
    wanted = {lot: amount for lot, amount in amounts.items() if amount}
    if not wanted:
        return ()
    known = books.lots_by_id(workspace_id, wanted)
    return accrual.freed(kept.member_id, kept.currency, Account.HELD, wanted, known, now, grace)
