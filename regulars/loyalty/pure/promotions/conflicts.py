"""How live promotions meet: the same goods, exclusion, and how low prices can come together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from regulars.loyalty.pure.promotions.book import Key, goods_named
from regulars.loyalty.pure.promotions.model import Effect, Promotion
from regulars.loyalty.pure.promotions.reading import PRICE_EFFECTS

FULL = 10_000
LOW_SHARE = 3_000  # together below this share of the price is worth a warning
SHOWN_MAX = 50

Meeting = Literal["same_goods", "exclusive", "not_with", "group"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another promotion that touches the same goods.

    how    same_goods: both take off; else only one of the two does, and why
    """

    other: Promotion
    how: Meeting


@dataclass(frozen=True, slots=True)
class Lowest:
    """How low the price of one thing can come when promotions apply together.

    share      of the price that is left by percents alone, basis points
    is_open    amounts in money are among them: cheap goods may come down to the floor
    """

    share: int
    is_open: bool
    together: tuple[Promotion, ...]

    @property
    def is_low(self) -> bool:
        return self.share < LOW_SHARE or self.is_open


def conflicts_of(promotion: Promotion, others: Sequence[Promotion]) -> list[Conflict]:
    """Promotions that can meet this one on the same goods in the same shop, by slug."""
    found = [
        Conflict(other, _how(promotion, other))
        for other in others
        if other.id != promotion.id and meets(promotion, other)
    ]
    return sorted(found, key=lambda one: (one.how != "same_goods", one.other.id))[:SHOWN_MAX]


def lowest_of(promotion: Promotion, others: Sequence[Promotion]) -> Lowest:
    """The lowest price this promotion and those that stand beside it can come to."""
    together = [promotion]
    for conflict in conflicts_of(promotion, others):
        if conflict.how == "same_goods" and all(
            _how(one, conflict.other) == "same_goods" for one in together
        ):
            together.append(conflict.other)
    share, is_open = FULL, False
    for one in together:
        effect = price_of(one)
        if effect is None:
            continue
        taken = _taken(effect)
        is_open = is_open or taken is None
        share = share * (FULL - (taken or 0)) // FULL
    return Lowest(share, is_open, tuple(together))


def price_of(promotion: Promotion) -> Effect | None:
    """The effect that changes prices, if it has one."""
    return next((one for one in promotion.effects if one.type in PRICE_EFFECTS), None)


def _taken(effect: Effect) -> int | None:
    """The share an effect takes of a unit; None for an amount of money."""
    if effect.type == "percent_off":
        return effect.value
    if effect.type == "free_units":
        return FULL
    return None


def meets(one: Promotion, other: Promotion) -> bool:
    """Whether both change prices and can do so on the same line at the same time."""
    if price_of(one) is None or price_of(other) is None:
        return False
    if one.shops and other.shops and set(one.shops).isdisjoint(other.shops):
        return False
    return _same_time(one, other) and _same_goods(one, other)


def _same_time(one: Promotion, other: Promotion) -> bool:
    first, second = one.schedule, other.schedule
    if first.ends_at and second.starts_at and first.ends_at <= second.starts_at:
        return False
    return not (second.ends_at and first.starts_at and second.ends_at <= first.starts_at)


def _same_goods(one: Promotion, other: Promotion) -> bool:
    """Goods named in different ways (a brand, a category) may be the same: they count so."""
    first, second = _goods(one), _goods(other)
    if first is None or second is None:
        return True
    if {name for name, _ in first}.isdisjoint(name for name, _ in second):
        return True
    return not first.isdisjoint(second)


def _goods(promotion: Promotion) -> frozenset[Key] | None:
    target = promotion.target
    if not target.sets:
        return goods_named(target.where)
    named = [goods_named(part.where) for part in target.sets if part.side == "get"]
    if any(found is None for found in named):
        return goods_named(target.where)
    return frozenset(key for found in named if found is not None for key in found)


def _how(one: Promotion, other: Promotion) -> Meeting:
    if one.stack.exclusive or other.stack.exclusive:
        return "exclusive"
    if other.id in one.stack.not_with or one.id in other.stack.not_with:
        return "not_with"
    is_group = bool(one.group) and one.group == other.group and one.lane == other.lane
    if is_group and (one.stack.group_mode != "all" or other.stack.group_mode != "all"):
        return "group"
    return "same_goods"
