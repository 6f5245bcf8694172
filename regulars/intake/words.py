"""Names of kinds, fields, states and reasons in the language of the interface."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from regulars.kernel.errors import RegularsError

Text = str | Promise

KINDS: dict[str, Text] = {
    "orders": gettext_lazy("Orders"),
    "customers": gettext_lazy("Customers"),
    "events": gettext_lazy("Events"),
    "catalogue": gettext_lazy("Catalogue"),
}
KIND_HINTS: dict[str, Text] = {
    "orders": gettext_lazy("One row for each line of an order, or one for each order."),
    "customers": gettext_lazy("One row for each person, with consents if you have them."),
    "events": gettext_lazy("One row for each thing that happened on your site or in your app."),
    "catalogue": gettext_lazy(
        "One row for each product; also a YML or a Google product feed as it is."
    ),
}
STATES: dict[str, tuple[Text, str]] = {
    "mapping": (gettext_lazy("Columns to choose"), "info"),
    "trying": (gettext_lazy("Being checked"), "info"),
    "tried": (gettext_lazy("Checked"), "info"),
    "waiting": (gettext_lazy("Waiting"), "info"),
    "running": (gettext_lazy("Coming in"), "info"),
    "done": (gettext_lazy("Done"), "good"),
    "failed": (gettext_lazy("Not taken"), "bad"),
    "expired": (gettext_lazy("Not finished"), "neutral"),
}
STAGES: dict[str, Text] = {
    "": gettext_lazy("Waiting for a worker"),
    "reading": gettext_lazy("Reading the file"),
    "checking": gettext_lazy("Checking every row"),
    "writing": gettext_lazy("Writing"),
}
FIELDS: dict[str, Text] = {
    "external_id": gettext_lazy("Customer: id in the shop"),
    "email": gettext_lazy("Customer: e-mail"),
    "phone": gettext_lazy("Customer: phone"),
    "anonymous_id": gettext_lazy("Customer: anonymous id"),
    "name": gettext_lazy("Customer: name in one line"),
    "first_name": gettext_lazy("Customer: first name"),
    "last_name": gettext_lazy("Customer: last name"),
    "city": gettext_lazy("Customer: city"),
    "country": gettext_lazy("Customer: country"),
    "language": gettext_lazy("Customer: language"),
    "gender": gettext_lazy("Customer: gender"),
    "birth_on": gettext_lazy("Customer: birthday"),
    "first_seen_at": gettext_lazy("Customer: since when"),
    "consent_email": gettext_lazy("Consent to e-mail"),
    "consent_sms": gettext_lazy("Consent to SMS"),
    "consent_at": gettext_lazy("When the consent was given"),
    "number": gettext_lazy("Number of the order"),
    "placed_at": gettext_lazy("Time of the order"),
    "sku": gettext_lazy("Product: code"),
    "product_name": gettext_lazy("Product: name"),
    "category": gettext_lazy("Product: category"),
    "brand": gettext_lazy("Product: brand"),
    "quantity": gettext_lazy("Quantity"),
    "unit_price": gettext_lazy("Price of one"),
    "line_total": gettext_lazy("Sum of the line"),
    "order_total": gettext_lazy("Sum of the order"),
    "status": gettext_lazy("Status of the order"),
    "kind": gettext_lazy("Sale or return"),
    "currency": gettext_lazy("Currency"),
    "event": gettext_lazy("Name of the event"),
    "time": gettext_lazy("Time of the event"),
    "message_id": gettext_lazy("Id of the event"),
    "price": gettext_lazy("Product: price"),
    "old_price": gettext_lazy("Product: price before"),
    "url": gettext_lazy("Product: page"),
    "picture_url": gettext_lazy("Product: picture"),
    "availability": gettext_lazy("Product: availability"),
    "item": gettext_lazy("Product, service, booking or digital article"),
    "duration_min": gettext_lazy("Service: minutes"),
}
# On what ground somebody of a file may be written to.
BASES: dict[str, Text] = {
    "consent": gettext_lazy("They agreed, and we can show when and how"),
    "existing_customer": gettext_lazy("They bought from us and were told how to refuse"),
    "contract": gettext_lazy("A contract with them calls for it"),
    "legitimate_interest": gettext_lazy("Legitimate interest, weighed and written down"),
}
COUNTS: dict[str, Text] = {
    "orders": gettext_lazy("Orders"),
    "sales": gettext_lazy("of them sales"),
    "returns": gettext_lazy("of them returns"),
    "adjustments": gettext_lazy("of them corrections"),
    "lines": gettext_lazy("Lines"),
    "customers": gettext_lazy("Customers"),
    "new_customers": gettext_lazy("of them new"),
    "consents": gettext_lazy("Consents"),
    "events": gettext_lazy("Events"),
    "products": gettext_lazy("Products"),
    "stock": gettext_lazy("Stock counted"),
}
REASONS: dict[str, Text] = {
    "row_cells": gettext_lazy("The row has another number of cells than the heading."),
    "row_encoding": gettext_lazy("Letters are broken; save the file as UTF-8 and try again."),
    "row_length": gettext_lazy("A cell is longer than a field can be."),
    "order_number": gettext_lazy("There is no number of the order."),
    "order_time": gettext_lazy("The time of the order cannot be read."),
    "order_time_ahead": gettext_lazy("The time of the order lies ahead."),
    "currency_unsupported": gettext_lazy("The currency is not that of the workspace."),
    "order_kind": gettext_lazy("It is neither sale nor return nor correction."),
    "order_status": gettext_lazy("The status is a word nobody knows."),
    "order_customers": gettext_lazy("One order names two customers."),
    "order_lines": gettext_lazy("The order has too many lines."),
    "order_total": gettext_lazy("The sum of the order is no number."),
    "order_amount": gettext_lazy("The order is worth more than any order can be."),
    "order_repeated": gettext_lazy("The order stands in the file twice."),
    "order_neighbour": gettext_lazy("Another line of the same order cannot be taken."),
    "order_differs": gettext_lazy("The order is here already and says something else."),
    "line_product": gettext_lazy("The line names no product."),
    "line_quantity": gettext_lazy("The quantity is no number."),
    "line_quantity_zero": gettext_lazy("The quantity is zero."),
    "line_price": gettext_lazy("The price is no number."),
    "line_price_negative": gettext_lazy("The price is below zero."),
    "identity_missing": gettext_lazy("Nothing tells whose row it is."),
    "email_line_break": gettext_lazy("The e-mail holds a line break."),
    "email_syntax": gettext_lazy("The e-mail is not of the form name@example.com."),
    "phone_syntax": gettext_lazy("The phone is not a number that can be called."),
    "identifier_empty": gettext_lazy("The id is a word that stands for nobody."),
    "identifier_syntax": gettext_lazy("The id is too long or holds a line break."),
    "customer_birthday": gettext_lazy("The birthday cannot be read."),
    "customer_time": gettext_lazy("The day of the first visit cannot be read."),
    "customer_repeated": gettext_lazy("The customer stands in the file twice."),
    "consent_time": gettext_lazy("The time of the consent cannot be read."),
    "consent_word": gettext_lazy("The consent is a word nobody knows."),
    "event_name": gettext_lazy("The event has no name, or too long a one."),
    "event_time": gettext_lazy("The time of the event cannot be read or lies ahead."),
    "product_sku": gettext_lazy("The product has no code, or too long a one."),
    "product_text": gettext_lazy("A field of the product is too long or cannot be read."),
    "product_price": gettext_lazy("A price is no number, or below zero."),
    "product_currency": gettext_lazy("The currency is not that of the workspace."),
    "product_quantity": gettext_lazy("The quantity in stock is no number, or below zero."),
    "product_availability": gettext_lazy("The availability is a word nobody knows."),
    "product_item": gettext_lazy("It is neither product, service, booking nor digital article."),
    "product_duration": gettext_lazy("The duration is not whole minutes."),
    "product_url": gettext_lazy("An address does not begin with https:// or http://."),
    "product_repeated": gettext_lazy("The product stands in the file twice."),
}
PROBLEMS: dict[str, Text] = {
    "file_missing": gettext_lazy("The file is gone; upload it again."),
    "file_empty": gettext_lazy("The file is empty."),
    "file_too_big": gettext_lazy("The file is too large; split it in parts."),
    "file_unreadable": gettext_lazy("The file cannot be read as CSV, XLSX or Parquet."),
    "file_feed": gettext_lazy("The XML is neither YML nor a feed of products for Google."),
    "file_encoding": gettext_lazy("The encoding is not one we know."),
    "file_delimiter": gettext_lazy("The mark between the cells cannot be that."),
    "file_columns": gettext_lazy("The columns do not give what is needed."),
    "mapping_columns": gettext_lazy("Choose what the columns mean."),
    "mapping_field": gettext_lazy("Two columns mean the same, or one means what is not known."),
    "consent_basis": gettext_lazy("The file has consents: choose on what legal ground they stand."),
    "mapping_value": gettext_lazy("A setting cannot be used."),
    "import_fault": gettext_lazy("Something broke on our side; try once more."),
}


def state(name: str) -> tuple[str, str]:
    """The state as people call it, and its tone."""
    label, tone = STATES.get(name, (name, "neutral"))
    return str(label), tone


def stage(name: str) -> str:
    """What an import under way is doing."""
    return str(STAGES.get(name, name))


def field(name: str) -> str:
    """The field a column fills."""
    if name.startswith("prop."):
        return _("Property of the event")
    if name.startswith("attr."):
        return _("Attribute of the customer")
    return str(FIELDS.get(name, name))


def count(name: str) -> str:
    """What was counted."""
    return str(COUNTS.get(name, name))


def reason(code: str) -> str:
    """Why a row was not taken."""
    return str(REASONS.get(code, code))


def problem(code: str) -> str:
    """Why a file was not taken."""
    return str(PROBLEMS.get(code, code))


CONSENT_MODES: dict[str, Text] = {
    "ask": gettext_lazy("Ask first: nothing is kept or sent before the visitor agrees"),
    "on": gettext_lazy("From the first page: choose this only where the law allows it"),
}
FORM_KINDS: dict[str, Text] = {
    "lead": gettext_lazy("A lead: somebody wants to be called or written to"),
    "subscribe": gettext_lazy("A subscription to letters"),
    "order": gettext_lazy("An order of one thing, called back before it counts"),
}
FIELD_TYPES: dict[str, Text] = {
    "name": pgettext_lazy("person", "Name"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "text": gettext_lazy("A line of text"),
    "long": gettext_lazy("A longer text"),
    "choice": gettext_lazy("One of several"),
}
SITE_PROBLEMS: dict[str, Text] = {
    "form_name": gettext_lazy("Give it a heading of at most 80 characters."),
    "form_fields": gettext_lazy(
        "Look at the questions: each needs words, a choice needs options, name, e-mail and phone"
        " are asked once, and an e-mail or a phone is needed; to subscribe, the e-mail."
    ),
    "form_redirect": gettext_lazy("Give a whole address that begins with https://."),
    "form_consent": gettext_lazy("Say what visitors agree to, in at most 2,000 characters."),
    "form_words": gettext_lazy("A text is too long; 300 characters are the most."),
    "forms_many": gettext_lazy("There are as many forms as a workspace can have."),
    "site_name": gettext_lazy("Give it a name of at most 80 characters."),
    "site_consent": gettext_lazy("Choose when visitors begin to be known."),
    "sites_many": gettext_lazy("There are as many sites as a workspace can have."),
    "domains_missing": gettext_lazy("Name at least one domain."),
    "domains_many": gettext_lazy("There are too many domains; twenty is the most."),
}


def site_problem(error: RegularsError) -> str:
    """What is wrong with what was said about a site or a form."""
    if error.code == "domain_malformed":
        return _("“%(domain)s” is no domain.") % {"domain": error.details.get("domain", "")}
    return str(SITE_PROBLEMS.get(error.code, error.message))


FORM_FAULTS: dict[str, Text] = {
    "form_invalid": gettext_lazy("Please look at the fields that are marked."),
    "field_missing": gettext_lazy("Please fill this in."),
    "field_too_long": gettext_lazy("This is too long."),
    "email_syntax": gettext_lazy("Please write an address such as name@example.com."),
    "phone_syntax": gettext_lazy("Please write a phone number with its code."),
    "choice_unknown": gettext_lazy("Please choose one of the options."),
    "contact_missing": gettext_lazy("Please leave an e-mail or a phone, so that we can answer."),
    "consent_missing": gettext_lazy("Please tick this if you want to hear from us."),
}


def form_fault(code: str) -> str:
    """What is wrong with an answer, to the visitor who gave it."""
    return str(FORM_FAULTS.get(code, FORM_FAULTS["form_invalid"]))
