"""Conditions on when things happened and in which order: last, first, gaps, funnels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeGuard, cast

from sqlglot import exp

from regulars.rules import windows
from regulars.rules.duck_events import event_rows, happened, since, within
from regulars.rules.duck_scope import Scope, among, groups_where, only_chosen, rows_where
from regulars.rules.duck_slots import Slots
from regulars.rules.duck_values import InJson, all_of, passes, pointer_to, sql
from regulars.rules.tree import Did, Edge, Funnel, Gap, Node, Overdue, Test

PICKS = {"last": "ARG_MAX", "first": "ARG_MIN"}


def edge(node: Edge, scope: Scope) -> exp.Expression:
    """A property of the last or the first event passes."""
    rows, wanted = event_rows(node.kind, node.where, node.within, scope.slots)
    picked = sql(f"{PICKS[node.which]}(props, ROW(time, id))")
    place = InJson(picked, pointer_to(node.prop, scope.slots))
    having = passes(place, node.test, scope.slots)
    return among(groups_where("events", [*rows, *wanted], having, scope))


def gap(node: Gap, scope: Scope) -> exp.Expression:
    """The last event long ago, or the first one lately, needs the group; else any row tells."""
    rows, _ = event_rows(node.kind, (), None, scope.slots)
    if _any_row_tells(node):
        sign, edge_ = _side(node, scope.slots)
        return among(rows_where("events", [*rows, sql(f"time {sign} $edge", edge=edge_)]))
    return among(groups_where("events", rows, _of_group(node, scope.slots), scope))


def together(parts: Sequence[Node], scope: Scope) -> tuple[list[exp.Expression], list[Node]]:
    """Conditions on the times of one kind of event answered by one group, and the parts left.

    It is worth it where one of them needs the group anyway: the others come along for nothing.
    """
    by_kind: dict[str, list[Gap | Did]] = {}
    for part in parts:
        if isinstance(part, Gap) or _is_plain(part):
            by_kind.setdefault(part.kind, []).append(part)
    found: list[exp.Expression] = []
    taken: set[int] = set()
    for kind, same in by_kind.items():
        if len(same) > 1 and any(isinstance(one, Gap) and not _any_row_tells(one) for one in same):
            rows, _ = event_rows(kind, (), None, scope.slots)
            having = all_of([_of_group(one, scope.slots) for one in same])
            found.append(among(groups_where("events", rows, having, scope)))
            taken.update(id(one) for one in same)
    return found, [part for part in parts if id(part) not in taken]


def _is_plain(node: Node) -> TypeGuard[Did]:
    """Whether any event of the kind in a window will do."""
    return isinstance(node, Did) and not node.where and node.measure is None


def _any_row_tells(node: Gap) -> bool:
    return (node.op in ("gt", "gte")) is (node.which == "first")


def _of_group(node: Gap | Did, slots: Slots) -> exp.Expression:
    """The condition on all events of the kind together, of which there is one at least."""
    if isinstance(node, Gap):
        sign, edge_ = _side(node, slots)
        extreme = "MAX" if node.which == "last" else "MIN"
        return sql(f"{extreme}(time) {sign} $edge", edge=edge_)
    inside = exp.Where(this=all_of(within("time", node.within, slots)))
    counted = exp.Filter(this=sql("COUNT(*)"), expression=inside)
    return sql("$counted > 0", counted=counted)


def _side(node: Gap, slots: Slots) -> tuple[str, exp.Expression]:
    is_long = node.op in ("gt", "gte")
    side = "end" if is_long else "start"
    return "<" if is_long else ">=", slots.gap(node.op, node.duration, side)


def overdue(node: Overdue, scope: Scope) -> exp.Expression:
    """Gaps are whole microseconds; events at one instant are one."""
    rows, _ = event_rows(node.kind, (), None, scope.slots)
    rows = only_chosen([*rows, sql("customer IS NOT NULL")], scope)
    gap_us = sql(
        "NULLIF(EPOCH_US(time) - LAG(EPOCH_US(time)) OVER (PARTITION BY customer ORDER BY time), 0)"
    )
    gaps = (
        exp.select("customer", exp.column("time"), gap_us.as_("gap_us"))
        .from_("events")
        .where(all_of(rows))
    )
    # Doubles hold both sides exactly for more than a hundred years.
    having = sql(
        "CAST(EPOCH_US($now) - EPOCH_US(MAX(time)) AS DOUBLE) > $times * MEDIAN(gap_us)",
        now=scope.slots.now(),
        times=scope.slots.value(float(node.times)),
    )
    return among(
        exp.select("customer").from_(gaps.subquery("gaps")).group_by("customer").having(having)
    )


def funnel(node: Funnel, scope: Scope) -> exp.Expression:
    """How far the best attempt went; every first step in the window begins one."""
    test = node.reached or Test("gte", len(node.steps))
    steps = cast(int, test.value)
    if steps == 0:
        # Whoever never began is at no step.
        return exp.true() if test.op == "gte" else exp.not_(_at_least(node, 1, scope))
    if test.op == "gte" or steps == len(node.steps):
        return _at_least(node, steps, scope)
    attempts = _attempts(node, steps + 1, "ASOF LEFT", scope)
    having = sql("MAX(reached) = $steps", steps=scope.slots.value(steps))
    return among(exp.select("customer").from_(attempts).group_by("customer").having(having))


def _at_least(node: Funnel, steps: int, scope: Scope) -> exp.Expression:
    return among(exp.select("customer").from_(_attempts(node, steps, "ASOF", scope)))


def _attempts(node: Funnel, levels: int, join: str, scope: Scope) -> exp.Subquery:
    """One row per attempt with the customer and how many of the levels it reached.

    Each step is the earliest event after the one before: no later choice gets farther.
    join  "ASOF" drops an attempt that fails a level, "ASOF LEFT" keeps it
    """
    begun = exp.select(
        exp.column("customer"),
        exp.column("time").as_("here"),
        sql("time + $length", length=_length(node.duration, scope.slots)).as_("deadline"),
        exp.Literal.number(1).as_("reached"),
    )
    first = _step(node.steps[0], within("time", node.within, scope.slots), scope)
    found = begun.from_(first.subquery("step")).subquery("attempt")
    for step in node.steps[1:levels]:
        # Nothing before the window can follow a first step inside it.
        times = [*within("time", None, scope.slots), *since("time", node.within, scope.slots)]
        found = _next_step(found, _step(step, times, scope), join)
    return found


def _next_step(attempts: exp.Subquery, step: exp.Select, join: str) -> exp.Subquery:
    in_time = sql("step.time <= attempt.deadline")
    here = sql("CASE WHEN $in_time THEN step.time END", in_time=in_time.copy())
    reached = sql("attempt.reached + CASE WHEN $in_time THEN 1 ELSE 0 END", in_time=in_time.copy())
    found = (
        exp.select(
            exp.column("customer", "attempt"), here.as_("here"),
            exp.column("deadline", "attempt"), reached.as_("reached"),
        )
        .from_(attempts)
        .join(
            step.subquery("step"),
            on=sql("attempt.customer = step.customer AND attempt.here < step.time"),
            join_type=join,
            dialect="duckdb",
        )
    )  # fmt: skip
    return (found.where(in_time) if join == "ASOF" else found).subquery("attempt")


def _step(step: Did, times: list[exp.Expression], scope: Scope) -> exp.Select:
    rows, wanted = happened(step.kind, step.where, scope.slots)
    rows = only_chosen([*rows, *times, *wanted, sql("customer IS NOT NULL")], scope)
    return exp.select("customer", exp.column("time")).from_("events").where(all_of(rows))


def _length(duration: str, slots: Slots) -> exp.Expression:
    amount, unit = windows.parse_duration(duration)
    months = windows.MONTHS.get(unit)
    if months:
        return sql("TO_MONTHS($months)", months=slots.value(amount * months))
    length_us = amount * windows.FIXED[unit] // windows.TICK
    return sql("TO_MICROSECONDS($length)", length=slots.value(length_us))


HANDLERS: dict[type, Callable[..., exp.Expression]] = {
    Edge: edge,
    Gap: gap,
    Overdue: overdue,
    Funnel: funnel,
}
