"""Results of questions that are too slow to ask for every page view."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Snapshot(WorkspaceRow):
    """The last answer to one question: rows as the lake gave them for an instant."""

    name = models.TextField()
    at = models.DateTimeField()
    rows = models.JSONField()
    took_ms = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "name"], name="snapshot_once")
        ]
