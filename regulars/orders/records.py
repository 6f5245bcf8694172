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


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be written, known for ever by its source and number.

    identity     how the source names the customer; None for a guest
    customer_id  instead of an identity, when the customer is already found
    total_minor  what was paid when it is not the sum of the lines (delivery, a discount)
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


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order without its lines."""

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


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """Something sold, with what it brought."""

    sku: str
    name: str | None
    category: str | None
    brand: str | None
    price: Decimal | None
    sold_quantity: Decimal
    sold_minor: int
    last_at: datetime


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
