"""The shapes of connections, deliveries, and the news that providers bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from regulars.customers.records import Identity
from regulars.orders.records import NewLine, OrderStatus


class ConnectionKind(StrEnum):
    """What kind of system is on the other side."""

    WEBHOOK = "webhook"
    WOOCOMMERCE = "woocommerce"
    SHOPIFY = "shopify"
    ONEC = "onec"
    PULL = "pull"


class ConnectionState(StrEnum):
    """Paused: what comes is kept among failed events, to be replayed."""

    ON = "on"
    PAUSED = "paused"


class Outcome(StrEnum):
    """What became of a delivery."""

    TAKEN = "taken"
    REPEATED = "repeated"
    IGNORED = "ignored"
    FAILED = "failed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    """A connection as pages and doors see it; secrets stay sealed."""

    id: int
    public_id: str
    kind: ConnectionKind
    name: str
    source: str
    state: ConnectionState
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    sample: Any
    created_by: str
    created_at: datetime
    success_at: datetime | None
    error_at: datetime | None
    error_code: str
    error_text: str
    failures: int
    due_at: datetime | None

    @property
    def is_on(self) -> bool:
        """Whether what comes is brought in."""
        return self.state is ConnectionState.ON


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A line of a connection's log; failed_id when it can be replayed."""

    id: int
    key: str
    topic: str
    received_at: datetime
    finished_at: datetime
    outcome: Outcome
    reason: str
    detail: str
    counts: Mapping[str, int]
    failed_id: int | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A delivery whose signature holds: how its provider calls it, and what it is about.

    is_by_content  its provider does not call it at all: the key is the hash of its body
    """

    key: str
    topic: str = ""
    is_by_content: bool = False


@dataclass(frozen=True, slots=True)
class Ping:
    """A greeting without content; it is answered and not kept."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a mapping must know besides the body.

    source    of the connection; ids of its customers are told apart by it
    currency  of the workspace
    """

    source: str
    currency: str
    received_at: datetime
    settings: Mapping[str, Any] = field(default_factory=dict)

    def external_id(self, id_: object) -> str | None:
        """The provider's customer id as ours: shared with other sources only when asked for."""
        text = str(id_ or "").strip()
        if not text or text == "0":
            return None
        return text if self.settings.get("shares_ids") else f"{self.source}:{text}"


@dataclass(frozen=True, slots=True)
class Consent:
    """What a customer said about a channel; at is None when the provider does not know."""

    channel: str
    is_given: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerNews:
    """A customer as a provider knows them now."""

    key: str
    identity: Identity
    told_at: datetime
    consents: tuple[Consent, ...] = ()


@dataclass(frozen=True, slots=True)
class RefundNews:
    """Money or goods that went back; total_minor is positive."""

    order_key: str
    key: str
    at: datetime
    total_minor: int
    lines: tuple[NewLine, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderNews:
    """An order as a provider knows it now; its lines sum to its total.

    pays_on_delivery  the buyer pays when the parcel comes
    is_emptied        all its lines were taken off; else none told means that none are known
    """

    key: str
    number: str
    placed_at: datetime
    told_at: datetime
    currency: str
    status: OrderStatus
    lines: tuple[NewLine, ...]
    total_minor: int
    identity: Identity | None = None
    refunds: tuple[RefundNews, ...] = ()
    pays_on_delivery: bool = False
    is_emptied: bool = False


@dataclass(frozen=True, slots=True)
class OrderGone:
    """An order was deleted over there."""

    key: str
    told_at: datetime


@dataclass(frozen=True, slots=True)
class ProductNews:
    """A product as a provider knows it now; None is what it does not tell."""

    key: str
    sku: str
    told_at: datetime
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    price: Decimal | None = None
    old_price: Decimal | None = None
    url: str | None = None
    picture_url: str | None = None
    is_available: bool | None = None
    on_hand: Decimal | None = None


@dataclass(frozen=True, slots=True)
class EventNews:
    """Something a customer did."""

    key: str
    kind: str
    time: datetime
    identity: Identity
    props: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PrivacyNews:
    """A person, or a whole shop, asks for their rights: erase, export or shop."""

    kind: str
    key: str
    told_at: datetime
    identity: Identity | None = None
    props: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Nothing:
    """A delivery that means nothing here, and why."""

    reason: str


News = (
    CustomerNews
    | OrderNews
    | RefundNews
    | OrderGone
    | ProductNews
    | EventNews
    | PrivacyNews
    | Nothing
)
