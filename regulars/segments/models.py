"""Tables of segments."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "slug"], name="segment_slug_once"),
            models.UniqueConstraint(
                fields=["workspace_id", "create_key"], name="segment_created_once"
            ),
        ]
