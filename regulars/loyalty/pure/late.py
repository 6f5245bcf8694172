"""A sale whose hold ran out: what could not be had again is booked as given away.

The goods are gone and the money was taken, so what was to pay stays. Points or gift money that
nobody can take any more become a discount of the shop, named for what it is.
"""

from __future__ import annotations

from dataclasses import replace

from regulars.loyalty.pure.answers import (
    Answer,
    AnswerLine,
    CodeAnswer,
    DeliveryAnswer,
    Discount,
    Summary,
)

LOST = "burn_lost"


def without(
    answer: Answer,
    *,
    points: bool = False,
    gifts: bool = False,
    codes: bool = False,
    limits: bool = False,
) -> Answer:
    """The answer with what was lost: nothing of it is taken, and nobody pays another sum."""
    lines = tuple(_line(line, points=points, gifts=gifts) for line in answer.lines)
    delivery = _delivery(answer.delivery) if gifts else answer.delivery
    return replace(
        answer,
        lines=lines,
        delivery=delivery,
        summary=_summary(answer.summary, lines, delivery),
        burn=None if points else answer.burn,
        gifts=() if gifts else answer.gifts,
        codes=tuple(map(_code, answer.codes)) if codes else answer.codes,
        uses=() if limits else answer.uses,
    )


def _line(line: AnswerLine, *, points: bool, gifts: bool) -> AnswerLine:
    lost = (line.points_paid_minor if points else 0) + (line.gift_paid_minor if gifts else 0)
    if not lost:
        return line
    return replace(
        line,
        discounts=(*line.discounts, Discount(LOST, "manual", lost)),
        points_paid_minor=0 if points else line.points_paid_minor,
        gift_paid_minor=0 if gifts else line.gift_paid_minor,
    )


def _delivery(delivery: DeliveryAnswer) -> DeliveryAnswer:
    # Delivery has no discounts: what nobody paid is not charged.
    return DeliveryAnswer(delivery.to_pay_minor, 0, delivery.to_pay_minor)


def _summary(before: Summary, lines: tuple[AnswerLine, ...], delivery: DeliveryAnswer) -> Summary:
    return replace(
        before,
        base_minor=sum(line.base_minor for line in lines) + delivery.base_minor,
        discount_minor=sum(one.amount_minor for line in lines for one in line.discounts),
        points_paid_minor=sum(line.points_paid_minor for line in lines),
        gift_paid_minor=sum(line.gift_paid_minor for line in lines) + delivery.gift_paid_minor,
    )


def _code(one: CodeAnswer) -> CodeAnswer:
    if one.status != "applied":
        return one
    return replace(one, status="used_up", reason="code_lost")
