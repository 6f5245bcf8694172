"""Conditions on what happened: events and orders counted and summed per customer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from sqlglot import exp

from regulars.rules import facts as declared
from regulars.rules import limits, operators, values
from regulars.rules.duck_scope import Scope, among, groups_where, rows_where
from regulars.rules.duck_slots import Slots
from regulars.rules.duck_values import (
    InJson,
    Typed,
    all_of,
    compares,
    passes,
    pointer_to,
    sql,
    stands,
)
from regulars.rules.facts import Fact, OrdersAggregate
from regulars.rules.tree import (
    BeforeLast,
    Count,
    Did,
    Figure,
    Filter,
    FromTo,
    LineFilter,
    PropFilter,
    Scalar,
    Test,
    Window,
)

AT_LEAST_ONE = Test("gte", 1)
# What a rule's number and a count of events need, so that their product has 38 digits at most.
AVERAGE_DIGITS = 22
COUNT_DIGITS = 16

Only = Callable[[exp.Expression], exp.Expression]
FigurePasses = Callable[[InJson, Test, Only, Slots], exp.Expression]


def did(node: Did, scope: Scope) -> exp.Expression:
    """The customer's events of one kind, counted or summed."""
    rows, wanted = event_rows(node.kind, node.where, node.within, scope.slots)
    if isinstance(node.measure, Figure):
        return _figured(node.measure, rows, wanted, scope)
    test = node.measure.test if isinstance(node.measure, Count) else AT_LEAST_ONE
    return counted("events", rows, test, scope, wanted)


def event_rows(
    kind: str, where: Sequence[Filter], window: Window | None, slots: Slots
) -> tuple[list[exp.Expression], list[exp.Expression]]:
    """Conditions on rows of events in a window: those cheap to test, and those that read JSON."""
    rows, wanted = happened(kind, where, slots)
    return [*rows, *within("time", window, slots)], wanted


def happened(
    kind: str, where: Sequence[Filter], slots: Slots
) -> tuple[list[exp.Expression], list[exp.Expression]]:
    """The same without a word about time."""
    rows = [sql("kind = $kind", kind=slots.value(kind))]
    rows += [_line(item, slots) for item in where if isinstance(item, LineFilter)]
    return rows, [_prop(item, slots) for item in where if isinstance(item, PropFilter)]


def within(column: str, window: Window | None, slots: Slots) -> list[exp.Expression]:
    """The column's instants lie in the window and not after now."""
    end = sql(f"{column} < $edge", edge=slots.window_end(window))
    return [end, *since(column, window, slots)]


def since(column: str, window: Window | None, slots: Slots) -> list[exp.Expression]:
    """The column's instants are not before the window."""
    if not _has_start(window):
        return []
    return [sql(f"{column} >= $edge", edge=slots.window_start(window))]


def _has_start(window: Window | None) -> bool:
    if isinstance(window, FromTo):
        return window.start is not None
    return window is not None and not isinstance(window, BeforeLast)


def counted(
    relation: str,
    rows: list[exp.Expression],
    test: Test,
    scope: Scope,
    wanted: Sequence[exp.Expression] = (),
) -> exp.Expression:
    """The number of the customer's rows passes; a customer without rows has 0.

    wanted  conditions on rows that are dear to test
    """
    if values.compares(0, test):
        return exp.not_(_counted_above_zero(relation, rows, wanted, test, scope, is_wanted=False))
    return _counted_above_zero(relation, rows, wanted, test, scope, is_wanted=True)


def _counted_above_zero(
    relation: str,
    rows: list[exp.Expression],
    wanted: Sequence[exp.Expression],
    test: Test,
    scope: Scope,
    *,
    is_wanted: bool,
) -> exp.Expression:
    if _any_row_decides(test):
        return among(rows_where(relation, [*rows, *wanted]))
    rows, only = _over(rows, wanted, scope)
    having = compares(only(sql("COUNT(*)")), test, scope.slots, float)
    having = having if is_wanted else exp.not_(having)
    return among(groups_where(relation, rows, having, scope))


def _over(
    rows: list[exp.Expression], wanted: Sequence[exp.Expression], scope: Scope
) -> tuple[list[exp.Expression], Only]:
    """The rows to read, and what lets a figure look only at those of them that are wanted.

    Beside a narrowing test, reading JSON waits until other customers' rows are gone. A group in
    which nothing is wanted then has the figure of no rows, for which callers answer apart.
    """
    if not (wanted and scope.is_narrowed):
        return [*rows, *wanted], lambda figure: figure
    only = exp.Where(this=all_of(list(wanted)))
    return rows, lambda figure: exp.Filter(this=figure, expression=only.copy())


def _any_row_decides(test: Test) -> bool:
    """Whether one row and a thousand rows get the same answer, and no row the other one."""
    if test.op == "between":
        low, high = cast(tuple[float, float], test.value)
        return low <= 0 <= high < 1
    decides = _ANY_ROW_DECIDES.get(test.op)
    return decides is not None and decides(cast(float, test.value))


_ANY_ROW_DECIDES: dict[str, Callable[[float], bool]] = {
    "eq": lambda value: value == 0,
    "gte": lambda value: 0 < value <= 1,
    "gt": lambda value: 0 <= value < 1,
    "lt": lambda value: 0 < value <= 1,
    "lte": lambda value: 0 <= value < 1,
}


def _figured(
    measure: Figure,
    rows: list[exp.Expression],
    wanted: Sequence[exp.Expression],
    scope: Scope,
) -> exp.Expression:
    """A figure over one property passes; of nothing, averages and extremes are missing."""
    place = InJson(exp.column("props"), pointer_to(measure.prop, scope.slots))
    rows, only = _over(rows, wanted, scope)
    having = _FIGURES_PASS[measure.function](place, measure.test, only, scope.slots)
    if measure.function in ("sum", "distinct") and values.compares(0, measure.test):
        return exp.not_(among(groups_where("events", rows, exp.not_(having), scope)))
    return among(groups_where("events", rows, having, scope))


def _sum(place: InJson, test: Test, only: Only, slots: Slots) -> exp.Expression:
    total = sql("COALESCE($figure, 0)", figure=only(_added(place)))
    return compares(total, test, slots, values.exact)


def _added(place: InJson) -> exp.Expression:
    return sql("SUM($addend)", addend=_addend(place))


def _addend(place: InJson) -> exp.Expression:
    return sql(
        f"TRY_CAST($json AS DECIMAL({limits.SUM_DIGITS}, {limits.SUM_DECIMALS}))", json=place.json()
    )


def _average(place: InJson, test: Test, only: Only, slots: Slots) -> exp.Expression:
    """The sum against so many times the wanted value: nothing is divided, nothing rounded."""
    addends = only(sql("COUNT($addend)", addend=_addend(place)))
    total = only(_added(place))
    wanted = test.value if isinstance(test.value, tuple) else (test.value,)
    sides = [
        sql(
            f"CAST($value AS DECIMAL({AVERAGE_DIGITS}, {limits.SUM_DECIMALS}))"
            f" * CAST($addends AS DECIMAL({COUNT_DIGITS}, 0))",
            value=slots.value(values.exact(cast(Scalar, value))),
            addends=addends.copy(),
        )
        for value in wanted
    ]
    return stands(total, test.op, sides)


def _extreme(function: str) -> FigurePasses:
    def passes_(place: InJson, test: Test, only: Only, slots: Slots) -> exp.Expression:
        figure = only(sql(f"{function}($number)", number=place.number()))
        return compares(figure, test, slots, float)

    return passes_


def _distinct(place: InJson, test: Test, only: Only, slots: Slots) -> exp.Expression:
    """Different texts, numbers and yes-or-noes; a value is only one of these."""
    parts = [
        sql("CASE WHEN $is_text THEN $text END", is_text=place.is_json_text(), text=place.folded()),
        # Zero and minus zero are one number.
        sql("CASE WHEN $number = 0 THEN 0 ELSE $number END", number=place.number()),
        sql("CASE WHEN $json IN ('true', 'false') THEN $json END", json=place.json()),
    ]
    first, *others = (only(sql("COUNT(DISTINCT $part)", part=part)) for part in parts)
    for other in others:
        first = sql("$first + $other", first=first, other=other)
    return compares(sql("CAST($number AS DOUBLE)", number=exp.paren(first)), test, slots, float)


_FIGURES_PASS: dict[str, FigurePasses] = {
    "sum": _sum,
    "avg": _average,
    "min": _extreme("MIN"),
    "max": _extreme("MAX"),
    "distinct": _distinct,
}


def _prop(item: PropFilter, slots: Slots) -> exp.Expression:
    return passes(InJson(exp.column("props"), pointer_to(item.prop, slots)), item.test, slots)


def _line(item: LineFilter, slots: Slots) -> exp.Expression:
    conditions = []
    for inner in item.filters:
        column, kind = declared.LINE_FIELDS[inner.prop]
        conditions.append(passes(Typed(exp.column(column), kind), inner.test, slots))
    lines = exp.select("order_id").from_("order_lines").where(all_of(conditions))
    return exp.column("subject").isin(query=lines)


def orders_figure(fact: Fact, source: OrdersAggregate, test: Test, scope: Scope) -> exp.Expression:
    """A figure over the customer's orders passes; of no orders, counts and sums are 0."""
    plain, is_negated = operators.positive(test)
    found = (
        _orders_total(source, plain, scope)
        if source.function in ("count", "sum")
        else _orders_extreme(fact, source, plain, scope)
    )
    return exp.not_(found) if is_negated else found


def _orders_total(source: OrdersAggregate, test: Test, scope: Scope) -> exp.Expression:
    if test.op == "set":
        return exp.true()
    rows = _standing_orders(scope.slots)
    if source.function == "count":
        return counted("orders", rows, test, scope)
    having = _figure_passes(source, "money", test, scope.slots)
    if values.compares(0, test):
        return exp.not_(among(groups_where("orders", rows, exp.not_(having), scope)))
    return among(groups_where("orders", rows, having, scope))


def _orders_extreme(
    fact: Fact, source: OrdersAggregate, test: Test, scope: Scope
) -> exp.Expression:
    rows = _standing_orders(scope.slots)
    if test.op == "set":
        return among(rows_where("orders", rows))
    having = _figure_passes(source, fact.type, test, scope.slots)
    return among(groups_where("orders", rows, having, scope))


def _figure_passes(
    source: OrdersAggregate, kind: declared.FactType, test: Test, slots: Slots
) -> exp.Expression:
    figure = _FIGURES[source.function](exp.column(source.column))
    return passes(Typed(figure, kind), test, slots)


_FIGURES: dict[str, Callable[[exp.Expression], exp.Expression]] = {
    "sum": lambda column: sql("SUM($column)", column=column),
    "min": lambda column: sql("MIN($column)", column=column),
    "max": lambda column: sql("MAX($column)", column=column),
    "avg": lambda column: sql("CAST(SUM($column) AS DOUBLE) / COUNT(*)", column=column),
}


def _standing_orders(slots: Slots) -> list[exp.Expression]:
    dropped = [exp.Literal.string(status) for status in declared.UNCOUNTED_STATUSES]
    return [
        sql("kind = $kind", kind=exp.Literal.string(declared.COUNTED_KIND)),
        exp.not_(exp.column("status").isin(*dropped)),
        sql("total_minor > 0"),
        *within("placed_at", None, slots),
    ]
