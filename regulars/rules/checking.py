"""Whether a rule makes sense for a workspace: known facts, types that agree, no circles."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from regulars.kernel.errors import Invalid
from regulars.rules import limits, operators, windows
from regulars.rules.facts import ADDRESS_COLUMNS, EVENT_FIELDS, Attr, Fact, Facts, find_fact
from regulars.rules.operands import fault, shown
from regulars.rules.tree import (
    ConsentIs,
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
    Leaf,
    LineFilter,
    Node,
    Not,
    Overdue,
    PropFilter,
    Reachable,
    Rule,
    Test,
)

Segments = Mapping[str, Rule]
# A field of the workspace: the kind of the events and the property; "" and the attribute.
Field = tuple[str, str]

# Only events about an order have order lines.
ORDER_KIND_PREFIX = "order."
# Of a way through segments so many are named in an error.
WAY_SHOWN_MAX = 8
NUMERIC_FIGURES = frozenset(("sum", "avg", "min", "max"))


@dataclass(frozen=True, slots=True)
class Known:
    """What the workspace's own data are made of, for a rule that is about to be saved.

    kinds     the kinds of events that come, or may come, to the workspace
    families  what the values of a field may be compared as: text, number, bool, moment, list;
              a field that is absent may be compared as anything
    lists     the names of uploaded lists
    channels  of consents; purposes likewise, a topic's as "marketing:<key>"; None: any word goes
    """

    kinds: Collection[str]
    families: Mapping[Field, Collection[str]]
    lists: Collection[str]
    channels: Collection[str] | None = None
    purposes: Collection[str] | None = None


def check(rule: Rule, facts: Facts, segments: Segments, known: Known | None = None) -> None:
    """Refuse a rule that cannot be asked.

    facts     what is declared, by name
    segments  the rules of other segments, by the name that "segment" leaves use
    known     the workspace's own words; without it they are not looked at
    raises    Invalid("rule_invalid", path=…)
    """
    for leaf, path in leaves(rule.where, "$.where"):
        _check_leaf(leaf, path, facts)
        if known is not None:
            _check_words(leaf, path, facts, known)
    check_references(rule, segments)


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
    elif isinstance(leaf, Reachable) and leaf.channel not in ADDRESS_COLUMNS:
        raise fault(f"{path}.reachable", f"must be one of {', '.join(ADDRESS_COLUMNS)}")
    for asked in happenings(leaf, path):
        _check_lines(asked)


@dataclass(frozen=True, slots=True)
class Happening:
    """Events that a condition asks about, with the JSON paths of their kind and of the filters."""

    kind: str
    kind_path: str
    where: tuple[Filter, ...] = ()
    where_path: str = ""


def happenings(leaf: Leaf, path: str) -> list[Happening]:
    """Which events the condition asks about; none when it asks about something else."""
    if isinstance(leaf, Funnel):
        steps = (
            happenings(step, f"{path}.funnel[{index}]") for index, step in enumerate(leaf.steps)
        )
        return [asked for step in steps for asked in step]
    if isinstance(leaf, Did):
        return [Happening(leaf.kind, f"{path}.did", leaf.where, f"{path}.where")]
    if isinstance(leaf, Edge):
        return [Happening(leaf.kind, f"{path}.{leaf.which}", leaf.where, f"{path}.where")]
    if isinstance(leaf, Gap):
        return [Happening(leaf.kind, f"{path}.since_{leaf.which}")]
    return [Happening(leaf.kind, f"{path}.overdue.of")] if isinstance(leaf, Overdue) else []


def _check_words(leaf: Leaf, path: str, facts: Facts, known: Known) -> None:
    """The workspace has such events, fields and lists."""
    if isinstance(leaf, InList) and leaf.name not in known.lists:
        raise fault(f"{path}.list", f"is not known: {shown(leaf.name)}")
    if isinstance(leaf, ConsentIs):
        _check_consent(leaf, path, known)
    for asked in happenings(leaf, path):
        if asked.kind not in known.kinds:
            raise fault(asked.kind_path, f"is no event of this workspace: {shown(asked.kind)}")
        for index, item in enumerate(asked.where):
            if isinstance(item, PropFilter):
                where = f"{asked.where_path}[{index}]"
                _check_field((asked.kind, item.prop), item.test, where, known)
    if isinstance(leaf, Edge):
        _check_field((leaf.kind, leaf.prop), leaf.test, path, known)
    elif isinstance(leaf, Did) and isinstance(leaf.measure, Figure):
        _check_figure(leaf.kind, leaf.measure, path, known)
    elif isinstance(leaf, FactIs):
        fact = find_fact(leaf.fact, facts)
        if fact is not None and isinstance(fact.source, Attr) and fact.type == "untyped":
            _check_field(("", fact.source.name), leaf.test, path, known)
        if fact is not None and fact.words:
            _check_value(fact, leaf.test, path)


def _check_value(fact: Fact, test: Test, path: str) -> None:
    """A text of few values is compared with one of them; nobody has another."""
    if test.op not in operators.WHOLE_VALUES:
        return
    values = [named[0] for named in fact.words]
    for asked in test.value if isinstance(test.value, tuple) else (test.value,):
        if str(asked).lower() not in values:
            listed = ", ".join(values)
            raise fault(path, f"{fact.name} is never {shown(str(asked))}; there are {listed}")


def _check_consent(leaf: ConsentIs, path: str, known: Known) -> None:
    """Nobody ever said a word that is misspelt, so "never" of it would be everybody."""
    for part, word, words in (
        ("channel", leaf.channel, known.channels),
        ("purpose", leaf.purpose, known.purposes),
    ):
        if words is not None and word not in words:
            listed = ", ".join(sorted(words))
            raise fault(
                f"{path}.consent.{part}", f"is not known: {shown(word)}; there are {listed}"
            )


def _check_field(field: Field, test: Test, path: str, known: Known) -> None:
    families, family = _families(field, known), operators.family_of(test)
    if families is None or family == "any" or family in families:
        return
    holds = " or ".join(sorted(families)) or "an object"
    raise fault(path, f"{shown(field[1])} is {holds}; {test.op} here compares {family}")


def _check_figure(kind: str, measure: Figure, path: str, known: Known) -> None:
    families = _families((kind, measure.prop), known)
    if measure.function in NUMERIC_FIGURES and families is not None and "number" not in families:
        holds = " or ".join(sorted(families)) or "an object"
        problem = f"is {holds}; {measure.function} needs numbers: {shown(measure.prop)}"
        raise fault(f"{path}.{measure.function}.of", problem)


def _families(field: Field, known: Known) -> Collection[str] | None:
    own = EVENT_FIELDS.get(field[0], {}).get(field[1])
    return (operators.FAMILY_OF_TYPE[own],) if own else known.families.get(field)


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


def _check_lines(asked: Happening) -> None:
    if asked.kind.startswith(ORDER_KIND_PREFIX):
        return
    for index, item in enumerate(asked.where):
        if isinstance(item, LineFilter):
            raise fault(f"{asked.where_path}[{index}].line", "only events about orders have lines")


def check_references(rule: Rule, segments: Segments) -> None:
    """Refuse a rule that grows too large or too deep by the segments it refers to.

    raises   Invalid("rule_invalid", path=…), also for circles and missing segments
    """
    sizes: dict[str, _Size] = {}
    for name in reachable_segments(rule, segments):
        sizes[name] = _size(segments[name].where, sizes)
    whole = _size(rule.where, sizes)
    if whole.leaves > limits.LEAVES_RESOLVED_MAX:
        problem = f"with its segments has over {limits.LEAVES_RESOLVED_MAX} conditions"
        raise _too_much(rule, problem, lambda name: sizes[name].leaves, segments)
    if whole.depth > limits.DEPTH_RESOLVED_MAX:
        problem = f"with its segments is nested over {limits.DEPTH_RESOLVED_MAX} deep"
        raise _too_much(rule, problem, lambda name: sizes[name].depth, segments)


@dataclass(frozen=True, slots=True)
class _Size:
    """What a tree comes to with its segments written out; an empty group counts as a leaf."""

    leaves: int
    depth: int


def _size(node: Node, sizes: Mapping[str, _Size]) -> _Size:
    if isinstance(node, InSegment):
        there = sizes[node.segment]
        return _Size(there.leaves, there.depth + 1)
    if isinstance(node, Everyone | Either):
        parts = [_size(part, sizes) for part in node.parts]
    elif isinstance(node, Not):
        parts = [_size(node.part, sizes)]
    else:
        return _Size(1, 0)
    leaves_here = sum(part.leaves for part in parts)
    return _Size(max(1, leaves_here), 1 + max((part.depth for part in parts), default=0))


def _too_much(
    rule: Rule, problem: str, size_of: Callable[[str], int], segments: Segments
) -> Invalid:
    """The fault at the condition that leads to the most, with the way it leads."""
    named = [(leaf.segment, path) for leaf, path in leaves(rule.where, "$.where")
             if isinstance(leaf, InSegment)]  # fmt: skip
    if not named:
        return fault("$.where", problem)
    name, path = max(named, key=lambda one: size_of(one[0]))
    way = [name]
    while len(way) < WAY_SHOWN_MAX:
        further = [
            leaf.segment
            for leaf, _ in leaves(segments[way[-1]].where, "")
            if isinstance(leaf, InSegment)
        ]
        if not further:
            break
        way.append(max(further, key=size_of))
    return fault(f"{path}.segment", f"{problem}: {' → '.join(shown(part) for part in way)}")


def reachable_segments(rule: Rule, segments: Segments) -> list[str]:
    """Segments that the rule refers to, directly or not, each before those that use it.

    raises   Invalid when one is missing or when they refer to each other in a circle
    """
    order: list[str] = []
    for leaf, path in leaves(rule.where, "$.where"):
        if isinstance(leaf, InSegment):
            _visit(leaf.segment, segments, (), order, f"{path}.segment")
    return order


def _visit(
    name: str, segments: Segments, trail: tuple[str, ...], order: list[str], path: str
) -> None:
    """Put the segment and all it refers to in order; the path is the rule's own condition."""
    if name in order:
        return
    way = " → ".join(shown(part) for part in (*trail, name))
    if name in trail:
        circle = " → ".join((*trail[trail.index(name) :], name))
        raise fault(path, f"leads back to itself: {circle}")
    if name not in segments:
        raise fault(path, f"is not known: {way}")
    for leaf, _ in leaves(segments[name].where, ""):
        if isinstance(leaf, InSegment):
            _visit(leaf.segment, segments, (*trail, name), order, path)
    order.append(name)
