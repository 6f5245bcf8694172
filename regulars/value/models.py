"""Where customers stand, how a workspace wants them scored, and the clusters found last."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Score(WorkspaceRow):
    """Class, stage and rhythm of one customer; only what holds still while days pass is kept.

    cooling_on, lost_on  the local days on which the stage turns if nothing is bought
    is_gone              the customer was merged into another
    """

    customer_id = models.BigIntegerField()
    orders = models.IntegerField()
    money_minor = models.BigIntegerField()
    first_on = models.DateField(null=True)
    last_on = models.DateField(null=True)
    recency_fifth = models.SmallIntegerField(null=True)
    frequency_fifth = models.SmallIntegerField(null=True)
    money_fifth = models.SmallIntegerField(null=True)
    rfm_class = models.TextField(null=True)
    gap_days = models.FloatField(null=True)
    stage = models.TextField()
    stage_since = models.DateField()
    cooling_on = models.DateField(null=True)
    lost_on = models.DateField(null=True)
    returns_share = models.FloatField(null=True)
    top_category = models.TextField(null=True)
    cluster = models.TextField(null=True)
    is_gone = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "customer_id"], name="score_once")
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "recency_fifth", "frequency_fifth"], name="score_by_cell"
            ),
            models.Index(fields=["workspace_id", "stage"], name="score_by_stage"),
        ]


class Setting(WorkspaceRow):
    """How the workspace scores its customers, and when that was done last.

    borders     null: by fifths
    touched_at  when something changed that scores are made of
    scored_at   the instant the stored scores are true for
    """

    borders = models.JSONField(null=True)
    changed_by = models.TextField(default="")
    touched_at = models.DateTimeField(null=True)
    scored_at = models.DateTimeField(null=True)
    took_ms = models.IntegerField(default=0)
    clustered_at = models.DateTimeField(null=True)
    cluster_note = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id"], name="value_setting_once")]


class Cluster(WorkspaceRow):
    """A group of alike customers of the last run.

    profile    the means of its features and of everybody's
    rule       the nearest rule; covered and exact say how near
    covered    part of the cluster that the rule holds
    exact      part of the rule's customers that are of the cluster
    """

    slug = models.TextField()
    size = models.IntegerField()
    money_minor = models.BigIntegerField()
    profile = models.JSONField()
    rule = models.JSONField()
    covered = models.FloatField()
    exact = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "slug"], name="cluster_once")
        ]
