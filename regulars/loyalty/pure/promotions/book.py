"""The live promotions of a workspace, read once and indexed.

A cart asks only the promotions whose goods it holds: each promotion that needs certain goods is
found by them, the rest are always asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from regulars.loyalty.pure.cart import Cart
from regulars.loyalty.pure.promotions.conditions import (
    All,
    Any,
    Condition,
    Field,
    Lines,
    fold,
)
from regulars.loyalty.pure.promotions.model import LANES, GroupMode, Promotion, Target
from regulars.loyalty.pure.promotions.walking import shared

INDEXED = ("line.sku", "line.category", "line.brand")
Key = tuple[str, str | int]


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Live promotions in the order they are tried: lane, group, priority, slug.

    groups   each promotion's group and its mode, beside it
    by_goods (field, value) → promotions that need such goods; always – the others
    by_id    slug → place
    """

    promotions: tuple[Promotion, ...] = ()
    groups: tuple[tuple[str, GroupMode], ...] = ()
    always: frozenset[int] = frozenset()
    by_goods: dict[Key, frozenset[int]] = field(default_factory=dict)
    by_id: dict[str, int] = field(default_factory=dict)
    opened_by_code: tuple[str, ...] = ()

    def candidates(self, cart: Cart, opened: Collection[str]) -> list[int]:
        """Places of the promotions that this cart could meet, in order.

        opened   slugs whose codes were given
        """
        found = set(self.always)
        if self.by_goods:
            for key in _keys_of(cart):
                found.update(self.by_goods.get(key, ()))
        shop = cart.shop
        return sorted(
            at
            for at in found
            if (one := self.promotions[at]).trigger == "cart" or one.id in opened
            if not one.shops or shop in one.shops
        )


EMPTY = Book()


def _keys_of(cart: Cart) -> set[Key]:
    keys: set[Key] = set()
    for line in cart.lines:
        keys.add(("line.sku", fold(line.sku)))
        keys.add(("line.category", fold(line.category)))
        keys.add(("line.brand", fold(line.brand)))
    return keys


def compile_book(promotions: Iterable[Promotion]) -> Book:
    """The book of these promotions."""
    seen: dict[Condition, Condition] = {}
    listed = [_with_shared(one, seen) for one in promotions]
    ordered = _ordered(listed)
    modes = _modes(ordered)
    always: set[int] = set()
    by_goods: dict[Key, set[int]] = {}
    for at, one in enumerate(ordered):
        keys = _goods_of(one)
        if keys is None:
            always.add(at)
        else:
            for key in keys:
                by_goods.setdefault(key, set()).add(at)
    return Book(
        promotions=tuple(ordered),
        groups=tuple((_group(one), modes[(one.lane, _group(one))]) for one in ordered),
        always=frozenset(always),
        by_goods={key: frozenset(places) for key, places in by_goods.items()},
        by_id={one.id: at for at, one in enumerate(ordered)},
        opened_by_code=tuple(one.id for one in ordered if one.trigger == "code"),
    )


def _with_shared(promotion: Promotion, seen: dict[Condition, Condition]) -> Promotion:
    target = promotion.target
    return replace(
        promotion,
        when=shared(promotion.when, seen),
        target=replace(
            target,
            where=shared(target.where, seen),
            sets=tuple(replace(part, where=shared(part.where, seen)) for part in target.sets),
        ),
    )


def _group(promotion: Promotion) -> str:
    """A promotion without a group is a group of its own."""
    return promotion.group or f"{promotion.id} alone"


def _ordered(promotions: Sequence[Promotion]) -> list[Promotion]:
    """By lane; groups by the first priority in them, then slug; inside by priority and slug."""
    first: dict[tuple[str, str], int] = {}
    for one in promotions:
        key = (one.lane, _group(one))
        first[key] = min(first.get(key, one.priority), one.priority)
    return sorted(
        promotions,
        key=lambda one: (
            LANES.index(one.lane),
            first[(one.lane, _group(one))],
            _group(one),
            one.priority,
            one.id,
        ),
    )


def _modes(ordered: Sequence[Promotion]) -> dict[tuple[str, str], GroupMode]:
    """The mode of a group is the first that is not `all`."""
    modes: dict[tuple[str, str], GroupMode] = {}
    for one in ordered:
        key = (one.lane, _group(one))
        if modes.get(key, "all") == "all":
            modes[key] = one.stack.group_mode
    return modes


def _goods_of(promotion: Promotion) -> frozenset[Key] | None:
    """Goods of which a cart must hold some for the promotion to do anything; None: any cart."""
    found = [keys for keys in (_needed(promotion.when), _of_target(promotion.target)) if keys]
    return min(found, key=len) if found else None


def _of_target(target: Target) -> frozenset[Key] | None:
    keys = [goods_named(target.where)]
    keys += [goods_named(part.where) for part in target.sets]
    named = [found for found in keys if found is not None]
    return min(named, key=len) if named else None


def _needed(condition: Condition) -> frozenset[Key] | None:
    if isinstance(condition, All):
        found = [keys for keys in map(_needed, condition.parts) if keys is not None]
        return min(found, key=len) if found else None
    if isinstance(condition, Lines) and _needs_some(condition):
        return goods_named(condition.where)
    return None


def _needs_some(node: Lines) -> bool:
    if node.quantifier == "any":
        return True
    if node.quantifier in ("every", "none"):
        return False
    return node.value >= (0 if node.op == "gt" else 1) and node.op in ("gt", "gte", "eq")


def goods_named(where: Condition) -> frozenset[Key] | None:
    """The goods a line condition names, when it can hold for no others."""
    if isinstance(where, Field):
        if where.field in INDEXED and where.op in ("eq", "in"):
            return frozenset((where.field, value) for value in where.folded)
        return None
    if isinstance(where, All):
        found = [keys for keys in map(goods_named, where.parts) if keys is not None]
        return min(found, key=len) if found else None
    if isinstance(where, Any) and where.parts:
        parts = [goods_named(part) for part in where.parts]
        named = [keys for keys in parts if keys is not None]
        return frozenset().union(*named) if len(named) == len(parts) else None
    return None
