"""What a till or a site asks about: a cart, who buys, the codes and the money already given.

Money is whole minor units, points are hundredths, quantities are thousandths, shares are basis
points. Everything here is what somebody else knows; nothing is decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from regulars.kernel.errors import Invalid
from regulars.kernel.money import minor_digits
from regulars.loyalty.pure.codes import normalised

LINES_MAX = 500
CODES_MAX = 20
GIFT_CARDS_MAX = 10
ATTRS_MAX = 50
TEXT_CHARS_MAX = 200
QUANTITY_MILLI_MAX = 100_000 * 1000
LINE_MINOR_MAX = 10**12
CART_MINOR_MAX = 10**13
YEARS = (2000, 2200)
ROUND_STEP_MAJOR_MAX = 100  # no till rounds its totals more coarsely

AttrValue = str | int | bool


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a receipt.

    base_minor        quantity times price, before any discount (see `base_of`)
    external_discount_minor   what the till took off itself; shown as a discount of kind manual
    earns, burns, takes_promotions   the till's flags no_earn, no_burn, no_promo, turned around
    min_price_minor   per unit: the line is never paid below it
    """

    line_id: str
    sku: str
    quantity_milli: int
    unit_price: Decimal
    base_minor: int
    external_discount_minor: int = 0
    earns: bool = True
    burns: bool = True
    takes_promotions: bool = True
    min_price_minor: int = 0
    name: str = ""
    category: str = ""
    brand: str = ""
    attrs: Mapping[str, AttrValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GiftCardAsk:
    """A gift card offered as payment; no amount means as much as it can pay."""

    code: str
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class PointsAsk:
    """Points offered as payment: no number means as many as may be, 0 means none."""

    currency: str | None = None
    points: int | None = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """A purchase before it is paid.

    total_round_step_minor  None: as the programme says; 0: the total is not rounded
    identifier              whatever the shop counts limits by
    """

    currency: str
    lines: tuple[Line, ...]
    occurred_at: datetime
    delivery_minor: int = 0
    codes: tuple[str, ...] = ()
    gift_cards: tuple[GiftCardAsk, ...] = ()
    points: PointsAsk = PointsAsk()
    total_round_step_minor: int | None = None
    shop: str = ""
    till: str = ""
    cashier: str = ""
    channel: str = "till"
    payment_kind: str = ""
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """Points of one currency: what may be spent, what waits, what a hold keeps, what is owed."""

    available: int = 0
    pending: int = 0
    reserved: int = 0
    debt: int = 0


@dataclass(frozen=True, slots=True)
class Bought:
    """One earlier purchase, as challenges count them."""

    at: datetime
    amount_minor: int
    shop: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Who buys, as far as live promotions ask.

    matched   keys of the member rules that hold (see `promotions.model.MemberRule.key`)
    offers    slugs of promotions offered to this member in person and still open
    history   earlier purchases, newest first, only when a live promotion counts them
    is_blocked  may earn and not spend
    """

    member_id: int
    customer_id: int
    tier: str = ""
    balances: Mapping[str, Balance] = field(default_factory=dict)
    segments: frozenset[str] = frozenset()
    matched: frozenset[str] = frozenset()
    offers: frozenset[str] = frozenset()
    birth_on: date | None = None
    joined_at: datetime | None = None
    is_first_purchase: bool = False
    purchases: int = 0
    lifetime_spend_minor: int = 0
    card_discount: int = 0
    history: tuple[Bought, ...] = ()
    is_blocked: bool = False


CodeStatus = Literal[
    "usable", "unknown", "used_up", "not_yet", "expired", "blocked", "not_yours", "in_use"
]


@dataclass(frozen=True, slots=True)
class CodeState:
    """What is known of a code that was typed; `promotion_id` is the slug it opens."""

    code: str
    status: CodeStatus
    promotion_id: str = ""
    reason: str = ""
    in_use_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class GiftCardState:
    """What is known of a gift card: usable with this much, or why not."""

    code: str
    status: CodeStatus
    available_minor: int = 0


class LimitKey(NamedTuple):
    """One counter of one promotion.

    limit         "what/per/period", for example "uses/member/day"
    who           whose counter: "" for all, else a member's id, a code, a shop
    period_start  first local day of the period, "" for all time
    """

    promotion_id: str
    limit: str
    who: str
    period_start: str

    @property
    def text(self) -> str:
        """The key as one text; `limit_key_of` reads it."""
        return "|".join((self.promotion_id, self.limit, self.period_start, self.who))


Usage = Mapping[LimitKey, int]


def limit_key_of(text: str) -> LimitKey:
    """The key that `LimitKey.text` wrote."""
    promotion_id, limit, period_start, who = text.split("|", 3)
    return LimitKey(promotion_id, limit, who, period_start)


def meant(code: str) -> str:
    """The code somebody meant, however it was typed."""
    return normalised(code) or code


def plain_article(sku: str) -> str:
    """An article number as catalogues have it: accounting programs send unbreakable spaces."""
    return "".join(letter for letter in " ".join(sku.split()) if letter.isprintable())


def base_of(quantity_milli: int, unit_price: Decimal, currency: str) -> int:
    """Quantity times price in minor units, halves rounded away from zero."""
    exact = Decimal(quantity_milli) * unit_price
    scaled = exact.scaleb(minor_digits(currency) - 3)
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def floor_of(line: Line, programme_floor_minor: int = 0) -> int:
    """The least the line may be paid with: its own floor, else the programme's.

    The programme's floor never lifts a line above its own price; the line's own is checked.
    """
    own = -(-line.min_price_minor * line.quantity_milli // 1000)
    wide = -(-programme_floor_minor * line.quantity_milli // 1000)
    return max(own, min(wide, line.base_minor - line.external_discount_minor))


def check(cart: Cart, *, currency: str, zero_prices: bool = False) -> None:
    """Refuse a cart that cannot be meant, naming the line and the field.

    raises   Invalid currency_mismatch, cart_empty, cart_too_long, cart_too_large, line_invalid …
    """
    if cart.currency != currency:
        raise Invalid(
            "currency_mismatch",
            f"The cart is in {cart.currency}; this workspace sells in {currency}.",
            given=cart.currency,
            expected=currency,
        )
    _check_counts(cart)
    seen: set[str] = set()
    for number, line in enumerate(cart.lines):
        if line.line_id in seen:
            raise _fault(number, "line_id", "line_twice", "Two lines have the same line_id.")
        seen.add(line.line_id)
        _check_line(number, line, currency=currency, zero_prices=zero_prices)
    if sum(line.base_minor for line in cart.lines) > CART_MINOR_MAX:
        raise Invalid("cart_too_large", "The cart's total is beyond what a shop can sell.")


def _check_counts(cart: Cart) -> None:
    if not cart.lines:
        raise Invalid("cart_empty", "The cart has no lines.")
    for what, given, most in (
        ("lines", len(cart.lines), LINES_MAX),
        ("codes", len(cart.codes), CODES_MAX),
        ("gift_cards", len(cart.gift_cards), GIFT_CARDS_MAX),
    ):
        if given > most:
            raise Invalid("cart_too_long", f"At most {most} {what}; this cart has {given}.")
    for name, amount in (
        ("delivery", cart.delivery_minor),
        ("points", cart.points.points or 0),
        *(("gift_cards", ask.amount_minor or 0) for ask in cart.gift_cards),
    ):
        if not 0 <= amount <= CART_MINOR_MAX:
            raise Invalid("amount_out_of_range", f"{name} must be 0 or more.", field=name)
    if not YEARS[0] <= cart.occurred_at.year <= YEARS[1]:
        raise Invalid("moment_invalid", "No shop sells in that year.", field="occurred_at")
    step_max = ROUND_STEP_MAJOR_MAX * 10 ** minor_digits(cart.currency)
    if not 0 <= (cart.total_round_step_minor or 0) <= step_max:
        raise Invalid(
            "amount_out_of_range",
            f"A total is rounded to at most {ROUND_STEP_MAJOR_MAX} {cart.currency}.",
            field="total_round_step",
        )
    # The same card typed in two ways is one card.
    if len({meant(ask.code) for ask in cart.gift_cards}) != len(cart.gift_cards):
        raise Invalid("gift_card_twice", "A gift card is named twice.")


def _check_line(number: int, line: Line, *, currency: str, zero_prices: bool) -> None:
    if not line.line_id or len(line.line_id) > TEXT_CHARS_MAX:
        raise _fault(number, "line_id", "line_invalid", "line_id must be 1 to 200 characters.")
    if not line.sku or len(line.sku) > TEXT_CHARS_MAX:
        raise _fault(number, "sku", "goods_unknown", "The line names no goods.")
    if line.quantity_milli <= 0:
        raise _fault(number, "qty", "quantity_not_positive", "The quantity must be above 0.")
    if line.quantity_milli > QUANTITY_MILLI_MAX:
        raise _fault(number, "qty", "quantity_too_large", "At most 100,000 units in a line.")
    if line.unit_price < 0:
        raise _fault(number, "price", "price_negative", "A price cannot be below 0.")
    if line.unit_price == 0 and not (zero_prices or line.attrs.get("gift") is True):
        raise _fault(
            number, "price", "price_zero", 'A line at price 0 must be a gift: attrs {"gift": true}.'
        )
    if line.base_minor > LINE_MINOR_MAX:
        raise _fault(number, "price", "price_too_large", "The line's total is too large.")
    if line.base_minor != base_of(line.quantity_milli, line.unit_price, currency):
        raise _fault(number, "price", "line_invalid", "The line's total is not price × quantity.")
    _check_discount(number, line)


def _check_discount(number: int, line: Line) -> None:
    if not 0 <= line.external_discount_minor <= line.base_minor:
        raise _fault(
            number,
            "external_discount",
            "discount_out_of_range",
            "The till's own discount must be between 0 and the line's total.",
        )
    if line.min_price_minor < 0:
        raise _fault(number, "min_price", "price_negative", "A lowest price cannot be below 0.")
    if floor_of(line) > line.base_minor - line.external_discount_minor:
        raise _fault(
            number, "min_price", "min_price_above_price", "The lowest price is above the price."
        )
    if len(line.attrs) > ATTRS_MAX:
        raise _fault(number, "attrs", "line_invalid", f"At most {ATTRS_MAX} attributes in a line.")


def _fault(number: int, name: str, code: str, message: str) -> Invalid:
    return Invalid(code, message, path=f"lines[{number}].{name}", line=number)
