"""Tables of customers. Hot ones are written by SQL; the classes describe them to Django."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Customer(WorkspaceRow):
    """One person as the workspace knows them.

    Every text may be missing, for rules tell what is not known from what is empty. The columns
    `trigrams` (what search finds), `sort_name` and `xid` (what the lake follows) are in SQL only.
    """

    public_id = models.CharField(max_length=22, unique=True)
    external_id = models.TextField(null=True)
    name = models.TextField(null=True)
    first_name = models.TextField(null=True)
    last_name = models.TextField(null=True)
    email = models.TextField(null=True)
    phone = models.TextField(null=True)
    city = models.TextField(null=True)
    country = models.TextField(null=True)
    language = models.TextField(null=True)
    gender = models.TextField(null=True)
    birth_on = models.DateField(null=True)
    attrs = models.JSONField(default=dict)
    first_seen_at = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    # The customer this one was merged into; such a row answers no question any more.
    merged_into = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "-first_seen_at", "-id"], name="customer_by_seen"),
        ]


class Identifier(WorkspaceRow):
    """One thing a customer is known by; it belongs to one customer at a time."""

    kind = models.TextField()
    value = models.TextField()
    customer_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "kind", "value"], name="identifier_once"
            )
        ]
        indexes = [models.Index(fields=["customer_id"], name="identifier_by_customer")]


class Consent(WorkspaceRow):
    """The ledger of what customers agreed to: lines are added, never changed."""

    customer_id = models.BigIntegerField()
    channel = models.TextField()
    purpose = models.TextField()
    state = models.TextField()
    at = models.DateTimeField()
    source = models.TextField()
    actor = models.TextField(default="")
    text_version = models.TextField(default="")
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "customer_id", "-at"], name="consent_by_customer")
        ]


class ConsentState(WorkspaceRow):
    """What the ledger comes to for a customer, a channel and a purpose."""

    customer_id = models.BigIntegerField()
    channel = models.TextField()
    purpose = models.TextField()
    state = models.TextField()
    changed_at = models.DateTimeField()
    is_gone = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "customer_id", "channel", "purpose"], name="consent_state"
            )
        ]


class Suppression(WorkspaceRow):
    """An address nothing may be sent to, kept as a keyed hash so that it outlives its owner."""

    channel = models.TextField()
    address_hash = models.BinaryField()
    customer_id = models.BigIntegerField(null=True)
    reason = models.TextField()
    at = models.DateTimeField()
    # When a person lifted it by hand; no import can.
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "channel", "address_hash"], name="suppression_once"
            )
        ]


class Merge(WorkspaceRow):
    """Which customer a merged one now is; roots never appear as losers."""

    loser_id = models.BigIntegerField()
    root_id = models.BigIntegerField()
    version = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "loser_id"], name="merge_once")
        ]
        indexes = [models.Index(fields=["workspace_id", "root_id"], name="merge_by_root")]
