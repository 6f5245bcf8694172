"""What a till may send, strictly: a field nobody knows is refused by its name.

Money is whole minor units, points are hundredths, quantities are decimal strings with up to
three places, times are RFC 3339 with an offset.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from regulars.loyalty.pure.cart import CODES_MAX, GIFT_CARDS_MAX, LINES_MAX, TEXT_CHARS_MAX
from regulars.loyalty.till_records import ID_CHARS_MAX, SYNC_ITEMS_MAX

INTEGER_MAX = 2**53
HOLD_S_MAX = 30 * 86_400

Id = Annotated[str, Meta(min_length=1, max_length=ID_CHARS_MAX, pattern=r"^[!-~]+\Z")]
# A zero sign is text that no column keeps.
PLAIN = r"\A[^\x00]*\Z"
Text = Annotated[str, Meta(max_length=TEXT_CHARS_MAX, pattern=PLAIN)]
Code = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX, pattern=PLAIN)]
Whole = Annotated[int, Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
Amount = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
Quantity = Annotated[str, Meta(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,3})?\Z")]
Moment = Annotated[datetime, Meta(tz=True)]


class Strict(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A shape that takes no field it does not name; what is not said counts for no hash."""


class Member(Strict, frozen=True, kw_only=True):
    """How the till knows the member; exactly one."""

    phone: Code | UnsetType = UNSET
    card: Code | UnsetType = UNSET
    token: Code | UnsetType = UNSET
    external_id: Code | UnsetType = UNSET
    customer: Code | UnsetType = UNSET
    email: Code | UnsetType = UNSET


class Line(Strict, frozen=True, kw_only=True):
    """One line of the receipt."""

    line_id: Id
    sku: Code
    qty: Quantity
    price: Whole
    external_discount: Amount = 0
    no_earn: bool = False
    no_burn: bool = False
    no_promo: bool = False
    min_price: Amount = 0
    name: Text = ""
    category: Text = ""
    brand: Text = ""
    attrs: dict[Text, Text | int | bool] = {}


class GiftCard(Strict, frozen=True, kw_only=True):
    """A gift card that shall pay so much, or all it can."""

    code: Code
    amount: Amount | Literal["auto"] = "auto"


class Points(Strict, frozen=True, kw_only=True):
    """Points that shall pay: so many, as many as may be, or none."""

    amount: Amount | Literal["auto"] = 0
    currency: Text = ""


class Expect(Strict, frozen=True, kw_only=True):
    """The quote the till showed to the customer, by one of its names or by both."""

    quote_id: Text = ""
    quote_hash: Text = ""


class CartCall(Strict, frozen=True, kw_only=True):
    """A cart: calculate, hold, or a confirmation without a hold."""

    purchase_id: Id
    occurred_at: Moment
    lines: Annotated[list[Line], Meta(max_length=LINES_MAX)]
    currency: Text = ""
    shop: Text = ""
    till: Text = ""
    cashier: Text = ""
    member: Member | None = None
    delivery: Whole = 0
    codes: Annotated[list[Code], Meta(max_length=CODES_MAX)] = []
    gift_cards: Annotated[list[GiftCard], Meta(max_length=GIFT_CARDS_MAX)] = []
    points: Points = Points()
    payment_kind: Text = ""
    identifier: Text = ""
    total_round_step: Amount = 0
    expect: Expect | None = None


class HoldCall(CartCall, frozen=True, kw_only=True):
    """A cart to be held."""

    hold_s: Annotated[int, Meta(ge=1, le=HOLD_S_MAX)] | None = None
    burn_code: Text = ""


class ConfirmCall(Strict, frozen=True, kw_only=True):
    """A hold to be taken, or with lines a whole sale."""

    purchase_id: Id
    occurred_at: Moment
    lines: Annotated[list[Line], Meta(max_length=LINES_MAX)] | None = None
    currency: Text = ""
    shop: Text = ""
    till: Text = ""
    cashier: Text = ""
    member: Member | None = None
    delivery: Whole = 0
    codes: Annotated[list[Code], Meta(max_length=CODES_MAX)] = []
    gift_cards: Annotated[list[GiftCard], Meta(max_length=GIFT_CARDS_MAX)] = []
    points: Points = Points()
    payment_kind: Text = ""
    identifier: Text = ""
    total_round_step: Amount = 0
    expect: Expect | None = None
    burn_code: Text = ""


class CancelCall(Strict, frozen=True, kw_only=True):
    """A hold to be released."""

    purchase_id: Id
    shop: Text = ""
    till: Text = ""
    cashier: Text = ""
    occurred_at: Moment | None = None


class ReturnLine(Strict, frozen=True, kw_only=True):
    """So much of a line comes back."""

    line_id: Id
    qty: Quantity


class ReturnCall(Strict, frozen=True, kw_only=True):
    """Goods that come back; without lines all that is left."""

    purchase_id: Id
    return_id: Id
    occurred_at: Moment
    lines: Annotated[list[ReturnLine], Meta(min_length=1, max_length=LINES_MAX)] | None = None
    delivery: bool | None = None
    accept_orphan: bool = False
    shop: Text = ""
    till: Text = ""
    cashier: Text = ""


class ReturnQuery(Strict, frozen=True, kw_only=True):
    """What would come back."""

    purchase_id: Id
    return_id: Id = "quote"
    occurred_at: Moment | None = None
    lines: Annotated[list[ReturnLine], Meta(min_length=1, max_length=LINES_MAX)] | None = None
    delivery: bool | None = None
    shop: Text = ""
    till: Text = ""
    cashier: Text = ""


class SyncItem(Strict, frozen=True, kw_only=True):
    """One thing that happened offline: the call it would have been."""

    sale: ConfirmCall | UnsetType = UNSET
    return_: ReturnCall | UnsetType = msgspec.field(default=UNSET, name="return")


class SyncCall(Strict, frozen=True, kw_only=True):
    """What happened offline, oldest first."""

    items: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=SYNC_ITEMS_MAX)]


class IdentifyCall(Strict, frozen=True, kw_only=True):
    """Who the member is; send_code sends a one-time code to burn points.

    join  who does not take part yet does from now on
    """

    member: Member
    shop: Text = ""
    till: Text = ""
    cashier: Text = ""
    purchase_id: Text = ""
    send_code: bool = False
    join: bool = False


class SimulateCall(CartCall, frozen=True, kw_only=True):
    """A cart at another moment or under rules that are not live."""

    now: Moment | None = None
    draft_rules: list[dict[str, Any]] | None = None


# What a body may be.
CALLS: tuple[type[Strict], ...] = (
    CartCall, HoldCall, ConfirmCall, CancelCall, ReturnCall, ReturnQuery, SyncItem, SyncCall,
    IdentifyCall, SimulateCall,
)  # fmt: skip
