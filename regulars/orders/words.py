"""Names of kinds and statuses in the language of the interface, with the tone of each."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from regulars.kernel.money import decimal_string
from regulars.orders.desk_records import CorrectionRow, Held
from regulars.orders.records import (
    ItemKind,
    LeadStatus,
    OrderKind,
    OrderRecord,
    OrderStatus,
    PaymentState,
    Stage,
)

# More lines of a change than anybody reads in a history.
LINES_TOLD_MAX = 10
Text = str | Promise

KINDS: dict[str, Text] = {
    OrderKind.SALE: gettext_lazy("Sale"),
    OrderKind.RETURN: gettext_lazy("Return"),
    OrderKind.ADJUSTMENT: gettext_lazy("Correction"),
}
STATUSES: dict[str, tuple[Text, str]] = {
    OrderStatus.NEW: (pgettext_lazy("order", "New"), "info"),
    OrderStatus.PAID: (gettext_lazy("Paid"), "good"),
    OrderStatus.PROCESSING: (gettext_lazy("Being packed"), "info"),
    OrderStatus.SHIPPED: (gettext_lazy("Shipped"), "info"),
    OrderStatus.DELIVERED: (gettext_lazy("Delivered"), "good"),
    OrderStatus.CANCELLED: (gettext_lazy("Cancelled"), "bad"),
    OrderStatus.RETURNED: (gettext_lazy("Returned"), "warn"),
}
STAGES: dict[str, tuple[Text, str]] = {
    Stage.RECEIVED: (gettext_lazy("Order accepted"), "info"),
    Stage.PROCESSING: (gettext_lazy("In work"), "info"),
    Stage.PICKING: (gettext_lazy("Being picked"), "info"),
    Stage.PACKED: (gettext_lazy("Packed"), "info"),
    Stage.SHIPPED: (gettext_lazy("Handed to the carrier"), "info"),
    Stage.IN_TRANSIT: (gettext_lazy("On its way"), "info"),
    Stage.ARRIVED: (gettext_lazy("Waits at the branch"), "warn"),
    Stage.DELIVERED: (gettext_lazy("Delivered"), "good"),
    Stage.CANCELLED: (gettext_lazy("Cancelled"), "bad"),
    Stage.RETURNED: (gettext_lazy("Returned"), "warn"),
    Stage.DELAYED: (gettext_lazy("Late"), "warn"),
}
PAYMENTS: dict[str, tuple[Text, str]] = {
    PaymentState.UNPAID: (gettext_lazy("Not paid"), "neutral"),
    PaymentState.PENDING: (gettext_lazy("Waits for payment"), "info"),
    PaymentState.PART_PAID: (gettext_lazy("Paid in part"), "warn"),
    PaymentState.PAID: (gettext_lazy("Paid"), "good"),
    PaymentState.PART_REFUNDED: (gettext_lazy("Refunded in part"), "warn"),
    PaymentState.REFUNDED: (gettext_lazy("Refunded"), "bad"),
}
LEADS: dict[str, tuple[Text, str]] = {
    LeadStatus.NEW: (gettext_lazy("New lead"), "info"),
    LeadStatus.IN_WORK: (gettext_lazy("In work"), "info"),
    LeadStatus.QUALIFIED: (gettext_lazy("Qualified"), "good"),
    LeadStatus.WON: (gettext_lazy("Became an order"), "good"),
    LeadStatus.LOST: (gettext_lazy("Lost"), "bad"),
}
ITEMS: dict[str, Text] = {
    ItemKind.PRODUCT: gettext_lazy("Product"),
    ItemKind.SERVICE: gettext_lazy("Service"),
    ItemKind.BOOKING: gettext_lazy("Booking"),
    ItemKind.ARTICLE: gettext_lazy("Digital article"),
}
GOODS: dict[str, tuple[Text, str]] = {
    Held.HELD: (gettext_lazy("Reserved"), "good"),
    Held.SHORT: (gettext_lazy("Not enough in stock"), "bad"),
    Held.TAKEN: (gettext_lazy("Taken from stock"), "neutral"),
    Held.RELEASED: (gettext_lazy("Set free"), "neutral"),
    Held.EXPIRED: (gettext_lazy("Reservation ran out"), "warn"),
}
AVAILABLE: dict[str, tuple[Text, str]] = {
    "in_stock": (gettext_lazy("In stock"), "good"),
    "out_of_stock": (gettext_lazy("Out of stock"), "bad"),
    "preorder": (gettext_lazy("To order"), "info"),
}
SOURCES: dict[str, Text] = {
    "desk": gettext_lazy("by hand"),
    "api": gettext_lazy("API"),
    "carrier": gettext_lazy("the carrier"),
    "eta": gettext_lazy("the promised day has passed"),
    "import": gettext_lazy("a file"),
    "lead": gettext_lazy("a lead"),
    "segment": gettext_lazy("the site"),
}
CARRIERS: dict[str, Text] = {
    "nova_poshta": gettext_lazy("Nova Poshta"),
    "cdek": gettext_lazy("CDEK"),
    "generic": gettext_lazy("Another carrier"),
}


def stage(name: str) -> tuple[str, str]:
    """The place of an order as people call it, and its tone."""
    label, tone = STAGES.get(name, (name, "neutral"))
    return str(label), tone


def payment(name: str) -> tuple[str, str]:
    """What was paid, in words, and its tone."""
    label, tone = PAYMENTS.get(name, (name, "neutral"))
    return str(label), tone


def payment_of(order: OrderRecord) -> tuple[str, str]:
    """What was paid of the order, in words; one paid at the door waits for nothing before."""
    if order.pays_on_delivery and order.payment_now is PaymentState.UNPAID:
        return _("Pays on delivery"), "info"
    return payment(order.payment_now)


def correction(row: CorrectionRow, currency: str, staff: Mapping[int | None, str]) -> str:
    """Who changed the order, what it came to, and the lines that changed."""
    who = staff.get(row.actor_id) or source(row.source)
    told = [who]
    if row.before_minor != row.after_minor:
        told.append(
            f"{decimal_string(row.before_minor, currency)} → "
            f"{decimal_string(row.after_minor, currency)} {currency}"
        )
    told += [_line_change(change) for change in row.changes[:LINES_TOLD_MAX]]
    if len(row.changes) > LINES_TOLD_MAX:
        told.append("…")
    return " · ".join(told)


def _line_change(change: Mapping[str, str | None]) -> str:
    name = change["name"] or change["sku"] or ""
    before, after = change["quantity_before"], change["quantity_after"]
    if before is None:
        return f"+ {name} × {after}"
    if after is None:
        return f"− {name} × {before}"
    if before != after:
        return f"{name} × {before} → {after}"
    if change["price_before"] != change["price_after"]:
        return f"{name}: {change['price_before']} → {change['price_after']}"
    return name


def lead(name: str) -> tuple[str, str]:
    """The status of a lead in words, and its tone."""
    label, tone = LEADS.get(name, (name, "neutral"))
    return str(label), tone


def source(name: str) -> str:
    """Where something came from, as people call it."""
    return str(SOURCES.get(name, name))


def choices(words: dict[str, tuple[Text, str]], anything: str) -> list[tuple[str, str]]:
    """What to filter by, with an entry that asks nothing."""
    return [("", anything), *((str(k), str(label)) for k, (label, _tone) in words.items())]


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
