"""Confirming a purchase: what was held is taken, or a sale without a hold is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict
from regulars.loyalty.actions import budgets, codes, points
from regulars.loyalty.actions.ledger import lock_members
from regulars.loyalty.actions.sliding import after_burn
from regulars.loyalty.actions.till import moving, news, rows, telling
from regulars.loyalty.actions.till.holding import (
    LOST_RACES,
    TRIES_MAX,
    check_codes,
    check_expected,
    refuse_burn,
    told_of,
)
from regulars.loyalty.actions.till.quoting import Quote, check_clock, is_possible, quote
from regulars.loyalty.actions.till.reviving import revive
from regulars.loyalty.actions.till.rewarding import reward
from regulars.loyalty.pure import states
from regulars.loyalty.pure.answers import Answer
from regulars.loyalty.pure.cart import PointsAsk
from regulars.loyalty.pure.ledger import Balance
from regulars.loyalty.pure.states import State, Step
from regulars.loyalty.queries import programme, purchases
from regulars.loyalty.queries.members import now_of
from regulars.loyalty.till_records import (
    Ask,
    Confirmation,
    PurchaseRecord,
)


def confirm(workspace_id: int, asked: Confirmation) -> bytes:
    """The purchase is a sale from now on; the same confirmation again is answered the same.

    raises  NotFound(purchase_unknown) when nothing was held and no cart came,
            Conflict(idempotency_mismatch | purchase_state | cart_differs | quote_changed |
            code_in_use), Refused(hold_needed), and what a quote raises
    """
    now = clock.now()
    there = rows.lock(workspace_id, asked.purchase_id)
    if there is None and asked.ask is None:
        raise states.unknown()
    if there is None:
        begun = rows.begin(
            workspace_id,
            asked.purchase_id,
            State.CONFIRMED,
            asked.counter,
            currency="",
            occurred_at=asked.occurred_at,
            now=now,
        )
        if not isinstance(begun, PurchaseRecord):
            return _sell(workspace_id, begun, asked, now)
        there = begun
    step = states.on_confirm(
        there.state, is_due=there.is_due(now), is_same=there.confirm_hash == asked.body_hash
    )
    if step is Step.REPLAY:
        stored = purchases.stored_answer(workspace_id, "confirm", asked.purchase_id)
        return stored[1] if stored else telling.encode(told_of(workspace_id, there))
    return _take(workspace_id, there, asked, now, is_late=step is Step.REVIVE)


def _take(
    workspace_id: int, there: PurchaseRecord, asked: Confirmation, now: datetime, *, is_late: bool
) -> bytes:
    """What was held is taken, as it was promised."""
    assert there.answer is not None
    flags = _flags_of_cart(there, asked, now)
    answer = there.answer
    hold_key: str | None = moving.hold_key(there.purchase_id)
    if is_late:
        answer, hold_key, lost = revive(workspace_id, there, now)
        flags += lost
    name, customer_id = there.purchase_id, there.customer_id
    member_id, locked = None, None
    if there.member_id is not None:
        # Whoever was merged since the hold earns as whom they were merged into; no merge comes
        # between the look and the posting.
        locked = lock_members(workspace_id, [there.member_id], now)
        member_id = now_of(workspace_id, there.member_id)
    sold = _news(there.id, asked, customer_id, answer, flags, now)
    locked = locked if member_id == there.member_id else None
    _post(
        workspace_id,
        asked,
        answer,
        sold,
        member_id=member_id,
        customer_id=customer_id,
        now=now,
        hold_key=hold_key,
        locked=locked,
    )
    if not is_late:
        # After the points, as everywhere: the member's balances are locked before limits.
        moving.settle(workspace_id, name, answer)
    shown, missed = reward(workspace_id, name, member_id, customer_id, answer, now)
    flags += missed
    told = telling.of_purchase(
        answer,
        there.purchase_id,
        State.CONFIRMED,
        asked.counter.language,
        confirmed_at=now,
        flags=flags,
        more={"issued_codes": shown},
    )
    body = telling.encode(told)
    rows.move(
        workspace_id,
        there.id,
        State.CONFIRMED,
        now,
        rows.Said("confirm", name, asked.body_hash, body),
        confirmed_at=now,
        confirm_hash=asked.body_hash,
        occurred_at=asked.occurred_at,
        flags=flags if flags else None,
        result=answer if answer is not there.answer else None,
    )
    return body


def _news(
    row_id: int,
    asked: Confirmation,
    customer_id: int | None,
    answer: Answer,
    flags: tuple[str, ...],
    now: datetime,
) -> NewEvent:
    return news.sold(
        row_id,
        purchase_id=asked.purchase_id,
        customer_id=customer_id,
        counter=asked.counter,
        answer=answer,
        at=_sold_at(asked, flags, now),
    )


def _flags_of_cart(there: PurchaseRecord, asked: Confirmation, now: datetime) -> tuple[str, ...]:
    """What is unusual about the confirmation. raises Conflict(cart_differs), Invalid(clock_skew)"""
    flags: tuple[str, ...] = ()
    if asked.is_offline:
        flags += ("offline", *_clock_flag(asked.occurred_at, now))
    else:
        check_clock(asked.occurred_at, now)
    if asked.ask is not None and rows.hash_of_cart(asked.ask) != there.cart_hash:
        if not asked.is_offline:
            raise Conflict(
                "cart_differs", "The goods are not those that were held; cancel and hold again."
            )
        flags += ("cart_differs",)
    return flags


def _clock_flag(occurred_at: datetime, now: datetime) -> tuple[str, ...]:
    return () if is_possible(occurred_at, now) else ("clock",)


def _sold_at(asked: Confirmation, flags: tuple[str, ...], now: datetime) -> datetime:
    """When the sale was: a till without us says it, unless its clock cannot be right."""
    return asked.occurred_at if asked.is_offline and "clock" not in flags else now


def _post(
    workspace_id: int,
    asked: Confirmation,
    answer: Answer,
    sold: NewEvent,
    *,
    member_id: int | None,
    customer_id: int | None,
    now: datetime,
    hold_key: str | None = None,
    locked: Mapping[int, Mapping[str, Balance]] | None = None,
) -> None:
    """Burnt points are spent and earned ones given, in one posting, and the sale is told."""
    burns = bool(answer.burn and answer.burn.points and hold_key)
    live = programme.live_version(workspace_id, answer.rules_version)
    purchase_id = asked.purchase_id
    earn = moving.earned(purchase_id, member_id, answer, live.programme, asked.occurred_at)
    if not burns and earn is None:
        events.record_many(workspace_id, [sold])
        return
    points.settle(
        workspace_id,
        hold_key=hold_key if burns else None,
        capture_key=f"{moving.hold_key(purchase_id)}:capture",
        earn=earn,
        now=now,
        grace=timedelta(hours=live.programme.returns.release_grace_hours),
        zone=live.zone,
        customer_id=customer_id,
        slides_until=after_burn(live, answer.burn.currency, now) if burns and answer.burn else None,
        locked=locked,
        news=[sold],
    )


def _sell(workspace_id: int, row_id: int, asked: Confirmation, now: datetime) -> bytes:
    """A sale without a hold: everything at once."""
    assert asked.ask is not None
    if asked.is_offline:
        found, flags = _sold_offline(workspace_id, asked.ask, asked, now)
    else:
        found, flags = _sold(workspace_id, _without_auto(asked.ask), now), ()
    answer = found.answer
    name, member_id, customer_id = asked.purchase_id, found.member_id, found.customer_id
    sold = _news(row_id, asked, customer_id, answer, flags, now)
    _post(workspace_id, asked, answer, sold, member_id=member_id, customer_id=customer_id, now=now)
    shown, missed = reward(workspace_id, name, member_id, customer_id, answer, now)
    flags += missed
    told = telling.of_purchase(
        answer,
        asked.purchase_id,
        State.CONFIRMED,
        asked.counter.language,
        confirmed_at=now,
        flags=flags,
        more={"issued_codes": shown},
    )
    body = telling.encode(told)
    rows.write(
        workspace_id,
        row_id,
        rows.Said("confirm", name, asked.body_hash, body),
        state=State.CONFIRMED.value,
        member=found.member_id,
        customer=found.customer_id,
        currency=found.cart.currency,
        to_pay=answer.summary.to_pay_minor,
        rules=answer.rules_version,
        occurred=asked.occurred_at,
        now=now,
        confirmed=now,
        expires=None,
        hold_hash="",
        confirm_hash=asked.body_hash,
        cart_hash=rows.hash_of_cart(asked.ask),
        cart=rows.kept_cart(found.cart),
        result=answer,
        flags=flags,
    )
    return body


def _without_auto(ask: Ask) -> Ask:
    """The ask with no points. raises Refused(hold_needed) when some were asked for by number"""
    if ask.cart.points.points or ask.cart.gift_cards:
        raise refuse_burn(ask.counter)
    return replace(ask, cart=replace(ask.cart, points=PointsAsk()))


def _sold(workspace_id: int, ask: Ask, now: datetime) -> Quote:
    """The cart calculated, its codes used and its share of limits taken."""
    for left in reversed(range(TRIES_MAX)):
        found = quote(workspace_id, ask, now, is_locked=True)
        check_expected(workspace_id, ask, found, now)
        check_codes(found)
        try:
            with transaction.atomic():
                budgets.take(workspace_id, found.answer.uses)
                _use_codes(workspace_id, ask.purchase_id, found, now)
        except LOST_RACES:
            if not left:
                raise
            continue
        return found
    raise AssertionError("the last try returns or raises")


def _use_codes(workspace_id: int, purchase_id: str, found: Quote, now: datetime) -> None:
    used = moving.codes_of(found.answer)
    if used:
        codes.reserve_codes(workspace_id, used, purchase_id, found.member_id, now)
        codes.settle_codes(workspace_id, purchase_id)


def _sold_offline(
    workspace_id: int, ask: Ask, asked: Confirmation, now: datetime
) -> tuple[Quote, tuple[str, ...]]:
    """What a sale without us earns, by the rules of its moment."""
    flags = ("offline", *_clock_flag(asked.occurred_at, now))
    # A clock that cannot be right decides nothing.
    moment = now if "clock" in flags else asked.occurred_at
    live = programme.live_at(workspace_id, moment)
    found = quote(workspace_id, ask, moment, is_locked=True, is_offline=True, live=live)
    if ask.member is not None and found.member is None:
        flags += ("member_unknown",)
    if ask.cart.points.points or ask.cart.gift_cards:
        flags += ("burn_ignored",)
    if ask.cart.codes:
        flags += ("codes_ignored",)
    refuses = found.live.programme.pricing.unknown_goods == "refuse"
    if refuses and any(not line.name for line in found.cart.lines):
        flags += ("goods_unknown",)
    return found, flags
