"""How the screens call what this room speaks of."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from regulars.privacy.records import DONE, FOLDING, REMOVING, SCRUBBING, SETTLING, WAITING

STATES = {
    WAITING: (_("Waiting for what was received before"), "info"),
    REMOVING: (_("Removing rows"), "info"),
    FOLDING: (_("Writing files of the lake anew"), "info"),
    SCRUBBING: (_("Writing tables anew"), "info"),
    SETTLING: (_("Waiting until replaced files are gone"), "info"),
    DONE: (_("Done: nothing is left"), "good"),
}
EXPORT_STATES = {
    "waiting": (_("Being put together"), "info"),
    "ready": (_("Ready"), "good"),
    "expired": (_("Not kept any more"), "neutral"),
}
# What stays of a person, and why, table by table.
KEPT = {
    "orders_order": _("Orders stay for the books, without the person."),
    "orders_line": _("Lines of orders stay for the books, without the person."),
    "orders_delivery": _("Deliveries keep their dates; addresses and numbers are emptied."),
    "orders_payment": _("Payments stay for the books."),
    "orders_statuschange": _("When an order changed its status; words of people are emptied."),
    "orders_reservation": _("Goods promised to an order; no person in it."),
    "messaging_message": _("That a letter was sent, so that campaigns count true; to nobody."),
    "experiments_assignment": _("That somebody was in an arm of a test; nobody knows who."),
    "campaigns_exclusion": _("That somebody was left out of a campaign; nobody knows who."),
    "customers_suppression": _("A hash of the address, so that nothing is ever sent to it again."),
    "customers_erasurerequest": _("When the request came and when it was answered."),
    "privacy_proof": _("Hashes that prove what was agreed to and refused."),
}
