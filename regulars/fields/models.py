"""Tables of the dictionary. They are written by SQL; the classes describe them to Django."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Field(WorkspaceRow):
    """An attribute of customers (kind empty), a kind of events (name empty) or its property."""

    kind = models.TextField()
    name = models.TextField()
    label = models.TextField(default="", db_default="")
    description = models.TextField(default="", db_default="")
    is_hidden = models.BooleanField(default=False, db_default=False)
    is_made = models.BooleanField(default=False, db_default=False)
    # What a person decided; empty lets the seen types decide.
    declared_type = models.TextField(default="", db_default="")
    # Seen type → how many values had it.
    types = models.JSONField(default=dict, db_default={})
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "kind", "name"], name="field_once")
        ]


class Scan(WorkspaceRow):
    """How far the log of a workspace has been read for the dictionary."""

    done_id = models.BigIntegerField(default=0)
    # The newest event when it was read last; by the next time all older ones are in the lake.
    seen_id = models.BigIntegerField(default=0)
    # Kinds and properties that found no room.
    left_out = models.BigIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id"], name="scan_once")]
