"""From the draft of a form to the document of a rule, with what is wrong and where."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from regulars.rules import operators
from regulars.segments.pure.drafts import (
    ConsentDraft,
    DidDraft,
    FactDraft,
    FilterDraft,
    GroupDraft,
    LeafDraft,
    LineDraft,
    NodeDraft,
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
    places    path in the document → place in the form
    """

    rule: Document = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

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
    if leaf.where:
        found["where"] = [_filter(item, leaf.event, vocabulary) for item in leaf.where]
    return {**found, **_measure(leaf, vocabulary), **_within(leaf.window)}


def _filter(item: FilterDraft | LineDraft, event: str, vocabulary: Vocabulary) -> Document:
    if isinstance(item, LineDraft):
        return {"line": [_prop(one, vocabulary.of_line(one.prop).money) for one in item.filters]}
    return _prop(item, vocabulary.of_prop(event, item.prop).money)


def _prop(item: FilterDraft, money: Money) -> Document:
    if not item.prop:
        raise Wrong("property_missing")
    return {"prop": item.prop, **_test(item.test, money)}


def _measure(leaf: DidDraft, vocabulary: Vocabulary) -> Document:
    if leaf.measure == "count":
        test = _test(leaf.test, vocabulary.of_prop("", "").money)
        return {"count": {test["op"]: test["value"]}}
    if leaf.measure != "sum":
        return {}
    if not leaf.of:
        raise Wrong("property_missing")
    test = _test(leaf.test, vocabulary.of_prop(leaf.event, leaf.of).money)
    return {"sum": {"of": leaf.of, test["op"]: test["value"]}}


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
        raise Wrong("json_bad")
    try:
        found = json.loads(leaf.text, parse_constant=_refuse_constant)
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
    ConsentDraft: _consent,
    ReachableDraft: lambda leaf, vocabulary: {"reachable": leaf.channel},
    SegmentDraft: _segment,
    ShareDraft: _share,
    RawDraft: _raw,
}
