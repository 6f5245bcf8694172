"""Names of events that only the product itself may write.

A public key is in every visitor's hands, and an event of such a name would be counted as a paid
order, a consent, or a click of a letter.
"""

from __future__ import annotations

KINDS = frozenset(
    {
        "order.placed", "order.paid", "order.returned", "order.adjusted", "order.cancelled",
        "order.status_changed", "order.payment_received", "order.payment_refunded", "lead.created",
        "lead.changed", "lead.converted", "customer.changed", "customer.identified",
        "customer.grouped", "customer.aliased", "customer.merged", "customer.split",
        "customer.conflict", "contact.lost", "consent.given", "consent.withdrawn",
        "company.joined", "note.added", "note.removed", "task.done", "preference.changed",
        "erasure.requested", "export.requested", "shop.redacted", "suppression.lifted",
        "session.started", "form.submitted", "form.not_asked", "message.sent", "message.opened",
        "message.clicked", "message.bounced", "message.complained", "message.unsubscribed",
        "value.stage_changed", "segment.entered", "segment.left", "member.joined",
        "points.earned", "points.activated", "points.spent", "points.returned", "points.expired",
        "points.expiring", "points.adjusted", "tier.changed", "code.issued", "code.used",
        "purchase.confirmed", "purchase.returned", "card.issued", "reward.ordered",
        "referral.completed", "receipt.registered",
    }
)  # fmt: skip
