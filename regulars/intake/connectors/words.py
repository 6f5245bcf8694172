"""Names of kinds, outcomes, counts and reasons in the language of the interface."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from regulars.intake.connectors.records import ConnectionKind, Outcome

Text = str | Promise

KINDS: dict[ConnectionKind, tuple[Text, Text, str]] = {
    ConnectionKind.WEBHOOK: (
        _("Webhook"), _("Any system that posts JSON; you say what its parts mean."), "webhook",
    ),
    ConnectionKind.WOOCOMMERCE: (
        _("WooCommerce"), _("Orders, customers and products of a WordPress shop."), "store",
    ),
    ConnectionKind.SHOPIFY: (
        _("Shopify"), _("Orders, refunds, customers and products of a Shopify shop."),
        "shopping-bag",
    ),
    ConnectionKind.ONEC: (
        _("1C"), _("Goods, prices and stock come in, orders go out, statuses come back."),
        "warehouse",
    ),
    ConnectionKind.PULL: (
        _("Scheduled pull"), _("A file that is fetched from an address or a folder by itself."),
        "calendar-clock",
    ),
}  # fmt: skip
OUTCOMES: dict[Outcome, tuple[Text, str]] = {
    Outcome.TAKEN: (_("Taken"), "good"),
    Outcome.REPEATED: (_("Came before"), "neutral"),
    Outcome.IGNORED: (_("Changes nothing"), "neutral"),
    Outcome.FAILED: (_("Failed"), "bad"),
    Outcome.KEPT: (_("Kept for later"), "warn"),
}
COUNTS: dict[str, Text] = {
    "orders": _("orders"),
    "orders_changed": _("orders changed"),
    "orders_cancelled": _("orders cancelled"),
    "refunds": _("refunds"),
    "customers": _("customers"),
    "consents": _("consents"),
    "events": _("events"),
    "goods": _("new products"),
    "goods_changed": _("products changed"),
    "stock": _("stock rows changed"),
    "items": _("products read"),
    "offers": _("offers read"),
    "documents": _("orders told about"),
    "erasures": _("requests for erasure"),
    "requests": _("requests of persons"),
    "rows": _("rows"),
    "taken": _("rows taken"),
    "repeated": _("rows known before"),
    "rejected": _("rows not taken"),
    "price_currency": _("prices in another currency left out"),
    "status_unknown": _("statuses nobody knows"),
    "order_unknown": _("orders that are not here"),
    "orders_corrected": _("orders whose lines changed"),
    "orders_newer_here": _("orders that are newer here"),
    "order_below_returned": _("orders with more returned than they would hold"),
}
REASONS: dict[str, Text] = {
    "stale": _("Newer news of it came before."),
    "orders_same": _("The order is here and says the same."),
    "refunds_same": _("The refund is here already."),
    "refund_bare": _("No money goes back; what it takes off comes with the order."),
    "goods_same": _("The products are here and say the same."),
    "erasures_same": _("The request waits already."),
    "topic_ignored": _("Nothing here follows from this kind of news."),
    "order_test": _("It is a test order."),
    "product_bare": _("The product has no kinds that are sold."),
    "delivery_bare": _("The map makes nothing of it."),
    "customer_unknown": _("This customer is not here."),
    "order_unknown": _("This order is not here."),
    "order_cancelled": _("The order is cancelled already."),
    "connection_paused": _("It came during a pause; replay it."),
    "file_same": _("The file is the same as last time."),
}
FAILURES: dict[str, Text] = {
    "amount": _("An amount is not a number."),
    "amount_fine": _("An amount is finer than a coin."),
    "archive_big": _("The archive grows too large when it is opened."),
    "archive_broken": _("The archive cannot be opened."),
    "archive_path": _("The archive points outside itself."),
    "currency_unsupported": _("The currency is not that of this workspace."),
    "exchange_fault": _("Something broke on our side; try once more."),
    "fetch_big": _("The file is larger than allowed."),
    "fetch_failed": _("The other side does not answer properly."),
    "fetch_redirects": _("The address leads on and on."),
    "fetch_slow": _("The file comes too slowly."),
    "field_missing": _("Something that is needed is not told."),
    "host_private": _("The host lies in a private network."),
    "host_unknown": _("The name of the host leads nowhere."),
    "identity_missing": _("Nothing names a customer."),
    "json_deep": _("The JSON is nested too deeply."),
    "json_malformed": _("It is no readable JSON."),
    "list_long": _("A list is too long."),
    "mapping_empty": _("Nothing says yet what its parts mean."),
    "order_unknown": _("This order is not here."),
    "order_below_returned": _("More of the order came back than it would hold or cost."),
    "pull_fault": _("Something broke on our side; try once more."),
    "pull_folder": _("The operator allows no such folder."),
    "pull_folder_gone": _("The folder cannot be read."),
    "secret_unreadable": _("The secret cannot be read; enter it again."),
    "time_malformed": _("A time cannot be read."),
    "xml_deep": _("The document is nested too deeply."),
    "xml_forbidden": _("The document holds what it must not."),
    "xml_malformed": _("It is no readable XML."),
    "xml_part_big": _("A part of the document is too large."),
    "xml_root": _("It is no CommerceML."),
}
STATUS_NAMES: dict[str, Text] = {"on": _("On"), "paused": _("Paused")}
PARTS: dict[str, Text] = {
    "customer": _("Customer"),
    "order": _("Order"),
    "lines": _("Lines of the order"),
    "event": _("Event"),
}
FIELDS: dict[str, Text] = {
    "external_id": _("Id in the other system"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "name": _("Name"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "city": _("City"),
    "country": _("Country"),
    "language": _("Language"),
    "gender": _("Gender"),
    "birth_on": _("Birthday"),
    "updated_at": _("When it was changed"),
    "email_consent": _("Consent to e-mail"),
    "number": _("Number"),
    "placed_at": _("Time"),
    "status": _("Status"),
    "currency": _("Currency"),
    "total": _("Total"),
    "shipping": _("Shipping"),
    "tax": _("Tax"),
    "discount": _("Discount"),
    "pays_on_delivery": _("Paid on delivery"),
    "sku": _("Product code"),
    "category": _("Category"),
    "brand": _("Brand"),
    "quantity": _("Quantity"),
    "unit_price": _("Price of a piece"),
    "line_total": _("Price of the line"),
    "kind": _("Name of the event"),
    "time": _("Time"),
    "key": _("Id of the event"),
    "properties": _("Properties"),
}


def counts(told: dict[str, int]) -> list[tuple[str, int]]:
    """What was made, in the order of this page."""
    return [(str(label), told[name]) for name, label in COUNTS.items() if told.get(name)]


def reason(code: str) -> str:
    """Why a delivery changed nothing."""
    return str(REASONS.get(code, code))


def failure(code: str, detail: str) -> str:
    """Why a delivery failed; in the words of the fault itself where these say more."""
    if code in FAILURES:
        return str(FAILURES[code])
    return gettext(detail or code) if detail or code else ""
