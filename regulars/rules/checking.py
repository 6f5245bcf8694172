"""Whether a rule makes sense for a workspace: known facts, types that agree, no circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from regulars.rules import limits, operators, windows
from regulars.rules.facts import ADDRESS_COLUMNS, Facts, find_fact
from regulars.rules.operands import fault, shown
from regulars.rules.tree import (
    Did,
    Either,
    Everyone,
    FactIs,
    InSegment,
    Leaf,
    LineFilter,
    Node,
    Not,
    Reachable,
    Rule,
    Test,
)

Segments = Mapping[str, Rule]

# Only events about an order have order lines.
ORDER_KIND_PREFIX = "order."


def check(rule: Rule, facts: Facts, segments: Segments) -> None:
    """Refuse a rule that cannot be asked.

    facts     what is declared, by name
    segments  the rules of other segments, by the name that "segment" leaves use
    raises    Invalid("rule_invalid", path=…)
    """
    for leaf, path in leaves(rule.where, "$.where"):
        _check_leaf(leaf, path, facts)
    _check_references(rule, segments)


def leaves(node: Node, path: str) -> Iterator[tuple[Leaf, str]]:
    """Every condition of the tree with its JSON path."""
    if isinstance(node, Everyone | Either):
        key = "all" if isinstance(node, Everyone) else "any"
        for index, part in enumerate(node.parts):
            yield from leaves(part, f"{path}.{key}[{index}]")
    elif isinstance(node, Not):
        yield from leaves(node.part, f"{path}.not")
    else:
        yield node, path


def _check_leaf(leaf: Leaf, path: str, facts: Facts) -> None:
    if isinstance(leaf, FactIs):
        _check_fact(leaf, path, facts)
    elif isinstance(leaf, Did):
        _check_lines(leaf, path)
    elif isinstance(leaf, Reachable) and leaf.channel not in ADDRESS_COLUMNS:
        raise fault(f"{path}.reachable", f"must be one of {', '.join(ADDRESS_COLUMNS)}")


def _check_fact(leaf: FactIs, path: str, facts: Facts) -> None:
    fact = find_fact(leaf.fact, facts)
    if fact is None:
        raise fault(f"{path}.fact", f"is not known: {shown(leaf.fact)}")
    if fact.type == "untyped":
        return
    family = operators.family_of(leaf.test)
    if family not in ("any", operators.FAMILY_OF_TYPE[fact.type]):
        raise fault(path, f"{fact.name} is {fact.type}; {leaf.test.op} here compares {family}")
    if fact.type == "date":
        _check_day(leaf.test, path)


def _check_day(test: Test, path: str) -> None:
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    if test.op in ("before", "after", "between"):
        is_day = all(len(str(value)) == len("2026-01-31") for value in values)
    elif test.op in ("in_last", "in_next", "older_than"):
        is_day = windows.parse_duration(str(test.value))[1] in windows.DAY_UNITS
    else:
        is_day = True
    if not is_day:
        raise fault(f"{path}.value", "is compared with a day: write whole days, not hours")


def _check_lines(leaf: Did, path: str) -> None:
    if leaf.kind.startswith(ORDER_KIND_PREFIX):
        return
    for index, item in enumerate(leaf.where):
        if isinstance(item, LineFilter):
            raise fault(f"{path}.where[{index}].line", "only events about orders have lines")


def _check_references(rule: Rule, segments: Segments) -> None:
    counted = sum(1 for _ in leaves(rule.where, ""))
    for name in reachable_segments(rule, segments):
        counted += sum(1 for _ in leaves(segments[name].where, ""))
    if counted > limits.LEAVES_RESOLVED_MAX:
        raise fault(
            "$.where", f"with its segments has over {limits.LEAVES_RESOLVED_MAX} conditions"
        )


def reachable_segments(rule: Rule, segments: Segments) -> list[str]:
    """Segments that the rule refers to, directly or not, each before those that use it.

    raises   Invalid when one is missing or when they refer to each other in a circle
    """
    order: list[str] = []
    _visit(rule, segments, (), order)
    return order


def _visit(rule: Rule, segments: Segments, trail: tuple[str, ...], order: list[str]) -> None:
    for leaf, path in leaves(rule.where, "$.where"):
        if not isinstance(leaf, InSegment) or leaf.segment in order:
            continue
        if leaf.segment in trail:
            circle = " → ".join((*trail[trail.index(leaf.segment) :], leaf.segment))
            raise fault(f"{path}.segment", f"leads back to itself: {circle}")
        if leaf.segment not in segments:
            raise fault(f"{path}.segment", f"is not known: {shown(leaf.segment)}")
        _visit(segments[leaf.segment], segments, (*trail, leaf.segment), order)
        order.append(leaf.segment)
