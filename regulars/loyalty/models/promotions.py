"""Promotions, every version of them, and offers made to one member."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Promotion(WorkspaceRow):
    """One promotion; codes, orders and reports name it by its slug, which never changes."""

    slug = models.TextField()
    name = models.TextField()
    note = models.TextField(default="")
    # draft, live, paused, ended
    state = models.TextField(default="draft")
    version = models.BigIntegerField(default=1)
    definition = models.JSONField()
    lane = models.TextField(default="cart")
    priority = models.IntegerField(default=100)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    create_key = models.TextField(null=True)
    create_hash = models.TextField(default="")
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_promotion"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "slug"], name="loyalty_promotion_once"),
            models.UniqueConstraint(
                fields=["workspace_id", "create_key"], name="loyalty_promotion_key"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "state"], name="loyalty_promotion_by_state")
        ]


class PromotionVersion(WorkspaceRow):
    """A promotion as it was from a programme version on; only added."""

    promotion_id = models.BigIntegerField()
    slug = models.TextField()
    version = models.BigIntegerField()
    programme_version = models.BigIntegerField()
    state = models.TextField()
    name = models.TextField()
    definition = models.JSONField()
    actor = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_promotionversion"
        constraints = [
            models.UniqueConstraint(
                fields=["promotion_id", "programme_version"], name="loyalty_promotion_version"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "slug", "-programme_version"],
                name="loyalty_promotion_history",
            ),
        ]


class Offer(WorkspaceRow):
    """A promotion offered to one member in person, open until a moment or for good."""

    promotion_id = models.BigIntegerField()
    slug = models.TextField()
    member_id = models.BigIntegerField()
    key = models.TextField()
    until = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_offer"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "member_id", "promotion_id"], name="loyalty_offer_once"
            ),
        ]
