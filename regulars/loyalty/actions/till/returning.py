"""Goods that come back: money, points and gift money go the way they came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

from regulars.kernel import clock
from regulars.loyalty.actions import budgets, codes, gift_cards, points
from regulars.loyalty.actions.ledger import lock_members
from regulars.loyalty.actions.till import repricing, rows, telling
from regulars.loyalty.actions.till.news import tell_returned
from regulars.loyalty.actions.till.quoting import check_clock, is_possible
from regulars.loyalty.point_records import TakenBack
from regulars.loyalty.pure import returns, states
from regulars.loyalty.pure.programme import Programme
from regulars.loyalty.pure.returns import Back
from regulars.loyalty.pure.states import State
from regulars.loyalty.queries import programme, purchases
from regulars.loyalty.queries.members import now_of
from regulars.loyalty.till_records import PurchaseRecord, ReturnAsk, ReturnRecord
from regulars.store.scope import cursor

DONE = "done"
WAITING = "waiting"

_asked = msgspec.json.Decoder(ReturnAsk)
_INSERT = """
INSERT INTO loyalty_return (workspace_id, return_id, purchase_id, state, body_hash, shop, till,
  cashier, occurred_at, created_at, body, result)
VALUES (%(workspace)s, %(return)s, %(purchase)s, %(state)s, %(hash)s, %(shop)s, %(till)s,
  %(cashier)s, %(occurred)s, %(now)s, %(body)s, %(result)s)
ON CONFLICT (workspace_id, return_id) DO UPDATE
  SET state = excluded.state, result = excluded.result, body = excluded.body
  WHERE loyalty_return.state = 'waiting' AND loyalty_return.body_hash = excluded.body_hash
    AND loyalty_return.purchase_id = excluded.purchase_id
RETURNING id"""


@dataclass(frozen=True, slots=True)
class _Moved:
    """What a return did besides handing goods over the counter.

    withheld_minor  for points that could not be taken back
    repriced_minor  for the rest, which costs more alone; below zero what is handed back of it
    """

    back: Back
    taken: TakenBack | None
    withheld_minor: int
    repriced_minor: int = 0

    @property
    def refund_minor(self) -> int:
        return self.back.refund_minor - self.withheld_minor - self.repriced_minor


def calculate_return(workspace_id: int, asked: ReturnAsk) -> dict[str, Any]:
    """What would come back. raises as `take_return` does"""
    there = purchases.purchase(workspace_id, asked.purchase_id)
    states.on_return(None if there is None else there.state)
    assert there is not None
    earlier = purchases.returns_of(workspace_id, asked.purchase_id)
    back = _back(there, earlier, asked)
    state = State.RETURNED if back.is_full else State.PARTLY_RETURNED
    # Done and undone: nothing else tells so exactly what points and debts would come to.
    with transaction.atomic():
        moved = _move(workspace_id, there, asked, back, clock.now())
        transaction.set_rollback(True)
    moved = _repriced(workspace_id, there, earlier, moved)
    return _told(there, asked, moved, state, None, (), is_quote=True)


def take_return(
    workspace_id: int, asked: ReturnAsk, *, is_offline: bool = False, is_waiting: bool = False
) -> bytes:
    """Take goods back, once for a return id; the same return again is answered the same.

    is_waiting  the return came before its purchase and is done now
    raises      NotFound(purchase_unknown), Conflict(purchase_not_confirmed | return_exceeds |
                return_nothing | idempotency_mismatch), Invalid(return_line | return_quantity)
    """
    now = clock.now()
    there = rows.lock(workspace_id, asked.purchase_id)
    done = _before(workspace_id, asked, is_waiting=is_waiting)
    if done is not None:
        return done
    if there is None and asked.takes_orphan:
        return _wait(workspace_id, asked, now)
    states.on_return(None if there is None else there.state)
    assert there is not None
    if not is_offline and asked.occurred_at is not None:
        check_clock(asked.occurred_at, now)
    earlier = purchases.returns_of(workspace_id, asked.purchase_id)
    back = _back(there, earlier, asked)
    moved = _repriced(workspace_id, there, earlier, _move(workspace_id, there, asked, back, now))
    state = State.RETURNED if back.is_full else State.PARTLY_RETURNED
    balances = None
    if there.member_id is not None:
        owner = now_of(workspace_id, there.member_id)
        balances = lock_members(workspace_id, [owner], now)[owner]
    flags = (*(("offline",) if is_offline else ()), *(("orphan",) if is_waiting else ()))
    told = _told(there, asked, moved, state, balances, flags)
    body = telling.encode(told)
    _write(workspace_id, asked, DONE, now, result=_kept(moved))
    said = rows.Said("return", asked.return_id, asked.body_hash, body)
    rows.move(workspace_id, there.id, state, now, said)
    tell_returned(
        workspace_id,
        there.id,
        purchase_id=there.purchase_id,
        return_id=asked.return_id,
        customer_id=there.customer_id,
        refund_minor=moved.refund_minor,
        currency=there.currency,
        is_full=back.is_full and not earlier and not _keeps_delivery(there, back),
        at=_taken_at(asked, now) if is_offline else now,
    )
    return body


def _before(workspace_id: int, asked: ReturnAsk, *, is_waiting: bool) -> bytes | None:
    """The answer this return was given, None when it is new."""
    raw = cursor()
    raw.execute(
        "SELECT body_hash, state, purchase_id, result FROM loyalty_return"
        " WHERE workspace_id = %s AND return_id = %s",
        [workspace_id, asked.return_id],
    )
    row = raw.fetchone()
    if row is None or (is_waiting and row[1] == WAITING):
        return None
    if row[0] != asked.body_hash:
        raise states.mismatch()
    if row[1] == WAITING and purchases.purchase(workspace_id, asked.purchase_id) is not None:
        return None
    stored = purchases.stored_answer(workspace_id, "return", asked.return_id)
    if stored is not None:
        return stored[1]
    return telling.encode(
        {"purchase_id": row[2], "return_id": asked.return_id, "state": row[1], "result": row[3]}
    )


def _wait(workspace_id: int, asked: ReturnAsk, now: datetime) -> bytes:
    """Keep a return whose purchase a till has not sent yet."""
    body = telling.encode(
        {"purchase_id": asked.purchase_id, "return_id": asked.return_id, "state": WAITING,
         "flags": ["orphan"]}
    )  # fmt: skip
    _write(workspace_id, asked, WAITING, now, result={})
    return body


def _taken_at(asked: ReturnAsk, now: datetime) -> datetime:
    """When goods came back to a till without us, as far as its clock can be right."""
    at = asked.occurred_at
    return at if at is not None and is_possible(at, now) else now


def waiting_returns(workspace_id: int, purchase_id: str) -> list[ReturnAsk]:
    """Returns that came before this purchase, oldest first."""
    raw = cursor()
    raw.execute(
        "SELECT body::text FROM loyalty_return WHERE workspace_id = %s AND purchase_id = %s"
        " AND state = 'waiting' ORDER BY id",
        [workspace_id, purchase_id],
    )
    return [_asked.decode(row[0]) for row in raw.fetchall()]


def _write(
    workspace_id: int, asked: ReturnAsk, state: str, now: datetime, *, result: Mapping[str, Any]
) -> None:
    raw = cursor()
    raw.execute(
        _INSERT,
        {
            "workspace": workspace_id, "return": asked.return_id, "purchase": asked.purchase_id,
            "state": state, "hash": asked.body_hash, "shop": asked.counter.shop,
            "till": asked.counter.till, "cashier": asked.counter.cashier,
            "occurred": asked.occurred_at or now, "now": now,
            "body": telling.encode(asked).decode() if state == WAITING else "{}",
            "result": telling.encode(result).decode(),
        },
    )  # fmt: skip
    if raw.fetchone() is None:
        # Another purchase took the id between our look and our write.
        raise states.mismatch()


def _back(there: PurchaseRecord, earlier: list[ReturnRecord], asked: ReturnAsk) -> Back:
    assert there.answer is not None
    quantities = {line["line_id"]: line["qty_milli"] for line in there.cart["lines"]}
    before: dict[str, int] = {}
    for one in earlier:
        for line_id, many in one.lines.items():
            before[line_id] = before.get(line_id, 0) + many
    return returns.take_back(
        returns.bill_of(quantities, there.answer),
        before,
        asked.lines,
        had_delivery=any(one.result.get("delivery") for one in earlier),
        with_delivery=asked.with_delivery,
    )


def _move(
    workspace_id: int, there: PurchaseRecord, asked: ReturnAsk, back: Back, now: datetime
) -> _Moved:
    """Points, gift money, codes and limits go back."""
    rules = programme.live(workspace_id).programme
    key = f"return:{asked.return_id}"
    if back.points:
        points.give_back(
            workspace_id,
            there.purchase_id,
            back.points,
            f"{key}:burn",
            extra=timedelta(days=rules.returns.restored_days),
            now=now,
        )
    taken = None
    # A purchase of somebody who was erased while it was held earned nothing.
    if back.earned and there.member_id is not None:
        taken = points.take_back(
            workspace_id,
            there.purchase_id,
            back.earned,
            f"{key}:earn",
            policy=rules.returns.policy,
            now=now,
        )
    if back.is_full and there.state is not State.RETURNED:
        assert there.answer is not None
        budgets.give_back(workspace_id, there.answer.uses)
        codes.give_back_codes(workspace_id, there.purchase_id)
    if back.gift_minor:
        gift_cards.give_back_gift(workspace_id, there.purchase_id, back.gift_minor, f"{key}:gift")
    return _Moved(back, taken, _withheld(workspace_id, there, asked, back, taken, rules, now))


def _withheld(
    workspace_id: int,
    there: PurchaseRecord,
    asked: ReturnAsk,
    back: Back,
    taken: TakenBack | None,
    rules: Programme,
    now: datetime,
) -> int:
    """Money kept from the refund for points that could not be taken back."""
    withheld = 0
    for slug, (money, covered) in _short(taken, rules, back.refund_minor).items():
        withheld += money
        if covered and there.member_id is not None:
            points.pay_debt(
                workspace_id,
                now_of(workspace_id, there.member_id),
                slug,
                covered,
                f"return:{asked.return_id}:debt:{slug}",
                purchase_id=there.purchase_id,
                now=now,
            )
    return withheld


def _short(
    taken: TakenBack | None, rules: Programme, refund_minor: int
) -> dict[str, tuple[int, int]]:
    """By currency, money to be kept for points that could not be taken, and debt it pays."""
    if taken is None or not rules.returns.debt_from_refund:
        return {}
    found: dict[str, tuple[int, int]] = {}
    left = refund_minor
    for slug in sorted({*taken.debt, *taken.missed}):
        currency = rules.currency(slug)
        per_point = currency.minor_per_point if currency else 0
        short = taken.debt.get(slug, 0) + taken.missed.get(slug, 0)
        if not per_point or not short:
            continue
        money = min(short * per_point // 100, left)
        left -= money
        found[slug] = (money, min(-(-money * 100 // per_point), taken.debt.get(slug, 0)))
    return found


def _repriced(
    workspace_id: int, there: PurchaseRecord, earlier: list[ReturnRecord], moved: _Moved
) -> _Moved:
    """The return with what a promotion keeps because the rest is bought alone."""
    came: dict[str, int] = {}
    for one in (*(back.lines for back in earlier), _milli(moved.back)):
        for line_id, many in one.items():
            came[line_id] = came.get(line_id, 0) + many
    before = sum(one.result.get("repriced", 0) for one in earlier)
    kept = repricing.kept_minor(workspace_id, there, came)
    # No more than this return brings; the next one settles what is left.
    change = min(kept - before, moved.back.refund_minor - moved.withheld_minor)
    return replace(moved, repriced_minor=change)


def _keeps_delivery(there: PurchaseRecord, back: Back) -> bool:
    """Whether delivery was paid and did not come back with the goods."""
    assert there.answer is not None
    paid = there.answer.delivery.to_pay_minor + there.answer.delivery.gift_paid_minor
    return paid > back.delivery_to_pay_minor + back.delivery_gift_minor


def _milli(back: Back) -> dict[str, int]:
    return {line.line_id: line.quantity_milli for line in back.lines}


def _kept(moved: _Moved) -> dict[str, Any]:
    back = moved.back
    return {
        "lines": _milli(back),
        "delivery": bool(back.delivery_to_pay_minor or back.delivery_gift_minor),
        "refund": moved.refund_minor,
        "withheld": moved.withheld_minor,
        "repriced": moved.repriced_minor,
        "gift": back.gift_minor,
        "points": back.points,
        "points_minor": back.points_paid_minor,
        "earned": dict(back.earned),
        "debt": dict(moved.taken.debt) if moved.taken else {},
        "line_refunds": {line.line_id: line.to_pay_minor for line in back.lines},
    }


def _told(
    there: PurchaseRecord,
    asked: ReturnAsk,
    moved: _Moved,
    state: State,
    balances: Mapping[str, Any] | None,
    flags: tuple[str, ...],
    *,
    is_quote: bool = False,
) -> dict[str, Any]:
    back = moved.back
    return {
        "purchase_id": there.purchase_id,
        "return_id": asked.return_id,
        "state": state.value,
        "is_quote": is_quote,
        "flags": flags,
        "lines": [
            {
                "line_id": line.line_id,
                "qty": telling.quantity_text(line.quantity_milli),
                "discount": line.discount_minor,
                "points_paid": line.points_paid_minor,
                "gift_paid": line.gift_paid_minor,
                "refund": line.to_pay_minor,
                "earn": line.earn,
            }
            for line in back.lines
        ],
        "delivery": {"refund": back.delivery_to_pay_minor, "gift_paid": back.delivery_gift_minor},
        "summary": {
            "refund": moved.refund_minor,
            "withheld": moved.withheld_minor,
            "repriced": moved.repriced_minor,
            "gift_back": back.gift_minor,
            "points_back": back.points,
            "points_back_money": back.points_paid_minor,
            "earn_back": dict(back.earned),
            "earn_taken": dict(moved.taken.taken) if moved.taken else {},
            "debt": dict(moved.taken.debt) if moved.taken else {},
        },
        "balance_after": None
        if balances is None
        else {slug: telling.balance_of(one) for slug, one in balances.items()},
    }
