"""One value against one test: the reference meaning of every operator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from math import asin, cos, radians, sin, sqrt
from typing import cast
from zoneinfo import ZoneInfo

from regulars.rules import limits, operators, windows
from regulars.rules.operands import compile_regex
from regulars.rules.tree import Scalar, Test
from regulars.rules.words import folded

_QUANTUM = Decimal(1).scaleb(-limits.SUM_DECIMALS)
_ADDEND_END = Decimal(10) ** (limits.SUM_DIGITS - limits.SUM_DECIMALS)

# The mean radius of the Earth.
EARTH_KM = 6371.0088

Handler = Callable[[object, Test, datetime, ZoneInfo], bool]


def passes(value: object, test: Test, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the value passes; a missing one, or one of another type, passes only negations."""
    plain, is_negated = operators.positive(test)
    if plain.op == "set":
        return (value is not None) is not is_negated
    handler = _HANDLERS[operators.family_of(plain)]
    return handler(value, plain, now, zone) is not is_negated


def _text(value: object, test: Test, _now: datetime, _zone: ZoneInfo) -> bool:
    if not isinstance(value, str):
        return False
    if test.op == "regex":
        return compile_regex(cast(str, test.value)).search(value) is not None
    mine = folded(value)
    if test.op == "in":
        return mine in {folded(str(item)) for item in cast(tuple[Scalar, ...], test.value)}
    return _TEXT[test.op](mine, folded(cast(str, test.value)))


_TEXT: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda mine, other: mine == other,
    "contains": lambda mine, other: other in mine,
    "starts": lambda mine, other: mine.startswith(other),
    "ends": lambda mine, other: mine.endswith(other),
}


def _number(value: object, test: Test, _now: datetime, _zone: ZoneInfo) -> bool:
    mine = as_number(value)
    return mine is not None and compares(mine, test)


def as_number(value: object) -> float | None:
    """The number as every engine compares it, in double precision; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def compares(mine: float, test: Test) -> bool:
    """Whether the number stands to the test's number or numbers as the operator says."""
    if test.op == "in":
        return mine in cast(tuple[Scalar, ...], test.value)
    if test.op == "between":
        low, high = cast(tuple[float, float], test.value)
        return low <= mine <= high
    return _NUMBER[test.op](mine, cast(float, test.value))


_NUMBER: dict[str, Callable[[float, float], bool]] = {
    "eq": lambda mine, other: mine == other,
    "gt": lambda mine, other: mine > other,
    "gte": lambda mine, other: mine >= other,
    "lt": lambda mine, other: mine < other,
    "lte": lambda mine, other: mine <= other,
}


def addend_micro(value: object) -> int | None:
    """What the value adds to an exact sum, in millionths; no number and far too large: None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        rounded = Decimal(repr(value)).quantize(_QUANTUM, rounding=ROUND_HALF_UP)
    except InvalidOperation:
        return None
    return _micro(rounded) if abs(rounded) < _ADDEND_END else None


def sum_passes(total_micro: int, test: Test, *, shared_by: int = 1) -> bool:
    """Whether an exact sum passes the test of a measure.

    shared_by  how many addends share it: then their average is tested, without dividing
    """
    values = test.value if isinstance(test.value, tuple) else (cast(Scalar, test.value),)
    wanted = [_micro(exact(value)) * shared_by for value in values]
    if test.op == "between":
        return wanted[0] <= total_micro <= wanted[1]
    return _NUMBER[test.op](total_micro, wanted[0])


def identity(value: object) -> tuple[str, object] | None:
    """What makes two values one when different values are counted; None is not counted.

    Texts ignore case, numbers are the same in double precision; lists and objects do not count.
    """
    if isinstance(value, str):
        return "text", folded(value)
    if isinstance(value, bool):
        return "bool", value
    number = as_number(value)
    return None if number is None else ("number", number)


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The way between two points over a round Earth, by the haversine formula."""
    north, east = radians(other_lat - lat), radians(other_lon - lon)
    across = cos(radians(lat)) * cos(radians(other_lat)) * sin(east / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(sin(north / 2) ** 2 + across)))


def exact(value: Scalar) -> Decimal:
    """The rule's number as it was written."""
    return Decimal(repr(value))


def _micro(amount: Decimal) -> int:
    return int(amount.scaleb(limits.SUM_DECIMALS))


def _bool(value: object, test: Test, _now: datetime, _zone: ZoneInfo) -> bool:
    return isinstance(value, bool) and value is test.value


def _moment(value: object, test: Test, now: datetime, zone: ZoneInfo) -> bool:
    mine = windows.parse_moment(value) if isinstance(value, str) else value
    if not isinstance(mine, date):
        return False
    if test.op not in windows.SPAN_OPERATORS:
        day = mine.astimezone(zone).date() if isinstance(mine, datetime) else mine
        return day.month * 100 + day.day in windows.month_days_of(test, now, zone)
    if isinstance(mine, datetime):
        return windows.instants_of(test, now, zone).holds(mine.astimezone(UTC))
    days = windows.days_of(test, now, zone)
    return days is not None and days.holds(mine)


def _list(value: object, test: Test, _now: datetime, _zone: ZoneInfo) -> bool:
    if not isinstance(value, list | tuple):
        return False
    if test.op.startswith("size_"):
        return compares(len(value), Test(test.op.removeprefix("size_"), test.value))
    mine = {folded(item) for item in value if isinstance(item, str)}
    wanted = (test.value,) if isinstance(test.value, str) else test.value
    others = {folded(str(item)) for item in cast(tuple[Scalar, ...], wanted)}
    return others <= mine if test.op == "has_all" else bool(others & mine)


_HANDLERS: dict[str, Handler] = {
    "text": _text,
    "number": _number,
    "bool": _bool,
    "moment": _moment,
    "list": _list,
}
