"""Tables of campaigns."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from regulars.campaigns.records import State
from regulars.store.rows import WorkspaceRow


class Campaign(WorkspaceRow):
    """One mailing: what its author wrote, and what became of it since its launch."""

    public_id = models.CharField(max_length=22, unique=True)
    name = models.TextField()
    state = models.TextField(default=State.DRAFT.value)
    # Recipients are a saved segment or a rule of the campaign's own.
    segment_id = models.BigIntegerField(null=True)
    rule = models.JSONField(null=True)
    subject = models.TextField(default="")
    source = models.TextField(default="")
    control_share = models.FloatField()
    window_days = models.IntegerField()
    pace_per_hour = models.IntegerField(default=0)
    topic = models.TextField(default="", db_default="")
    # Every receiver is given a code of this series.
    code_series_id = models.BigIntegerField(null=True)
    scheduled_at = models.DateTimeField(null=True)
    # The launch that is allowed to run; an older job finds another number here and does nothing.
    launch_number = models.IntegerField(default=0)
    launched_at = models.DateTimeField(null=True)
    template_version_id = models.BigIntegerField(null=True)
    paced_until = models.DateTimeField(null=True)
    audience_count = models.IntegerField(default=0)
    contacted_count = models.IntegerField(default=0)
    control_count = models.IntegerField(default=0)
    excluded_count = models.IntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")
    create_key = models.TextField(null=True)
    create_hash = models.TextField(default="")
    launch_key = models.TextField(default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "create_key"], name="campaign_created_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in State]),
                name="campaign_state",
            ),
            models.CheckConstraint(
                condition=models.Q(control_share__gte=0, control_share__lte=0.5),
                name="campaign_control_share",
            ),
        ]
        indexes = [models.Index(fields=["workspace_id", "-id"], name="campaign_newest")]


class Part(WorkspaceRow):
    """A slice of the audience as it stood at the launch; the slices never change afterwards."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE)
    number = models.IntegerField()
    customer_ids = ArrayField(models.BigIntegerField())
    planned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="campaign_part_once")
        ]


class Exclusion(WorkspaceRow):
    """Somebody of the audience who could not be written to at the launch, and why."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE)
    customer_id = models.BigIntegerField()
    reason = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "customer_id"], name="campaign_exclusion_once"
            )
        ]
        indexes = [
            models.Index(fields=["campaign", "reason", "id"], name="campaign_exclusion_reason")
        ]
