"""What the pages of events call origins and the reasons for which an event waits."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from regulars.events.records import Origin

ORIGINS: dict[str, Promise] = {
    Origin.LIVE: pgettext_lazy("origin of an event", "Live"),
    Origin.IMPORT: pgettext_lazy("origin of an event", "Import"),
    Origin.REPLAY: pgettext_lazy("origin of an event", "Replay"),
}
REASONS: dict[str, Promise] = {
    "json_malformed": gettext_lazy("The body is not readable JSON"),
    "batch_too_long": gettext_lazy("The batch holds too many messages"),
    "message_shape": gettext_lazy("A field is missing or of another type"),
    "message_too_large": gettext_lazy("The message is too large"),
    "origin_refused": gettext_lazy("A page of a domain that is not allowed sent it"),
    "group_missing": gettext_lazy("The group is not named"),
    "event_reserved": gettext_lazy("The name belongs to the product's own events"),
    "previous_missing": gettext_lazy("The id it replaces is not named"),
    "cart_full": gettext_lazy("The cart holds too many products"),
    "form_invalid": gettext_lazy("The answers of a form are not right"),
    "form_trap": gettext_lazy("A field that people do not see was filled in"),
    "form_unknown": gettext_lazy("The form is not there any more"),
    "message_id_too_long": gettext_lazy("The id of the message is too long"),
    "identifier_missing": gettext_lazy("It does not say whose event this is"),
    "identifier_too_long": gettext_lazy("An id of the customer is too long"),
    "identity_missing": gettext_lazy("It does not say whose event this is"),
    "event_missing": gettext_lazy("The name of the event is missing"),
    "event_kind": gettext_lazy("The name of the event cannot be used"),
    "event_time": gettext_lazy("The time of the event cannot be right"),
    "time_malformed": gettext_lazy("The time is not written as ISO 8601"),
    "type_unknown": gettext_lazy("The type of the message is not known"),
    "identity_race": gettext_lazy("Two messages changed one customer at once"),
}


def origin_name(origin: str) -> str:
    """The origin of an event in the reader's language."""
    return str(ORIGINS.get(origin, origin))


def reason_name(reason: str) -> str:
    """Why an event waits, in the reader's language; a fault of ours when the code is not known."""
    known = REASONS.get(reason)
    return str(known) if known else gettext("It could not be processed")


def parked_reason_name(reason: str) -> str:
    """Why the handling of an event failed, in the reader's language."""
    if reason == "behind_parked":
        return gettext("It waits behind an earlier event of the same customer")
    return reason_name(reason)
