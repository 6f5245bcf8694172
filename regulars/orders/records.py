"""The shapes of orders that other rooms see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from regulars.customers.records import Identity


class OrderKind(StrEnum):
    """What an order is: goods out, goods back, or a correction of the books."""

    SALE = "sale"
    RETURN = "return"
    ADJUSTMENT = "adjustment"


class OrderStatus(StrEnum):
    """How far an order has come."""

    NEW = "new"
    PAID = "paid"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class Stage(StrEnum):
    """Where an order is for the one who waits for it: the canonical statuses.

    DELAYED is no place on the way: an order that is late is late wherever it is.
    """

    RECEIVED = "received"
    PROCESSING = "processing"
    PICKING = "picking"
    PACKED = "packed"
    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
    ARRIVED = "arrived_at_branch"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    DELAYED = "delayed"


class PaymentState(StrEnum):
    """What was paid of an order, apart from where it is."""

    UNPAID = "unpaid"
    PENDING = "pending"
    PART_PAID = "part_paid"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"


class Hold(StrEnum):
    """How goods are promised to an order.

    USUAL: for as long as it waits for its money, and without an end once paid. TIMED: for a while
    only, whatever it says of money, for nobody but a browser has spoken of it. NONE: not at all.
    """

    USUAL = "usual"
    TIMED = "timed"
    NONE = "none"


class ItemKind(StrEnum):
    """What a line or a thing of the catalogue is."""

    PRODUCT = "product"
    SERVICE = "service"
    BOOKING = "booking"
    ARTICLE = "article"


# An order in one of these was paid and stands.
PAID_STATUSES = (
    OrderStatus.PAID, OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED,
)  # fmt: skip

# Bounds the total of an order and what its lines come to, whatever their signs: the sum of
# thousands of such orders still fits a bigint.
WORTH_MAX_MINOR = 10**15


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to be written; the price is the decimal received, however fine."""

    sku: str
    quantity: Decimal
    unit_price: Decimal
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    item: ItemKind | None = None
    duration_min: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def has_details(self) -> bool:
        """Whether the line says more than what was bought, how many and for how much."""
        return any((self.item, self.duration_min, self.starts_at, self.ends_at))


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be written, known for ever by its source and number.

    identity     how the source names the customer; None for a guest
    customer_id  instead of an identity, when the customer is already found
    total_minor  what was paid when it is not the sum of the lines (delivery, a discount)
    payment      given: from now on payment is told apart from the status, and `status` says only
                 where the order is; None: the status tells of payment too
    place_id     where its goods lie; they are reserved there
    told_at      when the source said this; news of its lines that are older change nothing
    pays_on_delivery  its goods wait for it without an end, for the money comes with the parcel
    hold         how its goods are promised
    """

    number: str
    placed_at: datetime
    currency: str
    lines: tuple[NewLine, ...] = ()
    source: str = "api"
    kind: OrderKind = OrderKind.SALE
    status: OrderStatus = OrderStatus.PAID
    identity: Identity | None = None
    customer_id: int | None = None
    total_minor: int | None = None
    payment: PaymentState | None = None
    place_id: int | None = None
    responsible_id: int | None = None
    told_at: datetime | None = None
    pays_on_delivery: bool = False
    hold: Hold = Hold.USUAL


class Outcome(StrEnum):
    """What became of an order that was to be written."""

    NEW = "new"
    REPEATED = "repeated"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Recorded:
    """An order that is in the books, and whether it was written just now.

    DIFFERS: an order of this source and number was there before and said something else.
    """

    id: int
    public_id: str
    source: str
    number: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class LineRecord:
    """A line as pages show it."""

    line_no: int
    sku: str
    name: str | None
    category: str | None
    quantity: Decimal
    unit_price: Decimal
    total_minor: int
    kind: str
    item: str | None = None
    duration_min: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order without its lines.

    status   what the books say; reports read it
    stage    where the order is, None while only the status tells it
    payment  what was paid, None while only the status tells it
    """

    id: int
    public_id: str
    number: str
    customer_id: int | None
    placed_at: datetime
    kind: str
    status: str
    currency: str
    total_minor: int
    lines_count: int
    source: str
    origin: str
    stage: str | None = None
    delayed_at: datetime | None = None
    payment: str | None = None
    paid_minor: int = 0
    refunded_minor: int = 0
    payment_url: str | None = None
    eta_at: datetime | None = None
    place_id: int | None = None
    responsible_id: int | None = None
    token: str | None = None
    told_at: datetime | None = None
    pays_on_delivery: bool = False
    hold: str = Hold.USUAL

    @property
    def stage_now(self) -> Stage:
        """Where the order is, whoever tells it."""
        return Stage(self.stage) if self.stage else STAGE_OF[OrderStatus(self.status)]

    @property
    def is_closed(self) -> bool:
        """Whether nothing can follow: it was called off or came back."""
        return self.stage_now in (Stage.CANCELLED, Stage.RETURNED)

    @property
    def payment_now(self) -> PaymentState:
        """What was paid, whoever tells it."""
        if self.payment:
            return PaymentState(self.payment)
        if self.status in PAID_STATUSES:
            return PaymentState.PAID
        is_back = self.status == OrderStatus.RETURNED
        return PaymentState.REFUNDED if is_back else PaymentState.UNPAID


STAGE_OF = {
    OrderStatus.NEW: Stage.RECEIVED,
    OrderStatus.PAID: Stage.RECEIVED,
    OrderStatus.PROCESSING: Stage.PROCESSING,
    OrderStatus.SHIPPED: Stage.SHIPPED,
    OrderStatus.DELIVERED: Stage.DELIVERED,
    OrderStatus.CANCELLED: Stage.CANCELLED,
    OrderStatus.RETURNED: Stage.RETURNED,
}


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """Something sold or for sale, with what it brought.

    price       what the newest line was sold for
    list_price  what the catalogue asks
    """

    sku: str
    name: str | None
    category: str | None
    brand: str | None
    price: Decimal | None
    sold_quantity: Decimal
    sold_minor: int
    last_at: datetime | None
    list_price: Decimal | None = None
    old_price: Decimal | None = None
    item: str | None = None
    duration_min: int | None = None
    category_code: str | None = None
    url: str | None = None
    picture_url: str | None = None
    availability: str | None = None
    is_stocked: bool = False

    @property
    def asked_price(self) -> Decimal | None:
        """What to ask for it today."""
        return self.price if self.list_price is None else self.list_price


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product as a catalogue tells it, known by its code.

    category  the path of its branch: Drinks > Tea > Green
    price     what it costs now; old_price: what it cost before, to be struck through
    """

    sku: str
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    price: Decimal | None = None
    old_price: Decimal | None = None
    url: str | None = None
    picture_url: str | None = None
    availability: str | None = None
    item: ItemKind | None = None
    duration_min: int | None = None


@dataclass(frozen=True, slots=True)
class CategoryRecord:
    """A branch of the catalogue; its path names the branches it hangs on."""

    code: str
    parent_code: str | None
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Value:
    """What a customer bought; purchases only, returns told apart."""

    orders_count: int = 0
    total_minor: int = 0
    returned_minor: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def average_minor(self) -> int:
        """The average order, rounded down to a whole coin."""
        return self.total_minor // self.orders_count if self.orders_count else 0


class LeadStatus(StrEnum):
    """How far a lead has come."""

    NEW = "new"
    IN_WORK = "in_work"
    QUALIFIED = "qualified"
    WON = "won"
    LOST = "lost"


class LeadItem(NamedTuple):
    """Something a lead asks for."""

    sku: str
    name: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class NewLead:
    """A wish to buy, to be written down.

    customer_id  None lets phone and email find or make the customer
    items        what is asked for: sku, name, quantity, unit price
    """

    source: str
    customer_id: int | None = None
    name: str = ""
    phone: str = ""
    email: str = ""
    comment: str = ""
    items: tuple[LeadItem | tuple[Any, ...], ...] = ()
    page_url: str = ""
    utm: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """A lead as pages and programs see it; order_id once it became an order."""

    id: int
    public_id: str
    status: str
    lost_reason: str
    source: str
    customer_id: int | None
    name: str
    phone: str
    email: str
    comment: str
    items: tuple[LeadItem, ...]
    page_url: str
    utm: Mapping[str, str]
    responsible_id: int | None
    order_id: int | None
    created_at: datetime
    updated_at: datetime

    @property
    def title(self) -> str:
        """The best there is to call the lead by."""
        return self.name or self.phone or self.email


@dataclass(frozen=True, slots=True)
class CartLineRecord:
    """A product in a cart; the addresses come from the catalogue."""

    sku: str
    name: str | None
    quantity: Decimal
    unit_price: Decimal
    added_at: datetime
    url: str | None
    picture_url: str | None


@dataclass(frozen=True, slots=True)
class CartRecord:
    """A cart or a wish list; state is open, ordered or merged."""

    id: int
    public_id: str
    customer_id: int
    kind: str
    state: str
    token: str
    total_minor: int
    currency: str
    coupon: str
    created_at: datetime
    changed_at: datetime
    checkout_at: datetime | None
    closed_at: datetime | None
    order_number: str
    lines: tuple[CartLineRecord, ...] = ()
