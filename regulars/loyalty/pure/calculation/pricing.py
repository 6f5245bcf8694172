"""What an effect takes off which line; the total is rounded once, then shared out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from regulars.loyalty.pure.calculation.picking import Counts, Picked, part_of
from regulars.loyalty.pure.calculation.scene import Scene, State
from regulars.loyalty.pure.calculation.spreading import half_up, share_of, spread_within
from regulars.loyalty.pure.promotions.model import Effect, EffectType


@dataclass(slots=True)
class Taken:
    """A discount over lines; desired is what the effect asked before caps and floors."""

    lines: list[int]
    amounts: list[int]
    desired: int
    why_cut: str = ""

    @property
    def total(self) -> int:
        return sum(self.amounts)


@dataclass(slots=True)
class Wanted:
    """What an effect asks of each line it acts on.

    exact   the weights are amounts settled line by line, else the total is shared by them
    """

    total: int
    weights: list[int]
    exact: bool = False


def take(effect: Effect, picked: Picked, scene: Scene, state: State, most: int | None) -> Taken:
    """The discount of a price effect over the units picked, at most `most` (None: no limit)."""
    lines = sorted(picked.counts)
    wanted = _WANTED[effect.type](effect, lines, picked, scene, state)
    rooms = [_room(at, picked.counts[at], scene, state) for at in lines]
    weights = wanted.weights
    if wanted.exact:
        # What one line cannot take is not moved to another: the effect speaks of each.
        weights = rooms = [min(pair) for pair in zip(weights, rooms, strict=True)]
    total, why = wanted.total, ""
    for bound, reason in (
        (effect.cap_minor or None, "cap"),
        (most, "limit"),
        (sum(rooms), "floor"),
    ):
        if bound is not None and total > bound:
            total, why = bound, reason
    return Taken(lines, spread_within(total, weights, rooms), wanted.total, why)


def _room(at: int, count: int, scene: Scene, state: State) -> int:
    """How much may still be taken off so many units of a line."""
    remaining = state.remaining[at]
    above = remaining - scene.floors[at]
    if above <= 0 or count == scene.pieces[at]:
        return max(0, above)
    return min(above, part_of(remaining, count, scene.pieces[at]))


def _parts(lines: list[int], counts: Counts, scene: Scene, of: list[int]) -> list[int]:
    return [part_of(of[at], counts[at], scene.pieces[at]) for at in lines]


def _percent(
    effect: Effect, lines: list[int], picked: Picked, scene: Scene, state: State
) -> Wanted:
    source = scene.initial if effect.base == "initial" else state.remaining
    parts = _parts(lines, picked.counts, scene, source)
    if effect.spread == "each_line":
        each = [share_of(part, effect.value) for part in parts]
        return Wanted(sum(each), each, exact=True)
    return Wanted(share_of(sum(parts), effect.value), parts)


def _free(effect: Effect, lines: list[int], picked: Picked, scene: Scene, state: State) -> Wanted:
    parts = _parts(lines, picked.counts, scene, state.remaining)
    return Wanted(sum(parts), parts, exact=True)


def _amount(effect: Effect, lines: list[int], picked: Picked, scene: Scene, state: State) -> Wanted:
    if effect.per == "unit":
        each = [half_up(effect.value * _milli(at, picked.counts[at], scene), 1000) for at in lines]
        return Wanted(sum(each), each, exact=True)
    times = sum(times for times, _ in picked.groups) if effect.per == "set" else 1
    parts = _parts(lines, picked.counts, scene, state.remaining)
    return Wanted(effect.value * times, parts)


def _set_price(
    effect: Effect, lines: list[int], picked: Picked, scene: Scene, state: State
) -> Wanted:
    parts = _parts(lines, picked.counts, scene, state.remaining)
    each = [
        max(0, part - half_up(effect.value * _milli(at, picked.counts[at], scene), 1000))
        for at, part in zip(lines, parts, strict=True)
    ]
    return Wanted(sum(each), each, exact=True)


def _fixed_price(
    effect: Effect, lines: list[int], picked: Picked, scene: Scene, state: State
) -> Wanted:
    """Each set costs the price; a set that is cheaper already stays as it is."""
    total = 0
    weights = dict.fromkeys(lines, 0)
    for times, counts in picked.groups:
        parts = {
            at: part_of(state.remaining[at], count * times, scene.pieces[at])
            for at, count in counts.items()
        }
        saved = sum(parts.values()) - effect.value * times
        if saved > 0:
            total += saved
            for at, part in parts.items():
                weights[at] += part
    return Wanted(total, [weights[at] for at in lines])


def _milli(at: int, count: int, scene: Scene) -> int:
    """Thousandths in so many units; goods by weight are one piece of their whole weight."""
    quantity = scene.cart.lines[at].quantity_milli
    return quantity if count == scene.pieces[at] else count * 1000


_WANTED: dict[EffectType, Callable[[Effect, list[int], Picked, Scene, State], Wanted]] = {
    "percent_off": _percent,
    "amount_off": _amount,
    "fixed_price": _fixed_price,
    "set_price": _set_price,
    "free_units": _free,
}
