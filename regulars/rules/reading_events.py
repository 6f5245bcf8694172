"""From JSON to the conditions on what happened: did, last and first, gaps, funnels."""

from __future__ import annotations

from regulars.rules import limits, operands, operators, windows
from regulars.rules.facts import LINE_FIELDS
from regulars.rules.operands import fault, number
from regulars.rules.reading_parts import Fields, Json, as_object, only, read_test, window_of
from regulars.rules.tree import (
    Count,
    Did,
    Edge,
    Figure,
    FigureFunction,
    Filter,
    Funnel,
    Gap,
    LineFilter,
    Measure,
    Node,
    Overdue,
    PropFilter,
    Test,
    Which,
)

FIGURES: tuple[FigureFunction, ...] = ("sum", "avg", "min", "max", "distinct")
MEASURES = ("count", *FIGURES)


def did(fields: Fields, path: str) -> Did:
    """Events of one kind, perhaps counted."""
    only(fields, ("did", "where", "within", *MEASURES), path)
    return Did(
        operands.name(fields["did"], f"{path}.did"),
        _filters(fields.get("where", []), f"{path}.where"),
        _measure(fields, path),
        window_of(fields, path),
    )


def edge(which: Which, fields: Fields, path: str) -> Node:
    """A property of the last or the first event."""
    only(fields, (which, "prop", "op", "value", "where", "within"), path)
    kind = operands.name(fields[which], f"{path}.{which}")
    prop = operands.name(fields.get("prop"), f"{path}.prop")
    where = _filters(fields.get("where", []), f"{path}.where")
    return Edge(which, kind, prop, read_test(fields, path), where, window_of(fields, path))


def gap(which: Which, fields: Fields, path: str) -> Node:
    """How long ago the last or the first event was."""
    key = f"since_{which}"
    only(fields, (key, *operators.GAP_OPERATORS), path)
    kind = operands.name(fields[key], f"{path}.{key}")
    found = [op for op in operators.GAP_OPERATORS if op in fields]
    if len(found) != 1:
        raise fault(path, f"needs exactly one of {', '.join(operators.GAP_OPERATORS)}")
    return Gap(which, kind, found[0], operands.duration(fields[found[0]], f"{path}.{found[0]}"))


def overdue(fields: Fields, path: str) -> Node:
    """Longer ago than so many of one's own gaps."""
    only(fields, ("overdue",), path)
    path = f"{path}.overdue"
    inner = as_object(fields["overdue"], path)
    only(inner, ("of", "times_own_gap"), path)
    kind = operands.name(inner.get("of"), f"{path}.of")
    times = number(inner.get("times_own_gap"), f"{path}.times_own_gap")
    if not 0 < times <= limits.OWN_GAPS_MAX:
        raise fault(f"{path}.times_own_gap", f"must be above 0, at most {limits.OWN_GAPS_MAX}")
    return Overdue(kind, times)


def funnel(fields: Fields, path: str) -> Node:
    """Steps one after another."""
    only(fields, ("funnel", "in", "within", "reached"), path)
    steps = fields["funnel"]
    low, high = limits.FUNNEL_STEPS_MIN, limits.FUNNEL_STEPS_MAX
    if not isinstance(steps, list) or not low <= len(steps) <= high:
        raise fault(f"{path}.funnel", f"must be a list of {low} to {high} steps")
    if "in" not in fields:
        raise fault(f"{path}.in", 'is missing: how long the steps may take, like "7d"')
    return Funnel(
        tuple(_step(step, f"{path}.funnel[{index}]") for index, step in enumerate(steps)),
        _length(fields["in"], f"{path}.in"),
        window_of(fields, path),
        _reached(fields["reached"], len(steps), f"{path}.reached") if "reached" in fields else None,
    )


def _step(value: Json, path: str) -> Did:
    fields = as_object(value, path)
    if "did" not in fields:
        raise fault(path, 'must be a step: {"did": …}, perhaps with "where"')
    only(fields, ("did", "where"), path)
    return did(fields, path)


def _length(value: Json, path: str) -> str:
    found = operands.duration(value, path)
    if windows.parse_duration(found)[0] == 0:
        raise fault(path, "must be longer than nothing")
    return found


def _reached(value: Json, steps: int, path: str) -> Test:
    if isinstance(value, dict):
        only(value, ("gte",), path)
        if "gte" not in value:
            raise fault(path, 'must be a number of steps, or {"gte": number}')
        return Test("gte", _steps(value["gte"], steps, f"{path}.gte"))
    return Test("eq", _steps(value, steps, path))


def _steps(value: Json, steps: int, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= steps:
        raise fault(path, f"must be a whole number of steps from 0 to {steps}")
    return value


def _filters(value: Json, path: str) -> tuple[Filter, ...]:
    return tuple(_filter(item, item_path) for item, item_path in _items(value, path))


def _items(value: Json, path: str) -> list[tuple[Json, str]]:
    if not isinstance(value, list):
        raise fault(path, "must be a list of filters")
    if len(value) > limits.FILTERS_MAX:
        raise fault(path, f"has at most {limits.FILTERS_MAX} filters")
    return [(item, f"{path}[{index}]") for index, item in enumerate(value)]


def _filter(value: Json, path: str) -> Filter:
    fields = as_object(value, path)
    if "line" not in fields:
        return _prop_filter(value, path)
    only(fields, ("line",), path)
    lines = [
        _line_filter(item, item_path) for item, item_path in _items(fields["line"], f"{path}.line")
    ]
    if not lines:
        raise fault(f"{path}.line", "must have at least one filter")
    return LineFilter(tuple(lines))


def _prop_filter(value: Json, path: str) -> PropFilter:
    fields = as_object(value, path)
    if "prop" not in fields:
        raise fault(path, 'must have "prop" or "line"')
    only(fields, ("prop", "op", "value"), path)
    return PropFilter(operands.name(fields["prop"], f"{path}.prop"), read_test(fields, path))


def _line_filter(value: Json, path: str) -> PropFilter:
    found = _prop_filter(value, path)
    column = LINE_FIELDS.get(found.prop)
    if column is None:
        raise fault(f"{path}.prop", f"an order line has {', '.join(LINE_FIELDS)}")
    family = operators.family_of(found.test)
    if family not in ("any", operators.FAMILY_OF_TYPE[column[1]]):
        raise fault(path, f"{found.prop} is {column[1]}; {found.test.op} here compares {family}")
    return found


def _measure(fields: Fields, path: str) -> Measure | None:
    found = [key for key in MEASURES if key in fields]
    if len(found) > 1:
        raise fault(path, f"is measured in one way, not several: {', '.join(found)}")
    if not found:
        return None
    if found[0] == "count":
        count = as_object(fields["count"], f"{path}.count")
        return Count(_measure_test(count, f"{path}.count"))
    function = FIGURES[FIGURES.index(found[0])]
    return _figure(function, fields[function], f"{path}.{function}")


def _figure(function: FigureFunction, value: Json, path: str) -> Figure:
    fields = as_object(value, path)
    if "of" not in fields:
        raise fault(f"{path}.of", f"is missing: which property to take the {function} of")
    prop = operands.name(fields["of"], f"{path}.of")
    test = _measure_test({key: item for key, item in fields.items() if key != "of"}, path)
    if function in operators.EXACT_FIGURES:
        operands.check_decimals(test.value, f"{path}.{test.op}")
    return Figure(function, prop, test)


def _measure_test(fields: Fields, path: str) -> Test:
    only(fields, operators.MEASURE_OPERATORS, path)
    if len(fields) != 1:
        raise fault(path, f"needs exactly one of {', '.join(operators.MEASURE_OPERATORS)}")
    ((op, value),) = fields.items()
    kind = "numbers2" if op == "between" else "number"
    return Test(op, operands.READERS[kind](value, f"{path}.{op}"))
