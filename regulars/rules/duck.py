"""The rule as one DuckDB query over the lake's relations.

Every condition is a predicate on the row of a customer: attributes test its columns, and what
happened is `id IN (…)` over one filtered scan, so DuckDB joins sets of ids and never rows.
When a cheap selective test stands beside a counting one, the customers it leaves are found
first and the counting scan is narrowed to them (half of the time on a million customers).
Values travel as parameters; the text holds only names that the product itself declares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

from sqlglot import exp

from regulars.rules import (
    duck_events,
    duck_times,
    duck_values,
    language,
    operators,
    values,
    windows,
)
from regulars.rules.checking import Segments, check, leaves, reachable_segments
from regulars.rules.duck_scope import Scope, among, rows_where
from regulars.rules.duck_slots import Fill, Slots
from regulars.rules.duck_values import InJson, Place, Typed, all_of, any_of, sql
from regulars.rules.facts import (
    ADDRESS_COLUMNS,
    PLACE_COLUMNS,
    Attr,
    Column,
    Fact,
    Facts,
    find_fact,
)
from regulars.rules.facts import OrdersAggregate as OrdersFigure
from regulars.rules.memory import EVERY_CHANNEL, MARKETING
from regulars.rules.tree import (
    ConsentIs,
    Did,
    Edge,
    Either,
    Everyone,
    FactIs,
    InList,
    InSegment,
    Near,
    Node,
    Not,
    Reachable,
    Rule,
    Share,
    Test,
)

PLANS_MAX = 1_000
# Conditions that look at no event.
EVENTLESS = (FactIs, ConsentIs, Reachable, InList, Near, Share, InSegment)

# Facts that most customers pass are not worth a pass of their own.
BROAD_OPERATORS = frozenset((*operators.NEGATIVE_TWIN, "set"))
BROAD_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Compiled:
    """A SELECT of one column, customer, without repeats, and its named parameters.

    since  relation → the instant before which none of its rows matters; absent: all do
    """

    sql: str
    params: dict[str, object]
    since: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Plan:
    sql: str
    fills: Mapping[str, Fill]


@dataclass(frozen=True, slots=True)
class _Definition:
    """What decides the text of a query; compared by text, for 1, 1.0 and true differ."""

    rule: str
    facts: tuple[Fact, ...]
    segments: tuple[tuple[str, str], ...]


def compile(  # noqa: A001  # rules.duck.compile reads as what it does
    rule: Rule, *, facts: Facts, now: datetime, zone: ZoneInfo, segments: Segments
) -> Compiled:
    """The query that finds the rule's customers at the instant.

    returns  SQL that begins with SELECT, over the relations customers, events, orders,
             order_lines, consents, suppressions, pauses, list_members, scores and loyalty
    raises   Invalid when the rule does not fit the declared facts and segments
    """
    needed = reachable_segments(rule, segments)
    definition = _Definition(
        language.dumps(rule),
        _used_facts([rule, *(segments[name] for name in needed)], facts),
        tuple((name, language.dumps(segments[name])) for name in needed),
    )
    plan = _plan(definition)
    params = {name: fill(now, zone) for name, fill in plan.fills.items()}
    since = _events_since([rule, *(segments[name] for name in needed)], now, zone)
    return Compiled(plan.sql, params, {} if since is None else {"events": since})


def _events_since(rules: list[Rule], now: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant whose events any condition looks at; None when some looks at all."""
    found: list[datetime] = []
    for rule in rules:
        for leaf, _ in leaves(rule.where, ""):
            if isinstance(leaf, EVENTLESS):
                continue
            if not isinstance(leaf, Did | Edge):
                return None
            start = windows.window_span(leaf.within, now, zone).start
            if start is None:
                return None
            found.append(start)
    return min(found, default=None)


def _used_facts(rules: list[Rule], facts: Facts) -> tuple[Fact, ...]:
    names = {
        leaf.fact
        for rule in rules
        for leaf, _ in leaves(rule.where, "")
        if isinstance(leaf, FactIs)
    }
    return tuple(facts[name] for name in sorted(names) if name in facts)


@lru_cache(maxsize=PLANS_MAX)
def _plan(definition: _Definition) -> _Plan:
    facts = {fact.name: fact for fact in definition.facts}
    segments = {name: language.loads(text) for name, text in definition.segments}
    rule = language.loads(definition.rule)
    for part in (rule, *segments.values()):
        check(part, facts, segments)
    slots = Slots()
    names = {name: f"segment_{index}" for index, name in enumerate(segments, start=1)}
    query = _customers(rule.where, Scope(facts, slots, names))
    for name, part in segments.items():
        query = query.with_(
            names[name], as_=_customers(part.where, Scope(facts, slots, names)), copy=False
        )
    if segments:
        query = exp.select("customer").from_(query.subquery("matched"))
    return _Plan(query.sql("duckdb"), slots.fills)


def _customers(node: Node, scope: Scope) -> exp.Select:
    """SELECT id AS customer … for one tree."""
    parts = node.parts if isinstance(node, Everyone) else (node,)
    near = [part for part in parts if _is_row_level(part, scope.facts)]
    far = [part for part in parts if part not in near]
    is_worth_it = any(_narrows(part) for part in near) and any(_counts(part) for part in far)
    if not is_worth_it or any(_reads_row(part, scope.facts) for part in far):
        return _ids("customers").where(condition(node, scope))
    chosen = exp.select("id").from_("customers").where(condition(Everyone(tuple(near)), scope))
    rest = condition(Everyone(tuple(far)), scope.narrowed())
    inner = _ids("chosen").where(rest).with_("chosen", as_=chosen, materialized=True)
    return exp.select("customer").from_(inner.subquery("narrowed"))


def _ids(relation: str) -> exp.Select:
    return exp.select(exp.column("id").as_("customer")).from_(relation)


def _is_row_level(node: Node, facts: Facts) -> bool:
    """Whether the row of the customer alone answers."""
    if isinstance(node, Everyone | Either):
        return all(_is_row_level(part, facts) for part in node.parts)
    if isinstance(node, Not):
        return _is_row_level(node.part, facts)
    return isinstance(node, Share | Near) or _is_row_fact(node, facts)


def _is_row_fact(node: Node, facts: Facts) -> bool:
    fact = find_fact(node.fact, facts) if isinstance(node, FactIs) else None
    if fact is None or not isinstance(fact.source, Column | Attr):
        return False
    return isinstance(fact.source, Attr) or fact.source.relation == "customers"


def _reads_row(node: Node, facts: Facts) -> bool:
    """Whether any condition below needs more of the customer's row than its id."""
    return any(
        isinstance(leaf, Reachable | Near) or _is_row_fact(leaf, facts)
        for leaf, _ in leaves(node, "")
    )


def _narrows(node: Node) -> bool:
    """Whether few customers are likely to pass; a wrong guess costs time, never truth."""
    if isinstance(node, Everyone):
        return any(_narrows(part) for part in node.parts)
    if isinstance(node, Either):
        return bool(node.parts) and all(_narrows(part) for part in node.parts)
    if isinstance(node, Share):
        return node.end - node.start <= BROAD_SHARE
    if isinstance(node, Near):
        return True
    return isinstance(node, FactIs) and node.test.op not in BROAD_OPERATORS


def _counts(node: Node) -> bool:
    return any(
        type(leaf) in duck_times.HANDLERS or (isinstance(leaf, Did) and leaf.measure is not None)
        for leaf, _ in leaves(node, "")
    )


def condition(node: Node, scope: Scope) -> exp.Expression:
    """The node as a predicate on one row of customers."""
    return _HANDLERS[type(node)](node, scope)


def _everyone(node: Everyone, scope: Scope) -> exp.Expression:
    found, rest = duck_times.together(node.parts, scope)
    return all_of([*found, *(condition(part, scope) for part in rest)])


def _either(node: Either, scope: Scope) -> exp.Expression:
    return any_of([condition(part, scope) for part in node.parts])


def _not(node: Not, scope: Scope) -> exp.Expression:
    return exp.not_(condition(node.part, scope.strictly()))


def _fact(node: FactIs, scope: Scope) -> exp.Expression:
    fact = find_fact(node.fact, scope.facts)
    assert fact is not None
    if isinstance(fact.source, OrdersFigure):
        return duck_events.orders_figure(fact, fact.source, node.test, scope)
    if isinstance(fact.source, Column) and fact.source.relation != "customers":
        return _standing(fact, fact.source.relation, node.test, scope)
    found = duck_values.passes(_place(fact, scope), node.test, scope.slots)
    return duck_values.known(found) if scope.is_strict else found


def _standing(fact: Fact, relation: str, test: Test, scope: Scope) -> exp.Expression:
    """A test of the customer's one row; who has none is like one whose value is missing."""
    plain, is_negated = operators.positive(test)
    rows = [duck_values.passes(_place(fact, scope), plain, scope.slots)]
    found = among(rows_where(relation, rows))
    return exp.not_(found) if is_negated else found


def _place(fact: Fact, scope: Scope) -> Place:
    if isinstance(fact.source, Attr):
        return InJson(exp.column("attrs"), duck_values.pointer_to(fact.source.name, scope.slots))
    column = cast(Column, fact.source).column
    twin = exp.column(f"{column}_l") if fact.type == "text" else None
    return Typed(exp.column(column), fact.type, twin)


def _consent(node: ConsentIs, scope: Scope) -> exp.Expression:
    slots = scope.slots
    rows = [
        sql("channel = $channel", channel=slots.value(node.channel)),
        sql("purpose = $purpose", purpose=slots.value(node.purpose)),
        *duck_events.within("changed_at", node.within, slots),
    ]
    if node.state == "never":
        return exp.not_(among(rows_where("consents", rows)))
    return among(
        rows_where("consents", [*rows, sql("state = $state", state=slots.value(node.state))])
    )


def _reachable(node: Reachable, scope: Scope) -> exp.Expression:
    channel = scope.slots.value(node.channel)
    suppressed = sql("channel = $channel", channel=channel)
    return all_of(
        [
            Typed(exp.column(ADDRESS_COLUMNS[node.channel]), "text").is_set(),
            _consent(ConsentIs(node.channel, MARKETING, "given"), scope),
            exp.not_(among(rows_where("suppressions", [suppressed]))),
            exp.not_(among(rows_where("pauses", pauses(node, scope.slots)))),
        ]
    )


def pauses(node: Reachable, slots: Slots) -> list[exp.Expression]:
    """The conditions on a pause that keeps the channel silent now."""
    return [
        sql("channel IN ($channel, $every)",
            channel=slots.value(node.channel), every=slots.value(EVERY_CHANNEL)),
        sql("paused_until >= $present", present=slots.window_end(None)),
    ]  # fmt: skip


def _segment(node: InSegment, scope: Scope) -> exp.Expression:
    return among(exp.select("customer").from_(scope.segments[node.segment]))


def _list(node: InList, scope: Scope) -> exp.Expression:
    rows = [
        sql('"list" = $name', name=scope.slots.value(node.name)),
        *duck_events.within("added_at", node.within, scope.slots),
    ]
    return among(rows_where("list_members", rows))


def _near(node: Near, scope: Scope) -> exp.Expression:
    lat, lon, km = (scope.slots.value(float(side)) for side in (node.lat, node.lon, node.km))
    north, east = (exp.column(name) for name in PLACE_COLUMNS)
    # The same steps as values.distance_km.
    found = sql(
        f"2 * {values.EARTH_KM} * ASIN(LEAST(1, SQRT(POW(SIN(RADIANS($north - $lat) / 2), 2)"
        " + COS(RADIANS($lat)) * COS(RADIANS($north)) * POW(SIN(RADIANS($east - $lon) / 2), 2)"
        "))) <= $km",
        north=north, east=east, lat=lat, lon=lon, km=km,
    )  # fmt: skip
    return duck_values.known(found) if scope.is_strict else found


def _share(node: Share, scope: Scope) -> exp.Expression:
    # The same 52 bits as kernel.shares.share_of.
    place = sql(
        "CAST('0x' || SUBSTRING(MD5($salt || ':' || CAST(id AS TEXT)), 1, 13) AS BIGINT)"
        " / CAST(4503599627370496 AS DOUBLE)",
        salt=scope.slots.value(node.salt),
    )
    return sql(
        "$place >= $low AND $place < $high",
        place=place,
        low=scope.slots.value(float(node.start)),
        high=scope.slots.value(float(node.end)),
    )


_HANDLERS: dict[type, Callable[..., exp.Expression]] = {
    Everyone: _everyone,
    Either: _either,
    Not: _not,
    FactIs: _fact,
    Did: duck_events.did,
    **duck_times.HANDLERS,
    ConsentIs: _consent,
    Reachable: _reachable,
    InSegment: _segment,
    InList: _list,
    Near: _near,
    Share: _share,
}
