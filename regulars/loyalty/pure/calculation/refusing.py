"""Why a promotion was not applied: a machine reason and, where there is one, what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from regulars.loyalty.pure.answers import Missing
from regulars.loyalty.pure.calculation.asking import (
    challenge_figure,
    figure_of,
    holds,
    lines_figure,
)
from regulars.loyalty.pure.calculation.scene import Scene, State
from regulars.loyalty.pure.promotions.conditions import (
    All,
    Any,
    Challenge,
    Condition,
    Field,
    InSegment,
    Lines,
    MemberRule,
    Not,
    Personal,
)
from regulars.loyalty.pure.promotions.phrases import missing_text

# The condition fields whose lack can be made up for at the till.
FILLABLE = {
    "cart.amount": "amount_minor",
    "cart.initial_amount": "amount_minor",
    "cart.quantity": "quantity_milli",
    "cart.lines": "lines",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A machine reason, what is missing, and which other promotion is the cause."""

    reason: str
    missing: Missing | None = None
    by: str = ""


def why_not(condition: Condition, scene: Scene, state: State) -> Refusal:
    """Why a condition does not hold; called only when it does not."""
    return _WHY[type(condition)](condition, scene, state)


def missing(what: str, value: int, scene: Scene) -> Missing:
    """What is missing, in words too."""
    return Missing(what, value, missing_text(what, value, scene.cart.currency))


def _all(node: All, scene: Scene, state: State) -> Refusal:
    """What cannot be made up for is said first: nobody is told to add goods in vain."""
    failing = [part for part in node.parts if not holds(part, scene, state)]
    found = [why_not(part, scene, state) for part in failing]
    hopeless = [one for one in found if one.missing is None]
    return (hopeless or found)[0]


def _any(node: Any, scene: Scene, state: State) -> Refusal:
    found = [why_not(part, scene, state) for part in node.parts]
    hopeful = [one for one in found if one.missing is not None]
    return (hopeful or found or [Refusal("never")])[0]


def _not(node: Not, scene: Scene, state: State) -> Refusal:
    return Refusal("excluded_by_condition")


def _field(node: Field, scene: Scene, state: State) -> Refusal:
    what = FILLABLE.get(node.field)
    if what is not None:
        short = _short(node, figure_of(node.field, scene, state))
        if short:
            return Refusal(f"{what.split('_')[0]}_low", missing(what, short, scene))
        return Refusal(f"{what.split('_')[0]}_out_of_range")
    if node.field.startswith("member."):
        if scene.member is None:
            return Refusal("member_unknown", missing("member", 1, scene))
        return Refusal(node.field.replace("member.", "member_"))
    return Refusal(node.field.replace(".", "_"))


def _short(node: Field | Lines, figure: object) -> int:
    """How much more makes a comparison from below hold; 0 when more does not help."""
    value = node.value
    if not isinstance(figure, int):
        return 0
    if node.op == "between" and isinstance(value, tuple):
        value = value[0]
    if not isinstance(value, int) or node.op not in ("gt", "gte", "eq", "between"):
        return 0
    return max(0, value - figure + (1 if node.op == "gt" else 0))


def _segment(node: InSegment, scene: Scene, state: State) -> Refusal:
    if scene.member is None:
        return Refusal("member_unknown", missing("member", 1, scene))
    return Refusal("segment")


def _member_rule(node: MemberRule, scene: Scene, state: State) -> Refusal:
    if scene.member is None:
        return Refusal("member_unknown", missing("member", 1, scene))
    return Refusal("member_rule")


def _personal(node: Personal, scene: Scene, state: State) -> Refusal:
    if scene.member is None:
        return Refusal("member_unknown", missing("member", 1, scene))
    return Refusal("not_offered")


def _lines(node: Lines, scene: Scene, state: State) -> Refusal:
    if node.quantifier == "any":
        return Refusal("goods_absent", missing("quantity_milli", 1000, scene))
    if node.quantifier in ("every", "none"):
        return Refusal("goods_other")
    short = _short(node, lines_figure(node, scene, state))
    if not short:
        return Refusal("goods_out_of_range")
    if node.quantifier != "sum":
        return Refusal("goods_few", missing("lines", short, scene))
    what = "quantity_milli" if node.of == "quantity" else "amount_minor"
    return Refusal("goods_few", missing(what, short, scene))


def _challenge(node: Challenge, scene: Scene, state: State) -> Refusal:
    if scene.member is None:
        return Refusal("member_unknown", missing("member", 1, scene))
    short = node.value - challenge_figure(node, scene, state)
    what = "amount_minor" if node.of == "amount" else f"{node.of}s"
    return Refusal("challenge", missing(what, short, scene))


_WHY: dict[type, Callable[..., Refusal]] = {
    All: _all,
    Any: _any,
    Not: _not,
    Field: _field,
    InSegment: _segment,
    MemberRule: _member_rule,
    Personal: _personal,
    Lines: _lines,
    Challenge: _challenge,
}
