"""What the log is told of purchases, in the transaction that makes it true."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.loyalty.pure.answers import Answer
from regulars.loyalty.till_records import ORDER_SOURCE, Counter


def sold(
    row_id: int,
    *,
    purchase_id: str,
    customer_id: int | None,
    counter: Counter,
    answer: Answer,
    at: datetime,
) -> NewEvent:
    """A purchase is confirmed; orders and reports follow from it."""
    props: dict[str, Any] = {
        "purchase": purchase_id,
        "total": answer.summary.to_pay_minor,
        "discount": answer.summary.discount_minor,
        "points_paid": answer.summary.points_paid_minor,
        "gift_paid": answer.summary.gift_paid_minor,
        "currency": answer.currency,
        "lines": len(answer.lines),
        "shop": counter.shop,
        "till": counter.till,
        "channel": counter.channel,
        "source": ORDER_SOURCE,
    }
    return _event("purchase.confirmed", row_id, customer_id, props, at)


def tell_returned(
    workspace_id: int,
    row_id: int,
    *,
    purchase_id: str,
    return_id: str,
    customer_id: int | None,
    refund_minor: int,
    currency: str,
    is_full: bool,
    at: datetime,
) -> None:
    """Goods of a purchase came back."""
    props: dict[str, Any] = {
        "purchase": purchase_id,
        "return": return_id,
        "refund": refund_minor,
        "currency": currency,
        "is_full": is_full,
        "source": ORDER_SOURCE,
    }
    event = _event("purchase.returned", row_id, customer_id, props, at)
    events.record_many(workspace_id, [event])


def _event(
    kind: str, row_id: int, customer_id: int | None, props: dict[str, Any], at: datetime
) -> NewEvent:
    return NewEvent(
        kind=kind,
        time=at,
        # The purchase's own row makes it once: no key need be remembered beside it.
        key=None,
        customer_id=customer_id,
        props=props,
        subject_id=row_id,
        source=ORDER_SOURCE,
    )
