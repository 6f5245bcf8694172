"""Rules as JSON and back, without loss; any other bytes are refused with the path of the fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from regulars.rules import limits, reading
from regulars.rules.operands import fault, shown
from regulars.rules.tree import (
    BeforeLast,
    BetweenAgo,
    ConsentIs,
    Count,
    Did,
    Edge,
    Either,
    Everyone,
    FactIs,
    Filter,
    FromTo,
    Funnel,
    Gap,
    InList,
    InSegment,
    Last,
    LineFilter,
    Measure,
    Near,
    Node,
    Not,
    Overdue,
    Previous,
    Reachable,
    Rule,
    Share,
    Test,
    This,
    Value,
    Window,
)

JsonObject = dict[str, Any]


def parse(document: object) -> Rule:
    """The rule that a decoded JSON document holds.

    raises   Invalid("rule_invalid", path=…) naming the first fault: $.where.all[2].value
    """
    if not isinstance(document, dict):
        raise fault("$", 'must be an object: {"version": 1, "where": …}')
    for key in document:
        if key not in ("version", "where"):
            raise fault("$", f"does not know the key {shown(key)}")
    version = document.get("version")
    if isinstance(version, bool) or version != reading.VERSION:
        raise fault("$.version", f"must be {reading.VERSION}")
    if "where" not in document:
        raise fault("$.where", "is missing")
    return Rule(reading.read_node(document["where"], "$.where", 0, reading.Budget()))


def loads(raw: bytes | str) -> Rule:
    """The rule in a JSON text; any bytes are either a rule or Invalid.

    raises   Invalid
    """
    if len(raw) > limits.RULE_BYTES_MAX:
        raise fault("$", f"is longer than {limits.RULE_BYTES_MAX} bytes")
    try:
        document = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise fault("$", f"is not JSON: {shown(str(error))}") from error
    return parse(document)


def _refuse_constant(word: str) -> object:
    raise ValueError(f"{word} is not a JSON number")


def to_json(rule: Rule) -> JsonObject:
    """The document that parses to this very rule."""
    return {"version": reading.VERSION, "where": node_json(rule.where)}


def dumps(rule: Rule) -> str:
    """The rule as one line of JSON; equal rules give equal texts."""
    return json.dumps(to_json(rule), ensure_ascii=False, separators=(",", ":"))


def node_json(node: Node) -> JsonObject:
    """One node and everything below it."""
    return _WRITERS[type(node)](node)


def _fact(node: FactIs) -> JsonObject:
    return {"fact": node.fact, **operator_json(node.test)}


def _did(node: Did) -> JsonObject:
    written: JsonObject = {"did": node.kind, **_where(node.where)}
    if node.measure is not None:
        written |= _measure(node.measure)
    return written | _within(node.within)


def _edge(node: Edge) -> JsonObject:
    written = {node.which: node.kind, "prop": node.prop, **operator_json(node.test)}
    return {**written, **_where(node.where), **_within(node.within)}


def _gap(node: Gap) -> JsonObject:
    return {f"since_{node.which}": node.kind, node.op: node.duration}


def _funnel(node: Funnel) -> JsonObject:
    written: JsonObject = {"funnel": [_did(step) for step in node.steps], "in": node.duration}
    written |= _within(node.within)
    if node.reached is None:
        return written
    steps = node.reached.value
    return {**written, "reached": steps if node.reached.op == "eq" else {node.reached.op: steps}}


def _where(filters: tuple[Filter, ...]) -> JsonObject:
    return {"where": [_filter(item) for item in filters]} if filters else {}


def _filter(item: Filter) -> JsonObject:
    if isinstance(item, LineFilter):
        return {"line": [_filter(inner) for inner in item.filters]}
    return {"prop": item.prop, **operator_json(item.test)}


def _measure(measure: Measure) -> JsonObject:
    test = {measure.test.op: _plain(measure.test.value)}
    if isinstance(measure, Count):
        return {"count": test}
    return {measure.function: {"of": measure.prop, **test}}


def operator_json(test: Test) -> JsonObject:
    """The operator and its value as a filter carries them."""
    if test.value is None:
        return {"op": test.op}
    return {"op": test.op, "value": _plain(test.value)}


def _plain(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value


def _within(window: Window | None) -> JsonObject:
    return {} if window is None else {"within": window_json(window)}


def window_json(window: Window) -> JsonObject:
    """One stretch of time."""
    return _WINDOWS[type(window)](window)


def _from_to(window: FromTo) -> JsonObject:
    sides = {"from": window.start, "to": window.end}
    return {side: text for side, text in sides.items() if text is not None}


_WINDOWS: dict[type, Callable[..., JsonObject]] = {
    Last: lambda window: {"last": window.duration},
    FromTo: _from_to,
    BeforeLast: lambda window: {"before_last": window.duration},
    This: lambda window: {"this": window.unit},
    Previous: lambda window: {"previous": window.unit},
    BetweenAgo: lambda window: {"between_ago": [window.far, window.near]},
}


def _consent(node: ConsentIs) -> JsonObject:
    topic = {"channel": node.channel, "purpose": node.purpose}
    return {"consent": topic, "is": node.state, **_within(node.within)}


def _share(node: Share) -> JsonObject:
    if node.is_of:
        return {"share": {"of": node.end, "salt": node.salt}}
    return {"share": {"from": node.start, "to": node.end, "salt": node.salt}}


_WRITERS: dict[type, Callable[..., JsonObject]] = {
    Everyone: lambda node: {"all": [node_json(part) for part in node.parts]},
    Either: lambda node: {"any": [node_json(part) for part in node.parts]},
    Not: lambda node: {"not": node_json(node.part)},
    FactIs: _fact,
    Did: _did,
    Edge: _edge,
    Gap: _gap,
    Overdue: lambda node: {"overdue": {"of": node.kind, "times_own_gap": node.times}},
    Funnel: _funnel,
    ConsentIs: _consent,
    Reachable: lambda node: {"reachable": node.channel},
    InSegment: lambda node: {"segment": node.segment},
    InList: lambda node: {"list": node.name, **_within(node.within)},
    Near: lambda node: {"near": {"lat": node.lat, "lon": node.lon, "km": node.km}},
    Share: _share,
}
