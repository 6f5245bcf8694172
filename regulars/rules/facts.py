"""What a room declares so that rules can ask about its customers by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FactType = Literal["text", "number", "money", "points", "bool", "date", "time", "list", "untyped"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the lake relation of customers, or of one that has a row for a customer.

    A text column has a lowered twin NAME_l.
    """

    column: str
    relation: Literal["customers", "scores", "loyalty"] = "customers"


@dataclass(frozen=True, slots=True)
class Attr:
    """An attribute of the workspace's own, held in customers.attrs."""

    name: str


@dataclass(frozen=True, slots=True)
class OrdersAggregate:
    """A figure over the customer's orders that count: paid for, not cancelled, not returned."""

    function: Literal["count", "sum", "min", "max", "avg"]
    column: Literal["id", "total_minor", "lines_count", "placed_at"] = "id"


# A rule says points in hundredths, as it says money in minor units.
POINT_DIGITS = 2

Source = Column | Attr | OrdersAggregate


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known about every customer.

    name    room.thing: customer.city, order.count
    unit    what a number is measured in, "" where nothing is measured
    words   of a text that has few values: value, in English, Ukrainian and Russian
    """

    name: str
    type: FactType
    unit: str
    label_en: str
    label_uk: str
    label_ru: str
    source: Source
    words: tuple[tuple[str, str, str, str], ...] = ()

    def label(self, language: str) -> str:
        """The name people read, English where the language is not known."""
        return {"uk": self.label_uk, "ru": self.label_ru}.get(language, self.label_en)

    def word(self, value: str, language: str) -> str:
        """What people call the value; the value itself when it has no name."""
        place = {"uk": 2, "ru": 3}.get(language, 1)
        return next((named[place] for named in self.words if named[0] == value.lower()), value)


Facts = Mapping[str, Fact]

ATTRIBUTE_PREFIX = "customer.attr."

# An order counts once it is paid and while it stands, and only when it cost something.
COUNTED_KIND = "sale"
UNCOUNTED_STATUSES = ("new", "cancelled", "returned")

# Where a channel's address is kept in the relation of customers.
ADDRESS_COLUMNS = {"email": "email", "sms": "phone"}

# Where a customer is, in the relation of customers.
PLACE_COLUMNS = ("latitude", "longitude")

# Columns of an order line that a filter may name, and how to read them.
LINE_FIELDS: Mapping[str, tuple[str, FactType]] = {
    "sku": ("sku", "text"),
    "name": ("name", "text"),
    "category": ("category", "text"),
    "brand": ("brand", "text"),
    "quantity": ("quantity", "number"),
    "unit_price": ("unit_price", "number"),
    "total": ("total_minor", "money"),
}

_ORDER_FIELDS: Mapping[str, FactType] = {
    "total": "money",
    "number": "text",
    "currency": "text",
    "lines": "number",
    "source": "text",
}
_STATUS_FIELDS: Mapping[str, FactType] = {
    "number": "text",
    "status": "text",
    "reason": "text",
    "source": "text",
    "carrier": "text",
}
_CONSENT_FIELDS: Mapping[str, FactType] = {
    "channel": "text",
    "purpose": "text",
    "source": "text",
    "basis": "text",
}
_MESSAGE_FIELDS: Mapping[str, FactType] = {
    "campaign": "number",
    "channel": "text",
    "message": "text",
}
_TRACKED_FIELDS: Mapping[str, FactType] = {**_MESSAGE_FIELDS, "is_confirmed": "bool"}
_SESSION_FIELDS: Mapping[str, FactType] = dict.fromkeys(
    ("source", "medium", "campaign", "term", "content", "landing", "device", "site"), "text"
)
_POINTS_FIELDS: Mapping[str, FactType] = {
    "points": "points",
    "currency": "text",
    "kind": "text",
    "purchase": "text",
    "reason": "text",
}
_CODE_FIELDS: Mapping[str, FactType] = {"series": "text", "promotion": "text"}
_MEMBERSHIP_FIELDS: Mapping[str, FactType] = {"segment": "text", "reason": "text"}

# Properties of the events that the product writes itself; those of other events are untyped.
EVENT_FIELDS: Mapping[str, Mapping[str, FactType]] = {
    "order.placed": _ORDER_FIELDS,
    "order.paid": _ORDER_FIELDS,
    "order.returned": _ORDER_FIELDS,
    "order.adjusted": _ORDER_FIELDS,
    "order.cancelled": _ORDER_FIELDS,
    "order.status_changed": _STATUS_FIELDS,
    "consent.given": _CONSENT_FIELDS,
    "consent.withdrawn": _CONSENT_FIELDS,
    "message.sent": _MESSAGE_FIELDS,
    "message.opened": _TRACKED_FIELDS,
    "message.clicked": {**_TRACKED_FIELDS, "url": "text"},
    "message.bounced": {**_MESSAGE_FIELDS, "is_hard": "bool", "status": "text"},
    "message.complained": _MESSAGE_FIELDS,
    "message.unsubscribed": {**_MESSAGE_FIELDS, "source": "text"},
    "segment.entered": _MEMBERSHIP_FIELDS,
    "segment.left": _MEMBERSHIP_FIELDS,
    "value.stage_changed": {"from": "text", "to": "text", "since": "text"},
    "member.joined": {"member": "text"},
    "points.earned": _POINTS_FIELDS,
    "points.activated": _POINTS_FIELDS,
    "points.spent": _POINTS_FIELDS,
    "points.returned": _POINTS_FIELDS,
    "points.expired": _POINTS_FIELDS,
    "points.expiring": _POINTS_FIELDS,
    "points.adjusted": _POINTS_FIELDS,
    "tier.changed": {"old": "text", "new": "text", "why": "text"},
    "code.issued": _CODE_FIELDS,
    "code.used": {**_CODE_FIELDS, "purchase": "text"},
    "purchase.confirmed": {
        "purchase": "text",
        "total": "money",
        "discount": "money",
        "points_paid": "money",
        "currency": "text",
        "lines": "number",
        "shop": "text",
        "till": "text",
        "channel": "text",
    },
    "purchase.returned": {
        "purchase": "text",
        "refund": "money",
        "currency": "text",
        "is_full": "bool",
    },
    "card.issued": {"card": "text"},
    "reward.ordered": {"reward": "text", "points": "points", "quantity": "number"},
    "referral.completed": {"inviter_points": "points", "friend_points": "points"},
    "receipt.registered": {"activity": "text", "state": "text"},
    "customer.changed": {},
    "session.started": _SESSION_FIELDS,
    "form.submitted": {"form": "text", "name": "text", "kind": "text", "is_agreed": "bool"},
}


def find_fact(name: str, facts: Facts) -> Fact | None:
    """The declared fact, or for an undeclared attribute one whose type the operator decides."""
    found = facts.get(name)
    if found is None and name.startswith(ATTRIBUTE_PREFIX):
        short = name.removeprefix(ATTRIBUTE_PREFIX)
        return Fact(name, "untyped", "", short, short, short, Attr(short))
    return found
