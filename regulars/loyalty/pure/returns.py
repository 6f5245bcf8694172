"""What goes back when goods come back: parts in any division come to the whole.

Each part is the difference of two roundings of the whole: r_k = round(total × Q_k) −
round(total × Q_{k−1}), where Q is the share that came back so far. Nothing is priced again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from regulars.kernel.errors import Conflict, Invalid
from regulars.loyalty.pure.answers import Answer

Quantities = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line as it was sold; quantities are thousandths, money minor units."""

    line_id: str
    quantity_milli: int
    discount_minor: int = 0
    points_paid_minor: int = 0
    gift_paid_minor: int = 0
    to_pay_minor: int = 0
    earn: int = 0

    @property
    def weight(self) -> int:
        """How much of the purchase the line is, for what belongs to no line."""
        return self.points_paid_minor + self.gift_paid_minor + self.to_pay_minor


@dataclass(frozen=True, slots=True)
class Earned:
    """Points the purchase earned in one currency; without a line they belong to all of it."""

    currency: str
    points: int
    line_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A confirmed purchase, as far as returns ask."""

    lines: tuple[SoldLine, ...]
    delivery_to_pay_minor: int = 0
    delivery_gift_minor: int = 0
    burn_currency: str = ""
    burnt_points: int = 0
    earned: tuple[Earned, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What one return moves.

    lines    each line's part; quantity_milli is what came back now
    points   burnt points that return to their lots
    earned   earned points to be taken back, by currency
    is_full  nothing of the purchase is left
    """

    lines: tuple[SoldLine, ...]
    delivery_to_pay_minor: int = 0
    delivery_gift_minor: int = 0
    points: int = 0
    earned: Mapping[str, int] = field(default_factory=dict)
    is_full: bool = False

    @property
    def refund_minor(self) -> int:
        """Money to hand back."""
        return sum(line.to_pay_minor for line in self.lines) + self.delivery_to_pay_minor

    @property
    def gift_minor(self) -> int:
        """Money that returns to gift cards."""
        return sum(line.gift_paid_minor for line in self.lines) + self.delivery_gift_minor

    @property
    def points_paid_minor(self) -> int:
        """What the returned points stood for."""
        return sum(line.points_paid_minor for line in self.lines)


def bill_of(quantities: Quantities, answer: Answer) -> Bill:
    """The bill of a purchase from thousandths by line and its result."""
    return Bill(
        lines=tuple(
            SoldLine(
                line.line_id,
                quantities[line.line_id],
                sum(one.amount_minor for one in line.discounts),
                line.points_paid_minor,
                line.gift_paid_minor,
                line.to_pay_minor,
                line.earn,
            )
            for line in answer.lines
        ),
        delivery_to_pay_minor=answer.delivery.to_pay_minor,
        delivery_gift_minor=answer.delivery.gift_paid_minor,
        burn_currency=answer.burn.currency if answer.burn else "",
        burnt_points=answer.burn.points if answer.burn else 0,
        earned=tuple(Earned(one.currency, one.points, one.line_id) for one in answer.earn),
    )


def take_back(
    bill: Bill,
    before: Quantities,
    asked: Quantities | None,
    *,
    had_delivery: bool = False,
    with_delivery: bool | None = None,
) -> Back:
    """What comes back now.

    before         thousandths that came back earlier, by line
    asked          thousandths by line; None means all that is left
    had_delivery   delivery went back earlier
    with_delivery  delivery goes back now; None: when everything that is left comes back
    raises         Invalid(return_line | return_quantity), Conflict(return_exceeds | return_nothing)
    """
    left = {line.line_id: line.quantity_milli - before.get(line.line_id, 0) for line in bill.lines}
    now = {key: many for key, many in left.items() if many > 0} if asked is None else dict(asked)
    _check(left, now)
    wants_delivery = asked is None if with_delivery is None else with_delivery
    gives_delivery = wants_delivery and not had_delivery
    if not now and not (gives_delivery and _delivery(bill)):
        raise Conflict("return_nothing", "Everything of this purchase came back before.")
    after = {key: before.get(key, 0) + now.get(key, 0) for key in left}
    return Back(
        lines=tuple(
            _part(line, before.get(line.line_id, 0), now[line.line_id])
            for line in bill.lines
            if line.line_id in now
        ),
        delivery_to_pay_minor=bill.delivery_to_pay_minor if gives_delivery else 0,
        delivery_gift_minor=bill.delivery_gift_minor if gives_delivery else 0,
        points=_burnt(bill, after) - _burnt(bill, before),
        earned=_earned_between(bill, before, after),
        is_full=all(after[line.line_id] == line.quantity_milli for line in bill.lines),
    )


def _delivery(bill: Bill) -> int:
    return bill.delivery_to_pay_minor + bill.delivery_gift_minor


def _check(left: Quantities, now: Quantities) -> None:
    for line_id, many in now.items():
        if line_id not in left:
            raise Invalid("return_line", "The purchase has no such line.", line_id=line_id)
        if many <= 0:
            raise Invalid("return_quantity", "Give how many came back, above 0.", line_id=line_id)
        if many > left[line_id]:
            raise Conflict(
                "return_exceeds",
                "More would come back than was sold.",
                line_id=line_id,
                left_milli=left[line_id],
            )


def share(total: int, part: int, whole: int) -> int:
    """The part's share of the total in whole units, halves up."""
    return total if part == whole else (2 * total * part + whole) // (2 * whole)


def _slice(total: int, before: int, now: int, whole: int) -> int:
    return share(total, before + now, whole) - share(total, before, whole)


def _part(line: SoldLine, before: int, now: int) -> SoldLine:
    def cut(total: int) -> int:
        return _slice(total, before, now, line.quantity_milli)

    return SoldLine(
        line.line_id,
        now,
        cut(line.discount_minor),
        cut(line.points_paid_minor),
        cut(line.gift_paid_minor),
        cut(line.to_pay_minor),
        cut(line.earn),
    )


def _burnt(bill: Bill, back: Quantities) -> int:
    """Burnt points of what came back so far: as the money that points paid."""
    paid = sum(line.points_paid_minor for line in bill.lines)
    if not paid:
        return 0
    came = sum(
        share(line.points_paid_minor, back.get(line.line_id, 0), line.quantity_milli)
        for line in bill.lines
    )
    return share(bill.burnt_points, came, paid)


def _earned_between(bill: Bill, before: Quantities, after: Quantities) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in bill.earned:
        part = _earned(bill, one, after) - _earned(bill, one, before)
        found[one.currency] = found.get(one.currency, 0) + part
    return {currency: points for currency, points in found.items() if points}


def _earned(bill: Bill, one: Earned, back: Quantities) -> int:
    chosen = [line for line in bill.lines if not one.line_id or line.line_id == one.line_id]
    # A purchase that cost nothing is divided by its goods.
    whole = sum(line.weight for line in chosen)
    if not whole or one.line_id:
        came = sum(back.get(line.line_id, 0) for line in chosen)
        return share(one.points, came, sum(line.quantity_milli for line in chosen))
    came = sum(
        share(line.weight, back.get(line.line_id, 0), line.quantity_milli) for line in chosen
    )
    return share(one.points, came, whole)
