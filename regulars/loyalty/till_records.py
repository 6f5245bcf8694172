"""What a till, a site's cart or the cashier's page asks, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from regulars.loyalty.pure.answers import Answer
from regulars.loyalty.pure.cart import Cart
from regulars.loyalty.pure.states import State

# Where orders and events of tills come from, in the books and in the log.
ORDER_SOURCE = "till"
# Two of them and a mark make the number of a return in the books of orders.
ID_CHARS_MAX = 90
SYNC_ITEMS_MAX = 100
CLOCK_SKEW_MAX = timedelta(minutes=10)
OFFLINE_AGE_MAX = timedelta(days=45)
QUOTE_MINUTES = 15
# Offline queues live up to OFFLINE_AGE_MAX; a stored answer outlives them.
ANSWERS_KEPT = timedelta(days=60)
BURN_CODE_MINUTES = 5
BURN_CODE_TRIES = 5
# Of one member within BURN_CODE_MINUTES; each is a letter to them.
BURN_CODES_MAX = 3


@dataclass(frozen=True, slots=True)
class Counter:
    """Who asks: the key and where it stands.

    channel  till or site; may_hold_long: an order of a site is held for days
    language  of messages, titles and what is missing
    """

    channel: str = "till"
    shop: str = ""
    till: str = ""
    cashier: str = ""
    key_id: int | None = None
    may_hold_long: bool = False
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Named:
    """How the till names the member: kind is phone, card, token, external_id, customer, email."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A cart that is asked about, held or sold.

    body_hash      of all the till said; the same id with another hash is refused
    quote_hash     what the till expects, from an earlier answer; empty: whatever comes
    quote_id       the same, and of this purchase alone
    hold_s         how long to hold; None: as the programme says
    burn_code      the one-time code the member told
    """

    counter: Counter
    cart: Cart
    purchase_id: str = ""
    member: Named | None = None
    body_hash: str = ""
    quote_hash: str = ""
    quote_id: str = ""
    hold_s: int | None = None
    burn_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A confirmation; without a cart it takes what was held.

    is_offline  the sale was made without us: accrual only, at the till's prices
    """

    counter: Counter
    purchase_id: str
    occurred_at: datetime
    ask: Ask | None = None
    body_hash: str = ""
    is_offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAsk:
    """Goods to be taken back.

    lines          thousandths by line; None: all that is left
    with_delivery  None: when all that is left comes back
    takes_orphan   a return of a purchase that did not arrive yet is kept until it does
    """

    counter: Counter
    purchase_id: str
    return_id: str = ""
    occurred_at: datetime | None = None
    lines: Mapping[str, int] | None = None
    with_delivery: bool | None = None
    takes_orphan: bool = False
    body_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRecord:
    """A purchase as it is kept."""

    id: int
    purchase_id: str
    state: State
    member_id: int | None
    customer_id: int | None
    shop: str
    till: str
    cashier: str
    channel: str
    currency: str
    to_pay_minor: int
    rules_version: int
    occurred_at: datetime
    created_at: datetime
    confirmed_at: datetime | None
    expires_at: datetime | None
    hold_hash: str
    confirm_hash: str
    cart_hash: str
    cart: Mapping[str, Any]
    answer: Answer | None
    flags: tuple[str, ...] = ()

    def is_due(self, now: datetime) -> bool:
        """Whether the hold's time is over."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class ReturnRecord:
    """One return of a purchase."""

    return_id: str
    purchase_id: str
    state: str
    occurred_at: datetime
    created_at: datetime
    lines: Mapping[str, int] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TillRecord:
    """A till and its key."""

    public_id: str
    key_id: int
    name: str
    shop: str
    till: str
    channel: str
    created_at: datetime
    closed_at: datetime | None
