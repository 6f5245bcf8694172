"""A till as a dictionary and fractions would keep it: no lots, no locks, no tables, no rules."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

Sold = dict[str, Any]


@dataclass(frozen=True)
class Goods:
    """One line of a cart: what it is sold at, and how much of it in thousandths."""

    price: int
    milli: int


@dataclass(frozen=True)
class Asked:
    """What a cart asks for: points in hundredths, a code, a gift card."""

    points: int = 0
    delivery: int = 0
    has_code: bool = False
    has_gift: bool = False


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def spread(total: int, weights: list[int]) -> list[int]:
    """Largest remainder, ties by order."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [Fraction(total * weight, whole) for weight in weights]
    parts = [floor(one) for one in exact]
    order = sorted(range(len(parts)), key=lambda n: (parts[n] - exact[n], n))
    for n in order[: total - sum(parts)]:
        parts[n] += 1
    return parts


class PlainTill:
    """One member, one code, one gift card, and what was bought.

    7 % are off every cart, 10 % of the rest with the code, and a tenth of the money earns points;
    a hundredth of a point is worth one minor unit.
    """

    def __init__(self, points: int, gift: int, uses: int, *, owes: bool) -> None:
        self.available, self.reserved, self.debt = points, 0, 0
        self.gift, self.uses_left, self.owes = gift, uses, owes
        self.missed = 0
        self.bought: dict[str, Sold] = {}

    def hold(self, name: str, goods: list[Goods], asked: Asked) -> bool:
        """Whether it is held: a code that another purchase keeps is waited for."""
        with_code = asked.has_code and self.uses_left > 0
        if asked.has_code and not with_code and self._is_kept():
            return False
        left = [half_up(Fraction(one.price * one.milli, 1000)) for one in goods]
        for share in (7, 10) if with_code else (7,):
            off = spread(half_up(Fraction(sum(left) * share, 100)), left)
            left = [a - b for a, b in zip(left, off, strict=True)]
        points = spread(min(asked.points, self.available, sum(left)), left)
        left = [a - b for a, b in zip(left, points, strict=True)]
        card = self.gift if asked.has_gift else 0
        gift = spread(min(card, sum(left)), left)
        left = [a - b for a, b in zip(left, gift, strict=True)]
        delivery_gift = min(asked.delivery, card - sum(gift))
        self.bought[name] = {
            "state": "held", "milli": [one.milli for one in goods], "back": [0] * len(goods),
            "points": points, "gift": gift, "paid": left, "code": with_code,
            "earn": spread(floor(Fraction(sum(left), 10)), left),
            "delivery": asked.delivery - delivery_gift, "delivery_gift": delivery_gift,
            "has_delivery": asked.delivery > 0, "done": (0, 0, 0, 0),
        }  # fmt: skip
        self._keep(self.bought[name], 1)
        self.reserved += sum(points)
        return True

    def _is_kept(self) -> bool:
        return any(one["state"] == "held" and one["code"] for one in self.bought.values())

    def _keep(self, one: Sold, sign: int) -> None:
        self.available -= sign * sum(one["points"])
        self.gift -= sign * (sum(one["gift"]) + one["delivery_gift"])
        self.uses_left -= sign * one["code"]

    def sell(self, name: str) -> None:
        one = self.bought[name]
        if one["state"] == "held":
            self.reserved -= sum(one["points"])
        else:
            self._take_late(one)
        one["state"] = "confirmed"
        self.available += sum(one["earn"])
        self._repay()

    def _take_late(self, one: Sold) -> None:
        """What somebody else took meanwhile becomes a discount, and never comes back."""
        if self.available < sum(one["points"]):
            one["points"] = [0] * len(one["points"])
        if self.gift < sum(one["gift"]) + one["delivery_gift"]:
            one["gift"], one["delivery_gift"] = [0] * len(one["gift"]), 0
        if not self.uses_left:
            one["code"] = False
        self._keep(one, 1)

    def release(self, name: str, state: str) -> None:
        one = self.bought[name]
        one["state"] = state
        self.reserved -= sum(one["points"])
        self._keep(one, -1)
        self._repay()

    def take_back(self, name: str, asked: dict[int, int], *, delivery: bool) -> dict[str, int]:
        """What is handed back, by kind: each part is a difference of two rounded wholes."""
        one = self.bought[name]
        for n, milli in asked.items():
            one["back"][n] += milli
        share = [Fraction(back, milli) for back, milli in zip(one["back"], one["milli"],
                                                              strict=True)]  # fmt: skip
        so_far = tuple(
            sum(half_up(amount * part) for amount, part in zip(one[kind], share, strict=True))
            for kind in ("paid", "points", "gift", "earn")
        )
        paid, points, gift, earn = (a - b for a, b in zip(so_far, one["done"], strict=True))
        one["done"] = so_far
        if delivery and one["has_delivery"]:
            paid, gift = paid + one["delivery"], gift + one["delivery_gift"]
            one["has_delivery"] = False
        self.gift += gift
        self.available += points
        self._repay()
        taken = min(earn, self.available)
        self.available -= taken
        self.debt += earn - taken if self.owes else 0
        self.missed += 0 if self.owes else earn - taken
        if all(part == 1 for part in share) and one["state"] != "returned":
            self.uses_left += one["code"]
            one["state"] = "returned"
        elif one["state"] != "returned":
            one["state"] = "partly_returned"
        return {"refund": paid, "points_back": points, "gift_back": gift, "earn_back": earn,
                "earn_taken": taken, "debt": earn - taken if self.owes else 0}  # fmt: skip

    def _repay(self) -> None:
        repaid = min(self.debt, self.available)
        self.debt -= repaid
        self.available -= repaid
