"""The right-hand sides of operators: reading each shape from JSON, or refusing it by path."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import cast

import re2

from regulars.kernel.errors import Invalid
from regulars.rules import limits, windows
from regulars.rules.tree import Scalar, Value

SHOWN_CHARS_MAX = 60


def fault(path: str, problem: str) -> Invalid:
    """The one error of reading: where the fault is and what to do about it."""
    return Invalid("rule_invalid", f"{path} {problem}", path=path)


def shown(value: object) -> str:
    """A piece of somebody's input, short and printable, for an error's text."""
    return ascii(value)[:SHOWN_CHARS_MAX]


def text(value: object, path: str) -> str:
    """A text that every engine can hold."""
    if not isinstance(value, str):
        raise fault(path, "must be a text")
    if len(value) > limits.TEXT_CHARS_MAX:
        raise fault(path, f"has at most {limits.TEXT_CHARS_MAX} characters")
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise fault(path, "holds a character that is not text")
    return value


def name(value: object, path: str) -> str:
    """The name of a fact, an event, a property, a channel or a segment."""
    found = text(value, path)
    if not found or len(found) > limits.NAME_CHARS_MAX:
        raise fault(path, f"must be a name of 1 to {limits.NAME_CHARS_MAX} characters")
    return found


def number(value: object, path: str) -> int | float:
    """A number within the limit."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise fault(path, "must be a number")
    if abs(value) > limits.NUMBER_MAX:
        raise fault(path, f"must be between -{limits.NUMBER_MAX} and {limits.NUMBER_MAX}")
    return value


def duration(value: object, path: str) -> str:
    """A number and a unit, kept as written."""
    found = text(value, path)
    try:
        windows.parse_duration(found)
    except ValueError as error:
        raise fault(path, f"is {error}") from error
    return found


def days(value: object, path: str) -> str:
    """A duration of whole days."""
    found = duration(value, path)
    if windows.parse_duration(found)[1] not in windows.DAY_UNITS:
        raise fault(path, "must be in days, weeks, months or years: 7d, 2w, 1mo, 1y")
    return found


def moment(value: object, path: str) -> str:
    """A day, or an instant with its offset, kept as written."""
    found = text(value, path)
    parsed = windows.parse_moment(found)
    if parsed is None or not limits.YEAR_MIN <= parsed.year <= limits.YEAR_MAX:
        raise fault(path, "must be a day 2026-01-31 or an instant 2026-01-31T12:00:00+02:00")
    return found


def check_order(start: str, end: str, path: str) -> None:
    """Refuse a pair of moments of different kinds or the wrong way round."""
    low, high = windows.parse_moment(start), windows.parse_moment(end)
    if isinstance(low, datetime) is not isinstance(high, datetime):
        raise fault(path, "must be two days or two instants, not one of each")
    if low > high:  # type: ignore[operator]  # both were read as moments of one kind
        raise fault(path, "ends before it starts")


def check_decimals(value: Value, path: str) -> None:
    """Refuse what a sum, exact to so many decimals, can never equal."""
    for item in value if isinstance(value, tuple) else (value,):
        exponent = Decimal(repr(item)).normalize().as_tuple().exponent
        if -cast(int, exponent) > limits.SUM_DECIMALS:
            raise fault(path, f"has at most {limits.SUM_DECIMALS} decimal places")


def _scalar(value: object, path: str) -> Scalar:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value, path)
    if isinstance(value, int | float):
        return number(value, path)
    raise fault(path, "must be a text, a number, true or false")


def _scalars(value: object, path: str) -> tuple[Scalar, ...]:
    found = _list(value, path, _scalar)
    if any(isinstance(item, bool) for item in found):
        raise fault(path, "lists texts or numbers")
    if len({isinstance(item, str) for item in found}) > 1:
        raise fault(path, "mixes texts and numbers")
    return found


def _texts(value: object, path: str) -> tuple[Scalar, ...]:
    return _list(value, path, text)


def _list(value: object, path: str, read: Callable[[object, str], Scalar]) -> tuple[Scalar, ...]:
    if not isinstance(value, list) or not value:
        raise fault(path, "must be a list with at least one value")
    if len(value) > limits.VALUES_MAX:
        raise fault(path, f"has at most {limits.VALUES_MAX} values")
    return tuple(read(item, f"{path}[{index}]") for index, item in enumerate(value))


def _pair(value: object, path: str) -> tuple[Scalar, ...]:
    if not isinstance(value, list) or len(value) != 2:
        raise fault(path, "must be two values, the lower first")
    if not all(isinstance(item, str) for item in value):
        return _numbers2(value, path)
    low, high = (moment(item, f"{path}[{index}]") for index, item in enumerate(value))
    check_order(low, high, path)
    return low, high


def _numbers2(value: object, path: str) -> tuple[Scalar, ...]:
    if not isinstance(value, list) or len(value) != 2:
        raise fault(path, "must be two numbers, the lower first")
    low, high = (number(item, f"{path}[{index}]") for index, item in enumerate(value))
    if low > high:
        raise fault(path, "ends before it starts")
    return low, high


def _month(value: object, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 12:
        raise fault(path, "must be a month from 1 to 12")
    return value


def _regex(value: object, path: str) -> str:
    found = text(value, path)
    if len(found) > limits.REGEX_CHARS_MAX:
        raise fault(path, f"has at most {limits.REGEX_CHARS_MAX} characters")
    try:
        compile_regex(found)
    except re2.error as error:
        raise fault(path, f"is not a regular expression of RE2: {shown(str(error))}") from error
    return found


def compile_regex(pattern: str) -> re2._Regexp:
    """The pattern as every executor uses it: anywhere in the text, without regard to case."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(pattern, options)


READERS: dict[str, Callable[[object, str], Value]] = {
    "scalar": _scalar,
    "scalars": _scalars,
    "text": text,
    "texts": _texts,
    "regex": _regex,
    "number": number,
    "numbers2": _numbers2,
    "pair": _pair,
    "moment": moment,
    "duration": duration,
    "days": days,
    "month": _month,
}
