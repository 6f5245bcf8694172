"""A rule with the rules it refers to put in the place of their names, and what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from regulars.rules import checking
from regulars.rules.facts import Attr, Column, Facts, OrdersAggregate, find_fact
from regulars.rules.tree import (
    ConsentIs,
    Did,
    Edge,
    Either,
    Everyone,
    FactIs,
    Funnel,
    Gap,
    InList,
    InSegment,
    Leaf,
    Node,
    Not,
    Overdue,
    Reachable,
    Rule,
)

EVENTS = "events:"
ORDER_KIND = "order."


def resolved(rule: Rule, segments: Mapping[str, Rule]) -> Rule:
    """The same rule without a word about other segments; circles were refused before."""
    return Rule(_node(rule.where, segments))


def _node(node: Node, segments: Mapping[str, Rule]) -> Node:
    if isinstance(node, Everyone | Either):
        return type(node)(tuple(_node(part, segments) for part in node.parts))
    if isinstance(node, Not):
        return Not(_node(node.part, segments))
    if isinstance(node, InSegment):
        return _node(segments[node.segment].where, segments)
    return node


def reads_of(rule: Rule, facts: Facts) -> frozenset[str]:
    """Which relations the rule reads; of events, which kinds: "events:order.paid"."""
    # Everybody may be new: rules hold for customers who have nothing but their row, also those
    # without a single condition.
    found = {"customers"}
    for leaf, _ in checking.leaves(rule.where, ""):
        found.update(_reads(leaf, facts))
    return frozenset(found)


def _reads(leaf: Leaf, facts: Facts) -> Iterator[str]:
    if isinstance(leaf, FactIs):
        fact = find_fact(leaf.fact, facts)
        source = fact.source if fact is not None else Attr(leaf.fact)
        if isinstance(source, OrdersAggregate):
            yield "orders"
        elif isinstance(source, Column):
            yield source.relation
    elif isinstance(leaf, Did | Edge):
        yield EVENTS + leaf.kind
        if isinstance(leaf, Did | Edge) and leaf.kind.startswith(ORDER_KIND):
            yield "order_lines"
    elif isinstance(leaf, Gap | Overdue):
        yield EVENTS + leaf.kind
    elif isinstance(leaf, Funnel):
        for step in leaf.steps:
            yield from _reads(step, facts)
    elif isinstance(leaf, ConsentIs):
        yield "consents"
    elif isinstance(leaf, Reachable):
        yield "consents"
        yield "suppressions"
        yield "pauses"
    elif isinstance(leaf, InList):
        yield "list_members"
