"""From a rule to the draft that the form shows."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from regulars.kernel.errors import Invalid
from regulars.rules import reading
from regulars.rules import text as rule_text
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
    Leaf,
    LineFilter,
    Measure,
    Near,
    Node,
    Not,
    Overdue,
    Previous,
    PropFilter,
    Reachable,
    Rule,
    Share,
    This,
    Window,
)
from regulars.segments.pure.closing import leaf_json
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
    StepDraft,
    TestDraft,
    WindowDraft,
)
from regulars.segments.pure.fixing import fixed_node
from regulars.segments.pure.typed import PLAIN, Wrong, draft_of, split_duration, written
from regulars.segments.pure.vocabulary import Vocabulary

PERCENT_DIGITS = 2
# Groups inside groups are controls so deep; what lies deeper is shown as text.
GROUPS_DEEP_MAX = 3
LINE_BREAKS = "\r\n"


def open_rule(rule: Rule, vocabulary: Vocabulary) -> GroupDraft:
    """The draft of a rule; a rule of one condition becomes a group of one."""
    found = _node(rule.where, vocabulary, is_not=False, level=1)
    return found if isinstance(found, GroupDraft) else GroupDraft("all", (found,))


def _node(node: Node, vocabulary: Vocabulary, *, is_not: bool, level: int) -> NodeDraft:
    if isinstance(node, Not):
        return _node(node.part, vocabulary, is_not=not is_not, level=level)
    if isinstance(node, Everyone | Either):
        if level > GROUPS_DEEP_MAX:
            return _raw(node, is_not=is_not)
        parts = tuple(_node(part, vocabulary, is_not=False, level=level + 1) for part in node.parts)
        return GroupDraft("all" if isinstance(node, Everyone) else "any", parts, is_not)
    return _leaf(node, vocabulary, is_not=is_not)


def _leaf(leaf: Leaf, vocabulary: Vocabulary, *, is_not: bool) -> LeafDraft:
    make = _LEAVES.get(type(leaf))
    draft: LeafDraft | None = make(leaf, vocabulary, is_not) if make else None
    # What no control shows, or would not give back unchanged, is shown as it is written.
    is_shown = draft is not None and _gives_back(draft, leaf, vocabulary)
    return draft if draft is not None and is_shown else _raw(leaf, is_not=is_not)


def _gives_back(draft: LeafDraft, leaf: Leaf, vocabulary: Vocabulary) -> bool:
    try:
        document = leaf_json(draft, vocabulary)
        same = reading.read_node(document, "$", 0, reading.Budget()) == leaf
    except (Wrong, Invalid):
        return False
    # A form turns line breaks into spaces or into other line breaks.
    is_one_line = not set(LINE_BREAKS) & set(_texts(document))
    return same and is_one_line and fixed_node(draft, vocabulary) == draft


def _texts(value: object) -> str:
    if isinstance(value, dict):
        return "".join(_texts(item) for item in value.values())
    if isinstance(value, list):
        return "".join(_texts(item) for item in value)
    return value if isinstance(value, str) else ""


def _raw(node: Node, *, is_not: bool) -> RawDraft:
    return RawDraft(rule_text.write(Rule(node)), is_not)


def _fact(leaf: FactIs, vocabulary: Vocabulary, is_not: bool) -> FactDraft:
    money = vocabulary.of_fact(leaf.fact).money
    return FactDraft(leaf.fact, draft_of(leaf.test, money), is_not)


def _did(leaf: Did, vocabulary: Vocabulary, is_not: bool) -> DidDraft:
    measure, of, test = _measure(leaf.measure, leaf.kind, vocabulary)
    where = _where(leaf.where, leaf.kind, vocabulary)
    return DidDraft(leaf.kind, where, measure, of, test, _window(leaf.within), is_not)


def _where(
    filters: tuple[Filter, ...], event: str, vocabulary: Vocabulary
) -> tuple[FilterDraft | LineDraft, ...]:
    return tuple(_filter(item, event, vocabulary) for item in filters)


def _edge(leaf: Edge, vocabulary: Vocabulary, is_not: bool) -> EdgeDraft:
    test = draft_of(leaf.test, vocabulary.of_prop(leaf.kind, leaf.prop).money)
    where = _where(leaf.where, leaf.kind, vocabulary)
    return EdgeDraft(leaf.which, leaf.kind, leaf.prop, test, where, _window(leaf.within), is_not)


def _gap(leaf: Gap, _vocabulary: Vocabulary, is_not: bool) -> GapDraft:
    return GapDraft(leaf.which, leaf.kind, leaf.op, *split_duration(leaf.duration), is_not)


def _funnel(leaf: Funnel, vocabulary: Vocabulary, is_not: bool) -> FunnelDraft:
    steps = tuple(
        StepDraft(step.kind, _where(step.where, step.kind, vocabulary)) for step in leaf.steps
    )
    amount, unit = split_duration(leaf.duration)
    reached = leaf.reached
    return FunnelDraft(
        steps,
        amount,
        unit,
        _window(leaf.within),
        reached.op if reached else "",
        written(reached.value, PLAIN) if reached else "",
        is_not,
    )


def _near(leaf: Near, _vocabulary: Vocabulary, is_not: bool) -> NearDraft:
    lat, lon, km = (written(side, PLAIN) for side in (leaf.lat, leaf.lon, leaf.km))
    return NearDraft(lat, lon, km, is_not)


def _filter(item: Filter, event: str, vocabulary: Vocabulary) -> FilterDraft | LineDraft:
    if isinstance(item, PropFilter):
        money = vocabulary.of_prop(event, item.prop).money
        return FilterDraft(item.prop, draft_of(item.test, money))
    return LineDraft(_lines(item, vocabulary))


def _lines(item: LineFilter, vocabulary: Vocabulary) -> tuple[FilterDraft, ...]:
    return tuple(
        FilterDraft(part.prop, draft_of(part.test, vocabulary.of_line(part.prop).money))
        for part in item.filters
    )


def _measure(
    measure: Measure | None, event: str, vocabulary: Vocabulary
) -> tuple[str, str, TestDraft]:
    if measure is None:
        return "", "", TestDraft()
    name, prop = ("count", "") if isinstance(measure, Count) else (measure.function, measure.prop)
    return name, prop, draft_of(measure.test, vocabulary.of_measure(name, event, prop).money)


def _window(window: Window | None) -> WindowDraft:
    return WindowDraft() if window is None else _WINDOWS[type(window)](window)


def _spanned(kind: str, text: str) -> WindowDraft:
    amount, unit = split_duration(text)
    return WindowDraft(kind, a=amount, a_unit=unit)


def _between(window: BetweenAgo) -> WindowDraft:
    (far, far_unit), (near, near_unit) = split_duration(window.far), split_duration(window.near)
    return WindowDraft("between_ago", a=far, a_unit=far_unit, b=near, b_unit=near_unit)


_WINDOWS: dict[type, Callable[..., WindowDraft]] = {
    Last: lambda window: _spanned("last", window.duration),
    BeforeLast: lambda window: _spanned("before_last", window.duration),
    This: lambda window: WindowDraft("this", a=window.unit),
    Previous: lambda window: WindowDraft("previous", a=window.unit),
    FromTo: lambda window: WindowDraft("from_to", a=window.start or "", b=window.end or ""),
    BetweenAgo: _between,
}


def _share(leaf: Share, _vocabulary: Vocabulary, is_not: bool) -> ShareDraft:
    start, end = (_percent(side) for side in (leaf.start, leaf.end))
    return ShareDraft(leaf.salt, start, end, leaf.is_of, is_not)


def _percent(side: float) -> str:
    return f"{Decimal(repr(side)).scaleb(PERCENT_DIGITS).normalize():f}"


_LEAVES: dict[type, Callable[..., LeafDraft]] = {
    FactIs: _fact,
    Did: _did,
    Edge: _edge,
    Gap: _gap,
    Overdue: lambda leaf, vocabulary, is_not: OverdueDraft(
        leaf.kind, written(leaf.times, PLAIN), is_not
    ),
    Funnel: _funnel,
    InList: lambda leaf, vocabulary, is_not: ListDraft(leaf.name, _window(leaf.within), is_not),
    Near: _near,
    ConsentIs: lambda leaf, vocabulary, is_not: ConsentDraft(
        leaf.channel, leaf.purpose, leaf.state, _window(leaf.within), is_not
    ),
    Reachable: lambda leaf, vocabulary, is_not: ReachableDraft(leaf.channel, is_not),
    InSegment: lambda leaf, vocabulary, is_not: SegmentDraft(leaf.segment, is_not),
    Share: _share,
}
