"""Members of the programme and where they stand."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from regulars.store.rows import WorkspaceRow


class Member(WorkspaceRow):
    """A customer who takes part. Contact data stays with the customer."""

    public_id = models.CharField(max_length=22, unique=True)
    customer_id = models.BigIntegerField()
    state = models.TextField(default="active", db_default="active")
    joined_at = models.DateTimeField()
    tier_slug = models.TextField(default="", db_default="")
    tier_since = models.DateTimeField(null=True)
    # Until when the tier is kept whatever is bought; None: it is looked at whenever it may change.
    tier_until = models.DateTimeField(null=True)
    # Whoever this customer was merged into; points stand there then.
    merged_into = models.BigIntegerField(null=True)
    # What counted towards the tier when it was last looked at.
    tier_counted = models.BigIntegerField(default=0, db_default=0)
    # When the tier must be looked at next: at once after a purchase, else when days drop out.
    tier_due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "customer_id"], name="loyalty_member_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["active", "blocked"]), name="loyalty_member_state"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "tier_due_at"],
                condition=models.Q(tier_due_at__isnull=False),
                name="loyalty_member_tier_due",
            ),
            models.Index(
                fields=["merged_into"],
                condition=models.Q(merged_into__isnull=False),
                name="loyalty_member_merged",
            ),
        ]


class TierChange(WorkspaceRow):
    """One step from a tier to another, with what counted then; lines are only added."""

    member_id = models.BigIntegerField()
    at = models.DateTimeField()
    old_slug = models.TextField()
    new_slug = models.TextField()
    counted = models.BigIntegerField()
    why = models.TextField()

    class Meta:
        db_table = "loyalty_tierchange"
        indexes = [
            models.Index(fields=["workspace_id", "member_id", "-id"], name="loyalty_tierchange_of")
        ]


class Turnover(WorkspaceRow):
    """What counts towards tiers: one order or one posting of points, on its local day.

    A correction is another row of the same source; the sum is what counts.
    """

    member_id = models.BigIntegerField()
    # The member it came from, when a merge moved it.
    origin_id = models.BigIntegerField(null=True)
    day = models.DateField()
    source = models.TextField()
    spend_minor = models.BigIntegerField(default=0, db_default=0)
    orders = models.IntegerField(default=0, db_default=0)
    earned = models.BigIntegerField(default=0, db_default=0)
    # When it was taken note of: tiers are looked at in this order.
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "loyalty_turnover"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "source"], name="loyalty_turnover_once")
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "member_id", "day"],
                include=["spend_minor", "orders"],
                name="loyalty_turnover_of",
            )
        ]


class Night(WorkspaceRow):
    """How far the nightly run of one local day has come; finished once."""

    day = models.DateField()
    step = models.TextField()
    # The last member the step has dealt with.
    member_id = models.BigIntegerField(default=0, db_default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    figures = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "day"], name="loyalty_night_once")
        ]
