"""The shapes of orders over HTTP."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from regulars.orders.api.common import Strict
from regulars.orders.records import ItemKind, OrderKind, OrderStatus, Stage

LINES_MAX = 1_000


class CustomerIn(Strict):
    external_id: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=254)
    phone: str | None = Field(None, max_length=40)
    traits: dict[str, Any] = Field(default_factory=dict, max_length=200)


class LineIn(Strict):
    sku: str = Field(min_length=1, max_length=200)
    quantity: Decimal = Field(Decimal(1), max_digits=18, decimal_places=6)
    unit_price: Decimal = Field(max_digits=18, decimal_places=6)
    name: str | None = Field(None, max_length=500)
    category: str | None = Field(None, max_length=500)
    brand: str | None = Field(None, max_length=500)
    item: ItemKind | None = None
    duration_min: int | None = Field(None, gt=0, le=527_040)
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class OrderIn(Strict):
    number: str = Field(min_length=1, max_length=200)
    placed_at: datetime
    currency: str = Field(min_length=3, max_length=3)
    source: str = Field("api", min_length=1, max_length=60)
    kind: OrderKind = OrderKind.SALE
    status: OrderStatus = OrderStatus.PAID
    customer: CustomerIn | None = None
    lines: list[LineIn] = Field(default_factory=list, max_length=LINES_MAX)
    total: Decimal | None = Field(None, max_digits=18, decimal_places=6)
    payment: Literal["unpaid", "pending", "paid"] | None = None
    pays_on_delivery: bool = False
    place: str = Field("", max_length=40)
    updated_at: datetime | None = None


class StatusIn(Strict):
    status: OrderStatus | Stage
    at: datetime | None = None
    reason: str = Field("", max_length=500)


class PaymentIn(Strict):
    key: str = Field(min_length=1, max_length=100)
    amount: Decimal = Field(max_digits=18, decimal_places=6)
    method: str = Field("", max_length=60)
    at: datetime | None = None


class PaymentLinkIn(Strict):
    url: str | None = Field(None, max_length=2_000)
    is_asked: bool = True


class OrderPatch(Strict):
    pays_on_delivery: bool = False
    method: str = Field("", max_length=100)
    address: str = Field("", max_length=500)
    branch: str = Field("", max_length=200)
    carrier: str = Field("", max_length=40)
    tracking_number: str = Field("", max_length=60)
    tracking_url: str = Field("", max_length=2_000)
    eta_at: datetime | None = None
    responsible: str | None = Field(None, max_length=254)
    place: str = Field("", max_length=40)


class ReturnedIn(Strict):
    line: int = Field(ge=1)
    quantity: Decimal = Field(gt=0, max_digits=18, decimal_places=6)


class ReturnIn(Strict):
    key: str = Field(min_length=1, max_length=60)
    lines: list[ReturnedIn] = Field(default_factory=list, max_length=LINES_MAX)
    at: datetime | None = None
    restock: bool = False


class LineOut(Schema):
    line: int
    sku: str
    name: str | None
    category: str | None
    quantity: str
    unit_price: str
    total: str
    kind: str
    item: str
    duration_min: int | None
    starts_at: datetime | None
    ends_at: datetime | None


class DeliveryOut(Schema):
    method: str
    address: str
    branch: str
    carrier: str
    tracking_number: str
    tracking_url: str


class ChangeOut(Schema):
    status: str
    at: datetime
    by: str | None
    source: str
    reason: str


class LineChangeOut(Schema):
    sku: str
    name: str | None
    quantity_before: str | None
    price_before: str | None
    quantity_after: str | None
    price_after: str | None


class CorrectionOut(Schema):
    at: datetime
    by: str | None
    source: str
    total_before: str
    total_after: str
    lines: list[LineChangeOut]


class HistoryOut(Schema):
    history: list[ChangeOut]
    corrections: list[CorrectionOut]


class OrderOut(Schema):
    id: str
    number: str
    source: str
    kind: str
    status: str
    currency: str
    total: str
    placed_at: datetime
    customer_id: str | None
    stage: str
    is_late: bool
    payment: str
    paid: str
    refunded: str
    payment_url: str | None
    pays_on_delivery: bool
    updated_at: datetime | None
    eta_at: datetime | None
    responsible: str | None
    place: str | None
    page_url: str | None
    delivery: DeliveryOut
    lines: list[LineOut]


class OrdersOut(Schema):
    orders: list[OrderOut]
    next: str | None
