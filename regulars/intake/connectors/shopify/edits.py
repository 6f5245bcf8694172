"""Lines that Shopify took off an order: its lines and its total stay, a refund without money tells.

Whether such a line was ever paid decides what it is here: one that was not is gone from the order;
one that was is goods that came back, whose money follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from regulars.intake.connectors.pure import lines as order_lines
from regulars.intake.connectors.pure import reading
from regulars.kernel.money import to_minor

REFUNDS_MAX = 500
# These lay goods back that had left; whatever else a refund without money says, they never left.
CAME_BACK = ("return", "legacy_restock")


@dataclass(frozen=True, slots=True)
class Edit:
    """What an order comes to, and what was taken off it.

    taken      id of a line → how many pieces, and what they came to
    tax        of what was taken off
    refunds    ids of the refunds that only tell it
    """

    total_minor: int
    taken: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    tax: Decimal = Decimal(0)
    refunds: frozenset[str] = frozenset()


def read(data: Mapping[str, Any], currency: str) -> Edit:
    """What was taken off the order before it was paid."""
    whole = Edit(reading.coins(data.get("total_price"), currency))
    found = [one for one in _refunds(data) if is_bare(one)]
    # An order called off is that; all its lines are told as taken off then.
    if not found or data.get("cancelled_at"):
        return whole
    lines = [line for one in found for line in _lines(one)]
    total_minor = min(whole.total_minor, _total(data, lines, currency))
    if total_minor == whole.total_minor:
        return whole
    taken: dict[str, tuple[Decimal, Decimal]] = {}
    for line in lines:
        key = reading.text(line.get("line_item_id")) or ""
        quantity, worth = taken.get(key, (Decimal(0), Decimal(0)))
        taken[key] = (
            quantity + reading.amount(line.get("quantity")),
            worth + reading.amount(line.get("subtotal")),
        )
    return Edit(
        total_minor, taken, _tax(data, lines),
        frozenset(reading.need(one.get("id"), "id") for one in found),
    )  # fmt: skip


def is_bare(refund: Mapping[str, Any]) -> bool:
    """Whether no money was tried to go back, and goods were named that never left."""
    lines = _lines(refund)
    return (
        not refund.get("transactions")
        and bool(lines)
        and all(line.get("restock_type") not in CAME_BACK for line in lines)
    )


def refunded_minor(refund: Mapping[str, Any], currency: str) -> int:
    """The money that went back by a refund."""
    return sum(
        reading.coins(one.get("amount"), currency)
        for one in reading.items(refund.get("transactions"), REFUNDS_MAX)
        if one.get("kind") == "refund" and one.get("status") == "success"
    )


def _refunds(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(reading.items(data.get("refunds"), REFUNDS_MAX))


def _lines(refund: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(reading.items(refund.get("refund_line_items"), order_lines.LINES_MAX))


def _total(data: Mapping[str, Any], lines: list[Mapping[str, Any]], currency: str) -> int:
    """What the buyer has to pay or has paid in all, before money went back."""
    if data.get("current_total_price") in (None, ""):
        worth = sum((reading.amount(line.get("subtotal")) for line in lines), _tax(data, lines))
        whole = reading.coins(data.get("total_price"), currency)
        return whole - to_minor(worth, currency)
    left = reading.coins(data.get("current_total_price"), currency)
    back = sum(refunded_minor(one, currency) for one in _refunds(data))
    if data.get("total_outstanding") in (None, ""):
        return left + back
    paid = left - reading.coins(data.get("total_outstanding"), currency) + back
    return max(left + back, paid)


def _tax(data: Mapping[str, Any], lines: list[Mapping[str, Any]]) -> Decimal:
    if data.get("taxes_included") is True:
        return Decimal(0)
    return sum((reading.amount(line.get("total_tax")) for line in lines), Decimal(0))
