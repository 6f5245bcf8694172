"""Who was put into which arm. Written by SQL; the class describes the table to Django."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Assignment(WorkspaceRow):
    """One customer's arm in one experiment, for ever."""

    experiment = models.TextField()
    customer_id = models.BigIntegerField()
    arm = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "experiment", "customer_id"], name="assignment_once"
            ),
            models.CheckConstraint(
                condition=models.Q(arm__in=["contacted", "control"]), name="assignment_arm"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "customer_id"], name="assignment_by_customer")
        ]
