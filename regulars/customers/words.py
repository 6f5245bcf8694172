"""Names of channels, purposes, identifiers and happenings in the language of the interface."""

from __future__ import annotations

from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from regulars.customers.records import TOPIC_MARK
from regulars.kernel.errors import RegularsError
from regulars.workspaces.records import Right

Text = str | Promise

CHANNELS: dict[str, Text] = {
    "email": gettext_lazy("E-mail"),
    "sms": gettext_lazy("SMS"),
    "telegram": gettext_lazy("Telegram"),
    "call": gettext_lazy("Phone call"),
}
CHANNEL_ICONS = {
    "email": "mail",
    "sms": "message-square",
    "telegram": "message-circle",
    "call": "phone",
}
PURPOSES: dict[str, Text] = {
    "marketing": gettext_lazy("marketing"),
    "profiling": gettext_lazy("profiling"),
    "transactional": gettext_lazy("service messages"),
}
IDENTIFIERS: dict[str, Text] = {
    "external": gettext_lazy("Id in the shop"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "anonymous": gettext_lazy("Anonymous id"),
    "card": gettext_lazy("Loyalty card"),
    "telegram": gettext_lazy("Telegram"),
    "viber": gettext_lazy("Viber"),
    "push": gettext_lazy("Push token"),
    "device": gettext_lazy("Device"),
}
SOURCES: dict[str, Text] = {
    "import": gettext_lazy("import of a file"),
    "api": gettext_lazy("API"),
    "unsubscribe": gettext_lazy("unsubscribe link"),
    "page": gettext_lazy("by hand"),
    "complaint": gettext_lazy("complaint about spam"),
    "preferences": gettext_lazy("preference page"),
    "one_click": gettext_lazy("unsubscribe button of the mail program"),
}
COLUMNS: dict[str, Text] = {
    "external_id": gettext_lazy("Id in the shop"),
    "name": pgettext_lazy("person", "Name"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "city": gettext_lazy("City"),
    "country": gettext_lazy("Country"),
    "language": gettext_lazy("Language"),
    "gender": gettext_lazy("Gender"),
    "birth_on": gettext_lazy("Birthday"),
    "public_id": gettext_lazy("Id"),
    "tags": gettext_lazy("Tags"),
    "first_seen_at": gettext_lazy("First seen"),
    "channels": gettext_lazy("Agreed to"),
}
# The columns the list may have, in the order they stand.
LIST_COLUMNS: dict[str, Text] = {
    "spent": gettext_lazy("Spent"),
    "orders": gettext_lazy("Orders"),
    "last": gettext_lazy("Last order"),
    "lives": gettext_lazy("Lives in"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "channels": gettext_lazy("Agreed to"),
    "tags": gettext_lazy("Tags"),
    "language": gettext_lazy("Language"),
    "birth_on": gettext_lazy("Birthday"),
    "external_id": gettext_lazy("Id in the shop"),
    "seen": gettext_lazy("First seen"),
}
# What of the list tells of orders: for those alone who may see orders.
ORDER_COLUMNS = frozenset({"spent", "orders", "last"})
USUAL_COLUMNS = ("spent", "orders", "last", "lives", "channels", "seen")
# What may be done with many customers at once, and who may.
ACTS: dict[str, tuple[Text, Right]] = {
    "tag": (gettext_lazy("Add a tag"), Right.CUSTOMERS_EDIT),
    "attribute": (gettext_lazy("Set an attribute"), Right.CUSTOMERS_EDIT),
    "note": (gettext_lazy("Add a note"), Right.CUSTOMERS_EDIT),
    "task": (gettext_lazy("Give a task"), Right.CUSTOMERS_EDIT),
    "merge": (gettext_lazy("Compare two cards"), Right.CUSTOMERS_EDIT),
    "suppress": (gettext_lazy("Stop all marketing"), Right.CUSTOMERS_EDIT),
    "export": (gettext_lazy("Export to a file"), Right.CUSTOMERS_EXPORT),
}
PROFILE_SHOWN = (
    "phone", "email", "birth_on", "gender", "city", "country", "language", "external_id",
)  # fmt: skip
# Kind of event → what happened, its icon and its tone.
HAPPENINGS: dict[str, tuple[Text, str, str]] = {
    "order.placed": (gettext_lazy("Placed an order"), "shopping-bag", "neutral"),
    "order.paid": (gettext_lazy("Bought"), "shopping-bag", "brand"),
    "order.returned": (gettext_lazy("Returned goods"), "undo-2", "amber"),
    "order.adjusted": (gettext_lazy("Correction in the books"), "pencil", "neutral"),
    "order.cancelled": (gettext_lazy("Order cancelled"), "x", "bad"),
    "order.status_changed": (gettext_lazy("The status of an order changed"), "truck", "neutral"),
    "order.payment_received": (gettext_lazy("Money for an order came"), "banknote", "brand"),
    "order.payment_refunded": (gettext_lazy("Money for an order went back"), "undo-2", "amber"),
    "lead.created": (gettext_lazy("A lead came in"), "inbox", "brand"),
    "lead.changed": (gettext_lazy("The status of a lead changed"), "inbox", "neutral"),
    "lead.converted": (gettext_lazy("A lead became an order"), "shopping-bag", "neutral"),
    "customer.changed": (gettext_lazy("Profile changed"), "user-pen", "neutral"),
    "customer.identified": (gettext_lazy("Was recognised"), "fingerprint-pattern", "neutral"),
    "customer.merged": (gettext_lazy("Two cards became one"), "merge", "neutral"),
    "customer.split": (gettext_lazy("One card became two again"), "split", "neutral"),
    "contact.lost": (gettext_lazy("Contact went to another customer"), "triangle-alert", "amber"),
    "customer.conflict": (gettext_lazy("Contact belongs to another customer"),
                          "triangle-alert", "amber"),
    "consent.given": (gettext_lazy("Gave consent"), "check", "brand"),
    "consent.withdrawn": (gettext_lazy("Withdrew consent"), "ban", "bad"),
    "company.joined": (gettext_lazy("Joined a company"), "building-2", "neutral"),
    "note.added": (gettext_lazy("A note was written"), "notebook-pen", "neutral"),
    "note.removed": (gettext_lazy("A note was removed"), "eraser", "neutral"),
    "task.done": (gettext_lazy("A task was done"), "list-checks", "neutral"),
    "preference.changed": (gettext_lazy("Chose how often to get letters"), "sliders-horizontal",
                           "neutral"),
    "erasure.requested": (gettext_lazy("Asked to be erased"), "user-x", "bad"),
    "export.requested": (gettext_lazy("Asked for a copy of their data"), "shield-user", "neutral"),
    "form.not_asked": (gettext_lazy("No letter to confirm went out"), "triangle-alert", "amber"),
    "suppression.lifted": (gettext_lazy("Address allowed again"), "check", "neutral"),
    "segment.entered": (gettext_lazy("Came into a segment"), "funnel", "neutral"),
    "segment.left": (gettext_lazy("Went out of a segment"), "funnel-x", "neutral"),
    "message.sent": (gettext_lazy("Was sent a message"), "send", "neutral"),
    "message.opened": (gettext_lazy("Opened a message"), "mail-open", "neutral"),
    "message.clicked": (gettext_lazy("Followed a link"), "mouse-pointer-click", "brand"),
    "message.bounced": (gettext_lazy("Message bounced"), "triangle-alert", "bad"),
    "message.complained": (gettext_lazy("Marked a message as spam"), "triangle-alert", "bad"),
    "message.unsubscribed": (gettext_lazy("Unsubscribed"), "ban", "bad"),
    "value.stage_changed": (gettext_lazy("The stage changed"), "sprout", "neutral"),
    "member.joined": (gettext_lazy("Joined the programme"), "award", "brand"),
    "points.earned": (gettext_lazy("Earned points"), "plus", "brand"),
    "points.activated": (gettext_lazy("Points became active"), "check", "brand"),
    "points.spent": (gettext_lazy("Spent points"), "minus", "amber"),
    "points.returned": (gettext_lazy("Points corrected after a return"), "undo-2", "amber"),
    "points.expired": (gettext_lazy("Points burned"), "flame", "bad"),
    "points.expiring": (gettext_lazy("Points are about to burn"), "hourglass", "amber"),
    "points.adjusted": (gettext_lazy("Points changed by hand"), "pencil", "neutral"),
    "tier.changed": (gettext_lazy("Tier changed"), "gem", "brand"),
    "code.issued": (gettext_lazy("Was given a code"), "ticket", "neutral"),
    "code.used": (gettext_lazy("Used a code"), "ticket-check", "brand"),
    "purchase.confirmed": (gettext_lazy("Bought at a till"), "scan-barcode", "brand"),
    "purchase.returned": (gettext_lazy("Returned goods at a till"), "undo-2", "amber"),
    "card.issued": (gettext_lazy("Was given a card"), "credit-card", "neutral"),
    "reward.ordered": (gettext_lazy("Ordered a reward"), "gift", "brand"),
    "referral.completed": (gettext_lazy("A referral was completed"), "user-plus", "brand"),
    "receipt.registered": (gettext_lazy("Registered a receipt"), "receipt", "neutral"),
}  # fmt: skip
# The same for what happens on a site or in an app, where it has a name everybody uses.
VISITS: dict[str, tuple[Text, str, str]] = {
    "Page Viewed": (gettext_lazy("Viewed a page"), "eye", "neutral"),
    "Screen Viewed": (gettext_lazy("Viewed a screen"), "smartphone", "neutral"),
    "Product Viewed": (gettext_lazy("Viewed a product"), "eye", "neutral"),
    "Product Added": (gettext_lazy("Put a product into the cart"), "shopping-cart", "neutral"),
    "Product Removed": (gettext_lazy("Took a product out of the cart"), "shopping-cart", "neutral"),
    "Cart Viewed": (gettext_lazy("Looked into the cart"), "shopping-cart", "neutral"),
    "Checkout Started": (gettext_lazy("Began to place an order"), "credit-card", "neutral"),
    "Products Searched": (gettext_lazy("Searched for products"), "search", "neutral"),
    "session.started": (gettext_lazy("Came to the site"), "globe", "neutral"),
    "form.submitted": (gettext_lazy("Filled in a form"), "clipboard-list", "brand"),
}
PROFILE_PREFIXES = (
    "customer.", "consent.", "suppression.", "company.", "preference.", "erasure.", "export.",
    "segment.",
)  # fmt: skip
LOYALTY_PREFIXES = (
    "member.", "points.", "tier.", "code.", "purchase.", "card.", "reward.", "referral.",
    "receipt.",
)  # fmt: skip
# A change in which nothing was known before.
LEARNED = gettext_lazy("Became better known")
# On what ground somebody may be written to.
BASES: dict[str, Text] = {
    "consent": gettext_lazy("consent"),
    "existing_customer": gettext_lazy("existing customer"),
    "contract": gettext_lazy("contract"),
    "legitimate_interest": gettext_lazy("legitimate interest"),
}
# What is odd about contact data: a short name, what to do, an icon.
FLAGS: dict[str, tuple[Text, Text, str]] = {
    "email_typo": (gettext_lazy("Mistyped domain"),
                   gettext_lazy("Probably meant another domain; accept to mend it."),
                   "spell-check"),
    "email_disposable": (gettext_lazy("Throw-away mailbox"),
                         gettext_lazy("Letters there are read once or never."), "trash-2"),
    "email_no_mail": (gettext_lazy("Domain without mail"),
                      gettext_lazy("No mail server answers for this domain."), "server-off"),
    "phone_landline": (gettext_lazy("Landline phone"),
                       gettext_lazy("It can be called; an SMS does not arrive."), "phone"),
    "phone_unknown": (gettext_lazy("Phone of another kind"),
                      gettext_lazy("Neither mobile nor landline as far as the number tells."),
                      "phone"),
    "birthday_ahead": (gettext_lazy("Birthday ahead"),
                       gettext_lazy("The day has not come yet."), "cake"),
    "birthday_default": (gettext_lazy("Birthday on 1 January"),
                         gettext_lazy("Mostly what a form filled in by itself."), "cake"),
}  # fmt: skip
WISH_FAULTS: dict[str, Text] = {
    "topic_key": gettext_lazy("A key has small letters of a to z, digits, - and _, up to 40."),
    "topic_name": gettext_lazy("Name the topic in one language at least, in up to 80 characters."),
    "topic_limit": gettext_lazy("A workspace has at most 30 topics."),
    "text_version": gettext_lazy("A version has up to 60 characters."),
    "text_words": gettext_lazy("Write the words people see, up to 4,000 characters."),
    "text_taken": gettext_lazy("This version has other words, and people agreed to those;"
                               " take a new version."),
    "erasure_note": gettext_lazy("Write in a few words what was done, or why not."),
}  # fmt: skip
GROUPS: dict[str, tuple[str, ...]] = {
    "orders": tuple(kind for kind in HAPPENINGS if kind.startswith(("order.", "lead."))),
    "messages": tuple(kind for kind in HAPPENINGS if kind.startswith("message.")),
    "profile": tuple(kind for kind in HAPPENINGS if kind.startswith(PROFILE_PREFIXES)),
    "loyalty": tuple(kind for kind in HAPPENINGS if kind.startswith(LOYALTY_PREFIXES)),
    "team": ("note.added", "note.removed", "task.done"),
}
# What happened on the site and in the app is whatever no room of ours writes.
SITE = "site"
# What others did about the customer does not say that they were there.
NOT_SEEN = (
    *GROUPS["team"],
    *(kind for kind in GROUPS["profile"] if not kind.startswith("consent.")),
    "message.sent", "message.bounced", "order.status_changed", "lead.changed", "lead.converted",
    "form.not_asked", "segment.entered", "segment.left", "points.activated", "points.returned",
    "points.expired", "points.expiring", "points.adjusted", "tier.changed", "code.issued",
    "card.issued",
)  # fmt: skip
OWN_KINDS = tuple(HAPPENINGS)
# What anybody sees who may see customers at all. Orders, leads and carts are left out, and so is
# whatever a site calls by a name of its own: it may carry sums and numbers of orders.
PLAIN_VISITS = (
    "Page Viewed", "Screen Viewed", "Product Viewed", "Products Searched", "session.started",
    "form.submitted",
)  # fmt: skip
PLAIN_KINDS = (
    *(kind for kind in HAPPENINGS if not kind.startswith(("order.", "lead.", "purchase."))),
    *PLAIN_VISITS,
)


def channel(name: str) -> str:
    """The channel as people call it; an unknown one by its own name."""
    return str(CHANNELS.get(name, name))


def purpose(name: str) -> str:
    """The purpose as people call it."""
    return str(PURPOSES.get(name, name.removeprefix(TOPIC_MARK)))


def source(name: str) -> str:
    """Where a consent came from."""
    return str(SOURCES.get(name, name))


def wish_fault(error: RegularsError) -> str:
    """What is wrong with a topic, a text or an answer."""
    return str(WISH_FAULTS.get(error.code, error.message))


def column(name: str) -> str:
    """A column of the profile, or an own attribute by its name."""
    return str(COLUMNS.get(name, name.removeprefix("attr.")))


def group_choices(*, may_see_orders: bool) -> list[tuple[str, str]]:
    """Which happenings a timeline may show."""
    return [
        ("", _("All")),
        *([("orders", _("Orders"))] if may_see_orders else []),
        ("messages", _("Messages")),
        ("loyalty", _("Loyalty")),
        (SITE, _("Site")),
        ("profile", _("Profile")),
        ("team", _("Team")),
    ]


def told(source: str, at: str) -> tuple[str, date | None]:
    """Who told it, and on which day when that is known."""
    day = date.fromisoformat(at[:10]) if len(at) >= len("2026-01-01") else None
    return str(SOURCES.get(source, source)), day


# What notes, tasks, views, companies and acts on many may be refused for.
DESK_FAULTS: dict[str, Text] = {
    "note_empty": gettext_lazy("Write something; an empty note says nothing."),
    "note_too_long": gettext_lazy("A note has at most 4,000 characters."),
    "title_empty": gettext_lazy("Write what is to be done."),
    "title_too_long": gettext_lazy("A title has at most 200 characters."),
    "due_year": gettext_lazy("Give a day of this century."),
    "assignee_unknown": gettext_lazy("Choose somebody of the team."),
    "day_syntax": gettext_lazy("Write the day as 2026-12-31."),
    "money_syntax": gettext_lazy("Write money as 1200 or 1200.50."),
    "segment_too_large": gettext_lazy(
        "The list is narrowed to segments of at most 300,000 customers."
    ),
    "name_empty": gettext_lazy("Give the company a name."),
    "view_name": gettext_lazy("Give the view a name of at most 60 characters."),
    "view_query": gettext_lazy("The filter is too long to be kept."),
    "views_too_many": gettext_lazy("Keep at most 50 views; remove one first."),
    "tag_length": gettext_lazy("A tag has 1 to 60 characters."),
    "attribute_name": gettext_lazy("Give the attribute a name of its own."),
    "attribute_value": gettext_lazy("Give the attribute a value."),
    "format_unknown": gettext_lazy("Choose CSV or XLSX."),
    "chosen_too_many": gettext_lazy("Choose at most 500 by hand."),
    "nobody_chosen": gettext_lazy("Nobody of those is there any more."),
    "typed_wrong": gettext_lazy("Write the number of customers to confirm."),
}


def desk_fault(code: str, message: str) -> str:
    """Why it was refused, in the language of the interface where there are words for it."""
    return str(DESK_FAULTS.get(code, message))
