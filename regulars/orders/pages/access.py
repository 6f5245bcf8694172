"""Who asks and where, and what many screens of the desk have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.customers import queries as customers
from regulars.customers.records import ListFilter, Profile
from regulars.kernel.errors import Invalid, RegularsError
from regulars.kernel.ids import new_public_id
from regulars.kernel.money import to_minor
from regulars.orders.pure import keys
from regulars.orders.pure.meaning import AMOUNT_MAX
from regulars.orders.records import LineRecord, NewLine, OrderRecord
from regulars.workspaces import queries as workspaces
from regulars.workspaces.asking import may as may
from regulars.workspaces.asking import member_of as member_of
from regulars.workspaces.asking import workspace_of as workspace_of
from regulars.workspaces.records import WorkspaceRecord

SEARCH_LENGTH_MAX = 100
CUSTOMERS_FOUND_MAX = 50
KEY_LENGTH = 8
NOBODY = "none"
REFUSALS = {
    "return_exceeds": gettext_lazy(
        "More than what is left cannot come back; look at the returns below."
    ),
    "return_nothing": gettext_lazy("Everything of this order came back before."),
    "return_quantity": gettext_lazy("Write how many came back of at least one line, above zero."),
    "order_not_sold": gettext_lazy(
        "Only a paid sale that was not cancelled or returned can come back."
    ),
    "order_status_final": gettext_lazy("The order is closed; nothing can follow that."),
    "order_status_same": gettext_lazy("The order is there already."),
    "order_status_back": gettext_lazy("The order is further already; it cannot go back."),
    "order_not_sale": gettext_lazy("A return or a correction does not travel and is not paid."),
    "order_part_returned": gettext_lazy("Part of the order came back; take back the rest of it."),
    "order_unknown": gettext_lazy("There is no such order."),
    "payment_exceeds": gettext_lazy("The order would be paid more than it costs."),
    "refund_exceeds": gettext_lazy("More would go back than was paid."),
    "payment_amount": gettext_lazy("Write an amount above zero."),
    "payment_url": gettext_lazy("A payment link begins with https:// and names a host."),
    "delivery_url": gettext_lazy("A tracking link begins with https:// and names a host."),
    "delivery_text": gettext_lazy("A field of the delivery is too long or cannot be read."),
    "comment_text": gettext_lazy("Write something, at most 5,000 characters."),
    "stock_short": gettext_lazy("There is not enough in stock for this order."),
    "stock_quantity": gettext_lazy("A quantity is a number, not below zero."),
    "lead_won": gettext_lazy("The lead became an order; go on there."),
    "lead_not_converted": gettext_lazy("A lead is won by making it an order."),
    "lead_reason": gettext_lazy("Say why the lead was lost."),
    "lead_items": gettext_lazy("The lead asks for nothing yet; write the lines of the order."),
    "lead_price": gettext_lazy("Nobody knows the price of something the lead asks for."),
    "lead_booking": gettext_lazy("Say on the new order when the booking starts."),
    "lead_contact": gettext_lazy("A lead needs a name, a phone or an e-mail address."),
    "place_name": gettext_lazy("A place needs a name; each field has at most 200 characters."),
    "place_taken": gettext_lazy("There is a place of this name already."),
    "support_contact": gettext_lazy("A contact cannot be read; look at the three fields."),
    "responsible_unknown": gettext_lazy("This person does not work in the workspace."),
    "bulk_size": gettext_lazy("Choose 1 to 500 orders at once."),
    "idempotency_mismatch": gettext_lazy("This was sent before with something else in it."),
    "carrier_secret": gettext_lazy("An account or key has at most 200 plain characters."),
    "order_changed": gettext_lazy("Somebody changed the order meanwhile; look again."),
    "order_same": gettext_lazy("Nothing changes by this."),
    "order_below_returned": gettext_lazy(
        "More of it came back already than the order would hold or cost."
    ),
    "order_line": gettext_lazy("A line of the order cannot be read; look at its figures."),
}


def refusal(error: RegularsError) -> str:
    """Why something did not happen, in the language of the page."""
    return str(REFUSALS.get(error.code, error.message))


def new_key() -> str:
    """A key for a form: sent twice it acts once."""
    return new_public_id()[:KEY_LENGTH]


def next_url(given: QueryDict, place: tuple[Any, ...]) -> str:
    """The address of the page after this place of the list."""
    query = given.copy()
    query["page"] = keys.write(place)
    return "?" + query.urlencode()


def people_of(workspace_id: int, customer_ids: Sequence[int | None]) -> dict[int, Profile]:
    """The customers of these ids, under the names they have now."""
    ids = [customer_id for customer_id in customer_ids if customer_id is not None]
    roots = customers.roots_of(workspace_id, ids)
    found = customers.profiles(workspace_id, list(set(roots.values())))
    return {given: found[root] for given, root in roots.items() if root in found}


def customers_found(workspace_id: int, text: str) -> list[Profile]:
    """The customers a search names, the newest first."""
    return list(customers.page(workspace_id, ListFilter(search=text)).rows[:CUSTOMERS_FOUND_MAX])


def names_of_staff(workspace_id: int) -> Mapping[int | None, str]:
    """Who works here, by user."""
    return {m.user_id: m.name or m.email for m in workspaces.members(workspace_id)}


def amount_of(text: str) -> Decimal | None:
    """A number as people write it, None for nothing. raises Invalid(amount_text)"""
    plain = text.strip().replace("\u00a0", "").replace(" ", "").replace(",", ".")
    if not plain:
        return None
    try:
        found = Decimal(plain)
    except InvalidOperation:
        raise Invalid("amount_text", _("Write a number, such as 2 or 0.5.")) from None
    if not found.is_finite() or abs(found) >= AMOUNT_MAX:
        raise Invalid("amount_text", _("Write a number, such as 2 or 0.5."))
    return found


def money_of(text: str, currency: str) -> int:
    """An amount of money as people write it, zero for nothing. raises Invalid(amount_text)"""
    return to_minor(amount_of(text) or Decimal(0), currency)


def version_of(order: OrderRecord) -> str:
    """What the lines of an order were when a page was made, to see whether they changed since."""
    return order.told_at.isoformat() if order.told_at else ""


def corrected_lines(given: QueryDict, before: Sequence[LineRecord]) -> tuple[NewLine, ...]:
    """The lines of an order as a form tells them: none of something takes it out.

    raises  Invalid(amount_text | line_figures | lines_missing)
    """
    found = []
    for line in before:
        quantity = amount_of(given.get(f"quantity-{line.line_no}", ""))
        price = amount_of(given.get(f"price-{line.line_no}", ""))
        # A discount has a quantity below zero from the start; goods cannot get one.
        if quantity is None or price is None or quantity < 0 < line.quantity:
            raise Invalid("line_figures", _("Every line needs a quantity above zero and a price."))
        if quantity:
            found.append(NewLine(line.sku, quantity, price, line.name, line.category))
    sku = text_of(given, "sku", 201)
    if sku:
        quantity, price = amount_of(given.get("quantity", "")), amount_of(given.get("price", ""))
        if quantity is None or quantity <= 0 or price is None:
            raise Invalid("line_figures", _("Every line needs a quantity above zero and a price."))
        found.append(NewLine(sku, quantity, price))
    if not found:
        raise Invalid("lines_missing", _("Something must be left; else cancel the order."))
    return tuple(found)


def day_of(text: str, workspace: WorkspaceRecord, *, is_end: bool = False) -> datetime | None:
    """The beginning of a day in the workspace's zone, or of the one after; None for no day."""
    try:
        found = date.fromisoformat(text)
        found += timedelta(days=1) if is_end else timedelta(0)
        return datetime(found.year, found.month, found.day, tzinfo=workspace.zone)
    except (ValueError, OverflowError):
        return None


def moment_of(text: str, workspace: WorkspaceRecord) -> datetime | None:
    """What a field of date and time says, in the workspace's zone; None for nothing.

    raises  Invalid(moment_text)
    """
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=workspace.zone)
    except ValueError:
        raise Invalid("moment_text", _("A time cannot be read; choose it again.")) from None


def text_of(given: QueryDict, name: str, most: int = SEARCH_LENGTH_MAX) -> str:
    """A field without the spaces around it."""
    return given.get(name, "")[:most].strip()
