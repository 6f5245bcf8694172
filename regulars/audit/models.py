"""Tables of the audit trail. Lines are written by SQL; the classes describe them to Django."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Entry(WorkspaceRow):
    """Who did what to which thing, when and through which door: ids and names of fields only."""

    at = models.DateTimeField()
    actor_kind = models.TextField()
    actor = models.TextField()
    door = models.TextField()
    act = models.TextField()
    object_kind = models.TextField()
    object_id = models.TextField()
    fields = models.JSONField()
    number = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "-id"], name="audit_newest"),
            models.Index(fields=["workspace_id", "object_id", "-id"], name="audit_by_object"),
        ]


class Waiting(models.Model):
    """A line that is not sealed yet."""

    entry_id = models.BigIntegerField(primary_key=True)
    workspace_id = models.BigIntegerField()


class Link(WorkspaceRow):
    """The seal of one line: its place in the chain, what it said, and the seal of all before."""

    place = models.BigIntegerField()
    entry_id = models.BigIntegerField()
    content = models.BinaryField()
    seal = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "place"], name="audit_link_once"),
        ]
        indexes = [models.Index(fields=["workspace_id", "entry_id"], name="audit_link_of_entry")]


class Head(WorkspaceRow):
    """How long the chain is, signed, so that an end cut off is missed."""

    place = models.BigIntegerField()
    seal = models.BinaryField()
    signature = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id"], name="audit_head_once")]


class Checkpoint(WorkspaceRow):
    """Lines up to this place were removed when their time was over; the chain goes on from here."""

    place = models.BigIntegerField()
    seal = models.BinaryField()
    signature = models.BinaryField()
    at = models.DateTimeField()
    before = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "place"], name="audit_checkpoint_once")
        ]
