"""The rule asked about one customer, in memory: the plain meaning that the engines must match."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from regulars.kernel.shares import share_of
from regulars.rules import facts as declared
from regulars.rules import limits, values, windows
from regulars.rules.checking import Segments, check
from regulars.rules.facts import Attr, Column, Facts, OrdersAggregate, find_fact
from regulars.rules.tree import (
    ConsentIs,
    Count,
    Did,
    Edge,
    Either,
    Everyone,
    FactIs,
    Figure,
    Filter,
    Funnel,
    Gap,
    InList,
    InSegment,
    LineFilter,
    Measure,
    Near,
    Node,
    Not,
    Overdue,
    PropFilter,
    Reachable,
    Rule,
    Share,
    Test,
)

MARKETING = "marketing"
# The channel of a pause that is of all of them.
EVERY_CHANNEL = ""
# A gap of one's own needs two instants.
OWN_GAP_TIMES_MIN = 2


@dataclass(frozen=True, slots=True)
class PastEvent:
    """One event of the customer; times are aware."""

    kind: str
    time: datetime
    props: Mapping[str, object] = field(default_factory=dict)
    subject: int | None = None
    # Where it stands in the log: of events at one instant, the larger id is the later.
    id: int = 0


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
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentNow:
    """The latest word of the customer about one channel and purpose."""

    channel: str
    purpose: str
    state: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when the customer wants no marketing by a channel; "" is every channel."""

    channel: str
    paused_until: datetime


@dataclass(frozen=True, slots=True)
class ListEntry:
    """The customer's place in an uploaded list."""

    name: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """All that rules may ask about one customer.

    columns  the lake's row of the customer: text, date, aware datetime, number, bool or None
    attrs    the workspace's own attributes, as decoded from JSON
    suppressed  channels by which nothing may be sent to the address the customer has now
    scores   the lake's row of the customer's scores, in the same types
    loyalty  the lake's row of where they stand in the programme
    """

    id: int
    columns: Mapping[str, object] = field(default_factory=dict)
    attrs: Mapping[str, object] = field(default_factory=dict)
    events: Sequence[PastEvent] = ()
    orders: Sequence[PastOrder] = ()
    lines: Sequence[PastLine] = ()
    consents: Sequence[ConsentNow] = ()
    suppressed: frozenset[str] = frozenset()
    pauses: Sequence[Pause] = ()
    lists: Sequence[ListEntry] = ()
    scores: Mapping[str, object] = field(default_factory=dict)
    loyalty: Mapping[str, object] = field(default_factory=dict)

    def row_of(self, relation: str) -> Mapping[str, object]:
        """The customer's row of a relation that has one for each."""
        return {"scores": self.scores, "loyalty": self.loyalty}.get(relation, self.columns)


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


def asker(
    history: History, *, facts: Facts, now: datetime, zone: ZoneInfo, segments: Segments
) -> Callable[[Node], bool]:
    """Answers about any condition of rules that were checked; segments are asked once for all."""
    question = _Question(history, facts, now, zone, segments)
    return lambda node: _holds(node, question)


def events_of(
    node: Did | Edge, history: History, *, now: datetime, zone: ZoneInfo
) -> list[PastEvent]:
    """The customer's events that the condition looks at, in the order of the log."""
    return _events(node, _Question(history, {}, now, zone, {}))


def value_of(name: str, history: History, *, facts: Facts, now: datetime) -> object:
    """What the fact holds for the customer; None where it is missing."""
    return _value(name, _Question(history, facts, now, windows.UTC_ZONE, {}))


def figure_of(measure: Figure, events: Sequence[PastEvent]) -> float | int | None:
    """The figure over the events, for people; tests compare it exactly, without dividing."""
    found = [event.props.get(measure.prop) for event in events]
    if measure.function == "distinct":
        return len({values.identity(value) for value in found} - {None})
    if measure.function in ("min", "max"):
        numbers = [number for number in map(values.as_number, found) if number is not None]
        if not numbers:
            return None
        return min(numbers) if measure.function == "min" else max(numbers)
    addends = [micro for micro in map(values.addend_micro, found) if micro is not None]
    total = float(sum(addends) / 10**limits.SUM_DECIMALS)
    if measure.function == "sum":
        return total
    return total / len(addends) if addends else None


def _holds(node: Node, question: _Question) -> bool:
    return _HANDLERS[type(node)](node, question)


def _fact(node: FactIs, question: _Question) -> bool:
    return values.passes(_value(node.fact, question), node.test, question.now, question.zone)


def _value(name: str, question: _Question) -> object:
    fact = find_fact(name, question.facts)
    assert fact is not None
    source, history = fact.source, question.history
    if isinstance(source, Column):
        return history.row_of(source.relation).get(source.column)
    if isinstance(source, Attr):
        return history.attrs.get(source.name)
    return _orders_figure(source, question)


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
    return _measured(node.measure, _events(node, question), question)


def _events(node: Did | Edge, question: _Question) -> list[PastEvent]:
    """The events that count, in the order of the log."""
    span = windows.window_span(node.within, question.now, question.zone)
    found = [
        event
        for event in question.history.events
        if event.kind == node.kind
        and span.holds(event.time)
        and all(_filter(item, event, question) for item in node.where)
    ]
    return sorted(found, key=lambda event: (event.time, event.id))


def _measured(measure: Measure | None, found: Sequence[PastEvent], question: _Question) -> bool:
    if measure is None:
        return bool(found)
    if isinstance(measure, Count):
        return values.passes(len(found), measure.test, question.now, question.zone)
    return _figure(measure, [event.props.get(measure.prop) for event in found])


def _figure(measure: Figure, found: list[object]) -> bool:
    """Whether the figure passes; of nothing, sums and numbers of values are 0, others missing."""
    if measure.function == "distinct":
        kept = {values.identity(value) for value in found} - {None}
        return values.compares(len(kept), measure.test)
    if measure.function in ("min", "max"):
        numbers = [number for number in map(values.as_number, found) if number is not None]
        pick = min if measure.function == "min" else max
        return bool(numbers) and values.compares(pick(numbers), measure.test)
    addends = [micro for micro in map(values.addend_micro, found) if micro is not None]
    if measure.function == "sum":
        return values.sum_passes(sum(addends), measure.test)
    return bool(addends) and values.sum_passes(sum(addends), measure.test, shared_by=len(addends))


def _edge(node: Edge, question: _Question) -> bool:
    found = _events(node, question)
    if not found:
        return False
    event = found[-1 if node.which == "last" else 0]
    return values.passes(event.props.get(node.prop), node.test, question.now, question.zone)


def _gap(node: Gap, question: _Question) -> bool:
    times = [event.time for event in _events(Did(node.kind), question)]
    if not times:
        return False
    moment = max(times) if node.which == "last" else min(times)
    return windows.gap_span(node.op, node.duration, question.now, question.zone).holds(moment)


def _overdue(node: Overdue, question: _Question) -> bool:
    times = sorted({event.time for event in _events(Did(node.kind), question)})
    if len(times) < OWN_GAP_TIMES_MIN:
        return False
    own = median((later - earlier) // windows.TICK for earlier, later in pairwise(times))
    return float((question.now - times[-1]) // windows.TICK) > float(node.times) * float(own)


def _funnel(node: Funnel, question: _Question) -> bool:
    first, *others = node.steps
    starts = _events(replace(first, within=node.within), question)
    steps = [[event.time for event in _events(step, question)] for step in others]
    attempts = [_reached(start.time, steps, node.duration) for start in starts]
    best = max(attempts, default=0)
    return values.compares(best, node.reached or Test("gte", len(node.steps)))


def _reached(start: datetime, steps: list[list[datetime]], duration: str) -> int:
    """How many steps the attempt that began at the instant reached, itself included."""
    end, here = windows.shift(start, duration, windows.UTC_ZONE, sign=1), start
    for number, times in enumerate(steps, start=1):
        after = [time for time in times if here < time <= end]
        if not after:
            return number
        here = min(after)
    return len(steps) + 1


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
        address is not None
        and node.channel not in history.suppressed
        and pause_of(node.channel, history, question.now) is None
        and _consent(given, question)
    )


def pause_of(channel: str, history: History, now: datetime) -> datetime | None:
    """When the customer's pause of marketing by the channel ends; None when there is none now."""
    ends = [
        pause.paused_until
        for pause in history.pauses
        if pause.channel in (channel, EVERY_CHANNEL) and pause.paused_until > now
    ]
    return max(ends, default=None)


def _segment(node: InSegment, question: _Question) -> bool:
    if node.segment not in question.answers:
        rule = question.segments[node.segment]
        question.answers[node.segment] = _holds(rule.where, question)
    return question.answers[node.segment]


def _list(node: InList, question: _Question) -> bool:
    span = windows.window_span(node.within, question.now, question.zone)
    return any(
        entry.name == node.name and span.holds(entry.added_at) for entry in question.history.lists
    )


def _near(node: Near, question: _Question) -> bool:
    columns = question.history.columns
    lat, lon = (values.as_number(columns.get(name)) for name in declared.PLACE_COLUMNS)
    if lat is None or lon is None:
        return False
    return values.distance_km(node.lat, node.lon, lat, lon) <= node.km


def _share(node: Share, question: _Question) -> bool:
    return node.start <= share_of(question.history.id, node.salt) < node.end


_HANDLERS: dict[type, Callable[..., bool]] = {
    Everyone: lambda node, question: all(_holds(part, question) for part in node.parts),
    Either: lambda node, question: any(_holds(part, question) for part in node.parts),
    Not: lambda node, question: not _holds(node.part, question),
    FactIs: _fact,
    Did: _did,
    Edge: _edge,
    Gap: _gap,
    Overdue: _overdue,
    Funnel: _funnel,
    ConsentIs: _consent,
    Reachable: _reachable,
    InSegment: _segment,
    InList: _list,
    Near: _near,
    Share: _share,
}
