"""Dependent fields put right after one of them was changed: the operator fits the fact again."""

from __future__ import annotations

from dataclasses import replace

from regulars.rules import operators, windows
from regulars.segments.pure.drafts import (
    ConsentDraft,
    DidDraft,
    FactDraft,
    FilterDraft,
    GroupDraft,
    LineDraft,
    NodeDraft,
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
    if isinstance(node, ConsentDraft):
        return replace(node, window=_window(node.window))
    return node


def _did(node: DidDraft, vocabulary: Vocabulary) -> DidDraft:
    has_lines = node.event.startswith(ORDER_KIND_PREFIX) or not node.event
    where = tuple(
        _filter(item, node.event, vocabulary)
        for item in node.where
        if has_lines or not isinstance(item, LineDraft)
    )
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
