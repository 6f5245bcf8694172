"""What a calculation answers, and its JSON, which loses nothing.

The fields of `Answer` down to `member_tier` are what a till reads; those below it are what a
hold must reserve. Delivery stands beside the lines: sum over lines plus delivery = summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec

from regulars.loyalty.pure.cart import Balance, LimitKey

DiscountKind = Literal["offer", "code", "tier", "manual", "rounding"]
Text = Mapping[str, str]  # language → text


@dataclass(frozen=True, slots=True)
class Discount:
    """What one promotion takes off one line."""

    promotion_id: str
    kind: DiscountKind
    amount_minor: int
    code: str = ""


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """So many units at this price: the split a fiscal receipt prints."""

    quantity_milli: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One line after everything: base − discounts − points − gift = to pay."""

    line_id: str
    base_minor: int
    discounts: tuple[Discount, ...]
    points_paid_minor: int
    gift_paid_minor: int
    to_pay_minor: int
    earn: int
    units: tuple[UnitPrice, ...]


@dataclass(frozen=True, slots=True)
class DeliveryAnswer:
    """Delivery takes no discount and no points; a gift card may pay it."""

    base_minor: int = 0
    gift_paid_minor: int = 0
    to_pay_minor: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """Sums over the lines and delivery; `earn` is of the main currency.

    earn_at  when the last of those points may be spent; None: at once, or after some event
    """

    base_minor: int
    discount_minor: int
    points_paid_minor: int
    gift_paid_minor: int
    to_pay_minor: int
    earn: int
    earn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PointsAnswer:
    """The member's points and how many this cart may take.

    why_limited   balance, share, excluded_goods, floor, step, minimum, asked, no_member, blocked,
                  closed
    """

    currency: str
    available: int
    pending: int
    reserved: int
    max_applicable: int
    max_applicable_minor: int
    applied: int
    applied_minor: int
    why_limited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """applied, or why not: the code's own status, not_applied, or not_needed."""

    code: str
    status: str
    reason: str = ""
    promotion_id: str = ""
    in_use_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What would make a promotion apply: "add 350.00 more", as data and in words.

    what     amount_minor, quantity_milli, purchases, code, member …
    """

    what: str
    value: int
    text: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Applied:
    """A promotion that did something here; desired is what it asked for before caps."""

    promotion_id: str
    title: str
    lane: str
    discount_minor: int
    desired_minor: int
    points: int = 0
    why_cut: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class NotApplied:
    """A promotion that was considered and refused, with a machine reason."""

    promotion_id: str
    title: str
    reason: str
    missing: Missing | None = None
    code: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class GiftChoice:
    """The customer may choose so many of these goods for nothing."""

    promotion_id: str
    skus: tuple[str, ...]
    quantity: int


@dataclass(frozen=True, slots=True)
class Message:
    """Words for the cashier or the receipt."""

    promotion_id: str
    text: Text


@dataclass(frozen=True, slots=True)
class Messages:
    cashier: tuple[Message, ...] = ()
    receipt: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Burn:
    """Points to hold, and the money they stand for."""

    currency: str
    points: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class EarnPart:
    """Points one rule or promotion gives; line_id is empty when they belong to no line.

    rule    id of the programme's earning rule or slug of the promotion, the other one is empty
    terms   name of the terms in the programme (pending and expiry); "" means the currency's own
    """

    currency: str
    points: int
    line_id: str = ""
    promotion_id: str = ""
    rule: str = ""
    terms: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """What a hold must reserve of one limit; `ceiling` is the limit's value."""

    key: LimitKey
    amount: int
    ceiling: int
    promotion_id: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class GiftPart:
    """Money to reserve on one gift card."""

    code: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code to issue after the sale, from the codes of the named promotion."""

    promotion_id: str
    from_promotion: str
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class TierSet:
    """A tier to give after the sale, for so many days (0: by the programme's rules)."""

    promotion_id: str
    tier: str
    days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything a calculation says."""

    rules_version: int
    currency: str
    lines: tuple[AnswerLine, ...]
    delivery: DeliveryAnswer
    summary: Summary
    points: PointsAnswer | None = None
    codes: tuple[CodeAnswer, ...] = ()
    gift_cards: tuple[CodeAnswer, ...] = ()
    applied: tuple[Applied, ...] = ()
    not_applied: tuple[NotApplied, ...] = ()
    gifts_to_choose: tuple[GiftChoice, ...] = ()
    messages: Messages = Messages()
    balance_after: Mapping[str, Balance] = field(default_factory=dict)
    member_tier: str = ""
    burn: Burn | None = None
    earn: tuple[EarnPart, ...] = ()
    uses: tuple[Use, ...] = ()
    gifts: tuple[GiftPart, ...] = ()
    issued_codes: tuple[IssuedCode, ...] = ()
    tiers_set: tuple[TierSet, ...] = ()


def to_json(answer: Answer) -> dict[str, object]:
    """The answer as plain values of JSON, fields in the order written here."""
    found = msgspec.to_builtins(answer)
    assert isinstance(found, dict)
    return found


def to_bytes(answer: Answer) -> bytes:
    """The answer as JSON text; the same answer is the same bytes."""
    return msgspec.json.encode(answer)


_decoder = msgspec.json.Decoder(Answer)


def from_bytes(text: bytes | str) -> Answer:
    """The answer that `to_bytes` wrote.

    raises   msgspec.DecodeError when it is no such answer
    """
    return _decoder.decode(text)
