"""Holding a cart: what it takes is kept for it until it is confirmed, cancelled or too late."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.loyalty.actions.budgets import LimitReached
from regulars.loyalty.actions.till import burning, moving, rows, telling
from regulars.loyalty.actions.till.quoting import Quote, quote
from regulars.loyalty.code_records import CodeInUse, CodeUnusable, CodeUsedUp, GiftCardShort
from regulars.loyalty.pure import states
from regulars.loyalty.pure.programme import Holding
from regulars.loyalty.pure.states import State, Step
from regulars.loyalty.queries import purchases
from regulars.loyalty.till_records import Ask, Counter, PurchaseRecord
from regulars.workspaces import queries as workspaces

# How often a hold is calculated anew because others took what it counted on.
TRIES_MAX = 4
LOST_RACES = (LimitReached, CodeUsedUp, CodeUnusable, GiftCardShort)


def hold(workspace_id: int, ask: Ask) -> bytes:
    """Keep what the cart takes and answer with the result, which a confirmation will honour.

    raises  what a quote raises, and
            Conflict(idempotency_mismatch | purchase_state | quote_changed | code_in_use),
            Refused(burn_code_needed | burn_code_wrong)
    """
    now = clock.now()
    begun = rows.begin(
        workspace_id,
        ask.purchase_id,
        State.HELD,
        ask.counter,
        currency=ask.cart.currency,
        occurred_at=ask.cart.occurred_at,
        now=now,
    )
    if isinstance(begun, PurchaseRecord):
        return _replayed(workspace_id, begun, ask, now)
    found, until = reserved(workspace_id, ask, now)
    told = telling.of_purchase(
        found.answer,
        ask.purchase_id,
        State.HELD,
        ask.counter.language,
        expires_at=until,
    )
    body = telling.encode(told)
    rows.write(
        workspace_id,
        begun,
        rows.Said("hold", ask.purchase_id, ask.body_hash, body),
        state=State.HELD.value,
        member=found.member_id,
        customer=found.customer_id,
        currency=found.cart.currency,
        to_pay=found.answer.summary.to_pay_minor,
        rules=found.answer.rules_version,
        occurred=found.cart.occurred_at,
        now=now,
        confirmed=None,
        expires=until,
        hold_hash=ask.body_hash,
        confirm_hash="",
        cart_hash=rows.hash_of_cart(ask),
        cart=rows.kept_cart(found.cart),
        result=found.answer,
        flags=(),
    )
    return body


def _replayed(workspace_id: int, there: PurchaseRecord, ask: Ask, now: datetime) -> bytes:
    step = states.on_hold(
        there.state, is_due=there.is_due(now), is_same=there.hold_hash == ask.body_hash
    )
    assert step is Step.REPLAY
    stored = purchases.stored_answer(workspace_id, "hold", ask.purchase_id)
    if stored is not None:
        return stored[1]
    return telling.encode(told_of(workspace_id, there))


def told_of(workspace_id: int, there: PurchaseRecord) -> dict[str, object]:
    """The purchase told anew from what is kept of it."""
    assert there.answer is not None
    return telling.of_purchase(
        there.answer,
        there.purchase_id,
        there.state,
        workspaces.workspace(workspace_id).language,
        expires_at=there.expires_at,
        confirmed_at=there.confirmed_at,
        flags=there.flags,
        more={"issued_codes": []} if there.state in states.SOLD else None,
    )


def reserved(workspace_id: int, ask: Ask, now: datetime) -> tuple[Quote, datetime]:
    """The cart calculated and everything it takes kept, and until when.

    Others may take the last of something between the calculation and the update that keeps it;
    then it is calculated again, without it.
    """
    for left in reversed(range(TRIES_MAX)):
        found = quote(workspace_id, ask, now, is_locked=True)
        check_expected(workspace_id, ask, found, now)
        check_codes(found)
        until = now + _kept_for(ask, found.live.programme.holding)
        burning.check(workspace_id, ask, found)
        try:
            with transaction.atomic():
                moving.reserve(
                    workspace_id,
                    ask.purchase_id,
                    found.member_id,
                    found.answer,
                    now=now,
                    until=until,
                )
        except LOST_RACES:
            if not left:
                raise
            continue
        return found, until
    raise AssertionError("the last try returns or raises")


def check_expected(workspace_id: int, ask: Ask, found: Quote, now: datetime) -> None:
    """Nothing when the quote still holds. raises Conflict(quote_changed) with the new one"""
    holds = (
        ask.quote_hash in ("", telling.quote_hash(found.answer)),
        ask.quote_id in ("", telling.quote_id(found.answer, ask.purchase_id)),
    )
    if not all(holds):
        language = ask.counter.language
        raise Conflict(
            "quote_changed",
            "The price changed since the quote; show the customer the new one.",
            quote=telling.quoted(found.answer, ask.purchase_id, language, now),
        )


def check_codes(found: Quote) -> None:
    """Nothing unless another purchase holds a code. raises CodeInUse"""
    for one in found.codes:
        if one.status == "in_use" and one.in_use_until is not None:
            raise CodeInUse(one.code, one.in_use_until)


def _kept_for(ask: Ask, holding: Holding) -> timedelta:
    """How long a hold lives: minutes at a till, days for an order of a site."""
    short = timedelta(minutes=holding.minutes)
    longest = timedelta(days=holding.order_days) if ask.counter.may_hold_long else short
    if ask.hold_s is None:
        return short
    asked = timedelta(seconds=ask.hold_s)
    if asked > longest:
        raise Invalid(
            "hold_too_long",
            "This key may not hold for so long.",
            path="hold_s",
            longest_s=int(longest.total_seconds()),
        )
    return asked


def refuse_burn(counter: Counter) -> Refused:
    """A sale without a hold takes no points and no gift money."""
    return Refused("hold_needed", "Points and gift cards pay after a hold only.", till=counter.till)
