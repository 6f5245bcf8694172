"""Many rules in one statement: one row for each customer, two columns for each rule.

Every distinct condition is computed once, over one scan for each relation and for each kind of
event. What a rule makes of its conditions is columns over columns, layer by layer; a rule that
another refers to is columns too. Beside each answer stands when it may change by the clock alone.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from regulars.rules import shared_leaves
from regulars.rules.checking import Segments, check
from regulars.rules.duck_slots import Fill
from regulars.rules.facts import Facts
from regulars.rules.shared_leaves import Answer
from regulars.rules.shared_scans import name_of, scans_of
from regulars.rules.tree import Either, Everyone, InSegment, Node, Not, Rule

_PARAMETER = re.compile(r"\$(\w+)")
NEVER, EVER = "CAST('infinity' AS TIMESTAMP)", "CAST('-infinity' AS TIMESTAMP)"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the answer about a rule stands: a bool, and a timestamp, null when it never changes.

    turns   None when the clock never changes the answer, whoever the customer is
    """

    holds: str
    turns: str | None


@dataclass(frozen=True, slots=True)
class CompiledMany:
    """A SELECT of one row per customer: `customer`, and two columns for each key."""

    sql: str
    params: dict[str, object]
    columns: Mapping[Hashable, Columns]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A question that waits for its instant."""

    sql: str
    fills: Mapping[str, Fill]
    columns: Mapping[Hashable, Columns]


def compile_many(
    rules: Mapping[Hashable, Rule],
    *,
    facts: Facts,
    now: datetime,
    zone: ZoneInfo,
    segments: Segments,
    people: str | None = None,
) -> CompiledMany:
    """One statement that answers every rule for every customer at the instant.

    people   a SELECT of one column of ids: only these customers; None: all
    returns  the columns of a key hold whether its rule is true, and a time strictly after now and
             no later than the first instant at which that may change without new rows
    raises   Invalid when a rule does not fit the declared facts and segments
    """
    for rule in rules.values():
        check(rule, facts, segments)
    found = plan(rules, facts=facts, segments=segments, people=people)
    return CompiledMany(
        found.sql, {name: fill(now, zone) for name, fill in found.fills.items()}, found.columns
    )


def plan(
    rules: Mapping[Hashable, Rule], *, facts: Facts, segments: Segments, people: str | None
) -> _Plan:
    """The text for rules that were checked."""
    board = _Board(facts, segments)
    columns = {}
    picked = ["customer"]
    for number, (key, rule) in enumerate(rules.items()):
        cell = board.cell(rule.where)
        picked.append(f"{cell.holds} AS m{number}")
        if cell.turns is not None:
            picked.append(f"NULLIF({cell.turns}, {NEVER}) AS t{number}")
        columns[key] = Columns(f"m{number}", None if cell.turns is None else f"t{number}")
    text = board.sql(picked, people)
    named = set(_PARAMETER.findall(text))
    # A floor that one condition lifts for all names parameters that nobody else needs.
    fills = {name: fill for name, fill in board.fills.items() if name in named}
    return _Plan(text, fills, columns)


@dataclass(frozen=True, slots=True)
class _Cell:
    """The columns of one node and the layer from which they can be read."""

    holds: str
    turns: str | None
    layer: int


@dataclass(slots=True)
class _Board:
    """The columns of every node of every rule, each once."""

    facts: Facts
    segments: Segments
    fills: dict[str, Fill] = field(default_factory=dict)
    _cells: dict[str, _Cell] = field(default_factory=dict)
    _answers: list[Answer] = field(default_factory=list)
    _layers: list[dict[str, str]] = field(default_factory=lambda: [{}])

    def cell(self, node: Node) -> _Cell:
        """Where the node's columns stand; written when new."""
        if isinstance(node, InSegment):
            return self.cell(self.segments[node.segment].where)
        # By text: 1, 1.0 and true are equal and mean different things.
        key = repr(node)
        found = self._cells.get(key)
        if found is None:
            found = self._cells[key] = self._write(node, key)
        return found

    def _write(self, node: Node, key: str) -> _Cell:
        if isinstance(node, Not):
            part = self.cell(node.part)
            return self._put(key, part.layer + 1, f"NOT {part.holds}", part.turns)
        if isinstance(node, Everyone | Either):
            parts = [self.cell(part) for part in node.parts]
            layer = max((part.layer for part in parts), default=-1) + 1
            is_all = isinstance(node, Everyone)
            return self._put(key, layer, _joined(parts, is_all), _turns(parts, is_all))
        answer = shared_leaves.answer(node, self.facts)
        self._answers.append(answer)
        self.fills.update(answer.fills)
        return self._put(key, 0, answer.holds, answer.turns)

    def _put(self, key: str, layer: int, holds: str, turns: str | None) -> _Cell:
        while len(self._layers) <= layer:
            self._layers.append({})
        names = [name_of("b", key), name_of("n", key)]
        self._layers[layer][names[0]] = holds
        if turns is None:
            return _Cell(names[0], None, layer)
        self._layers[layer][names[1]] = turns
        return _Cell(names[0], names[1], layer)

    def sql(self, picked: list[str], people: str | None) -> str:
        """The statement: a base of conditions, a layer above another, and what is picked."""
        among = "" if people is None else f"customer IN ({people})"
        scans = scans_of(part for answer in self._answers for part in answer.parts)
        joins = "".join(
            f" LEFT JOIN ({scan.sql(among)}) {scan.alias} ON {scan.alias}.{scan.key} = id"
            for scan in scans
        )
        where = "" if people is None else f" WHERE id IN ({people})"
        first = ", ".join(["id AS customer", *_columns(self._layers[0])])
        steps = [f"layer_0 AS (SELECT {first} FROM customers{joins}{where})"]
        for number, layer in enumerate(self._layers[1:], start=1):
            names = ", ".join(["*", *_columns(layer)])
            steps.append(f"layer_{number} AS (SELECT {names} FROM layer_{number - 1})")
        last = len(self._layers) - 1
        return f"WITH {', '.join(steps)} SELECT {', '.join(picked)} FROM layer_{last}"


def _columns(layer: Mapping[str, str]) -> list[str]:
    return [f"{text} AS {name}" for name, text in layer.items()]


def _joined(parts: list[_Cell], is_all: bool) -> str:
    if not parts:
        return "TRUE" if is_all else "FALSE"
    return (" AND " if is_all else " OR ").join(part.holds for part in parts)


def _turns(parts: list[_Cell], is_all: bool) -> str | None:
    """When a group may change.

    All of the parts hold: as soon as one ceases to. Some do not: not before each of these has
    changed. Any of the parts: the mirror image of this.
    """
    moving = [part for part in parts if part.turns is not None]
    if not moving:
        return None
    soonest = _pick("LEAST", [str(part.turns) for part in moving])
    sign = "NOT " if is_all else ""
    blocking = _pick(
        "GREATEST",
        [
            f"CASE WHEN {sign}{part.holds} THEN {part.turns or NEVER} ELSE {EVER} END"
            for part in parts
        ],
    )
    settled = _joined(parts, is_all)
    return (
        f"CASE WHEN {settled} THEN {soonest} ELSE {blocking} END"
        if is_all
        else f"CASE WHEN {settled} THEN {blocking} ELSE {soonest} END"
    )


def _pick(function: str, values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"{function}({', '.join(values)})"
