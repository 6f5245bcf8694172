"""Values between a rule and the controls of a form, where all is text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

import re2

from regulars.kernel.errors import Invalid
from regulars.rules import operands, operators, windows
from regulars.rules.facts import POINT_DIGITS
from regulars.rules.tree import Scalar, Test, Value
from regulars.segments.pure.drafts import TestDraft

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?(e[+-]?[0-9]{1,2})?", re.IGNORECASE)
# Which controls an operator's operand needs; pairs and scalars depend on the family as well.
DURATIONS = ("duration", "days")
LISTS = ("scalars", "texts")
PAIRS = ("pair", "numbers2")


class Wrong(Exception):
    """What was typed cannot stand; `code` says why, and perhaps where in a text."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass(frozen=True, slots=True)
class Money:
    """How many decimal places typed amounts have; 0 where the value is a plain number."""

    digits: int = 0
    is_points: bool = False


PLAIN = Money()
POINTS = Money(POINT_DIGITS, is_points=True)


def draft_of(test: Test, money: Money) -> TestDraft:
    """The test as the form shows it."""
    family = operators.family_of(test)
    op, operand = f"{family}.{test.op}", operators.OPERAND[test.op]
    if operand == "nothing":
        return TestDraft(op)
    if operand in DURATIONS:
        amount, unit = split_duration(str(test.value))
        return TestDraft(op, amount, unit)
    scale = money if _is_scaled(test.op, family) else PLAIN
    if operand in PAIRS:
        low, high = cast(tuple[Scalar, Scalar], test.value)
        return TestDraft(op, written(low, scale), written(high, scale))
    if isinstance(test.value, tuple):
        return TestDraft(op, "\n".join(written(item, scale) for item in test.value))
    return TestDraft(op, written(test.value, scale))


def _is_scaled(op: str, family: str) -> bool:
    return family == "number" and not op.startswith("size_")


def written(value: Value, money: Money) -> str:
    """One value as people type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        amount = Decimal(repr(value)).scaleb(-money.digits)
        is_whole = amount == amount.to_integral_value()
        return f"{amount:.0f}" if is_whole else f"{amount:f}"
    return "" if value is None else str(value)


def split_duration(text: str) -> tuple[str, str]:
    """ "90d" as ("90", "d")"""
    amount = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    return amount, text[len(amount) :]


def value_of(draft: TestDraft, money: Money) -> Value:
    """The value that the operator compares with. raises Wrong"""
    operand = operators.OPERAND[draft.operator]
    scale = money if _is_scaled(draft.operator, draft.family) else PLAIN
    return _READERS[operand](draft, scale)


def number(text: str, money: Money = PLAIN) -> int | float:
    """The number typed, a comma allowed for the point. raises Wrong"""
    plain = _filled(text).replace(" ", "").replace("\u00a0", "").replace(",", ".")
    if _NUMBER.fullmatch(plain) is None:
        raise Wrong("number_bad")
    amount = Decimal(plain).scaleb(money.digits)
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def duration(amount: str, unit: str) -> str:
    """The duration typed. raises Wrong"""
    found = f"{_filled(amount).strip()}{unit}"
    try:
        windows.parse_duration(found)
    except ValueError as error:
        raise Wrong("duration_bad") from error
    return found


def moment(text: str) -> str:
    """The day or instant typed. raises Wrong"""
    if windows.parse_moment(_filled(text)) is None:
        raise Wrong("date_bad")
    return text


def check_order(low: str, high: str) -> None:
    """Refuse two moments the wrong way round. raises Wrong"""
    try:
        operands.check_order(low, high, "")
    except Invalid as error:
        raise Wrong("order_bad") from error


def _filled(text: str) -> str:
    if not text.strip():
        raise Wrong("value_missing")
    return text


def _scalar(draft: TestDraft, money: Money) -> Scalar:
    return _one(draft.family)(draft.a, money)


def _one(family: str) -> Callable[[str, Money], Scalar]:
    if family == "number":
        return number
    return _bool if family == "bool" else _text


def _bool(text: str, _money: Money) -> bool:
    if text not in ("yes", "no"):
        raise Wrong("value_missing")
    return text == "yes"


def _text(text: str, _money: Money) -> str:
    return _filled(text)


def _lines(draft: TestDraft, money: Money) -> Value:
    read = _one("number" if draft.family == "number" else "text")
    found = tuple(read(line, money) for line in draft.a.splitlines() if line.strip())
    if not found:
        raise Wrong("value_missing")
    return found


def _pair(draft: TestDraft, money: Money) -> Value:
    if draft.family == "moment":
        low, high = moment(draft.a), moment(draft.b)
        check_order(low, high)
        return low, high
    first, second = number(draft.a, money), number(draft.b, money)
    if first > second:
        raise Wrong("order_bad")
    return first, second


def _month(draft: TestDraft, _money: Money) -> int:
    if draft.a not in {str(month) for month in range(1, 13)}:
        raise Wrong("value_missing")
    return int(draft.a)


def _regex(draft: TestDraft, _money: Money) -> str:
    try:
        operands.compile_regex(_filled(draft.a))
    except re2.error as error:
        raise Wrong("regex_bad") from error
    return draft.a


_READERS: dict[str, Callable[[TestDraft, Money], Value]] = {
    "nothing": lambda draft, money: None,
    "scalar": _scalar,
    "scalars": _lines,
    "texts": _lines,
    "text": lambda draft, money: _filled(draft.a),
    "regex": _regex,
    "number": lambda draft, money: number(draft.a, money),
    "numbers2": _pair,
    "pair": _pair,
    "moment": lambda draft, money: moment(draft.a),
    "duration": lambda draft, money: duration(draft.a, draft.b),
    "days": lambda draft, money: duration(draft.a, draft.b),
    "month": _month,
}
