"""Changes by hand: always with a reason, and above a limit only when two persons want them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.loyalty.actions import ledger, telling
from regulars.loyalty.point_records import AdjustmentRecord, PointsInsufficient
from regulars.loyalty.pure import lots
from regulars.loyalty.pure.ledger import (
    Account,
    Draft,
    Entry,
    NewLot,
    body_hash,
    moves,
    points_unit,
)
from regulars.loyalty.queries import ledger as books
from regulars.loyalty.queries import programme
from regulars.store import trail
from regulars.store.scope import cursor

REASON_LENGTH_MAX = 500
# Ten million points: nobody means more by hand.
ADJUSTED_MAX = 10_000_000_00
COLUMNS = (
    "public_id, member_id, currency, points, reason, state, asked_by, asked_at, decided_by,"
    " decided_at, txn_id, expires_at"
)
ASK = f"""
INSERT INTO loyalty_adjustment (workspace_id, public_id, member_id, currency, points, reason, key,
    body_hash, state, asked_by, asked_at, expires_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'waiting', %s, %s, %s)
ON CONFLICT (workspace_id, key) DO NOTHING RETURNING {COLUMNS}
"""
LOCK = f"""
SELECT {COLUMNS} FROM loyalty_adjustment WHERE workspace_id = %s AND public_id = %s FOR UPDATE
"""
DECIDE = f"""
UPDATE loyalty_adjustment SET state = %s, decided_by = %s, decided_at = %s, txn_id = %s
WHERE workspace_id = %s AND public_id = %s AND state = 'waiting' RETURNING {COLUMNS}
"""


@dataclass(frozen=True, slots=True)
class Adjust:
    """What a person asks for.

    points  hundredths; below zero they are taken
    actor   who asks, as "user:7"
    """

    member_id: int
    currency: str
    points: int
    reason: str
    key: str
    actor: str
    expires_at: datetime | None = None


def adjust(
    workspace_id: int, asked: Adjust, *, limit: int, now: datetime | None = None
) -> AdjustmentRecord:
    """Give or take points by hand; above `limit` it waits for a second person.

    raises  Invalid(reason_missing | points_amount | currency_unknown | expires_past),
            PointsInsufficient(points_insufficient), Conflict(idempotency_mismatch)
    """
    reason = asked.reason.strip()
    if not reason or len(reason) > REASON_LENGTH_MAX:
        raise Invalid("reason_missing", _("Say why, in up to 500 characters."))
    if not 0 < abs(asked.points) <= ADJUSTED_MAX:
        raise Invalid("points_amount", _("Say how many points."))
    if not any(
        one.slug == asked.currency for one in programme.live(workspace_id).programme.currencies
    ):
        raise Invalid("currency_unknown", _("There is no such currency of points."))
    moment = now or clock.now()
    said = body_hash(
        {"member": asked.member_id, "currency": asked.currency, "points": asked.points,
         "reason": reason, "expires": asked.expires_at}
    )  # fmt: skip
    raw = cursor()
    raw.execute(
        ASK,
        [workspace_id, new_public_id(), asked.member_id, asked.currency, asked.points, reason,
         asked.key, said, asked.actor, moment, asked.expires_at],
    )  # fmt: skip
    row = raw.fetchone()
    if row is None:
        return _asked_before(workspace_id, asked.key, said)
    if asked.expires_at is not None and asked.expires_at <= moment:
        raise Invalid("expires_past", _("Points cannot end before they are given."))
    made = AdjustmentRecord(*row)
    trail.note(workspace_id, "points.adjusted", "adjustment", made.public_id)
    if abs(asked.points) > limit:
        return made
    txn_id = _post(workspace_id, made, "", moment)
    return _decide(workspace_id, made.public_id, "posted", "", moment, txn_id)


def _asked_before(workspace_id: int, key: str, said: bytes) -> AdjustmentRecord:
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS}, body_hash FROM loyalty_adjustment WHERE workspace_id = %s AND key = %s",
        [workspace_id, key],
    )
    row: Any = raw.fetchone()
    if bytes(row[-1]) != said:
        raise Conflict("idempotency_mismatch", _("This key came before with another body."))
    return AdjustmentRecord(*row[:-1])


def approve(
    workspace_id: int, public_id: str, actor: str, now: datetime | None = None
) -> AdjustmentRecord:
    """A second person agrees: the points move now.

    raises  NotFound(adjustment_unknown), Conflict(adjustment_decided),
            Refused(second_person_needed), PointsInsufficient(points_insufficient)
    """
    moment = now or clock.now()
    waiting = _waiting(workspace_id, public_id)
    if waiting.asked_by == actor:
        raise Refused("second_person_needed", _("Somebody else must agree to this."))
    txn_id = _post(workspace_id, waiting, actor, moment)
    trail.note(workspace_id, "points.adjustment_approved", "adjustment", public_id)
    return _decide(workspace_id, public_id, "posted", actor, moment, txn_id)


def refuse(
    workspace_id: int, public_id: str, actor: str, now: datetime | None = None
) -> AdjustmentRecord:
    """Nothing moves: a person says no, or who asked thinks better of it.

    raises  NotFound(adjustment_unknown), Conflict(adjustment_decided)
    """
    _waiting(workspace_id, public_id)
    trail.note(workspace_id, "points.adjustment_refused", "adjustment", public_id)
    return _decide(workspace_id, public_id, "refused", actor, now or clock.now(), None)


def _waiting(workspace_id: int, public_id: str) -> AdjustmentRecord:
    raw = cursor()
    raw.execute(LOCK, [workspace_id, public_id])
    row = raw.fetchone()
    if row is None:
        raise NotFound("adjustment_unknown", _("There is no such adjustment."))
    found = AdjustmentRecord(*row)
    if found.state != "waiting":
        raise Conflict("adjustment_decided", _("This was decided before."))
    return found


def _decide(
    workspace_id: int, public_id: str, state: str, actor: str, now: datetime, txn_id: int | None
) -> AdjustmentRecord:
    raw = cursor()
    raw.execute(DECIDE, [state, actor, now, txn_id, workspace_id, public_id])
    row = raw.fetchone()
    assert row is not None
    return AdjustmentRecord(*row)


def _post(
    workspace_id: int,
    asked: AdjustmentRecord,
    second: str,
    now: datetime,
) -> int:
    balances = ledger.lock_members(workspace_id, [asked.member_id], now)
    own = balances[asked.member_id].get(asked.currency)
    if asked.points > 0:
        entries, new = _given(asked, own.debt if own else 0, now)
    else:
        entries, new = _taken(workspace_id, asked, now), ()
    # The reason stays with the adjustment: it may name a person, and the ledger keeps for ever.
    draft = Draft(
        kind="adjust",
        key=asked.public_id,
        entries=entries,
        lots=new,
        body={"points": asked.points},
        actor=f"{asked.asked_by} {second}".strip(),
    )
    (posted,) = ledger.post(workspace_id, [draft], now)
    telling.tell(workspace_id, [draft] if posted.is_new else [], now)
    return posted.txn_id


def _given(
    asked: AdjustmentRecord, debt: int, now: datetime
) -> tuple[tuple[Entry, ...], tuple[NewLot, ...]]:
    unit = points_unit(asked.currency)
    member, expires_at = asked.member_id, asked.expires_at
    repaid = min(debt, asked.points)
    entries = [
        Entry(Account.ADJUST, unit, -asked.points, new_lot=0),
        Entry(
            Account.AVAILABLE, unit, asked.points, member, new_lot=0,
            activates_at=now, expires_at=expires_at,
        ),
    ]  # fmt: skip
    if repaid:
        entries.append(Entry(Account.AVAILABLE, unit, -repaid, member, new_lot=0))
        entries.append(Entry(Account.DEBT, unit, repaid, member))
    return tuple(entries), (NewLot(member, asked.currency, asked.points, now, expires_at),)


def _taken(workspace_id: int, asked: AdjustmentRecord, now: datetime) -> tuple[Entry, ...]:
    own = [
        lot
        for lot in books.open_lots(workspace_id, [asked.member_id])
        if lot.currency == asked.currency
    ]
    taken = lots.burn(own, -asked.points, now)
    if taken is None:
        raise PointsInsufficient("points_insufficient", _("There are not enough points to take."))
    return moves(asked.member_id, asked.currency, Account.AVAILABLE, Account.ADJUST, taken)
