"""What changes in an order when its source tells it anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from regulars.kernel.errors import Refused
from regulars.orders.records import LineRecord, NewLine


@dataclass(frozen=True, slots=True)
class LineChange:
    """One line before and after; before is None for a new one, after for one taken out."""

    line_no: int
    before: LineRecord | None
    after: NewLine | None

    @property
    def sku(self) -> str:
        """The product, which a line keeps for ever."""
        line = self.after or self.before
        assert line is not None
        return line.sku

    @property
    def quantities(self) -> tuple[Decimal, Decimal]:
        """How many before and after."""
        return (
            self.before.quantity if self.before else Decimal(0),
            self.after.quantity if self.after else Decimal(0),
        )


def changes(
    present: Sequence[LineRecord], told: Sequence[NewLine], last_no: int
) -> list[LineChange]:
    """How the lines present become those told, in the order of their numbers.

    A line is known by its product; of several of one product the one told alike is the same, then
    the first. Numbers are never given twice: goods were promised to them.
    last_no  the highest number any line of the order ever had
    """
    left = list(present)
    pairs: dict[int, LineRecord] = {}
    for is_exact in (True, False):
        for place, line in enumerate(told):
            if place in pairs:
                continue
            same = next((one for one in left if _is_same(one, line, is_exact=is_exact)), None)
            if same is not None:
                left.remove(same)
                pairs[place] = same
    found = [LineChange(one.line_no, one, None) for one in left]
    for place, line in enumerate(told):
        before = pairs.get(place)
        if before is None:
            last_no += 1
            found.append(LineChange(last_no, None, line))
        elif _says_more(before, line):
            found.append(LineChange(before.line_no, before, line))
    return sorted(found, key=lambda change: change.line_no)


def _is_same(present: LineRecord, told: NewLine, *, is_exact: bool) -> bool:
    return present.sku == told.sku and (
        not is_exact or (present.quantity, present.unit_price) == (told.quantity, told.unit_price)
    )


def _says_more(present: LineRecord, told: NewLine) -> bool:
    if (present.quantity, present.unit_price) != (told.quantity, told.unit_price):
        return True
    # What a source does not say stays as it is.
    names = ((present.name, told.name), (present.category, told.category))
    details = (
        (present.item, told.item), (present.duration_min, told.duration_min),
        (present.starts_at, told.starts_at), (present.ends_at, told.ends_at),
    )  # fmt: skip
    return any(after is not None and before != after for before, after in names) or (
        told.has_details and any(before != after for before, after in details)
    )


def check_returned(
    told: Sequence[NewLine], total_minor: int, returned: Mapping[str, Decimal], refunded_minor: int
) -> None:
    """Nothing when the order still holds all that came back of it.

    returned        quantity that came back, by product
    refunded_minor  what went back for it, above zero
    raises          Refused(order_below_returned)
    """
    kept: dict[str, Decimal] = {}
    for line in told:
        kept[line.sku] = kept.get(line.sku, Decimal(0)) + line.quantity
    for sku, quantity in sorted(returned.items()):
        if quantity > 0 and quantity > kept.get(sku, Decimal(0)):
            raise Refused(
                "order_below_returned",
                f"{quantity.normalize():f} of {sku} came back; the order cannot hold fewer.",
                sku=sku,
            )
    if refunded_minor > 0 and total_minor < refunded_minor:
        raise Refused(
            "order_below_returned", "More went back for returns than the order would come to."
        )


def written(change: LineChange) -> dict[str, str | None]:
    """The change as its history keeps it."""
    line = change.after or change.before
    assert line is not None
    before, after = change.before, change.after
    return {
        "sku": change.sku,
        "name": line.name or (before.name if before else None),
        "quantity_before": _plain(before.quantity) if before else None,
        "price_before": _plain(before.unit_price) if before else None,
        "quantity_after": _plain(after.quantity) if after else None,
        "price_after": _plain(after.unit_price) if after else None,
    }


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
