"""From the draft of a form to the document of a rule, with what is wrong and where."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from regulars.kernel.errors import Invalid
from regulars.rules import language, limits, operators
from regulars.rules import text as rule_text
from regulars.segments.pure.drafts import (
    ConsentDraft,
    DidDraft,
    EdgeDraft,
    FactDraft,
    FilterDraft,
    FunnelDraft,
    GapDraft,
    GroupDraft,
    LeafDraft,
    LineDraft,
    ListDraft,
    NearDraft,
    NodeDraft,
    OverdueDraft,
    RawDraft,
    ReachableDraft,
    SegmentDraft,
    ShareDraft,
    TestDraft,
    WindowDraft,
)
from regulars.segments.pure.typed import (
    Money,
    Wrong,
    check_order,
    duration,
    moment,
    number,
    value_of,
)
from regulars.segments.pure.vocabulary import Vocabulary

Document = dict[str, Any]
PERCENT = 100
# The place of the whole rule in the form.
ROOT = "n"


@dataclass(slots=True)
class Closed:
    """What came of a draft.

    rule      the document, without the conditions that cannot be read
    problems  place in the form → code of what is wrong there
    details   place in the form → what the words of that code name: line, column, problem
    places    path in the document → place in the form
    """

    rule: Document = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    details: dict[str, dict[str, object]] = field(default_factory=dict)

    def place_of(self, path: str) -> str:
        """The place in the form that a fault of the document concerns; the nearest above it."""
        known = [place for place in self.places if path == place or path.startswith(place)]
        return self.places[max(known, key=len)] if known else ""


def close(root: GroupDraft, vocabulary: Vocabulary) -> Closed:
    """The rule that the draft means; conditions that are not complete are left out and named."""
    closed = Closed()
    where = _node(root, ROOT, "$.where", vocabulary, closed)
    assert where is not None
    closed.rule = {"version": 1, "where": where}
    return closed


def _node(
    node: NodeDraft, place: str, path: str, vocabulary: Vocabulary, closed: Closed
) -> Document | None:
    path = f"{path}.not" if node.is_not else path
    found: Document
    if isinstance(node, GroupDraft):
        found = _group(node, place, path, vocabulary, closed)
        # A group of nothing but incomplete conditions says nothing yet.
        if node.parts and not found[node.op] and place != ROOT:
            return None
    else:
        try:
            found = leaf_json(node, vocabulary)
        except Wrong as problem:
            closed.problems[place] = problem.code
            if problem.details:
                closed.details[place] = problem.details
            return None
    closed.places[path] = place
    return {"not": found} if node.is_not else found


def _group(
    group: GroupDraft, place: str, path: str, vocabulary: Vocabulary, closed: Closed
) -> Document:
    parts: list[Document] = []
    for index, part in enumerate(group.parts):
        below = f"{path}.{group.op}[{len(parts)}]"
        found = _node(part, f"{place}.{index}", below, vocabulary, closed)
        if found is not None:
            parts.append(found)
    return {group.op: parts}


def leaf_json(leaf: LeafDraft, vocabulary: Vocabulary) -> Document:
    """One condition without its "not". raises Wrong"""
    return _LEAVES[type(leaf)](leaf, vocabulary)


def _fact(leaf: FactDraft, vocabulary: Vocabulary) -> Document:
    if not leaf.fact:
        raise Wrong("fact_missing")
    return {"fact": leaf.fact, **_test(leaf.test, vocabulary.of_fact(leaf.fact).money)}


def _test(test: TestDraft, money: Money) -> Document:
    if test.operator not in operators.OPERAND:
        raise Wrong("operator_missing")
    value = value_of(test, money)
    if value is None:
        return {"op": test.operator}
    return {"op": test.operator, "value": _plain(value)}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _did(leaf: DidDraft, vocabulary: Vocabulary) -> Document:
    if not leaf.event:
        raise Wrong("event_missing")
    found: Document = {"did": leaf.event}
    found |= _where(leaf.where, leaf.event, vocabulary)
    return {**found, **_measure(leaf, vocabulary), **_within(leaf.window)}


def _where(
    filters: tuple[FilterDraft | LineDraft, ...], event: str, vocabulary: Vocabulary
) -> Document:
    return {"where": [_filter(item, event, vocabulary) for item in filters]} if filters else {}


def _named(event: str) -> str:
    if not event:
        raise Wrong("event_missing")
    return event


def _edge(leaf: EdgeDraft, vocabulary: Vocabulary) -> Document:
    found: Document = {leaf.which: _named(leaf.event)}
    tested = _prop(
        FilterDraft(leaf.prop, leaf.test), vocabulary.of_prop(leaf.event, leaf.prop).money
    )
    where = _where(leaf.where, leaf.event, vocabulary)
    return {**found, **tested, **where, **_within(leaf.window)}


def _gap(leaf: GapDraft, _vocabulary: Vocabulary) -> Document:
    return {f"since_{leaf.which}": _named(leaf.event), leaf.op: duration(leaf.amount, leaf.unit)}


def _overdue(leaf: OverdueDraft, _vocabulary: Vocabulary) -> Document:
    times = number(leaf.times)
    if not 0 < times <= limits.OWN_GAPS_MAX:
        raise Wrong("times_bad")
    return {"overdue": {"of": _named(leaf.event), "times_own_gap": times}}


def _funnel(leaf: FunnelDraft, vocabulary: Vocabulary) -> Document:
    if not limits.FUNNEL_STEPS_MIN <= len(leaf.steps) <= limits.FUNNEL_STEPS_MAX:
        raise Wrong("steps_bad")
    steps = [
        {"did": _named(step.event), **_where(step.where, step.event, vocabulary)}
        for step in leaf.steps
    ]
    span = duration(leaf.amount, leaf.unit)
    if not int(leaf.amount):
        raise Wrong("duration_bad")
    found: Document = {"funnel": steps, "in": span, **_within(leaf.window)}
    return found | _reached(leaf)


def _reached(leaf: FunnelDraft) -> Document:
    if not leaf.reached:
        return {}
    steps = number(leaf.reached_steps)
    if not isinstance(steps, int) or not 0 <= steps <= len(leaf.steps):
        raise Wrong("reached_bad")
    return {"reached": steps if leaf.reached == "eq" else {"gte": steps}}


def _list(leaf: ListDraft, _vocabulary: Vocabulary) -> Document:
    if not leaf.list:
        raise Wrong("list_missing")
    return {"list": leaf.list, **_within(leaf.window)}


def _near(leaf: NearDraft, _vocabulary: Vocabulary) -> Document:
    lat, lon, km = (number(side) for side in (leaf.lat, leaf.lon, leaf.km))
    if not (abs(lat) <= 90 and abs(lon) <= 180 and 0 <= km <= limits.KM_MAX):
        raise Wrong("place_bad")
    return {"near": {"lat": lat, "lon": lon, "km": km}}


def _filter(item: FilterDraft | LineDraft, event: str, vocabulary: Vocabulary) -> Document:
    if isinstance(item, LineDraft):
        return {"line": [_prop(one, vocabulary.of_line(one.prop).money) for one in item.filters]}
    return _prop(item, vocabulary.of_prop(event, item.prop).money)


def _prop(item: FilterDraft, money: Money) -> Document:
    if not item.prop:
        raise Wrong("property_missing")
    return {"prop": item.prop, **_test(item.test, money)}


def _measure(leaf: DidDraft, vocabulary: Vocabulary) -> Document:
    if not leaf.measure:
        return {}
    if leaf.measure != "count" and not leaf.of:
        raise Wrong("property_missing")
    money = vocabulary.of_measure(leaf.measure, leaf.event, leaf.of).money
    test = _test(leaf.test, money)
    compared = {test["op"]: test["value"]}
    return {leaf.measure: compared if leaf.measure == "count" else {"of": leaf.of, **compared}}


def _within(window: WindowDraft) -> Document:
    if not window.kind:
        return {}
    return {"within": _WINDOWS[window.kind](window)}


def _from_to(window: WindowDraft) -> Document:
    sides = {"from": window.a, "to": window.b}
    found = {side: moment(text) for side, text in sides.items() if text}
    if not found:
        raise Wrong("date_bad")
    if len(found) == len(sides):
        check_order(found["from"], found["to"])
    return dict(found)


_WINDOWS: Mapping[str, Callable[[WindowDraft], Document]] = {
    "last": lambda window: {"last": duration(window.a, window.a_unit)},
    "before_last": lambda window: {"before_last": duration(window.a, window.a_unit)},
    "this": lambda window: {"this": window.a},
    "previous": lambda window: {"previous": window.a},
    "from_to": _from_to,
    "between_ago": lambda window: {
        "between_ago": [duration(window.a, window.a_unit), duration(window.b, window.b_unit)]
    },
}


def _consent(leaf: ConsentDraft, _vocabulary: Vocabulary) -> Document:
    if not leaf.channel or not leaf.purpose:
        raise Wrong("value_missing")
    topic = {"channel": leaf.channel, "purpose": leaf.purpose}
    within = {} if leaf.state == "never" else _within(leaf.window)
    return {"consent": topic, "is": leaf.state, **within}


def _segment(leaf: SegmentDraft, _vocabulary: Vocabulary) -> Document:
    if not leaf.segment:
        raise Wrong("segment_missing")
    return {"segment": leaf.segment}


def _share(leaf: ShareDraft, _vocabulary: Vocabulary) -> Document:
    if not leaf.salt:
        raise Wrong("salt_missing")
    end = _fraction(leaf.end)
    if leaf.is_of:
        return {"share": {"of": end, "salt": leaf.salt}}
    start = _fraction(leaf.start)
    if start > end:
        raise Wrong("order_bad")
    return {"share": {"from": start, "to": end, "salt": leaf.salt}}


def _fraction(percent: str) -> float:
    found = Decimal(repr(number(percent))) / PERCENT
    if not 0 <= found <= 1:
        raise Wrong("percent_bad")
    return float(found)


def _raw(leaf: RawDraft, _vocabulary: Vocabulary) -> Document:
    if not leaf.text.strip():
        raise Wrong("text_missing")
    return _json(leaf.text) if leaf.text.lstrip()[0] in "{[" else _spelled(leaf.text)


def _spelled(text: str) -> Document:
    try:
        return language.node_json(rule_text.read(text).where)
    except Invalid as error:
        known = {name: error.details.get(name, "") for name in ("line", "column", "problem")}
        raise Wrong("text_bad", **known) from error


def _json(text: str) -> Document:
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Wrong("json_bad") from error
    if not isinstance(found, dict):
        raise Wrong("json_bad")
    return found


def _refuse_constant(word: str) -> object:
    raise ValueError(word)


_LEAVES: dict[type, Callable[..., Document]] = {
    FactDraft: _fact,
    DidDraft: _did,
    EdgeDraft: _edge,
    GapDraft: _gap,
    OverdueDraft: _overdue,
    FunnelDraft: _funnel,
    ListDraft: _list,
    NearDraft: _near,
    ConsentDraft: _consent,
    ReachableDraft: lambda leaf, vocabulary: {"reachable": leaf.channel},
    SegmentDraft: _segment,
    ShareDraft: _share,
    RawDraft: _raw,
}
