"""Tables of the till protocol: tills, purchases, returns, stored answers, used limits."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from regulars.store.rows import WorkspaceRow


class Till(WorkspaceRow):
    """A till or a cart of a site: the key it shows and where it stands."""

    public_id = models.CharField(max_length=22, unique=True)
    key_id = models.BigIntegerField(unique=True)
    name = models.TextField()
    # Empty: the key of a server that speaks for many tills and names them in each call.
    shop = models.TextField(default="")
    till = models.TextField(default="")
    # till or site: a site's cart may be held for longer.
    channel = models.TextField(default="till")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "-id"], name="till_by_workspace")]


class Purchase(WorkspaceRow):
    """A purchase by the till's own id: its state, and what was promised at the hold."""

    purchase_id = models.TextField()
    # held, confirmed, partly_returned, returned, cancelled or expired
    state = models.TextField()
    member_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    shop = models.TextField()
    till = models.TextField()
    cashier = models.TextField()
    channel = models.TextField()
    currency = models.TextField()
    to_pay_minor = models.BigIntegerField(default=0)
    rules_version = models.BigIntegerField(default=0)
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    # What each call said, kept for ever so that a repeat with another body is seen.
    hold_hash = models.TextField(default="")
    confirm_hash = models.TextField(default="")
    cart_hash = models.TextField(default="")
    # Both are json and not jsonb in the database: text as it was written (migration 0014).
    cart = models.JSONField(default=dict)
    # The whole result with what it took and reserved; what the till was told is in Answer.
    result = models.JSONField(default=dict)
    # What is unusual: burn_lost, late, offline, clock, orphan_return …
    flags = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "purchase_id"], name="purchase_once")
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], name="purchase_by_expiry", condition=Q(state="held")
            ),
            models.Index(fields=["workspace_id", "-created_at", "-id"], name="purchase_by_time"),
            models.Index(
                fields=["workspace_id", "member_id", "-created_at"], name="purchase_by_member"
            ),
        ]


class Return(WorkspaceRow):
    """Goods of a purchase that came back, once for a return id.

    state  done, or waiting for a purchase that a till has not sent yet
    """

    return_id = models.TextField()
    purchase_id = models.TextField()
    state = models.TextField()
    body_hash = models.TextField()
    shop = models.TextField()
    till = models.TextField()
    cashier = models.TextField()
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField()
    # What was asked, for a return that waits.
    body = models.JSONField(default=dict)
    # Thousandths that came back by line, and the money and points that went with them.
    result = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "return_id"], name="return_once")
        ]
        indexes = [
            models.Index(fields=["workspace_id", "purchase_id", "id"], name="return_by_purchase")
        ]


class Answer(WorkspaceRow):
    """What a till was told, byte for byte, for whoever asks the same again."""

    operation = models.TextField()
    natural_key = models.TextField()
    body_hash = models.TextField()
    body = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "operation", "natural_key"], name="answer_once"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="answer_by_time")]


class LimitUse(WorkspaceRow):
    """How much of a limit of a promotion is promised and taken, by the limit's whole key."""

    limit_key = models.TextField()
    limit_value = models.BigIntegerField()
    reserved = models.BigIntegerField(default=0)
    used = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_usage"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "limit_key"], name="usage_once"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, used__gte=0), name="usage_not_below_zero"
            ),
            models.CheckConstraint(
                condition=Q(limit_value__gte=F("reserved") + F("used")), name="usage_in_limit"
            ),
        ]


class BurnCode(WorkspaceRow):
    """A one-time code that a member tells before points are burnt.

    The code itself is kept nowhere: it is worked out from the public id and the shop's secret.
    """

    public_id = models.CharField(max_length=22, unique=True)
    member_id = models.BigIntegerField()
    tries_left = models.IntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # The purchase it opened; a code opens one.
    used_by = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "member_id", "-id"], name="burn_code_by_member"),
            models.Index(fields=["expires_at"], name="burn_code_by_expiry"),
        ]
