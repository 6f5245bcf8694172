"""Which units of which lines a promotion acts on.

Units of a line are alike. Where a choice must be made the bought side takes the dearest and the
free side the cheapest; equal prices go by the order of lines.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from dataclasses import dataclass, field

from regulars.loyalty.pure.calculation.asking import mask
from regulars.loyalty.pure.calculation.scene import Scene, State
from regulars.loyalty.pure.calculation.spreading import half_up
from regulars.loyalty.pure.promotions.model import SetPart, Target

Counts = dict[int, int]  # line → units
# Prices of units are compared to a millionth of a coin.
FINENESS = 10**6


@dataclass(slots=True)
class Picked:
    """The units found.

    groups    times the same set was found and its units per set, in the order found
    short     how many more units would make it work, when nothing was found
    """

    counts: Counts = field(default_factory=dict)
    groups: list[tuple[int, Counts]] = field(default_factory=list)
    short: int = 0


def pick(target: Target, scene: Scene, state: State, *, per_group: int = 1) -> Picked:
    """The units a target means now.

    per_group  how many units of every n `cheapest` and `dearest` take
    """
    if target.sets:
        return _sets(target, scene, state)
    lines = scene.lines_of(mask(target.where, scene, state) & scene.open_lines)
    if target.pick == "all" and not target.max_units:
        counts = {at: scene.pieces[at] for at in lines}
        return Picked(counts, [(1, counts)], 0 if counts else 1)
    lines = [at for at in lines if state.remaining[at] > 0]
    return _some(target, lines, scene, state, per_group)


def _by_price(lines: Iterable[int], scene: Scene, state: State, sign: int = -1) -> list[int]:
    """The lines by the price of a unit: dearest first, or with sign 1 cheapest first."""
    return sorted(
        lines, key=lambda at: (sign * (state.remaining[at] * FINENESS // scene.pieces[at]), at)
    )


def _some(target: Target, lines: list[int], scene: Scene, state: State, per_group: int) -> Picked:
    whole = sum(scene.pieces[at] for at in lines)
    groups = whole // target.n if target.n else 1
    if target.repeat:
        groups = min(groups, target.repeat)
    if not whole or not groups:
        return Picked(short=max(target.n, 1) - whole)
    order = _by_price(lines, scene, state, 1 if target.pick == "cheapest" else -1)
    if target.pick == "every_nth":
        counts = _every_nth(target, order, scene, groups)
    else:
        counts = _first(order, _most(target, groups, per_group), scene)
    return Picked(counts, [(1, counts)])


def _most(target: Target, groups: int, per_group: int) -> int:
    """How many units `all`, `cheapest` and `dearest` take."""
    if target.pick == "all" or not target.n:
        return target.max_units or per_group
    return min(groups * per_group, target.max_units or groups * per_group)


def _first(order: list[int], most: int, scene: Scene) -> Counts:
    counts: Counts = {}
    for at in order:
        taken = min(most, scene.pieces[at])
        if not taken:
            break
        counts[at] = taken
        most -= taken
    return counts


def _every_nth(target: Target, dearest: list[int], scene: Scene, groups: int) -> Counts:
    """Units in order of price, dearest first: number n, 2n, 3n …"""
    counts: Counts = {}
    most = min(groups, target.max_units) if target.max_units else groups
    before = given = 0
    for at in dearest:
        after = before + scene.pieces[at]
        taken = min(after // target.n - before // target.n, most - given)
        if taken:
            counts[at] = taken
            given += taken
        before = after
    return counts


def _sets(target: Target, scene: Scene, state: State) -> Picked:
    """As many whole sets as there are units for, each unit used once."""
    around = mask(target.where, scene, state) & scene.open_lines
    masks = [mask(part.where, scene, state) & around for part in target.sets]
    wide = functools.reduce(operator.or_, masks)
    left = {at: scene.pieces[at] for at in scene.lines_of(wide) if state.remaining[at] > 0}
    if not all(masks):
        return Picked(short=_short(target.sets, masks, left))
    orders = _orders(target.sets, masks, left, scene, state)
    repeat = target.repeat or sum(left.values())
    found = Picked()
    while repeat:
        one = _one_set(target.sets, orders, left)
        if one is None:
            break
        used, got = one
        times = min(repeat, min(left[at] // count for at, count in used.items()))
        for at, count in used.items():
            left[at] -= count * times
        for at, count in got.items():
            found.counts[at] = found.counts.get(at, 0) + count * times
        found.groups.append((times, got))
        repeat -= times
    if not found.counts:
        found.short = _short(target.sets, masks, left)
    return found


def _orders(
    sets: tuple[SetPart, ...], masks: list[int], left: Counts, scene: Scene, state: State
) -> list[tuple[int, list[int]]]:
    """Part → lines in the order to take them: bought parts first, those of fewer goods first.

    The bought side leaves alone, while it can, what the free side could take.
    """
    is_bought = any(part.side == "buy" for part in sets)
    free = 0
    for part, lines in zip(sets, masks, strict=True):
        free |= lines if part.side == "get" and is_bought else 0
    orders = []
    for number, (part, lines) in enumerate(zip(sets, masks, strict=True)):
        is_free = part.side == "get" and is_bought
        matching = (at for at in left if lines >> at & 1)
        order = _by_price(matching, scene, state, 1 if is_free else -1)
        if part.side == "buy":
            order.sort(key=lambda at: free >> at & 1)
        orders.append((is_free, len(order), number, order))
    return [(number, order) for _, _, number, order in sorted(orders)]


def _one_set(
    sets: tuple[SetPart, ...], orders: list[tuple[int, list[int]]], left: Counts
) -> tuple[Counts, Counts] | None:
    used: Counts = {}
    got: Counts = {}
    for number, order in orders:
        part = sets[number]
        need = part.quantity
        for at in order:
            taken = min(need, left[at] - used.get(at, 0))
            if taken:
                used[at] = used.get(at, 0) + taken
                need -= taken
                if part.side == "get":
                    got[at] = got.get(at, 0) + taken
            if not need:
                break
        if need:
            return None
    return used, got


def _short(sets: tuple[SetPart, ...], masks: list[int], left: Counts) -> int:
    """A bound from below of the units missing: parts are asked one by one and all together."""
    alone = sum(
        max(0, part.quantity - sum(count for at, count in left.items() if lines >> at & 1))
        for part, lines in zip(sets, masks, strict=True)
    )
    together = sum(part.quantity for part in sets) - sum(left.values())
    return max(alone, together, 1)


def part_of(amount: int, count: int, pieces: int) -> int:
    """What so many of a line's units come to."""
    return amount if count == pieces else half_up(amount * count, pieces)
