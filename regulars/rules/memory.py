"""The rule asked about one customer, in memory: the plain meaning that the engines must match."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from regulars.kernel.shares import share_of
from regulars.rules import facts as declared
from regulars.rules import values, windows
from regulars.rules.checking import Segments, check
from regulars.rules.facts import Attr, Column, Facts, OrdersAggregate, find_fact
from regulars.rules.tree import (
    ConsentIs,
    Count,
    Did,
    Either,
    Everyone,
    FactIs,
    Filter,
    InSegment,
    LineFilter,
    Measure,
    Node,
    Not,
    PropFilter,
    Reachable,
    Rule,
    Share,
)

MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One event of the customer; times are aware."""

    kind: str
    time: datetime
    props: Mapping[str, object] = field(default_factory=dict)
    subject: int | None = None


@dataclass(frozen=True, slots=True)
class PastOrder:
    """One order of the customer."""

    id: int
    placed_at: datetime
    total_minor: int
    lines_count: int = 0
    kind: str = "sale"
    status: str = "paid"


@dataclass(frozen=True, slots=True)
class PastLine:
    """One line of an order."""

    order_id: int
    sku: str | None = None
    name: str | None = None
    category: str | None = None
    quantity: float = 1.0
    unit_price: Decimal = Decimal(0)
    total_minor: int = 0


@dataclass(frozen=True, slots=True)
class ConsentNow:
    """The latest word of the customer about one channel and purpose."""

    channel: str
    purpose: str
    state: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """All that rules may ask about one customer.

    columns  the lake's row of the customer: text, date, aware datetime, number, bool or None
    attrs    the workspace's own attributes, as decoded from JSON
    """

    id: int
    columns: Mapping[str, object] = field(default_factory=dict)
    attrs: Mapping[str, object] = field(default_factory=dict)
    events: Sequence[PastEvent] = ()
    orders: Sequence[PastOrder] = ()
    lines: Sequence[PastLine] = ()
    consents: Sequence[ConsentNow] = ()
    suppressed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Question:
    history: History
    facts: Facts
    now: datetime
    zone: ZoneInfo
    segments: Segments
    # Answers about segments already asked, so that shared ones are asked once.
    answers: dict[str, bool] = field(default_factory=dict)


def matches(
    rule: Rule,
    history: History,
    *,
    facts: Facts,
    now: datetime,
    zone: ZoneInfo,
    segments: Segments,
) -> bool:
    """Whether the rule is true for the customer at the instant.

    raises   Invalid when the rule does not fit the declared facts and segments
    """
    check(rule, facts, segments)
    return _holds(rule.where, _Question(history, facts, now, zone, segments))


def _holds(node: Node, question: _Question) -> bool:
    return _HANDLERS[type(node)](node, question)


def _fact(node: FactIs, question: _Question) -> bool:
    fact = find_fact(node.fact, question.facts)
    assert fact is not None
    source, history = fact.source, question.history
    if isinstance(source, Column):
        value = history.columns.get(source.column)
    elif isinstance(source, Attr):
        value = history.attrs.get(source.name)
    else:
        value = _orders_figure(source, question)
    return values.passes(value, node.test, question.now, question.zone)


def _orders_figure(source: OrdersAggregate, question: _Question) -> object:
    found = [
        getattr(order, source.column)
        for order in question.history.orders
        if order.kind == declared.COUNTED_KIND
        and order.status not in declared.UNCOUNTED_STATUSES
        and order.total_minor > 0
        and order.placed_at <= question.now
    ]
    if source.function == "count":
        return len(found)
    if source.function == "sum":
        return sum(found)
    if not found:
        return None
    if source.function == "avg":
        return float(sum(found)) / len(found)
    return min(found) if source.function == "min" else max(found)


def _did(node: Did, question: _Question) -> bool:
    span = windows.window_span(node.within, question.now, question.zone)
    found = [
        event
        for event in question.history.events
        if event.kind == node.kind
        and span.holds(event.time)
        and all(_filter(item, event, question) for item in node.where)
    ]
    return _measured(node.measure, found, question)


def _measured(measure: Measure | None, found: Sequence[PastEvent], question: _Question) -> bool:
    if measure is None:
        return bool(found)
    if isinstance(measure, Count):
        return values.passes(len(found), measure.test, question.now, question.zone)
    total = sum(values.addend_micro(event.props.get(measure.prop)) for event in found)
    return values.sum_passes(total, measure.test)


def _filter(item: Filter, event: PastEvent, question: _Question) -> bool:
    if isinstance(item, PropFilter):
        value = event.props.get(item.prop)
        return values.passes(value, item.test, question.now, question.zone)
    return any(
        line.order_id == event.subject and _line(item, line, question)
        for line in question.history.lines
    )


def _line(item: LineFilter, line: PastLine, question: _Question) -> bool:
    return all(
        values.passes(
            getattr(line, declared.LINE_FIELDS[inner.prop][0]),
            inner.test,
            question.now,
            question.zone,
        )
        for inner in item.filters
    )


def _consent(node: ConsentIs, question: _Question) -> bool:
    span = windows.window_span(node.within, question.now, question.zone)
    found = [
        consent.state
        for consent in question.history.consents
        if (consent.channel, consent.purpose) == (node.channel, node.purpose)
        and span.holds(consent.changed_at)
    ]
    return not found if node.state == "never" else node.state in found


def _reachable(node: Reachable, question: _Question) -> bool:
    history = question.history
    address = history.columns.get(declared.ADDRESS_COLUMNS[node.channel])
    given = ConsentIs(node.channel, MARKETING, "given")
    return (
        address is not None and node.channel not in history.suppressed and _consent(given, question)
    )


def _segment(node: InSegment, question: _Question) -> bool:
    if node.segment not in question.answers:
        rule = question.segments[node.segment]
        question.answers[node.segment] = _holds(rule.where, question)
    return question.answers[node.segment]


def _share(node: Share, question: _Question) -> bool:
    return node.start <= share_of(question.history.id, node.salt) < node.end


_HANDLERS: dict[type, Callable[..., bool]] = {
    Everyone: lambda node, question: all(_holds(part, question) for part in node.parts),
    Either: lambda node, question: any(_holds(part, question) for part in node.parts),
    Not: lambda node, question: not _holds(node.part, question),
    FactIs: _fact,
    Did: _did,
    ConsentIs: _consent,
    Reachable: _reachable,
    InSegment: _segment,
    Share: _share,
}
