"""Tables of rewards, referrals, receipts, activities and draws."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from regulars.store.rows import WorkspaceRow


class Reward(WorkspaceRow):
    """Something that is had for points: goods from a shelf, or a code of a promotion."""

    public_id = models.CharField(max_length=22, unique=True)
    name = models.TextField()
    description = models.TextField(default="")
    currency = models.TextField()
    points = models.BigIntegerField()
    # None: as many as are asked for.
    stock = models.IntegerField(null=True)
    per_member_max = models.IntegerField(null=True)
    # Instead of goods, a code of this promotion.
    promotion_slug = models.TextField(default="")
    state = models.TextField(default="active")
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    create_key = models.TextField(null=True)
    create_hash = models.TextField(default="")
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_reward"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "create_key"], name="loyalty_reward_once"
            ),
            models.CheckConstraint(
                condition=Q(stock__isnull=True) | Q(stock__gte=0), name="loyalty_reward_stock"
            ),
            models.CheckConstraint(condition=Q(points__gt=0), name="loyalty_reward_points"),
        ]


class RewardOrder(WorkspaceRow):
    """A reward somebody ordered: ordered, ready, handed_over, or cancelled with points back."""

    public_id = models.CharField(max_length=22, unique=True)
    reward_id = models.BigIntegerField()
    member_id = models.BigIntegerField()
    quantity = models.IntegerField()
    currency = models.TextField()
    points = models.BigIntegerField()
    state = models.TextField(default="ordered")
    code = models.TextField(default="")
    reason = models.TextField(default="")
    key = models.TextField()
    body_hash = models.TextField()
    at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.TextField(default="")

    class Meta:
        db_table = "loyalty_rewardorder"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "key"], name="loyalty_rewardorder_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["ordered", "ready", "handed_over", "cancelled"]),
                name="loyalty_rewardorder_state",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "-id"], name="loyalty_rewardorder_new"),
            models.Index(fields=["reward_id", "member_id"], name="loyalty_rewardorder_of"),
        ]


class ReferralTerms(WorkspaceRow):
    """What both sides get, and what keeps it honest."""

    is_open = models.BooleanField(default=False)
    currency = models.TextField(default="")
    inviter_points = models.BigIntegerField(default=0)
    friend_points = models.BigIntegerField(default=0)
    cheque_minor_min = models.BigIntegerField(default=0)
    wait_days = models.IntegerField(default=14)
    invited_max = models.IntegerField(default=10)
    period = models.TextField(default="month")
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_referralterms"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id"], name="loyalty_referralterms_once")
        ]


class ReferralCode(WorkspaceRow):
    """The code a member invites with."""

    member_id = models.BigIntegerField()
    code = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_referralcode"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "member_id"], name="loyalty_referralcode_of"
            ),
            models.UniqueConstraint(
                fields=["workspace_id", "code"], name="loyalty_referralcode_once"
            ),
        ]


class Referral(WorkspaceRow):
    """One friend, invited once: invited, waiting, completed or refused, with the reasons."""

    public_id = models.CharField(max_length=22, unique=True)
    inviter_id = models.BigIntegerField()
    friend_id = models.BigIntegerField()
    state = models.TextField(default="invited")
    # Codes of what spoke against it, strongest first.
    reasons = models.JSONField(default=list)
    # Hash of the device the friend came with; never the device itself.
    device_hash = models.TextField(default="")
    purchase = models.TextField(default="")
    amount_minor = models.BigIntegerField(null=True)
    bought_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    inviter_points = models.BigIntegerField(default=0)
    friend_points = models.BigIntegerField(default=0)
    decided_by = models.TextField(default="")
    at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_referral"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "friend_id"], name="loyalty_referral_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["invited", "waiting", "completed", "refused"]),
                name="loyalty_referral_state",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "-id"], name="loyalty_referral_new"),
            models.Index(fields=["inviter_id", "-id"], name="loyalty_referral_of"),
            models.Index(
                fields=["due_at"], condition=Q(state="waiting"), name="loyalty_referral_due"
            ),
            models.Index(
                fields=["workspace_id", "device_hash"],
                condition=~Q(device_hash=""),
                name="loyalty_referral_device",
            ),
        ]


class Activity(WorkspaceRow):
    """What members do for points: send receipts, type codes from lids, answer, play."""

    public_id = models.CharField(max_length=22, unique=True)
    name = models.TextField()
    # receipts, lid, quiz, contest, game
    kind = models.TextField()
    state = models.TextField(default="draft")
    settings = models.JSONField(default=dict)
    currency = models.TextField(default="")
    points = models.BigIntegerField(default=0)
    per_member_max = models.IntegerField(null=True)
    total_max = models.IntegerField(null=True)
    period = models.TextField(default="all")
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    create_key = models.TextField(null=True)
    create_hash = models.TextField(default="")
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_activity"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "create_key"], name="loyalty_activity_once"
            )
        ]


class Entrance(WorkspaceRow):
    """One time a member took part; accepted ones are tickets of the activity's draws."""

    public_id = models.CharField(max_length=22, unique=True)
    activity_id = models.BigIntegerField()
    member_id = models.BigIntegerField()
    key = models.TextField()
    body_hash = models.TextField()
    # accepted, waiting (for a person), rejected, forgotten (accepted, of somebody erased)
    state = models.TextField()
    said = models.JSONField(default=dict)
    outcome = models.JSONField(default=dict)
    points = models.BigIntegerField(default=0)
    period_on = models.DateField()
    at = models.DateTimeField()
    # What may come in only once in the workspace: a receipt, a code from a lid.
    once = models.TextField(null=True)
    reason = models.TextField(default="")
    decided_by = models.TextField(default="")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "loyalty_entrance"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "key"], name="loyalty_entrance_key"),
            models.UniqueConstraint(
                fields=["workspace_id", "once"],
                condition=Q(once__isnull=False),
                name="loyalty_entrance_once",
            ),
        ]
        indexes = [
            models.Index(fields=["activity_id", "id"], name="loyalty_entrance_of"),
            models.Index(
                fields=["workspace_id", "id"],
                condition=Q(state="waiting"),
                name="loyalty_entrance_waiting",
            ),
            models.Index(fields=["member_id", "-id"], name="loyalty_entrance_member"),
        ]


class ActivityCount(WorkspaceRow):
    """Entrances of a period: of one member, or of all together (member 0)."""

    activity_id = models.BigIntegerField()
    member_id = models.BigIntegerField()
    period_on = models.DateField()
    taken = models.IntegerField()

    class Meta:
        db_table = "loyalty_activitycount"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "activity_id", "member_id", "period_on"],
                name="loyalty_activitycount_once",
            )
        ]


class Draw(WorkspaceRow):
    """A draw among entrances: the seed's hash is shown before, the seed itself afterwards."""

    public_id = models.CharField(max_length=22, unique=True)
    activity_id = models.BigIntegerField()
    prizes = models.IntegerField()
    # Entrances after this moment take no part.
    closes_at = models.DateTimeField()
    seed_hash = models.TextField()
    # Sealed until it is shown.
    seed = models.TextField()
    # Which public number of a later day is mixed in, as promised, and what it came to.
    public_source = models.TextField(default="", db_default="")
    public_number = models.TextField(default="", db_default="")
    # committed, drawn
    state = models.TextField(default="committed")
    tickets_hash = models.TextField(default="")
    tickets = models.IntegerField(default=0)
    winners = models.JSONField(default=list)
    key = models.TextField()
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    drawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "loyalty_draw"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "key"], name="loyalty_draw_once")
        ]
        indexes = [models.Index(fields=["activity_id", "-id"], name="loyalty_draw_of")]
