"""What every table of a workspace has in common."""

from __future__ import annotations

from django.db import models


class WorkspaceRow(models.Model):
    """A row that belongs to a workspace; its table's migration must put up the fence."""

    id = models.BigAutoField(primary_key=True)
    workspace_id = models.BigIntegerField()

    class Meta:
        abstract = True
