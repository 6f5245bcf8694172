"""The shapes of the desk: what stands beside an order for those who work on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Held(StrEnum):
    """What became of goods promised to a line."""

    HELD = "held"
    SHORT = "short"
    TAKEN = "taken"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PlaceRecord:
    """A shop or store room."""

    id: int
    public_id: str
    name: str
    address: str
    phone: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class StockRow:
    """How much of a product lies in a place."""

    place_id: int
    sku: str
    name: str | None
    on_hand: Decimal
    reserved: Decimal
    updated_at: datetime

    @property
    def free(self) -> Decimal:
        """What can still be promised."""
        return max(self.on_hand - self.reserved, Decimal(0))


@dataclass(frozen=True, slots=True)
class ReservationRow:
    """Goods promised to one line of an order."""

    line_no: int
    sku: str
    quantity: Decimal
    state: str
    place_id: int | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """How an order travels, and what its carrier said last."""

    method: str = ""
    address: str = ""
    branch: str = ""
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    carrier_code: str = ""
    is_code_unknown: bool = False
    polled_at: datetime | None = None
    poll_at: datetime | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A status an order reached: when, and by whom or what."""

    status: str
    at: datetime
    written_at: datetime
    actor_id: int | None
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A change of what the order says: its sum before and after, and the lines that changed."""

    at: datetime
    actor_id: int | None
    source: str
    before_minor: int
    after_minor: int
    changes: Sequence[Mapping[str, str | None]]


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """Money that came in, or went back when below zero."""

    key: str
    amount_minor: int
    method: str
    at: datetime
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class CommentRow:
    """What a member of the staff wrote."""

    text: str
    at: datetime
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class SupportRecord:
    """Whom a customer may ask about an order."""

    phone: str = ""
    email: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class CarrierRecord:
    """An account with a carrier; the secret itself stays sealed."""

    name: str
    public_id: str
    account: str
    has_secret: bool
    is_on: bool
    is_test: bool
