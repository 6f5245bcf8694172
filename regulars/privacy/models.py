"""Tables of the rights of a person: erasures with their reports, exports, proofs."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from regulars.store.rows import WorkspaceRow


class Erasure(WorkspaceRow):
    """One person taken out of everything, and the report of it: ids and counts, no person.

    state  waiting, removing (rows), folding (lake), scrubbing (pages of the database), settling
           (replaced files), done
    """

    public_id = models.CharField(max_length=22, unique=True)
    customer_id = models.BigIntegerField()
    customer_public_id = models.CharField(max_length=22)
    ids = ArrayField(models.BigIntegerField())
    state = models.TextField(default="waiting")
    # How many steps of the present state are done; each commits together with this number.
    step = models.IntegerField(default=0)
    # The newest thing received before: it has to be processed first.
    inbox_upto = models.BigIntegerField()
    counts = models.JSONField(default=dict)
    lake = models.JSONField(default=dict)
    # Tables and partitions that were touched and have to be written anew.
    touched = models.JSONField(default=list)
    is_log_clean = models.BooleanField(null=True)
    # Something came in while we worked; what was removed then.
    late = models.JSONField(default=dict)
    is_hurried = models.BooleanField(default=False)
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    folded_at = models.DateTimeField(null=True)
    scrubbed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "customer_id"], name="erasure_once")
        ]
        indexes = [models.Index(fields=["workspace_id", "-id"], name="erasure_newest")]


class Tombstone(WorkspaceRow):
    """A customer who was erased; their id and number never mean anybody again."""

    customer_id = models.BigIntegerField()
    public_id = models.CharField(max_length=22)
    erasure_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "public_id"], name="tombstone_once")
        ]


class Proof(WorkspaceRow):
    """What an address agreed to or refused, under a keyed hash of it."""

    address_hash = models.BinaryField()
    channel = models.TextField()
    purpose = models.TextField()
    state = models.TextField()
    at = models.DateTimeField()
    text_version = models.TextField()
    basis = models.TextField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "address_hash", "channel", "purpose", "state", "at"],
                name="proof_once",
            )
        ]


class Export(WorkspaceRow):
    """Everything kept about one person, as a file to hand to them; it goes after a while."""

    public_id = models.CharField(max_length=22, unique=True)
    customer_id = models.BigIntegerField()
    customer_public_id = models.CharField(max_length=22)
    state = models.TextField(default="waiting")
    stored_as = models.TextField(default="")
    size = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    language = models.CharField(max_length=2)
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    key = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "key"], name="person_export_once")
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "customer_id", "-id"], name="person_export_newest"
            ),
            models.Index(fields=["expires_at"], name="person_export_by_age"),
        ]
