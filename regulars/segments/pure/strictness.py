"""Which condition of a rule keeps most people out, asked in one pass over all customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars.rules.tree import Everyone, Node, Rule

# Conditions of the outermost group that are looked at.
PARTS_ASKED_MAX = 100


@dataclass(frozen=True, slots=True)
class PartCount:
    """One condition of the outermost group.

    path     in the rule: $.where.all[1]
    alone    customers that it finds by itself
    without  customers that all the others find together
    """

    path: str
    node: Node
    alone: int
    without: int


def parts_of(rule: Rule) -> list[tuple[str, Node]]:
    """The conditions that must all hold, with their paths; none where only one can fail."""
    node, path = rule.where, "$.where"
    while isinstance(node, Everyone) and len(node.parts) == 1:
        node, path = node.parts[0], f"{path}.all[0]"
    if not isinstance(node, Everyone) or len(node.parts) > PARTS_ASKED_MAX:
        return []
    return [(f"{path}.all[{at}]", part) for at, part in enumerate(node.parts)]


def counting(asked: str, columns: Sequence[str]) -> str:
    """The one question: how many each column holds for, and all of the others together.

    Whoever misses no more conditions than this one is found by all of the others.
    """
    fails = [f"CASE WHEN {column} THEN 0 ELSE 1 END" for column in columns]
    picked = []
    for at, column in enumerate(columns):
        picked.append(f"COUNT(*) FILTER (WHERE {column}) AS alone{at}")
        picked.append(f"COUNT(*) FILTER (WHERE missed = {fails[at]}) AS without{at}")
    missed = " + ".join(fails)
    return f"SELECT {', '.join(picked)} FROM (SELECT *, {missed} AS missed FROM ({asked}))"


def counts_of(parts: Sequence[tuple[str, Node]], row: Mapping[str, Any]) -> tuple[PartCount, ...]:
    """The answer's one row, condition by condition."""
    return tuple(
        PartCount(path, node, row[f"alone{at}"], row[f"without{at}"])
        for at, (path, node) in enumerate(parts)
    )
