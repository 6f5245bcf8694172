"""A condition with what is known of one member settled: what is left is up to the cart."""

from __future__ import annotations

from regulars.loyalty.pure.calculation.asking import holds
from regulars.loyalty.pure.calculation.scene import Scene, State
from regulars.loyalty.pure.promotions.conditions import (
    ALWAYS,
    All,
    Any,
    Condition,
    Field,
    InSegment,
    MemberRule,
    Not,
    Personal,
)

NEVER = Any()


def settled(condition: Condition, scene: Scene) -> Condition:
    """The condition for this member: ALWAYS or NEVER when no cart changes it.

    How far a challenge has come is left in it, for it is a thing to reach.
    """
    if isinstance(condition, All | Any):
        return _joined(condition, scene)
    if isinstance(condition, Not):
        part = settled(condition.part, scene)
        opposite: dict[Condition, Condition] = {ALWAYS: NEVER, NEVER: ALWAYS}
        return opposite.get(part) or Not(part)
    if _is_about_the_member(condition):
        return ALWAYS if holds(condition, scene, State(scene)) else NEVER
    return condition


def _joined(node: All | Any, scene: Scene) -> Condition:
    """One part that decides is the whole answer; parts that change nothing are left out."""
    deciding, empty = (NEVER, ALWAYS) if isinstance(node, All) else (ALWAYS, NEVER)
    parts = [settled(part, scene) for part in node.parts]
    if deciding in parts:
        return deciding
    left = tuple(part for part in parts if part != empty)
    if len(left) == 1:
        return left[0]
    return type(node)(left) if left else empty


def _is_about_the_member(leaf: Condition) -> bool:
    if isinstance(leaf, Field):
        return leaf.field.startswith("member.")
    return isinstance(leaf, InSegment | MemberRule | Personal)
