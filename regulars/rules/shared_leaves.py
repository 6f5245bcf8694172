"""Each condition as two columns of a customer: whether it holds, and when that may change.

The columns are written over figures of shared scans (`shared_scans`). A condition that has no
figures of its own falls back to the predicate that `duck` gives, which is always right.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import cast

from sqlglot import exp

from regulars.rules import duck, duck_events, shared_next, turning, values
from regulars.rules import facts as declared
from regulars.rules.duck_scope import Scope
from regulars.rules.duck_slots import Fill
from regulars.rules.duck_values import (
    InJson,
    Place,
    Typed,
    all_of,
    compares,
    passes,
    pointer_to,
    sql,
)
from regulars.rules.facts import Attr, Column, Fact, Facts, OrdersAggregate, find_fact
from regulars.rules.memory import MARKETING
from regulars.rules.shared_next import appears, earliest, leaves, never, value_turns
from regulars.rules.shared_scans import Part, name_of, text_of
from regulars.rules.shared_slots import SharedSlots
from regulars.rules.tree import (
    BeforeLast,
    BetweenAgo,
    ConsentIs,
    Count,
    Did,
    Edge,
    FactIs,
    Figure,
    Filter,
    FromTo,
    Funnel,
    Gap,
    InList,
    Last,
    Leaf,
    LineFilter,
    Near,
    Overdue,
    PropFilter,
    Reachable,
    Share,
    Test,
    Window,
)

LEAVES_KEPT_MAX = 5_000
ONE_AT_LEAST = (Test("gte", 1), Test("gt", 0))
TIME = exp.column("time")


@dataclass(frozen=True, slots=True)
class Answer:
    """The two columns of one condition.

    holds   never unknown
    turns   when it may change without new rows; None: never
    parts   what both are written over
    fills   the parameters they name
    """

    holds: str
    turns: str | None
    parts: tuple[Part, ...]
    fills: dict[str, Fill]


@dataclass(slots=True)
class _Draft:
    """A condition on its way: its slots and what it asks of scans."""

    facts: Facts
    slots: SharedSlots = field(default_factory=SharedSlots)
    parts: list[Part] = field(default_factory=list)

    def scope(self) -> Scope:
        return Scope(self.facts, self.slots, {}, is_strict=True)


_kept: OrderedDict[tuple[str, Fact | None], Answer] = OrderedDict()
_lock = Lock()


def answer(leaf: Leaf, facts: Facts) -> Answer:
    """The columns of a condition; remembered, for the text depends on the condition alone."""
    fact = find_fact(leaf.fact, facts) if isinstance(leaf, FactIs) else None
    key = (repr(leaf), fact)
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
            return found
    draft = _Draft(facts)
    holds, turns = _HANDLERS[type(leaf)](leaf, draft)
    found = Answer(
        text_of(sql("COALESCE($holds, FALSE)", holds=holds)),
        None if turns is None else text_of(sql("COALESCE($t, $never)", t=turns, never=never())),
        tuple(draft.parts),
        draft.slots.fills,
    )
    with _lock:
        _kept[key] = found
        while len(_kept) > LEAVES_KEPT_MAX:
            _kept.popitem(last=False)
    return found


Columns = tuple[exp.Expression, exp.Expression | None]


@dataclass(slots=True)
class _Events:
    """Events of one kind, as a condition needs them.

    matching  the condition on a row: in the window, and every filter passes
    """

    draft: _Draft
    kind: str
    where: Sequence[Filter]
    within: Window | None
    filters: list[tuple[str, str]] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    figures: list[tuple[str, str]] = field(default_factory=list)

    def matching(self) -> exp.Expression:
        slots = self.draft.slots
        in_window = all_of(duck_events.within("time", self.within, slots))
        found = [self._row_column("w", in_window)]
        for item in self.where:
            if isinstance(item, PropFilter):
                place = InJson(exp.column("props"), pointer_to(item.prop, slots))
                passed = sql("COALESCE($c, FALSE)", c=passes(place, item.test, slots))
                found.append(self._row_column("f", passed))
            else:
                found.append(self._line_column(item))
        return all_of(found)

    def figure(self, figure: exp.Expression) -> exp.Expression:
        """A column of the customer."""
        text = text_of(figure)
        name = name_of("c", f"{self.kind} {text}")
        self.figures.append((name, text))
        return exp.column(name)

    def over(self, figure: exp.Expression) -> exp.Expression:
        """A figure of the rows that match alone."""
        return exp.Filter(this=figure, expression=exp.Where(this=self.matching()))

    def ahead(self) -> exp.Expression:
        """When the next event that is dated ahead comes to count."""
        present = self.draft.slots.present()
        first = self.figure(sql("MIN(time) FILTER (WHERE time >= $present)", present=present))
        return sql("COALESCE($first, $never)", first=first, never=never())

    def leaving(self) -> exp.Expression | None:
        """When the next event of the past falls out of the window, or into it."""
        slots = self.draft.slots
        if isinstance(self.within, Last | BeforeLast | BetweenAgo):
            durations = shared_next.durations(self.within)
            if not any(turning.is_calendar(one) for one in durations):
                # An edge that never jumps back reaches the oldest of those before it first.
                return earliest(self._reached(one) for one in durations)
        bound = leaves(self.within, TIME, slots)
        return None if bound is None else self.figure(sql("MIN($t)", t=bound))

    def _reached(self, duration: str) -> exp.Expression:
        slots = self.draft.slots
        edge = slots.edge(duration, -1)
        first = self.figure(sql("MIN(time) FILTER (WHERE time > $edge)", edge=edge))
        return shared_next.crosses(first, duration, -1, slots)

    def filter_turns(self) -> list[exp.Expression]:
        """When an event may come to pass a filter that looks at dates, or cease to."""
        slots = self.draft.slots
        found = []
        for item in self.where:
            if not isinstance(item, PropFilter):
                continue
            place = InJson(exp.column("props"), pointer_to(item.prop, slots))
            bound = value_turns(place, item.test, slots)
            if bound is not None:
                found.append(self.figure(sql("MIN($t)", t=self._row_column("v", bound))))
        return found

    def value_turns(self, prop: str, test: Test) -> exp.Expression | None:
        """When the property of some event may come to pass the test, or cease to."""
        slots = self.draft.slots
        bound = value_turns(InJson(exp.column("props"), pointer_to(prop, slots)), test, slots)
        return (
            None if bound is None else self.figure(sql("MIN($t)", t=self._row_column("v", bound)))
        )

    def close(self) -> None:
        """Ask the scan for everything."""
        slots = self.draft.slots
        only = sql("kind = $kind", kind=slots.value(self.kind))
        self.draft.parts.append(
            Part(
                "events",
                text_of(only),
                tuple(self.filters),
                tuple(self.lines),
                tuple(self.figures),
                shared_next.floor(self.within, slots),
            )
        )

    def _row_column(self, kind: str, value: exp.Expression) -> exp.Expression:
        text = text_of(value)
        name = name_of(kind, text)
        self.filters.append((name, text))
        return exp.column(name)

    def _line_column(self, item: LineFilter) -> exp.Expression:
        slots, conditions = self.draft.slots, []
        for inner in item.filters:
            column, kind = declared.LINE_FIELDS[inner.prop]
            conditions.append(passes(Typed(exp.column(column), kind), inner.test, slots))
        text = text_of(all_of(conditions))
        name = name_of("l", text)
        self.lines.append((name, text))
        return exp.column(name)


def _did(node: Did, draft: _Draft) -> Columns:
    events = _Events(draft, node.kind, node.where, node.within)
    turns = [events.ahead(), *events.filter_turns()]
    is_fixed = len(turns) == 1
    if is_fixed and _is_simply_there(node):
        newest = events.figure(events.over(sql("MAX(time)")))
        if isinstance(node.within, Last):
            turns.append(shared_next.crosses(newest, node.within.duration, -1, draft.slots))
        events.close()
        return sql("$at IS NOT NULL", at=newest), earliest(turns)
    holds, default = _measured(node, events)
    moving = events.leaving()
    if moving is not None and is_fixed and not shared_next.moves_in(node.within):
        # What does not match now cannot leave.
        matched = events.figure(sql("$n > 0", n=events.over(sql("COUNT(*)"))))
        moving = sql("CASE WHEN $m THEN $t ELSE $never END", m=matched, t=moving, never=never())
    turns += [] if moving is None else [moving]
    events.close()
    default_text = exp.true() if default else exp.false()
    return sql("COALESCE($holds, $default)", holds=holds, default=default_text), earliest(turns)


def _is_simply_there(node: Did) -> bool:
    """Whether the newest matching event alone answers, now and later."""
    is_bare = node.measure is None or (
        isinstance(node.measure, Count) and node.measure.test in ONE_AT_LEAST
    )
    window = node.within
    stays = window is None or isinstance(window, FromTo)
    return is_bare and (stays or (isinstance(window, Last) and not shared_next.moves_in(window)))


def _measured(node: Did, events: _Events) -> tuple[exp.Expression, bool]:
    """Whether the events pass, and what is so without any."""
    slots = events.draft.slots
    if isinstance(node.measure, Figure):
        measure = node.measure
        place = InJson(exp.column("props"), pointer_to(measure.prop, slots))
        judge = duck_events._FIGURES_PASS[measure.function]
        column = events.figure(judge(place, measure.test, events.over, slots))
        is_zero = measure.function in ("sum", "distinct")
        return column, is_zero and values.compares(0, measure.test)
    test = node.measure.test if isinstance(node.measure, Count) else duck_events.AT_LEAST_ONE
    number = compares(events.over(sql("COUNT(*)")), test, slots, float)
    return events.figure(number), values.compares(0, test)


def _gap(node: Gap, draft: _Draft) -> Columns:
    events = _Events(draft, node.kind, (), None)
    figure = "MAX(time)" if node.which == "last" else "MIN(time)"
    at = events.figure(events.over(sql(figure)))
    # "more than" is a tick later than "at least".
    edge = at if node.op in ("gte", "lt") else sql("$t + TO_MICROSECONDS(1)", t=at)
    turns = [events.ahead(), shared_next.crosses(edge, node.duration, -1, draft.slots)]
    events.close()
    return _long_ago(node, at, draft), earliest(turns)


def _long_ago(node: Gap, at: exp.Expression, draft: _Draft) -> exp.Expression:
    edge = draft.slots.edge(node.duration, -1)
    sign = {"gte": "<=", "gt": "<", "lte": ">=", "lt": ">"}[node.op]
    return sql(f"$at {sign} $edge", at=at, edge=edge)


def _edge(node: Edge, draft: _Draft) -> Columns:
    events = _Events(draft, node.kind, node.where, node.within)
    turns = [events.ahead(), *events.filter_turns()]
    for bound in (events.leaving(), events.value_turns(node.prop, node.test)):
        if bound is not None:
            turns.append(bound)
    events.close()
    return duck.condition(node, draft.scope()), earliest(turns)


def _overdue(node: Overdue, draft: _Draft) -> Columns:
    """now − last > times × median gap, where all times are whole microseconds."""
    events = _Events(draft, node.kind, (), None)
    times = events.figure(sql("LIST_SORT($t)", t=events.over(sql("LIST(DISTINCT EPOCH_US(time))"))))
    ahead = events.ahead()
    events.close()
    median = sql(
        "LIST_MEDIAN(LIST_TRANSFORM(RANGE(2, LEN($times) + 1),"
        " LAMBDA i : LIST_EXTRACT($times, i) - LIST_EXTRACT($times, i - 1)))",
        times=times,
    )
    own = sql(
        "CAST($times AS DOUBLE) * $median",
        times=draft.slots.value(float(node.times)),
        median=median,
    )
    last = sql("LIST_EXTRACT($times, -1)", times=times)
    waited = sql("EPOCH_US($now) - $last", now=draft.slots.now(), last=last)
    is_known = sql("LEN($times) >= 2", times=times)
    turn = sql(
        "CASE WHEN $known AND NOT ($waited > $own) THEN"
        " MAKE_TIMESTAMP($last + CAST(FLOOR($own) AS BIGINT) + 1) ELSE $never END",
        known=is_known, waited=waited, own=own, last=last, never=never(),
    )  # fmt: skip
    holds = sql("$known AND $waited > $own", known=is_known, waited=waited, own=own)
    return holds, earliest([ahead, turn])


def _funnel(node: Funnel, draft: _Draft) -> Columns:
    turns: list[exp.Expression] = []
    for number, step in enumerate(node.steps):
        events = _Events(draft, step.kind, step.where, node.within if number == 0 else None)
        turns += [events.ahead(), *events.filter_turns()]
        moving = events.leaving()
        turns += [] if moving is None else [moving]
        events.close()
    return duck.condition(node, draft.scope()), earliest(turns)


def _fact(node: FactIs, draft: _Draft) -> Columns:
    fact = find_fact(node.fact, draft.facts)
    assert fact is not None
    if isinstance(fact.source, OrdersAggregate):
        return _orders_figure(fact, fact.source, node.test, draft)
    place = _place(fact, draft)
    return passes(place, node.test, draft.slots), value_turns(place, node.test, draft.slots)


def _place(fact: Fact, draft: _Draft) -> Place:
    if isinstance(fact.source, Attr):
        return InJson(exp.column("attrs"), pointer_to(fact.source.name, draft.slots))
    source = cast(Column, fact.source)
    twin = f"{source.column}_l"
    if source.relation == "customers":
        column = exp.column(source.column)
        return Typed(column, fact.type, exp.column(twin) if fact.type == "text" else None)
    # One row for a customer: any of its values is its value.
    names = [source.column, twin] if fact.type == "text" else [source.column]
    figures = tuple((name_of("c", f"{source.relation}.{n}"), f"ANY_VALUE({n})") for n in names)
    draft.parts.append(Part(source.relation, figures=figures))
    columns = [exp.column(name) for name, _ in figures]
    return Typed(columns[0], fact.type, columns[1] if fact.type == "text" else None)


def _orders_figure(fact: Fact, source: OrdersAggregate, test: Test, draft: _Draft) -> Columns:
    slots, column, at = draft.slots, source.column, exp.column("placed_at")
    standing = all_of(duck_events._standing_orders(slots)[:-1])
    counted = all_of(duck_events._standing_orders(slots))
    figures: list[tuple[str, str]] = []

    def over(figure: str, condition: exp.Expression) -> exp.Expression:
        text = f"{figure} FILTER (WHERE {text_of(condition)})"
        figures.append((name_of("c", f"orders {text}"), text))
        return exp.column(figures[-1][0])

    ahead = over(f"MIN({text_of(appears(at, slots))})", standing)
    number = over("COUNT(*)", counted)
    value: exp.Expression
    if source.function == "count":
        value = sql("COALESCE($n, 0)", n=number)
    elif source.function == "sum":
        value = sql("COALESCE($n, 0)", n=over(f"SUM({column})", counted))
    elif source.function == "avg":
        total = over(f"SUM({column})", counted)
        value = sql("CAST($total AS DOUBLE) / NULLIF($n, 0)", total=total, n=number)
    else:
        value = over(f"{source.function.upper()}({column})", counted)
    draft.parts.append(Part("orders", figures=tuple(figures)))
    place = Typed(value, fact.type)
    turning = value_turns(place, test, slots)
    return passes(place, test, slots), earliest([ahead, *([] if turning is None else [turning])])


def _consent(node: ConsentIs, draft: _Draft) -> Columns:
    slots = draft.slots
    said = [
        sql("channel = $channel", channel=slots.value(node.channel)),
        sql("purpose = $purpose", purpose=slots.value(node.purpose)),
    ]
    found = [*said, *duck_events.within("changed_at", node.within, slots)]
    if node.state != "never":
        found.append(sql("state = $state", state=slots.value(node.state)))
    return _stands("consents", "changed_at", said, found, node.within, draft,
                   is_wanted=node.state != "never")  # fmt: skip


def _list(node: InList, draft: _Draft) -> Columns:
    named = [sql("list = $list", list=draft.slots.value(node.name))]
    found = [*named, *duck_events.within("added_at", node.within, draft.slots)]
    return _stands("list_members", "added_at", named, found, node.within, draft)


def _stands(
    relation: str,
    column: str,
    named: list[exp.Expression],
    found: list[exp.Expression],
    within: Window | None,
    draft: _Draft,
    *,
    is_wanted: bool = True,
) -> Columns:
    """Whether the customer has a row that satisfies all of `found`; its time is a column."""
    figures: list[tuple[str, str]] = []

    def figure(text: str) -> exp.Expression:
        figures.append((name_of("c", f"{relation} {text}"), text))
        return exp.column(figures[-1][0])

    has = figure(f"BOOL_OR({text_of(all_of(found))})")
    only = f" FILTER (WHERE {text_of(all_of(named))})"
    at = exp.column(column)
    turns = [figure(f"MIN({text_of(appears(at, draft.slots))}){only}")]
    moving = leaves(within, at, draft.slots)
    if moving is not None:
        turns.append(figure(f"MIN({text_of(moving)}){only}"))
    draft.parts.append(Part(relation, figures=tuple(figures)))
    holds = sql("COALESCE($has, FALSE)", has=has)
    return holds if is_wanted else exp.not_(holds), earliest(turns)


def _reachable(node: Reachable, draft: _Draft) -> Columns:
    given, turns = _consent(ConsentIs(node.channel, MARKETING, "given"), draft)
    text = text_of(sql("BOOL_OR(channel = $c)", c=draft.slots.value(node.channel)))
    column = name_of("c", f"suppressions {text}")
    draft.parts.append(Part("suppressions", figures=((column, text),)))
    address = Typed(exp.column(declared.ADDRESS_COLUMNS[node.channel]), "text").is_set()
    stopped = sql("COALESCE($s, FALSE)", s=exp.column(column))
    ends = _pause(node, draft)
    wakes = sql("COALESCE($e, $never)", e=ends, never=never())
    awake = sql("$e IS NULL", e=ends)
    found = all_of([address, given, exp.not_(stopped), awake])
    return found, wakes if turns is None else earliest([turns, wakes])


def _pause(node: Reachable, draft: _Draft) -> exp.Expression:
    """When the pause ends that keeps the channel silent now; null without one."""
    is_on = all_of(duck.pauses(node, draft.slots))
    text = text_of(sql("MAX(paused_until) FILTER (WHERE $is_on)", is_on=is_on))
    column = name_of("c", f"pauses {text}")
    draft.parts.append(Part("pauses", figures=((column, text),)))
    return exp.column(column)


def _as_it_is(node: Share | Near, draft: _Draft) -> Columns:
    """What the customer's row alone decides, and no clock changes."""
    return duck.condition(node, draft.scope()), None


_HANDLERS: dict[type, Callable[..., Columns]] = {
    FactIs: _fact,
    Did: _did,
    Edge: _edge,
    Gap: _gap,
    Overdue: _overdue,
    Funnel: _funnel,
    ConsentIs: _consent,
    Reachable: _reachable,
    InList: _list,
    Near: _as_it_is,
    Share: _as_it_is,
}
