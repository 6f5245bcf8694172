"""What points cost between partners: shares of a lot's cost that always sum to the whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """What one posting means for one partner.

    amount_minor  what the partner owes: above zero for points it gave out, below for points it
                  took in payment
    """

    partner_id: int
    issuer_id: int
    kind: str
    points: int
    amount_minor: int


def cost_of(points: int, minor_per_100: int) -> int:
    """What so many hundredths of points cost, halves up."""
    return (points * minor_per_100 * 2 + 10_000) // 20_000


def share(cost_minor: int, points: int, before: int, after: int) -> int:
    """The part of a lot's cost between two marks of its points.

    Marks are cumulative, so however a lot is cut its parts sum to its cost:

    >>> [share(100, 300, a, b) for a, b in ((0, 100), (100, 200), (200, 300))]
    [33, 34, 33]
    """
    assert min(before, after) >= 0 and max(before, after) <= points
    return _up_to(cost_minor, points, after) - _up_to(cost_minor, points, before)


def issued(partner_id: int, points: int, cost_minor: int) -> Line:
    """The partner gave out points and pays for them."""
    return Line(partner_id, partner_id, "issued", points, cost_minor)


def revoked(partner_id: int, points: int, cost_minor: int) -> Line:
    """Points were taken back with a return; the partner pays less."""
    return Line(partner_id, partner_id, "revoked", points, -cost_minor)


def redeemed(partner_id: int, issuer_id: int, points: int, cost_minor: int) -> Line:
    """The partner took points in payment and is owed what they cost."""
    return Line(partner_id, issuer_id, "redeemed", points, -cost_minor)


def returned(partner_id: int, issuer_id: int, points: int, cost_minor: int) -> Line:
    """A return gave spent points back; the partner is owed less."""
    return Line(partner_id, issuer_id, "returned", points, cost_minor)


def totals(lines: Iterable[Line]) -> dict[int, int]:
    """What each partner owes in all; their sum is issued cost less redeemed cost."""
    found: dict[int, int] = {}
    for line in lines:
        found[line.partner_id] = found.get(line.partner_id, 0) + line.amount_minor
    return found


def _up_to(cost_minor: int, points: int, mark: int) -> int:
    return (2 * cost_minor * mark + points) // (2 * points) if points else 0
