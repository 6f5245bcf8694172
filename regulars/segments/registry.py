"""What rules may ask about: the facts that rooms declare, handed over at the start."""

from __future__ import annotations

from collections.abc import Mapping

from regulars.rules.facts import Fact, Facts

_facts: dict[str, Fact] = {}


def declare(facts: Mapping[str, Fact]) -> None:
    """Add a room's facts; declaring the same ones again changes nothing."""
    for name, fact in facts.items():
        known = _facts.setdefault(name, fact)
        assert known == fact, f"two rooms declare {name}"


def facts() -> Facts:
    """Every declared fact by name, in the order of declaration."""
    return _facts
