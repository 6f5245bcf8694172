"""Tables of the customer's own account: whether it is open, codes asked for, sessions, limits."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Setting(WorkspaceRow):
    """Whether the shop's customers have an account of their own, and which sites may show it.

    slug  the workspace's, so that a visitor who belongs to nobody yet finds the door
    """

    slug = models.TextField(unique=True)
    is_open = models.BooleanField(default=False)
    # Sites that may hold the account in a frame, as origins: https://shop.example.
    origins = models.JSONField(default=list)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id"], name="portal_setting_once")]


class Challenge(WorkspaceRow):
    """A code somebody asked for. The code itself is kept nowhere: it is worked out from this row.

    customer_id  nobody's when the address is not known; the row is written all the same
    planned_at   when its letter was planned, or would have been
    """

    public_id = models.CharField(max_length=22, unique=True)
    channel = models.TextField()
    customer_id = models.BigIntegerField(null=True)
    language = models.CharField(max_length=2)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.IntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    planned_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace_id", "id"],
                condition=models.Q(planned_at__isnull=True),
                name="portal_challenge_new",
            ),
            models.Index(fields=["expires_at"], name="portal_challenge_by_age"),
            models.Index(fields=["workspace_id", "customer_id"], name="portal_challenge_of"),
        ]


class Session(WorkspaceRow):
    """A customer signed in on one device; the token is kept as a hash."""

    public_id = models.CharField(max_length=22, unique=True)
    token_hash = models.BinaryField(unique=True)
    customer_id = models.BigIntegerField()
    # Which kind of device, in a word: never what names one.
    device = models.TextField(default="")
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "customer_id"], name="portal_session_of"),
            models.Index(fields=["expires_at"], name="portal_session_by_age"),
        ]


class Limit(WorkspaceRow):
    """How often something was done in one window of time, under a keyed hash of who did it."""

    what = models.BinaryField()
    window_at = models.DateTimeField()
    count = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "what", "window_at"], name="portal_limit_once"
            )
        ]
        indexes = [models.Index(fields=["window_at"], name="portal_limit_by_age")]
