"""Tables of what leaves a segment: webhooks with their deliveries, and files of audiences."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from regulars.store.rows import WorkspaceRow


class Hook(WorkspaceRow):
    """An address that is told who comes into a segment and who leaves it."""

    public_id = models.CharField(max_length=22, unique=True)
    segment_id = models.BigIntegerField()
    url = models.TextField()
    # Sealed; the other side needs it in the clear to check signatures.
    secret = models.TextField()
    # What signs beside it after a change, until then.
    former_secret = models.TextField(default="", db_default="")
    former_until = models.DateTimeField(null=True)
    renew_key = models.TextField(default="", db_default="")
    on_entry = models.BooleanField(default=True)
    on_exit = models.BooleanField(default=True)
    # on, paused by a member, or stopped by us with the reason.
    state = models.TextField(default="on")
    reason = models.TextField(default="")
    create_key = models.TextField(null=True)
    create_hash = models.TextField(default="")
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "create_key"], name="segment_hook_once")
        ]
        indexes = [models.Index(fields=["segment_id"], name="segment_hook_of")]


class Delivery(WorkspaceRow):
    """One message to a hook; no attempt changes its id, its time or whom it is about."""

    hook_id = models.BigIntegerField()
    message_id = models.TextField()
    kind = models.TextField()
    at = models.DateTimeField()
    customer_ids = ArrayField(models.BigIntegerField())
    more = models.JSONField(default=dict)
    # waiting, delivered, given_up
    state = models.TextField(default="waiting")
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    status = models.IntegerField(null=True)
    error = models.TextField(default="")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hook_id", "message_id"], name="segment_delivery_once")
        ]
        indexes = [models.Index(fields=["hook_id", "state", "id"], name="segment_delivery_next")]


class AudienceFile(WorkspaceRow):
    """A file of hashed contacts of a segment for an advertising network, kept for a day."""

    public_id = models.CharField(max_length=22, unique=True)
    segment_id = models.BigIntegerField()
    kind = models.TextField()
    purpose = models.TextField()
    # waiting, done, failed, gone
    state = models.TextField(default="waiting")
    members = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    owner_id = models.BigIntegerField()
    create_key = models.TextField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "create_key"], name="segment_audience_once"
            )
        ]
        indexes = [models.Index(fields=["segment_id", "-id"], name="segment_audience_of")]
