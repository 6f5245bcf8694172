"""Which other segments and which lists a rule names."""

from __future__ import annotations

from regulars.rules import checking
from regulars.rules.tree import InList, InSegment, Rule


def references_of(rule: Rule) -> set[str]:
    """The segments that the rule names itself."""
    return {
        leaf.segment for leaf, _ in checking.leaves(rule.where, "") if isinstance(leaf, InSegment)
    }


def lists_of(rule: Rule) -> set[str]:
    """The static lists that the rule names itself."""
    return {leaf.name for leaf, _ in checking.leaves(rule.where, "") if isinstance(leaf, InList)}
