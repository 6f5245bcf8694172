"""A cart as Segment's e-commerce events tell it: what each event does to the list.

Additions and removals change one line; a list told whole (the cart viewed, a checkout begun)
replaces all lines. Events may come late: what happened before the last whole list, before a line
was emptied, or before the cart was ordered changes nothing. Accepted: a partial removal that
arrives before its addition empties the line, so that the list may be too short, never too long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from regulars.kernel.errors import Invalid
from regulars.kernel.money import line_total_minor
from regulars.orders.pure import from_events
from regulars.orders.records import NewLine

LINES_MAX = 500
QUANTITY_MAX = Decimal(10) ** 5
PRICE_MAX = Decimal(10) ** 8
NAME_LENGTH_MAX = 200
CART, WISHLIST = "cart", "wishlist"

ADDED = {
    "Product Added": CART,
    "Wishlist Product Added to Cart": CART,
    "Product Added to Wishlist": WISHLIST,
}
REMOVED = {"Product Removed": CART, "Product Removed from Wishlist": WISHLIST}
TOLD = {"Cart Viewed", "Checkout Started"}
COUPONS = {"Coupon Applied": True, "Coupon Removed": False}
ORDERED = {"Order Completed", "order.placed", "order.paid"}
KINDS = (*ADDED, *REMOVED, *sorted(TOLD), *COUPONS, *sorted(ORDERED))


@dataclass(frozen=True, slots=True)
class CartLine:
    """A line of a list; of quantity zero it was taken out and waits for late additions."""

    sku: str
    name: str | None
    quantity: Decimal
    unit_price: Decimal
    added_at: datetime
    removed_at: datetime | None = None


@dataclass(slots=True)
class CartState:
    """A list as known so far; id is None until it is stored."""

    kind: str
    id: int | None = None
    source_id: str = ""
    coupon: str = ""
    created_at: datetime | None = None
    changed_at: datetime | None = None
    told_at: datetime | None = None
    checkout_at: datetime | None = None
    closed_at: datetime | None = None
    order_number: str = ""
    lines: dict[str, CartLine] = field(default_factory=dict)
    # When the list before this one was ordered.
    begins_after: datetime | None = None

    @property
    def is_touched(self) -> bool:
        """Whether there is anything to store."""
        return self.changed_at is not None

    def total_minor(self, currency: str) -> int:
        """What the lines come to."""
        return sum(
            line_total_minor(line.quantity, line.unit_price, currency)
            for line in self.lines.values()
        )


def list_kind(kind: str) -> str:
    """Which of a customer's lists an event of this kind is about."""
    return ADDED.get(kind) or REMOVED.get(kind) or CART


def apply(state: CartState, kind: str, props: Mapping[str, Any], at: datetime) -> None:
    """Let one event change the list. raises Invalid(order_lines | order_amount | cart_full)"""
    if state.begins_after is not None and at <= state.begins_after:
        return
    if kind in ORDERED:
        _order(state, props, at)
        return
    if kind in COUPONS:
        state.coupon = _text(props.get("coupon_name") or props.get("coupon_id") or "")
        if not COUPONS[kind]:
            state.coupon = ""
    elif kind in TOLD:
        _tell(state, kind, props, at)
    elif state.told_at is None or at > state.told_at:
        line = _line_of(props)
        (_add if kind in ADDED else _remove)(state, line, at, "quantity" in props)
    _touch(state, props, at)


def join(root: CartState, loser: CartState) -> None:
    """Put another list of the same kind into this one; what is in both is counted together."""
    for sku, line in loser.lines.items():
        own = root.lines.get(sku)
        quantity = line.quantity + (own.quantity if own else 0)
        newer = line if own is None or line.added_at > own.added_at else own
        root.lines[sku] = CartLine(
            sku,
            newer.name,
            min(quantity, QUANTITY_MAX),
            newer.unit_price,
            newer.added_at,
            newer.removed_at,
        )
    times = [t for t in (root.created_at, loser.created_at) if t is not None]
    root.created_at = min(times, default=None)
    root.changed_at = max(
        (t for t in (root.changed_at, loser.changed_at) if t is not None), default=None
    )
    root.coupon = root.coupon or loser.coupon
    root.checkout_at = max(
        (t for t in (root.checkout_at, loser.checkout_at) if t is not None), default=None
    )


def part(root: CartState, gone: CartState) -> None:
    """Take another list out of this one again; what was bought or taken out meanwhile stays so."""
    for sku, line in gone.lines.items():
        own = root.lines.get(sku)
        if own is not None:
            root.lines[sku] = CartLine(
                sku,
                own.name,
                max(own.quantity - line.quantity, Decimal(0)),
                own.unit_price,
                own.added_at,
                own.removed_at,
            )


def _add(state: CartState, line: NewLine, at: datetime, _is_counted: bool) -> None:
    own = state.lines.get(line.sku)
    if own is not None and own.removed_at is not None and at <= own.removed_at:
        return
    if own is None and len(state.lines) >= LINES_MAX:
        raise Invalid("cart_full", f"A cart has at most {LINES_MAX} different products.")
    before = own.quantity if own is not None else Decimal(0)
    is_newer = own is None or at >= own.added_at
    state.lines[line.sku] = CartLine(
        sku=line.sku,
        name=line.name or (own.name if own else None),
        quantity=min(before + line.quantity, QUANTITY_MAX),
        unit_price=line.unit_price if is_newer or own is None else own.unit_price,
        added_at=max(at, own.added_at) if own is not None else at,
        removed_at=own.removed_at if own is not None else None,
    )


def _remove(state: CartState, line: NewLine, at: datetime, is_counted: bool) -> None:
    own = state.lines.get(line.sku)
    left = own.quantity - line.quantity if own is not None and is_counted else Decimal(0)
    if own is not None and left > 0:
        state.lines[line.sku] = CartLine(
            own.sku, own.name, left, own.unit_price, own.added_at, own.removed_at
        )
        return
    if own is None and len(state.lines) >= LINES_MAX:
        return
    added_at = own.added_at if own is not None else at
    state.lines[line.sku] = CartLine(
        line.sku, line.name, Decimal(0), line.unit_price, added_at, removed_at=at
    )


def _tell(state: CartState, kind: str, props: Mapping[str, Any], at: datetime) -> None:
    if kind == "Checkout Started":
        state.checkout_at = max(at, state.checkout_at) if state.checkout_at else at
    # Without products it tells that the cart was looked at, not that it is empty.
    if "products" not in props or (state.told_at is not None and at < state.told_at):
        return
    found = from_events.lines_of(props)
    if len(found) > LINES_MAX:
        raise Invalid("cart_full", f"A cart has at most {LINES_MAX} different products.")
    later = {sku: line for sku, line in state.lines.items() if line.added_at > at}
    lines: dict[str, CartLine] = {}
    for line in found:
        _check(line)
        own = lines.get(line.sku)
        quantity = line.quantity + (own.quantity if own is not None else 0)
        lines[line.sku] = CartLine(
            line.sku, line.name, min(quantity, QUANTITY_MAX), line.unit_price, at
        )
    state.lines = {**lines, **later}
    state.told_at = at


def _order(state: CartState, props: Mapping[str, Any], at: datetime) -> None:
    if not state.is_touched or state.created_at is None or at < state.created_at:
        return
    state.closed_at = at
    number = props.get("order_id") or props.get("number") or ""
    state.order_number = _text(number)


def _touch(state: CartState, props: Mapping[str, Any], at: datetime) -> None:
    named = _text(props.get("cart_id") or props.get("wishlist_id") or "")
    state.source_id = named or state.source_id
    state.created_at = min(at, state.created_at) if state.created_at else at
    state.changed_at = max(at, state.changed_at) if state.changed_at else at


def _line_of(props: Mapping[str, Any]) -> NewLine:
    (line,) = from_events.lines_of({"products": [props]})
    _check(line)
    return line


def _check(line: NewLine) -> None:
    if not 0 < len(line.sku) <= NAME_LENGTH_MAX:
        raise Invalid(
            "order_lines",
            f"A product needs a sku, id or name of at most {NAME_LENGTH_MAX} characters.",
        )
    if not 0 <= line.quantity <= QUANTITY_MAX or not 0 <= line.unit_price <= PRICE_MAX:
        raise Invalid("order_amount", "A quantity or a price in a cart is out of all bounds.")


def _text(value: object) -> str:
    is_told = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value).strip()[:NAME_LENGTH_MAX] if is_told else ""
