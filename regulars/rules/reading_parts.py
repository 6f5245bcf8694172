"""The parts that several conditions have: objects, tests, durations, windows."""

from __future__ import annotations

from collections.abc import Callable, Collection

from regulars.rules import operands, operators, windows
from regulars.rules.operands import fault
from regulars.rules.tree import (
    BeforeLast,
    BetweenAgo,
    FromTo,
    Last,
    Previous,
    Test,
    This,
    Window,
)

Json = object
Fields = dict[str, Json]


def as_object(value: Json, path: str) -> Fields:
    """The value as an object, or Invalid."""
    if not isinstance(value, dict):
        raise fault(path, "must be an object")
    return value


def only(fields: Fields, known: Collection[str], path: str) -> None:
    """Refuse a key that nobody reads."""
    for key in fields:
        if key not in known:
            raise fault(path, f"does not know the key {operands.shown(key)}")


def read_test(fields: Fields, path: str) -> Test:
    """The operator and its value."""
    op = fields.get("op")
    if not isinstance(op, str) or op not in operators.OPERAND:
        raise fault(f"{path}.op", f"must be one of {', '.join(operators.OPERAND)}")
    kind = operators.OPERAND[op]
    if kind == "nothing":
        only(fields, [key for key in fields if key != "value"], path)
        return Test(op)
    if "value" not in fields:
        raise fault(f"{path}.value", f"is missing; {op} needs it")
    return Test(op, operands.READERS[kind](fields["value"], f"{path}.value"))


def window_of(fields: Fields, path: str) -> Window | None:
    """The window of a condition, None for all time."""
    return read_window(fields["within"], f"{path}.within") if "within" in fields else None


def read_window(value: Json, path: str) -> Window:
    """One stretch of time, whole in itself."""
    fields = as_object(value, path)
    if "from" in fields or "to" in fields:
        only(fields, ("from", "to"), path)
        return _from_to(fields, path)
    if len(fields) != 1 or next(iter(fields)) not in _WINDOWS:
        raise fault(path, f"must be one of from/to, {', '.join(_WINDOWS)}")
    ((key, inner),) = fields.items()
    return _WINDOWS[key](inner, f"{path}.{key}")


def _from_to(fields: Fields, path: str) -> Window:
    sides = {
        side: operands.moment(fields[side], f"{path}.{side}")
        for side in ("from", "to")
        if side in fields
    }
    start, end = sides.get("from"), sides.get("to")
    if start is not None and end is not None:
        operands.check_order(start, end, path)
    return FromTo(start, end)


def _between_ago(value: Json, path: str) -> Window:
    if not isinstance(value, list) or len(value) != 2:
        raise fault(path, 'must be two durations, the longer first: ["60d", "30d"]')
    far, near = (operands.duration(item, f"{path}[{i}]") for i, item in enumerate(value))
    far_amount, far_unit = windows.parse_duration(far)
    near_amount, near_unit = windows.parse_duration(near)
    if far_unit == near_unit and far_amount <= near_amount:
        raise fault(path, "the longer duration comes first")
    return BetweenAgo(far, near)


def _unit(value: Json, path: str) -> str:
    if not isinstance(value, str) or value not in windows.UNITS:
        raise fault(path, f"must be one of {', '.join(windows.UNITS)}")
    return value


_WINDOWS: dict[str, Callable[[Json, str], Window]] = {
    "last": lambda value, path: Last(operands.duration(value, path)),
    "before_last": lambda value, path: BeforeLast(operands.duration(value, path)),
    "this": lambda value, path: This(_unit(value, path)),
    "previous": lambda value, path: Previous(_unit(value, path)),
    "between_ago": _between_ago,
}
