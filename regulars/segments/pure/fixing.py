"""Dependent fields put right after one of them was changed: the operator fits the fact again."""

from __future__ import annotations

from dataclasses import replace

from regulars.rules import operators, windows
from regulars.segments.pure.drafts import (
    ConsentDraft,
    DidDraft,
    EdgeDraft,
    FactDraft,
    FilterDraft,
    FunnelDraft,
    GapDraft,
    GroupDraft,
    LineDraft,
    ListDraft,
    NodeDraft,
    StepDraft,
    TestDraft,
    WindowDraft,
)
from regulars.segments.pure.vocabulary import COUNT_OPERATORS, Subject, Vocabulary

UNITS = ("min", "h", "d", "w", "mo", "y")
NUMBER_SUBJECT = Subject("number", ("number",))
ORDER_KIND_PREFIX = "order."


def fixed(group: GroupDraft, vocabulary: Vocabulary) -> GroupDraft:
    """The draft with every control showing something that it offers."""
    return replace(group, parts=tuple(fixed_node(part, vocabulary) for part in group.parts))


def fixed_node(node: NodeDraft, vocabulary: Vocabulary) -> NodeDraft:
    """One condition or group, put right."""
    if isinstance(node, GroupDraft):
        return fixed(node, vocabulary)
    if isinstance(node, FactDraft):
        return replace(node, test=_test(node.test, vocabulary.of_fact(node.fact)))
    if isinstance(node, DidDraft):
        return _did(node, vocabulary)
    if isinstance(node, EdgeDraft):
        return _edge(node, vocabulary)
    if isinstance(node, FunnelDraft):
        return _funnel(node, vocabulary)
    if isinstance(node, GapDraft):
        is_whole = node.amount.isdecimal() and node.unit in UNITS
        return node if is_whole else replace(node, amount="", unit="d")
    if isinstance(node, ConsentDraft | ListDraft):
        return replace(node, window=_window(node.window))
    return node


def _edge(node: EdgeDraft, vocabulary: Vocabulary) -> EdgeDraft:
    return replace(
        node,
        test=_test(node.test, vocabulary.of_prop(node.event, node.prop)),
        where=_where(node.where, node.event, vocabulary),
        window=_window(node.window),
    )


def _funnel(node: FunnelDraft, vocabulary: Vocabulary) -> FunnelDraft:
    steps = tuple(
        StepDraft(step.event, _where(step.where, step.event, vocabulary)) for step in node.steps
    )
    is_whole = node.amount.isdecimal() and node.unit in UNITS
    amount, unit = (node.amount, node.unit) if is_whole else ("", "d")
    return replace(node, steps=steps, amount=amount, unit=unit, window=_window(node.window))


def _where(
    filters: tuple[FilterDraft | LineDraft, ...], event: str, vocabulary: Vocabulary
) -> tuple[FilterDraft | LineDraft, ...]:
    """Only events about orders have lines."""
    has_lines = event.startswith(ORDER_KIND_PREFIX) or not event
    return tuple(
        _filter(item, event, vocabulary)
        for item in filters
        if has_lines or not isinstance(item, LineDraft)
    )


def _did(node: DidDraft, vocabulary: Vocabulary) -> DidDraft:
    where = _where(node.where, node.event, vocabulary)
    test = node.test
    if node.measure and test.op not in COUNT_OPERATORS:
        test = replace(test, op=COUNT_OPERATORS[0])
    return replace(node, where=where, test=test, window=_window(node.window))


def _filter(
    item: FilterDraft | LineDraft, event: str, vocabulary: Vocabulary
) -> FilterDraft | LineDraft:
    if isinstance(item, LineDraft):
        return LineDraft(
            tuple(
                replace(one, test=_test(one.test, vocabulary.of_line(one.prop)))
                for one in item.filters
            )
        )
    return replace(item, test=_test(item.test, vocabulary.of_prop(event, item.prop)))


def _test(test: TestDraft, subject: Subject) -> TestDraft:
    offered = subject.operators()
    if test.op not in offered:
        return TestDraft(offered[0])
    operand = operators.OPERAND[test.operator]
    if operand in ("duration", "days") and test.b not in UNITS:
        return replace(test, a=test.a if test.a.isdecimal() else "", b="d")
    if operand == "moment" and windows.parse_moment(test.a) is None:
        return replace(test, a="")
    return test


def _window(window: WindowDraft) -> WindowDraft:
    if window.kind in ("this", "previous") and window.a not in windows.UNITS:
        return replace(window, a="month")
    if window.kind == "from_to":
        sides = (text if windows.parse_moment(text) else "" for text in (window.a, window.b))
        return replace(window, **dict(zip("ab", sides, strict=True)))
    if window.kind in ("last", "before_last", "between_ago") and not window.a.isdecimal():
        return replace(window, a="", a_unit="d")
    return window
