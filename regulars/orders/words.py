"""Names of kinds and statuses in the language of the interface, with the tone of each."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.orders.records import OrderKind, OrderStatus

Text = str | Promise

KINDS: dict[str, Text] = {
    OrderKind.SALE: gettext_lazy("Sale"),
    OrderKind.RETURN: gettext_lazy("Return"),
    OrderKind.ADJUSTMENT: gettext_lazy("Correction"),
}
STATUSES: dict[str, tuple[Text, str]] = {
    OrderStatus.NEW: (gettext_lazy("New"), "info"),
    OrderStatus.PAID: (gettext_lazy("Paid"), "good"),
    OrderStatus.PROCESSING: (gettext_lazy("Being packed"), "info"),
    OrderStatus.SHIPPED: (gettext_lazy("Shipped"), "info"),
    OrderStatus.DELIVERED: (gettext_lazy("Delivered"), "good"),
    OrderStatus.CANCELLED: (gettext_lazy("Cancelled"), "bad"),
    OrderStatus.RETURNED: (gettext_lazy("Returned"), "warn"),
}


def kind(name: str) -> str:
    """The kind as people call it."""
    return str(KINDS.get(name, name))


def status(name: str) -> tuple[str, str]:
    """The status as people call it, and its tone."""
    label, tone = STATUSES.get(name, (name, "neutral"))
    return str(label), tone


def kind_choices() -> list[tuple[str, str]]:
    """Kinds to filter by."""
    return [("", _("Sales, returns, corrections")), *((k, str(v)) for k, v in KINDS.items())]


def status_choices() -> list[tuple[str, str]]:
    """Statuses to filter by."""
    return [("", _("Any status")), *((k, str(label)) for k, (label, _tone) in STATUSES.items())]
