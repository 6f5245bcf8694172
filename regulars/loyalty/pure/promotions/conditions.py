"""The closed set of conditions that promotions and earning rules are written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Literal

from regulars.rules.words import folded

Value = str | int | bool
TRUE, FALSE = "\0true", "\0false"  # no text of JSON that people write
Op = Literal[
    "eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "between",
    "contains", "starts", "set", "not_set",
]  # fmt: skip
Quantifier = Literal["any", "every", "none", "count", "sum", "distinct"]
Summed = Literal["quantity", "amount", "initial_amount", "lines"]
ChallengeUnit = Literal["purchase", "day", "week", "month", "amount"]

# Field → type; money is minor units, quantities in a condition are whole units or decimals
# written as text and kept in thousandths.
CART_FIELDS: Mapping[str, str] = {
    "cart.initial_amount": "money",
    "cart.amount": "money",
    "cart.discount": "money",
    "cart.lines": "number",
    "cart.quantity": "quantity",
    "cart.delivery": "money",
    "cart.codes": "number",
}
LINE_FIELDS: Mapping[str, str] = {
    "line.sku": "text",
    "line.name": "text",
    "line.category": "text",
    "line.brand": "text",
    "line.quantity": "quantity",
    "line.unit_price": "money",
    "line.initial_amount": "money",
    "line.amount": "money",
    "line.is_discounted": "bool",
    "line.takes_promotions": "bool",
}
CONTEXT_FIELDS: Mapping[str, str] = {
    "context.shop": "text",
    "context.till": "text",
    "context.cashier": "text",
    "context.channel": "text",
    "context.payment_kind": "text",
    "context.weekday": "number",
    "context.hour": "number",
    "context.day": "number",
    "context.month": "number",
}
MEMBER_FIELDS: Mapping[str, str] = {
    "member.is_known": "bool",
    "member.tier": "text",
    "member.points": "points",
    "member.is_first_purchase": "bool",
    "member.purchases": "number",
    "member.lifetime_spend": "money",
    "member.days_to_birthday": "number",
    "member.days_since_birthday": "number",
    "member.days_as_member": "number",
}
LINE_ATTR = "line.attr."


def fold(value: Value) -> str | int:
    """The value as conditions compare it: text ignores case, and true is not 1."""
    if isinstance(value, bool):
        return TRUE if value else FALSE
    return folded(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class Field:
    """A field compared with a value; lists and `between` hold a tuple.

    folded   the value or values as they are compared: text without case
    """

    field: str
    op: Op
    value: Value | tuple[Value, ...] | None = None
    folded: frozenset[str | int] = made(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        object.__setattr__(
            self, "folded", frozenset(fold(value) for value in values if value is not None)
        )


@dataclass(frozen=True, slots=True)
class InSegment:
    segment: str


@dataclass(frozen=True, slots=True)
class MemberRule:
    """A rule of the rule language about the member; key is its name in Member.matched."""

    rule: str
    key: str


@dataclass(frozen=True, slots=True)
class Personal:
    """The promotion was offered to this member in person."""

    promotion: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """A statement about the lines that `where` picks.

    count and sum compare whole units (thousandths inside) or money with `op` and `value`
    """

    quantifier: Quantifier
    where: Condition
    op: Op = "gte"
    value: int = 1
    of: Summed = "quantity"


@dataclass(frozen=True, slots=True)
class Challenge:
    """So many purchases, or days, weeks, months with one, or money spent, in the last days.

    counts_this     the purchase being made counts too
    in_a_row        the days, weeks or months stand next to each other, up to now
    """

    of: ChallengeUnit
    value: int
    within_days: int
    in_a_row: bool = False
    counts_this: bool = True


Condition = All | Any | Not | Field | InSegment | MemberRule | Personal | Lines | Challenge
ALWAYS = All()
