"""Whole coins only: halves up, and the largest remainder when a sum is shared out."""

from __future__ import annotations

from collections.abc import Sequence

BASIS = 10_000


def half_up(numerator: int, denominator: int) -> int:
    """The quotient to the nearest whole, halves up; both at least 0, the lower above 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def share_of(amount: int, share: int) -> int:
    """A share in basis points, halves up."""
    return (2 * amount * share + BASIS) // (2 * BASIS)


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """The total shared in proportion to weights by the largest remainder; ties by order.

    A weight of 0 gets nothing; when all are 0 the shares are as equal as coins allow.
    """
    whole = sum(weights)
    if whole == 0:
        if not weights:
            return []
        weights, whole = [1] * len(weights), len(weights)
    shares = [total * weight // whole for weight in weights]
    short = total - sum(shares)
    if short:
        order = sorted(range(len(weights)), key=lambda at: -(total * weights[at] % whole))
        for at in order[:short]:
            shares[at] += 1
    return shares


def spread_within(total: int, weights: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """The total shared by weights, no share above its room; what does not fit moves on.

    A line without room has no say in the shares of the others.
    total   at most the sum of rooms
    """
    shares = spread(total, [w if room else 0 for w, room in zip(weights, rooms, strict=True)])
    if all(share <= room for share, room in zip(shares, rooms, strict=True)):
        return shares
    given = [0] * len(rooms)
    left = total
    while left:
        open_at = [at for at, room in enumerate(rooms) if given[at] < room]
        # Lines of no weight take what is left only when no other line has room.
        heavy = [at for at in open_at if weights[at]] or open_at
        shares = spread(left, [weights[at] for at in heavy])
        for at, share in zip(heavy, shares, strict=True):
            taken = min(share, rooms[at] - given[at])
            given[at] += taken
            left -= taken
    return given


def unit_split(to_pay_minor: int, quantity_milli: int) -> tuple[tuple[int, int], ...]:
    """(quantity, price) pairs, dearer first, whose products sum to exactly what is paid."""
    price, dearer = divmod(to_pay_minor * 1000, quantity_milli)
    if not dearer:
        return ((quantity_milli, price),)
    return ((dearer, price + 1), (quantity_milli - dearer, price))
