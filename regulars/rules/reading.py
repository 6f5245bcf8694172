"""From JSON values to the tree, refusing everything else with the path of the fault."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from regulars.kernel.errors import Invalid
from regulars.rules import limits, operands, operators, windows
from regulars.rules.facts import LINE_FIELDS
from regulars.rules.operands import fault, number, text
from regulars.rules.tree import (
    BeforeLast,
    BetweenAgo,
    ConsentIs,
    ConsentState,
    Count,
    Did,
    Either,
    Everyone,
    FactIs,
    Filter,
    FromTo,
    InSegment,
    Last,
    LineFilter,
    Measure,
    Node,
    Not,
    Previous,
    PropFilter,
    Reachable,
    Share,
    Sum,
    Test,
    This,
    Window,
)

VERSION = 1
CONSENT_STATES: tuple[ConsentState, ...] = ("given", "withdrawn", "never")
# Words of the language that later versions of the product understand.
LATER_LEAVES = frozenset(
    ("last", "first", "since_last", "since_first", "overdue", "funnel", "list", "near")
)
LATER_MEASURES = frozenset(("avg", "min", "max", "distinct"))

Json = object
Fields = dict[str, Json]


@dataclass(slots=True)
class Budget:
    """What is left of the limits while one rule is read."""

    leaves: int = field(default=limits.LEAVES_MAX)

    def take_leaf(self, path: str) -> None:
        """Count one leaf, or refuse the rule."""
        self.leaves -= 1
        if self.leaves < 0:
            raise fault(path, f"a rule has at most {limits.LEAVES_MAX} conditions")


def read_node(value: Json, path: str, depth: int, budget: Budget) -> Node:
    """One node and everything below it; depth counts the groups above."""
    fields = _object(value, path)
    found = [key for key in _NODES if key in fields]
    if not found:
        raise _unknown_node(fields, path)
    if len(found) > 1:
        raise fault(path, f"is one condition, not several: {', '.join(sorted(found))}")
    return _NODES[found[0]](fields, path, depth, budget)


def _unknown_node(fields: Fields, path: str) -> Invalid:
    later = sorted(LATER_LEAVES & set(fields))
    if later:
        return fault(path, f'"{later[0]}" is not supported by this version')
    return fault(path, f"has no condition; write one of {', '.join(_NODES)}")


def _parts(fields: Fields, key: str, path: str, depth: int, budget: Budget) -> tuple[Node, ...]:
    _only(fields, (key,), path)
    if depth >= limits.DEPTH_MAX:
        raise fault(path, f"groups are nested at most {limits.DEPTH_MAX} deep")
    parts = fields[key]
    if not isinstance(parts, list):
        raise fault(f"{path}.{key}", "must be a list of conditions")
    return tuple(
        read_node(part, f"{path}.{key}[{index}]", depth + 1, budget)
        for index, part in enumerate(parts)
    )


def _all(fields: Fields, path: str, depth: int, budget: Budget) -> Node:
    return Everyone(_parts(fields, "all", path, depth, budget))


def _any(fields: Fields, path: str, depth: int, budget: Budget) -> Node:
    return Either(_parts(fields, "any", path, depth, budget))


def _not(fields: Fields, path: str, depth: int, budget: Budget) -> Node:
    _only(fields, ("not",), path)
    if depth >= limits.DEPTH_MAX:
        raise fault(path, f"groups are nested at most {limits.DEPTH_MAX} deep")
    return Not(read_node(fields["not"], f"{path}.not", depth + 1, budget))


def _fact(fields: Fields, path: str) -> Node:
    _only(fields, ("fact", "op", "value"), path)
    name = operands.name(fields["fact"], f"{path}.fact")
    return FactIs(name, _test(fields, path))


def _did(fields: Fields, path: str) -> Node:
    _only(fields, ("did", "where", "count", "sum", "within", *LATER_MEASURES), path)
    later = sorted(LATER_MEASURES & set(fields))
    if later:
        raise fault(f"{path}.{later[0]}", "is not supported by this version; use count or sum")
    return Did(
        operands.name(fields["did"], f"{path}.did"),
        _filters(fields.get("where", []), f"{path}.where"),
        _measure(fields, path),
        _window_of(fields, path),
    )


def _filters(value: Json, path: str) -> tuple[Filter, ...]:
    return tuple(_filter(item, item_path) for item, item_path in _items(value, path))


def _items(value: Json, path: str) -> list[tuple[Json, str]]:
    if not isinstance(value, list):
        raise fault(path, "must be a list of filters")
    if len(value) > limits.FILTERS_MAX:
        raise fault(path, f"has at most {limits.FILTERS_MAX} filters")
    return [(item, f"{path}[{index}]") for index, item in enumerate(value)]


def _filter(value: Json, path: str) -> Filter:
    fields = _object(value, path)
    if "line" not in fields:
        return _prop_filter(value, path)
    _only(fields, ("line",), path)
    lines = [
        _line_filter(item, item_path) for item, item_path in _items(fields["line"], f"{path}.line")
    ]
    if not lines:
        raise fault(f"{path}.line", "must have at least one filter")
    return LineFilter(tuple(lines))


def _prop_filter(value: Json, path: str) -> PropFilter:
    fields = _object(value, path)
    if "prop" not in fields:
        raise fault(path, 'must have "prop" or "line"')
    _only(fields, ("prop", "op", "value"), path)
    return PropFilter(operands.name(fields["prop"], f"{path}.prop"), _test(fields, path))


def _line_filter(value: Json, path: str) -> PropFilter:
    found = _prop_filter(value, path)
    column = LINE_FIELDS.get(found.prop)
    if column is None:
        raise fault(f"{path}.prop", f"an order line has {', '.join(LINE_FIELDS)}")
    family = operators.family_of(found.test)
    if family not in ("any", operators.FAMILY_OF_TYPE[column[1]]):
        raise fault(path, f"{found.prop} is {column[1]}; {found.test.op} here compares {family}")
    return found


def _test(fields: Fields, path: str) -> Test:
    op = fields.get("op")
    if not isinstance(op, str) or op not in operators.OPERAND:
        raise fault(f"{path}.op", f"must be one of {', '.join(operators.OPERAND)}")
    kind = operators.OPERAND[op]
    if kind == "nothing":
        _only(fields, [key for key in fields if key != "value"], path)
        return Test(op)
    if "value" not in fields:
        raise fault(f"{path}.value", f"is missing; {op} needs it")
    return Test(op, operands.READERS[kind](fields["value"], f"{path}.value"))


def _measure(fields: Fields, path: str) -> Measure | None:
    if "count" in fields and "sum" in fields:
        raise fault(path, "has count or sum, not both")
    if "count" in fields:
        count = _object(fields["count"], f"{path}.count")
        return Count(_measure_test(count, f"{path}.count"))
    if "sum" not in fields:
        return None
    path = f"{path}.sum"
    fields = _object(fields["sum"], path)
    if "of" not in fields:
        raise fault(f"{path}.of", "is missing: which property to add up")
    prop = operands.name(fields["of"], f"{path}.of")
    test = _measure_test({key: item for key, item in fields.items() if key != "of"}, path)
    operands.check_decimals(test.value, f"{path}.{test.op}")
    return Sum(prop, test)


def _measure_test(fields: Fields, path: str) -> Test:
    _only(fields, operators.MEASURE_OPERATORS, path)
    if len(fields) != 1:
        raise fault(path, f"needs exactly one of {', '.join(operators.MEASURE_OPERATORS)}")
    ((op, value),) = fields.items()
    kind = "numbers2" if op == "between" else "number"
    return Test(op, operands.READERS[kind](value, f"{path}.{op}"))


def _window_of(fields: Fields, path: str) -> Window | None:
    return read_window(fields["within"], f"{path}.within") if "within" in fields else None


def read_window(value: Json, path: str) -> Window:
    """One stretch of time, whole in itself."""
    fields = _object(value, path)
    if "from" in fields or "to" in fields:
        _only(fields, ("from", "to"), path)
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
    if value not in windows.UNITS:
        raise fault(path, f"must be one of {', '.join(windows.UNITS)}")
    return str(value)


_WINDOWS: dict[str, Callable[[Json, str], Window]] = {
    "last": lambda value, path: Last(operands.duration(value, path)),
    "before_last": lambda value, path: BeforeLast(operands.duration(value, path)),
    "this": lambda value, path: This(_unit(value, path)),
    "previous": lambda value, path: Previous(_unit(value, path)),
    "between_ago": _between_ago,
}


def _consent(fields: Fields, path: str) -> Node:
    _only(fields, ("consent", "is", "within"), path)
    topic = _object(fields["consent"], f"{path}.consent")
    _only(topic, ("channel", "purpose"), f"{path}.consent")
    channel = operands.name(topic.get("channel"), f"{path}.consent.channel")
    purpose = operands.name(topic.get("purpose"), f"{path}.consent.purpose")
    state = next((word for word in CONSENT_STATES if word == fields.get("is")), None)
    if state is None:
        raise fault(f"{path}.is", f"must be one of {', '.join(CONSENT_STATES)}")
    if state == "never" and "within" in fields:
        raise fault(f"{path}.within", '"never" speaks of all time')
    return ConsentIs(channel, purpose, state, _window_of(fields, path))


def _reachable(fields: Fields, path: str) -> Node:
    _only(fields, ("reachable",), path)
    return Reachable(operands.name(fields["reachable"], f"{path}.reachable"))


def _segment(fields: Fields, path: str) -> Node:
    _only(fields, ("segment",), path)
    return InSegment(operands.name(fields["segment"], f"{path}.segment"))


def _share(fields: Fields, path: str) -> Node:
    _only(fields, ("share",), path)
    path = f"{path}.share"
    share = _object(fields["share"], path)
    salt = text(share.get("salt"), f"{path}.salt")
    if "of" in share:
        _only(share, ("salt", "of"), path)
        return Share(salt, 0.0, _fraction(share["of"], f"{path}.of"), is_of=True)
    _only(share, ("salt", "from", "to"), path)
    start = _fraction(share.get("from"), f"{path}.from")
    end = _fraction(share.get("to"), f"{path}.to")
    if start > end:
        raise fault(path, "from must not be larger than to")
    return Share(salt, start, end)


def _fraction(value: Json, path: str) -> float:
    found = number(value, path)
    if not 0 <= found <= 1:
        raise fault(path, "must be between 0 and 1")
    return found


def _object(value: Json, path: str) -> Fields:
    if not isinstance(value, dict):
        raise fault(path, "must be an object")
    return value


def _only(fields: Fields, known: Collection[str], path: str) -> None:
    for key in fields:
        if key not in known:
            raise fault(path, f"does not know the key {operands.shown(key)}")


def _leaf(read: Callable[[Fields, str], Node]) -> Callable[[Fields, str, int, Budget], Node]:
    def reader(fields: Fields, path: str, _depth: int, budget: Budget) -> Node:
        budget.take_leaf(path)
        return read(fields, path)

    return reader


_NODES: dict[str, Callable[[Fields, str, int, Budget], Node]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "fact": _leaf(_fact),
    "did": _leaf(_did),
    "consent": _leaf(_consent),
    "reachable": _leaf(_reachable),
    "segment": _leaf(_segment),
    "share": _leaf(_share),
}
