"""How merges, contested contacts and possible duplicates are called on pages."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

REASONS: dict[str, Text] = {
    "anonymous": _("the same browser"),
    "device": _("the same device"),
    "push": _("the same push token"),
    "external": _("the same id"),
    "email": _("the same e-mail"),
    "phone": _("the same phone"),
    "card": _("the same loyalty card"),
    "telegram": _("the same Telegram"),
    "viber": _("the same Viber"),
    "alias": _("the site said so"),
    "hand": _("by hand"),
    "api": _("over the API"),
    "duplicates": _("found as duplicates"),
    "split": _("by hand"),
}
# Read as "the winner …".
RULES: dict[str, Text] = {
    "access_by_contact": _("signs in with this contact"),
    "contact_confirmed": _("confirmed this contact"),
    "access": _("has an account or a card"),
    "purchases": _("has orders or points"),
    "confirmed": _("confirmed a contact"),
    "latest_action": _("was active last"),
    "known_longer": _("is known longer"),
    "anonymous": _("is identified, the other was anonymous"),
    "unproved": _("had it before a browser or a form named it"),
    "chosen": _("was chosen by hand"),
    "split": "",
    "": "",
}
ACTORS: dict[str, Text] = {
    "identity": _("automatically"),
    "api": _("API"),
    "command": _("command line"),
    "": "—",
}
FIELDS: dict[str, Text] = {
    "given": _("First name"),
    "family": _("Last name"),
    "birth": _("Birthday"),
    "email": _("E-mail"),
    "local": _("E-mail before the @"),
    "phone": _("Phone"),
    "city": _("City"),
    "address": _("Address"),
}


def reason(word: str) -> Text:
    """What brought two customers together."""
    return REASONS.get(word, word)


def rule(word: str) -> Text:
    """Why the winner stayed."""
    return RULES.get(word, word)


def actor(word: str) -> Text:
    """Who did it."""
    return ACTORS.get(word, word)
