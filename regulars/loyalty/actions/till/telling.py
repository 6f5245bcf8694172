"""Answers as tills read them: the fields of the protocol, and their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from regulars.loyalty.pure.answers import (
    Answer,
    AnswerLine,
    CodeAnswer,
    Message,
    NotApplied,
    Text,
    UnitPrice,
)
from regulars.loyalty.pure.cart import Balance
from regulars.loyalty.pure.states import State
from regulars.loyalty.till_records import QUOTE_MINUTES

QUOTE_ID_CHARS = 22
QUOTED = "quoted"

encode = msgspec.json.Encoder().encode


def quote_hash(answer: Answer) -> str:
    """What stands for the money of an answer: the same as long as nobody would pay otherwise."""
    money = (
        answer.rules_version,
        answer.currency,
        [
            (line.line_id, line.discounts, line.points_paid_minor, line.gift_paid_minor,
             line.to_pay_minor, line.earn, line.units)
            for line in answer.lines
        ],
        answer.delivery,
        answer.summary.to_pay_minor,
        answer.burn,
    )  # fmt: skip
    return hashlib.sha256(encode(money)).hexdigest()


def quote_id(answer: Answer, purchase_id: str) -> str:
    """What stands for the money of an answer in this purchase and in no other."""
    named = f"{purchase_id}\x00{quote_hash(answer)}"
    return hashlib.sha256(named.encode()).hexdigest()[:QUOTE_ID_CHARS]


def quoted(answer: Answer, purchase_id: str, language: str, now: datetime) -> dict[str, Any]:
    """A quote: nothing is kept of it, so it names itself by what it says."""
    return {
        "purchase_id": purchase_id,
        "state": QUOTED,
        "quote_id": quote_id(answer, purchase_id),
        "quote_hash": quote_hash(answer),
        "valid_until": now + timedelta(minutes=QUOTE_MINUTES),
        **_result(answer, language),
    }


def of_purchase(
    answer: Answer,
    purchase_id: str,
    state: State,
    language: str,
    *,
    expires_at: datetime | None = None,
    confirmed_at: datetime | None = None,
    flags: Sequence[str] = (),
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A purchase that is kept."""
    return {
        "purchase_id": purchase_id,
        "state": state.value,
        "quote_hash": quote_hash(answer),
        "expires_at": expires_at,
        "confirmed_at": confirmed_at,
        "flags": list(flags),
        **(more or {}),
        **_result(answer, language),
    }


def _result(answer: Answer, language: str) -> dict[str, Any]:
    points = answer.points
    summary = answer.summary
    return {
        "rules_version": answer.rules_version,
        "currency": answer.currency,
        "lines": [_line(line) for line in answer.lines],
        "delivery": {
            "base": answer.delivery.base_minor,
            "gift_paid": answer.delivery.gift_paid_minor,
            "to_pay": answer.delivery.to_pay_minor,
        },
        "summary": {
            "base": summary.base_minor,
            "discount": summary.discount_minor,
            "points_paid": summary.points_paid_minor,
            "gift_paid": summary.gift_paid_minor,
            "to_pay": summary.to_pay_minor,
            "earn_pending": summary.earn,
            "earn_at": summary.earn_at,
        },
        "points": None
        if points is None
        else {
            "currency": points.currency,
            "available": points.available,
            "pending": points.pending,
            "reserved": points.reserved,
            "max_applicable": points.max_applicable,
            "max_applicable_money": points.max_applicable_minor,
            "applied": points.applied,
            "applied_money": points.applied_minor,
            "why_limited": points.why_limited,
        },
        "codes": [_code(one) for one in answer.codes],
        "gift_cards": [_code(one) for one in answer.gift_cards],
        "applied": [
            {
                "promo_id": one.promotion_id,
                "title": one.title,
                "discount": one.discount_minor,
                "desired": one.desired_minor,
                "points": one.points,
                "why_cut": one.why_cut,
            }
            for one in answer.applied
        ],
        "not_applied": [_not_applied(one, language) for one in answer.not_applied],
        "gifts_to_choose": [
            {"promo_id": one.promotion_id, "skus": one.skus, "qty": one.quantity}
            for one in answer.gifts_to_choose
        ],
        "messages": {
            "cashier": [_message(one, language) for one in answer.messages.cashier],
            "receipt": [_message(one, language) for one in answer.messages.receipt],
        },
        "balance_after": {slug: balance_of(one) for slug, one in answer.balance_after.items()},
        "member_tier": answer.member_tier,
    }


def _line(line: AnswerLine) -> dict[str, Any]:
    return {
        "line_id": line.line_id,
        "base": line.base_minor,
        "discounts": [
            {"promo_id": one.promotion_id, "kind": one.kind, "amount": one.amount_minor}
            for one in line.discounts
        ],
        "points_paid": line.points_paid_minor,
        "gift_paid": line.gift_paid_minor,
        "to_pay": line.to_pay_minor,
        "earn": line.earn,
        "units": [_unit(one) for one in line.units],
    }


def _unit(one: UnitPrice) -> dict[str, Any]:
    return {"qty": quantity_text(one.quantity_milli), "unit_price": one.unit_price_minor}


def quantity_text(milli: int) -> str:
    """Thousandths as the till writes them: 1500 is "1.5"."""
    whole, rest = divmod(milli, 1000)
    return f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)


def _code(one: CodeAnswer) -> dict[str, Any]:
    return {
        "code": one.code,
        "status": one.status,
        "reason": one.reason,
        "promo_id": one.promotion_id,
        "in_use_until": one.in_use_until,
    }


def _not_applied(one: NotApplied, language: str) -> dict[str, Any]:
    missing = one.missing
    return {
        "promo_id": one.promotion_id,
        "title": one.title,
        "reason": one.reason,
        "missing": None
        if missing is None
        else {
            "what": missing.what,
            "value": missing.value,
            "text": _in_language(missing.text, language),
        },
    }


def _message(one: Message, language: str) -> dict[str, Any]:
    return {"promo_id": one.promotion_id, "text": _in_language(one.text, language)}


def _in_language(text: Text, language: str) -> str:
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def balance_of(one: Balance) -> dict[str, int]:
    """A balance as tills read it."""
    return {
        "available": one.available,
        "pending": one.pending,
        "reserved": one.reserved,
        "debt": one.debt,
    }
