"""Whether a condition holds, and which lines a condition picks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

from regulars.loyalty.pure.calculation.scene import Scene, State, text_of
from regulars.loyalty.pure.cart import Member
from regulars.loyalty.pure.promotions.conditions import (
    LINE_ATTR,
    All,
    Any,
    Challenge,
    Condition,
    Field,
    InSegment,
    Lines,
    MemberRule,
    Not,
    Op,
    Personal,
    fold,
)

Figure = str | int | bool | Decimal | None
# Fields of lines that change while discounts are taken; the others are asked once.
MOVING = ("line.amount", "line.is_discounted")
TEXT_FIELDS = ("line.sku", "line.category", "line.brand", "line.name")


def mask(condition: Condition, scene: Scene, state: State) -> int:
    """The lines for which the condition holds, as bits."""
    if isinstance(condition, Field):
        return _leaf_mask(condition, scene, state)
    if isinstance(condition, All):
        found = scene.every
        for part in condition.parts:
            found &= mask(part, scene, state)
        return found
    if isinstance(condition, Any):
        found = 0
        for part in condition.parts:
            found |= mask(part, scene, state)
        return found
    if isinstance(condition, Not):
        return scene.every & ~mask(condition.part, scene, state)
    raise AssertionError("a line is asked by its fields only")


def _leaf_mask(leaf: Field, scene: Scene, state: State) -> int:
    if leaf.field in MOVING:
        return _scan(leaf, scene, state)
    found = scene.leaf_masks.get(id(leaf))
    if found is None:
        found = _fresh_mask(leaf, scene, state)
        scene.leaf_masks[id(leaf)] = found
    return found


def _fresh_mask(leaf: Field, scene: Scene, state: State) -> int:
    """Equality of texts goes through the index, the rest looks at each line."""
    if leaf.op not in ("eq", "ne", "in", "not_in") or not (
        leaf.field in TEXT_FIELDS or leaf.field.startswith(LINE_ATTR)
    ):
        return _scan(leaf, scene, state)
    found = 0
    for value, lines in scene.index(leaf.field).items():
        # True and 1 are equal in Python and not in a cart.
        if value in leaf.folded and any(
            isinstance(value, bool) == isinstance(one, bool) for one in leaf.folded if one == value
        ):
            found |= lines
    return found if leaf.op in ("eq", "in") else scene.every & ~found


def _scan(leaf: Field, scene: Scene, state: State) -> int:
    found = 0
    for at in range(len(scene.cart.lines)):
        if compare(line_figure(leaf.field, at, scene, state), leaf):
            found |= 1 << at
    return found


def line_figure(name: str, at: int, scene: Scene, state: State) -> Figure:
    """The value of a field of one line."""
    line = scene.cart.lines[at]
    if name in TEXT_FIELDS or name.startswith(LINE_ATTR):
        return text_of(line, name)
    if name == "line.quantity":
        return line.quantity_milli
    if name == "line.unit_price":
        return scene.prices[at]
    if name == "line.initial_amount":
        return scene.initial[at]
    if name == "line.amount":
        return state.remaining[at]
    if name == "line.is_discounted":
        return state.remaining[at] < line.base_minor
    assert name == "line.takes_promotions", name
    return line.takes_promotions


def compare(figure: Figure, leaf: Field) -> bool:
    """The operator; a missing value makes a positive one false and its negative twin true."""
    if leaf.op in ("set", "not_set"):
        return (figure is not None) == (leaf.op == "set")
    if leaf.op in ("ne", "not_in"):
        return figure is None or not _is_among(figure, leaf)
    if figure is None:
        return False
    if leaf.op in ("eq", "in"):
        return _is_among(figure, leaf)
    return _OPS[leaf.op](figure, leaf)


def _is_among(figure: str | int | bool | Decimal, leaf: Field) -> bool:
    return (figure if isinstance(figure, Decimal) else fold(figure)) in leaf.folded


def _ordered(test: Callable[[Decimal | int, int], bool]) -> Callable[[object, Field], bool]:
    def asks(figure: object, leaf: Field) -> bool:
        value = leaf.value
        if isinstance(figure, bool | str) or not isinstance(figure, int | Decimal):
            return False
        return isinstance(value, int) and not isinstance(value, bool) and test(figure, value)

    return asks


def _between(figure: object, leaf: Field) -> bool:
    pair = leaf.value
    if isinstance(figure, bool | str) or not isinstance(figure, int | Decimal):
        return False
    if not isinstance(pair, tuple):
        return False
    low, high = pair
    return isinstance(low, int) and isinstance(high, int) and low <= figure <= high


def _contains(figure: object, leaf: Field) -> bool:
    return isinstance(figure, str) and any(
        isinstance(one, str) and one in str(fold(figure)) for one in leaf.folded
    )


def _starts(figure: object, leaf: Field) -> bool:
    return isinstance(figure, str) and any(
        isinstance(one, str) and str(fold(figure)).startswith(one) for one in leaf.folded
    )


_OPS: dict[Op, Callable[[object, Field], bool]] = {
    "gt": _ordered(lambda figure, value: figure > value),
    "gte": _ordered(lambda figure, value: figure >= value),
    "lt": _ordered(lambda figure, value: figure < value),
    "lte": _ordered(lambda figure, value: figure <= value),
    "between": _between,
    "contains": _contains,
    "starts": _starts,
}


def holds(condition: Condition, scene: Scene, state: State) -> bool:
    """Whether a condition about the cart, the moment and the member holds."""
    return _HOLDS[type(condition)](condition, scene, state)


def _all(node: All, scene: Scene, state: State) -> bool:
    return all(holds(part, scene, state) for part in node.parts)


def _any(node: Any, scene: Scene, state: State) -> bool:
    return any(holds(part, scene, state) for part in node.parts)


def _not(node: Not, scene: Scene, state: State) -> bool:
    return not holds(node.part, scene, state)


def _field(node: Field, scene: Scene, state: State) -> bool:
    return compare(figure_of(node.field, scene, state), node)


def _segment(node: InSegment, scene: Scene, state: State) -> bool:
    return scene.member is not None and node.segment in scene.member.segments


def _member_rule(node: MemberRule, scene: Scene, state: State) -> bool:
    return scene.member is not None and node.key in scene.member.matched


def _personal(node: Personal, scene: Scene, state: State) -> bool:
    return scene.member is not None and node.promotion in scene.member.offers


def _lines(node: Lines, scene: Scene, state: State) -> bool:
    found = mask(node.where, scene, state)
    if node.quantifier == "any":
        return found != 0
    if node.quantifier == "none":
        return found == 0
    if node.quantifier == "every":
        return found == scene.every
    return compare(lines_figure(node, scene, state), Field("", node.op, node.value))


def lines_figure(node: Lines, scene: Scene, state: State) -> int:
    """What `count`, `sum` or `distinct` comes to."""
    at_lines = scene.lines_of(mask(node.where, scene, state))
    if node.quantifier == "count":
        return len(at_lines)
    if node.quantifier == "distinct":
        return len({fold(scene.cart.lines[at].sku) for at in at_lines})
    if node.of == "quantity":
        return sum(scene.cart.lines[at].quantity_milli for at in at_lines)
    source = scene.initial if node.of == "initial_amount" else state.remaining
    return sum(source[at] for at in at_lines)


def _challenge(node: Challenge, scene: Scene, state: State) -> bool:
    return scene.member is not None and challenge_figure(node, scene, state) >= node.value


def challenge_figure(node: Challenge, scene: Scene, state: State) -> int:
    """How far the member has come."""
    since = scene.local - timedelta(days=node.within_days)
    member = scene.member
    past = [one for one in member.history if since < one.at <= scene.now] if member else []
    if node.of == "purchase":
        return len(past) + int(node.counts_this)
    if node.of == "amount":
        now_minor = state.total if node.counts_this else 0
        return sum(one.amount_minor for one in past) + now_minor
    units = {_unit(one.at.astimezone(scene.zone), node.of) for one in past}
    if node.counts_this:
        units.add(_unit(scene.local, node.of))
    if not node.in_a_row:
        return len(units)
    at = _unit(scene.local, node.of)
    # A run that has not reached the present period yet is still alive.
    at = at if at in units else at - 1
    run = 0
    while at in units:
        run, at = run + 1, at - 1
    return run


def _unit(local: datetime, unit: str) -> int:
    """The number of the local day, week (from Monday) or month."""
    if unit == "day":
        return local.date().toordinal()
    if unit == "week":
        return (local.date().toordinal() - 1) // 7
    return local.year * 12 + local.month


_HOLDS: dict[type, Callable[..., bool]] = {
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


def figure_of(name: str, scene: Scene, state: State) -> Figure:
    """The value of a field of the cart, the context or the member."""
    if name.startswith("member."):
        return _member_figure(name, scene)
    return _FIGURES[name](scene, state)


_FIGURES: dict[str, Callable[[Scene, State], Figure]] = {
    "cart.initial_amount": lambda scene, state: scene.total,
    "cart.amount": lambda scene, state: state.total,
    "cart.discount": lambda scene, state: scene.total - state.total,
    "cart.lines": lambda scene, state: len(scene.initial),
    "cart.quantity": lambda scene, state: sum(line.quantity_milli for line in scene.cart.lines),
    "cart.delivery": lambda scene, state: scene.cart.delivery_minor,
    "cart.codes": lambda scene, state: len(set(scene.cart.codes)),
    "context.shop": lambda scene, state: scene.cart.shop or None,
    "context.till": lambda scene, state: scene.cart.till or None,
    "context.cashier": lambda scene, state: scene.cart.cashier or None,
    "context.channel": lambda scene, state: scene.cart.channel or None,
    "context.payment_kind": lambda scene, state: scene.cart.payment_kind or None,
    "context.weekday": lambda scene, state: scene.local.isoweekday(),
    "context.hour": lambda scene, state: scene.local.hour,
    "context.day": lambda scene, state: scene.local.day,
    "context.month": lambda scene, state: scene.local.month,
}


def _member_figure(name: str, scene: Scene) -> Figure:
    member = scene.member
    if name == "member.is_known":
        return member is not None
    if member is None:
        return None
    if name == "member.tier":
        return member.tier or None
    if name == "member.points":
        held = member.balances.get(scene.live.programme.main.slug)
        return held.available if held else 0
    if name == "member.is_first_purchase":
        return member.is_first_purchase
    if name == "member.purchases":
        return member.purchases
    if name == "member.lifetime_spend":
        return member.lifetime_spend_minor
    if name == "member.days_as_member":
        joined = member.joined_at
        return None if joined is None else (scene.today - joined.astimezone(scene.zone).date()).days
    return _birthday_figure(name, member, scene.today)


def _birthday_figure(name: str, member: Member, today: date) -> int | None:
    if member.birth_on is None:
        return None
    if name == "member.days_to_birthday":
        this = _birthday(member.birth_on, today.year)
        coming = this if this >= today else _birthday(member.birth_on, today.year + 1)
        return (coming - today).days
    assert name == "member.days_since_birthday", name
    this = _birthday(member.birth_on, today.year)
    last = this if this <= today else _birthday(member.birth_on, today.year - 1)
    return (today - last).days


def _birthday(birth_on: date, year: int) -> date:
    """29 February has its anniversary on 28 February in common years."""
    if (birth_on.month, birth_on.day) == (2, 29):
        return date(year, 3, 1) - timedelta(days=1)
    return birth_on.replace(year=year)
