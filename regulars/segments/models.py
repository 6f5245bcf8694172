"""Tables of segments."""

from __future__ import annotations

from django.db import models

from regulars.segments.outgoing_models import AudienceFile, Delivery, Hook
from regulars.store.rows import WorkspaceRow

__all__ = [
    "AudienceFile",
    "Delivery",
    "Hook",
    "List",
    "ListMember",
    "Segment",
    "Upload",
    "UploadReject",
]


class Segment(WorkspaceRow):
    """A saved rule; other rules name it by its slug, so the slug never changes."""

    public_id = models.CharField(max_length=22, unique=True)
    slug = models.TextField()
    name = models.TextField()
    description = models.TextField(default="")
    rule = models.JSONField()
    # What the rule found when it was last asked; the number is never used to send anything.
    counted = models.BigIntegerField(null=True)
    counted_at = models.DateTimeField(null=True)
    create_key = models.TextField(null=True)
    create_hash = models.TextField(default="")
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    # Another rule is another version; so is another rule of a segment that it refers to.
    version = models.BigIntegerField(default=1, db_default=1)
    # What the stored members answer to: the version, the rules with those they refer to, the zone.
    kept_version = models.BigIntegerField(default=0, db_default=0)
    kept = models.JSONField(null=True)
    # Which rows of segments_member count.
    generation = models.IntegerField(default=0, db_default=0)
    size = models.BigIntegerField(null=True)
    # When all members were last computed anew, and since when they must be again.
    refreshed_at = models.DateTimeField(null=True)
    stale_at = models.DateTimeField(null=True)
    # What made them so: "time", or the origin of very many events.
    stale_why = models.TextField(default="", db_default="")
    # Why its members can not be kept: a code; empty when they are.
    problem = models.TextField(default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "slug"], name="segment_slug_once"),
            models.UniqueConstraint(
                fields=["workspace_id", "create_key"], name="segment_created_once"
            ),
        ]


class List(WorkspaceRow):
    """Customers put together by hand or from a file; rules name it by its slug."""

    public_id = models.CharField(max_length=22, unique=True)
    slug = models.TextField()
    name = models.TextField()
    size = models.BigIntegerField(default=0)
    create_key = models.TextField(null=True)
    create_hash = models.TextField(default="")
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "slug"], name="segment_list_slug_once"),
            models.UniqueConstraint(
                fields=["workspace_id", "create_key"], name="segment_list_created_once"
            ),
        ]


class ListMember(WorkspaceRow):
    """A customer in a list; who is taken out stays as a row that is gone, for the lake."""

    list_id = models.BigIntegerField()
    # The slug of the list, which the lake shows in place of the id.
    list = models.TextField()
    customer_id = models.BigIntegerField()
    added_at = models.DateTimeField()
    is_gone = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["list_id", "customer_id"], name="segment_list_member")
        ]
        indexes = [models.Index(fields=["customer_id"], name="segment_list_of_customer")]


class Upload(WorkspaceRow):
    """A file of identifiers whose customers were put into a list."""

    public_id = models.CharField(max_length=22, unique=True)
    list_id = models.BigIntegerField()
    file_name = models.TextField(default="")
    rows = models.IntegerField()
    matched = models.IntegerField()
    added = models.IntegerField()
    rejected = models.IntegerField()
    create_key = models.TextField(null=True)
    create_hash = models.TextField()
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "create_key"], name="segment_upload_once"
            )
        ]
        indexes = [models.Index(fields=["list_id", "-id"], name="segment_upload_by_list")]


class UploadReject(WorkspaceRow):
    """A row of an upload that named nobody, with the reason."""

    upload_id = models.BigIntegerField()
    row_no = models.IntegerField()
    value = models.TextField()
    reason = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["upload_id", "row_no"], name="segment_reject_by_row")]
