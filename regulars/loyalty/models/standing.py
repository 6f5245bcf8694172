"""Where each customer stands in the programme, as facts and the lake read it."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Standing(WorkspaceRow):
    """One row a customer, worked out from the ledger, the members and the codes.

    due_at  when time alone changes it next: points end, a code ends or begins
    """

    customer_id = models.BigIntegerField()
    is_member = models.BooleanField()
    is_blocked = models.BooleanField()
    joined_on = models.DateField(null=True)
    tier = models.TextField(null=True)
    tier_until = models.DateField(null=True)
    # Hundredths of a point of the main currency; what a purchase holds still counts.
    balance = models.BigIntegerField()
    pending = models.BigIntegerField()
    debt = models.BigIntegerField()
    next_expiry_on = models.DateField(null=True)
    next_expiry_points = models.BigIntegerField()
    has_code = models.BooleanField()
    is_gone = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "customer_id"], name="loyalty_standing_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="loyalty_standing_due",
            )
        ]
