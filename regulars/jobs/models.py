"""The queue."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Job(WorkspaceRow):
    """One piece of background work."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default="waiting")
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    token = models.IntegerField(default=0)
    attempts = models.IntegerField(default=0)
    progress = models.JSONField(default=dict)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "kind", "key"], name="job_once")
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="job_due",
                condition=models.Q(state__in=["waiting", "running"]),
            )
        ]
