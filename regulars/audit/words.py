"""How the screens call what was done, to what, and through which door."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Names of acts are never renamed: old lines would lose their meaning.
ACTS: dict[str, Promise] = {
    "customer.viewed": _("Opened the card"),
    "customer.created": _("Added the customer"),
    "customer.changed": _("Changed the customer"),
    "customer.merged": _("Merged customers"),
    "customer.unmerged": _("Split a merged customer off"),
    "customer.export_asked": _("Asked for everything kept about the person"),
    "customer.exported": _("Everything about the person was put together"),
    "customer.export_taken": _("Took the file with everything about the person"),
    "customer.erasure_asked": _("Asked to erase the person"),
    "customer.erased": _("The person was erased"),
    "customers.exported": _("Exported a list of customers"),
    "customers.export_taken": _("Took the file with a list of customers"),
    "customers.changed": _("Changed many customers at once"),
    "customers.imported": _("Brought in a file"),
    "rejects.viewed": _("Looked at rows that were not taken"),
    "rejects.taken": _("Took the file of rows that were not taken"),
    "events.viewed": _("Looked at the feed of events"),
    "failed_events.viewed": _("Looked at events that failed"),
    "consent.given": _("Wrote down a consent"),
    "consent.withdrawn": _("Wrote down a refusal"),
    "suppression.lifted": _("Allowed an address again"),
    "member.added": _("Added a member"),
    "member.changed": _("Changed a member's role"),
    "member.removed": _("Removed a member"),
    "key.created": _("Made an API key"),
    "key.revoked": _("Closed an API key"),
    "workspace.changed": _("Changed the workspace"),
    "sender.changed": _("Changed the mail settings"),
    "sender.key_made": _("Made a signing key"),
    "campaign.launched": _("Launched a campaign"),
    "campaign.scheduled": _("Set the time of a campaign"),
    "campaign.cancelled": _("Cancelled a campaign"),
    "segment.exported": _("Exported a segment"),
    "points.adjusted": _("Asked for a change of points by hand"),
    "points.adjustment_approved": _("Agreed to a change of points"),
    "points.adjustment_refused": _("Refused a change of points"),
    "member.blocked": _("Blocked a member of the programme"),
    "member.active": _("Unblocked a member of the programme"),
}
DOORS: dict[str, Promise] = {
    "page": _("page"),
    "api": _("API"),
    "public": _("public page"),
    "command": _("command"),
    "worker": _("by itself"),
}
OBJECTS: dict[str, Promise] = {
    "customer": _("Customer"),
    "customers": _("Customers"),
    "campaign": _("Campaign"),
    "segment": _("Segment"),
    "member": _("Member"),
    "key": _("API key"),
    "sender": _("Mail settings"),
    "workspace": _("Workspace"),
    "import": _("Import"),
    "adjustment": _("Change of points"),
    "loyalty_member": _("Member of the programme"),
}
# Pages of other rooms, by the kind of thing; called by name, for they live above this room.
PAGES = {
    "customer": "customers:card",
    "campaign": "campaigns:campaign",
    "segment": "segments:segment",
    "import": "intake:import",
}
# Where it is told of what is not there any more, on the person's own wish.
ERASED = {
    "customer": "privacy:erasure",
}
