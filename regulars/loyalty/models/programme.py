"""The programme's settings, each version of them, and replays of past receipts."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Programme(WorkspaceRow):
    """One a workspace. The version rises with every change of settings or promotions."""

    settings = models.JSONField(default=dict)
    version = models.BigIntegerField(default=1, db_default=1)
    is_open = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_programme"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id"], name="loyalty_programme_once"),
        ]


class ProgrammeVersion(WorkspaceRow):
    """What changed with a version: the settings when they did, else null; only added."""

    version = models.BigIntegerField()
    settings = models.JSONField(null=True)
    is_open = models.BooleanField(default=False)
    # settings, promotion:<slug>, open …
    what = models.TextField()
    actor = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_programmeversion"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "version"], name="loyalty_version_once"
            ),
        ]
        indexes = [models.Index(fields=["workspace_id", "at"], name="loyalty_version_by_time")]


class Replay(WorkspaceRow):
    """Past receipts priced anew by rules that may be drafts: what would it have cost."""

    public_id = models.CharField(max_length=22, unique=True)
    key = models.TextField(null=True)
    asked = models.JSONField(default=dict)
    asked_hash = models.TextField(default="")
    state = models.TextField(default="waiting")
    found = models.JSONField(null=True)
    actor = models.TextField(default="")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "loyalty_replay"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "key"], name="loyalty_replay_once"),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "-created_at"], name="loyalty_replay_by_time")
        ]
