"""Why a customer is in a segment or not: every condition with its answer and what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from regulars.rules import memory, values
from regulars.rules.checking import Segments, check
from regulars.rules.facts import ADDRESS_COLUMNS, PLACE_COLUMNS, Facts
from regulars.rules.memory import History, PastEvent
from regulars.rules.tree import (
    ConsentIs,
    Did,
    Edge,
    Either,
    Everyone,
    FactIs,
    Figure,
    Funnel,
    Gap,
    InList,
    InSegment,
    Near,
    Node,
    Not,
    Overdue,
    Reachable,
    Rule,
)

FoundKind = Literal["nothing", "value", "times", "figure", "last", "state", "km"]


@dataclass(frozen=True, slots=True)
class Found:
    """What the customer's past holds about one condition.

    kind   nothing: no such thing is known; value: of a fact or a property; times: how many events;
           figure: a sum and the like; last: the instant of the event; state: of consent, or why a
           channel does not reach; km: a distance
    value  in the type of the thing; None where the kind is nothing
    """

    kind: FoundKind
    value: object = None


NOTHING = Found("nothing")


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition's answer.

    path   of the condition in the rule: $.where.all[1]
    parts  the conditions of a group, or the rule of a segment that it names
    """

    path: str
    node: Node
    holds: bool
    found: Found | None
    parts: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    history: History
    facts: Facts
    now: datetime
    zone: ZoneInfo
    segments: Segments
    holds: Callable[[Node], bool]

    def events(self, node: Did | Edge) -> list[PastEvent]:
        return memory.events_of(node, self.history, now=self.now, zone=self.zone)


def explain(
    rule: Rule,
    history: History,
    *,
    facts: Facts,
    now: datetime,
    zone: ZoneInfo,
    segments: Segments,
) -> Reason:
    """The rule's answer about the customer, condition by condition.

    raises   Invalid when the rule does not fit the declared facts and segments
    """
    check(rule, facts, segments)
    holds = memory.asker(history, facts=facts, now=now, zone=zone, segments=segments)
    return _reason(rule.where, "$.where", _Case(history, facts, now, zone, segments, holds))


def _reason(node: Node, path: str, case: _Case) -> Reason:
    holds = case.holds(node)
    if isinstance(node, Everyone | Either):
        key = "all" if isinstance(node, Everyone) else "any"
        parts = tuple(
            _reason(part, f"{path}.{key}[{index}]", case) for index, part in enumerate(node.parts)
        )
        return Reason(path, node, holds, None, parts)
    if isinstance(node, Not):
        return Reason(path, node, holds, None, (_reason(node.part, f"{path}.not", case),))
    if isinstance(node, InSegment):
        inner = _reason(case.segments[node.segment].where, path, case)
        return Reason(path, node, holds, None, (inner,))
    find = _FINDERS.get(type(node))
    return Reason(path, node, holds, find(node, case) if find else None)


def _value(value: object) -> Found:
    return NOTHING if value is None else Found("value", value)


def _fact(node: FactIs, case: _Case) -> Found:
    return _value(memory.value_of(node.fact, case.history, facts=case.facts, now=case.now))


def _did(node: Did, case: _Case) -> Found:
    events = case.events(node)
    if not isinstance(node.measure, Figure):
        return Found("times", len(events))
    found = memory.figure_of(node.measure, events)
    return NOTHING if found is None else Found("figure", found)


def _edge(node: Edge, case: _Case) -> Found:
    events = case.events(node)
    if not events:
        return NOTHING
    return _value(events[-1 if node.which == "last" else 0].props.get(node.prop))


def _moment(kind: str, which: str, case: _Case) -> Found:
    events = case.events(Did(kind))
    if not events:
        return NOTHING
    return Found("last", events[-1 if which == "last" else 0].time)


def _consent(node: ConsentIs, case: _Case) -> Found:
    for consent in case.history.consents:
        if (consent.channel, consent.purpose) == (node.channel, node.purpose):
            return Found("state", (consent.state, consent.changed_at))
    return NOTHING


def _near(node: Near, case: _Case) -> Found:
    columns = case.history.columns
    lat, lon = (values.as_number(columns.get(name)) for name in PLACE_COLUMNS)
    if lat is None or lon is None:
        return NOTHING
    return Found("km", values.distance_km(node.lat, node.lon, lat, lon))


def _reachable(node: Reachable, case: _Case) -> Found:
    pause = memory.pause_of(node.channel, case.history, case.now)
    if pause is not None:
        return Found("state", ("paused", pause))
    if node.channel in case.history.suppressed:
        return Found("state", ("suppressed", None))
    if case.history.columns.get(ADDRESS_COLUMNS[node.channel]) is None:
        return Found("state", ("no_address", None))
    return _consent(ConsentIs(node.channel, memory.MARKETING, "given"), case)


def _list(node: InList, case: _Case) -> Found:
    for entry in case.history.lists:
        if entry.name == node.name:
            return Found("last", entry.added_at)
    return NOTHING


def _funnel(node: Funnel, case: _Case) -> Found:
    reached = 0
    for steps in range(1, len(node.steps) + 1):
        begun = Funnel(node.steps[:steps], node.duration, node.within)
        if not case.holds(begun):
            break
        reached = steps
    return Found("times", reached)


_FINDERS: dict[type, Callable[..., Found]] = {
    FactIs: _fact,
    Did: _did,
    Edge: _edge,
    Gap: lambda node, case: _moment(node.kind, node.which, case),
    Overdue: lambda node, case: _moment(node.kind, "last", case),
    Funnel: _funnel,
    ConsentIs: _consent,
    Reachable: _reachable,
    InList: _list,
    Near: _near,
}
