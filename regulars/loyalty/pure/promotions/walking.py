"""Looking through conditions: what they ask, without asking it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from regulars.loyalty.pure.promotions.conditions import (
    All,
    Any,
    Condition,
    Field,
    InSegment,
    Lines,
    MemberRule,
    Not,
)


def leaves(condition: Condition) -> Iterator[Condition]:
    """Every leaf, those inside `lines` too."""
    if isinstance(condition, All | Any):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Not):
        yield from leaves(condition.part)
    else:
        yield condition
        if isinstance(condition, Lines):
            yield from leaves(condition.where)


def shared(condition: Condition, seen: dict[Condition, Condition]) -> Condition:
    """The same condition, with equal parts being one object: they are asked once for a cart."""
    made: Condition = condition
    if isinstance(condition, All):
        made = All(tuple(shared(part, seen) for part in condition.parts))
    elif isinstance(condition, Any):
        made = Any(tuple(shared(part, seen) for part in condition.parts))
    elif isinstance(condition, Not):
        made = Not(shared(condition.part, seen))
    elif isinstance(condition, Lines):
        made = replace(condition, where=shared(condition.where, seen))
    return seen.setdefault(made, made)


def rules_in(condition: Condition) -> list[MemberRule]:
    """The member rules a condition asks."""
    return [leaf for leaf in leaves(condition) if isinstance(leaf, MemberRule)]


def segments_in(condition: Condition) -> list[str]:
    """The segments a condition asks."""
    return [leaf.segment for leaf in leaves(condition) if isinstance(leaf, InSegment)]


def fields_in(condition: Condition) -> list[str]:
    """The fields a condition compares."""
    return [leaf.field for leaf in leaves(condition) if isinstance(leaf, Field)]
