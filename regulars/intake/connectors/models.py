"""Tables of connections to other systems."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Connection(WorkspaceRow):
    """A system that brings data here: how it proves itself, what its data mean, how it goes."""

    # Begins with the number of the workspace, for strangers knock without one.
    public_id = models.CharField(max_length=40, unique=True)
    kind = models.TextField()
    name = models.TextField()
    # Whose orders these are; the same number of two sources is two orders. Never changed.
    source = models.TextField()
    state = models.TextField()
    settings = models.JSONField(default=dict)
    # Name → sealed text.
    secrets = models.JSONField(default=dict)
    # The last body received, for whoever says what its parts mean.
    sample = models.JSONField(null=True)
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    success_at = models.DateTimeField(null=True)
    error_at = models.DateTimeField(null=True)
    error_code = models.TextField(default="")
    error_text = models.TextField(default="")
    # Failures in a row.
    failures = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "source"], name="connection_source")
        ]


class Delivery(WorkspaceRow):
    """What became of one delivery; its body is kept only when it failed, with failed events."""

    connection_id = models.BigIntegerField()
    key = models.TextField()
    topic = models.TextField(default="")
    received_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    outcome = models.TextField()
    reason = models.TextField(default="")
    detail = models.TextField(default="")
    counts = models.JSONField(default=dict)
    failed_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["connection_id", "-id"], name="delivery_by_connection"),
            models.Index(fields=["finished_at"], name="connector_delivery_by_age"),
            # Refunds that came before their orders.
            models.Index(
                fields=["connection_id", "detail"],
                name="delivery_waiting",
                condition=models.Q(failed_id__isnull=False, reason="order_unknown"),
            ),
        ]


class Subject(WorkspaceRow):
    """Something the other system speaks of, and the newest news of it that were taken."""

    connection_id = models.BigIntegerField()
    kind = models.TextField()
    key = models.TextField()
    told_at = models.DateTimeField(null=True)
    # What it is here: the id of an order, the code of a product.
    target = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "connection_id", "kind", "key"], name="subject_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["told_at"], name="subject_body_by_age", condition=models.Q(kind="body")
            )
        ]


class SigninTry(WorkspaceRow):
    """Wrong passwords in a window: by the hash of an address, or of all when `who` is empty."""

    connection_id = models.BigIntegerField()
    who = models.TextField()
    since = models.DateTimeField()
    tries = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "connection_id", "who"], name="signin_try_once"
            )
        ]
        indexes = [models.Index(fields=["since"], name="signin_try_by_age")]


class ExchangeFile(WorkspaceRow):
    """A file of an exchange, as it arrives in pieces and is brought in."""

    connection_id = models.BigIntegerField()
    session = models.TextField()
    kind = models.TextField()
    name = models.TextField()
    stored_as = models.TextField()
    size = models.BigIntegerField(default=0)
    hash = models.TextField(default="")
    state = models.TextField()
    reason = models.TextField(default="")
    detail = models.TextField(default="")
    rows_done = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "connection_id", "session", "kind", "name"],
                name="exchange_file_once",
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="exchange_file_by_age")]


class PulledFile(WorkspaceRow):
    """What the file of a name held when it was brought in last."""

    connection_id = models.BigIntegerField()
    name = models.TextField()
    hash = models.TextField()
    # When a file of a folder was written, by its folder; nothing for an address.
    modified_ns = models.BigIntegerField(null=True)
    outcome = models.TextField()
    pulled_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "connection_id", "name"], name="pulled_file_once"
            )
        ]
