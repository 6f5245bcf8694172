"""Tables of the log. Hot ones are written by SQL; the classes describe them to Django."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class FailedEvent(WorkspaceRow):
    """Something received that could not become an event; kept whole until replayed."""

    source = models.CharField(max_length=60)
    received_at = models.DateTimeField()
    failed_at = models.DateTimeField()
    stage = models.CharField(max_length=20)
    reason = models.CharField(max_length=60)
    detail = models.CharField(max_length=500)
    # As received, for it may be anything.
    payload = models.BinaryField()
    inbox_kind = models.CharField(max_length=20)
    attempts = models.IntegerField(default=1)
    replayed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "-id"], name="failed_by_workspace")]
