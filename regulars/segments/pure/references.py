"""Which other segments a rule names."""

from __future__ import annotations

from regulars.rules import checking
from regulars.rules.tree import InSegment, Rule


def references_of(rule: Rule) -> set[str]:
    """The segments that the rule names itself."""
    return {
        leaf.segment for leaf, _ in checking.leaves(rule.where, "") if isinstance(leaf, InSegment)
    }
