"""The ledger: transactions and entries that are only added, and what they come to."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Txn(WorkspaceRow):
    """The head of a transaction; (kind, natural_key) names it for ever."""

    kind = models.TextField()
    natural_key = models.TextField()
    body_hash = models.BinaryField()
    actor = models.TextField(default="", db_default="")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    rules_version = models.BigIntegerField(default=0, db_default=0)
    reason = models.TextField(default="", db_default="")
    purchase_id = models.TextField(null=True)
    reverses_id = models.BigIntegerField(null=True)
    resolves_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "loyalty_txn"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "kind", "natural_key"], name="loyalty_txn_once"
            ),
            models.UniqueConstraint(
                fields=["reverses_id"],
                condition=models.Q(reverses_id__isnull=False),
                name="loyalty_reversed_once",
            ),
            models.UniqueConstraint(
                fields=["resolves_id"],
                condition=models.Q(resolves_id__isnull=False),
                name="loyalty_resolved_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "purchase_id"],
                condition=models.Q(purchase_id__isnull=False),
                name="loyalty_txn_of_purchase",
            ),
            models.Index(fields=["workspace_id", "recorded_at"], name="loyalty_txn_by_time"),
        ]


class Entry(WorkspaceRow):
    """One line of a transaction."""

    txn_id = models.BigIntegerField()
    account = models.TextField()
    owner_id = models.BigIntegerField(null=True)
    unit = models.TextField()
    lot_id = models.BigIntegerField(null=True)
    amount = models.BigIntegerField()
    # The dates its lot has from this entry on.
    activates_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "loyalty_entry"
        indexes = [
            models.Index(fields=["txn_id"], name="loyalty_entry_of_txn"),
            models.Index(
                fields=["owner_id", "txn_id"],
                condition=models.Q(owner_id__isnull=False),
                name="loyalty_entry_of_owner",
            ),
        ]


class Lot(WorkspaceRow):
    """Points of one origin with their own dates, and what is left of them."""

    member_id = models.BigIntegerField()
    currency = models.TextField()
    source_txn = models.BigIntegerField()
    amount = models.BigIntegerField()
    available = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    activates_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    slides = models.BooleanField(default=False)
    waits_for = models.TextField(null=True)
    partner_id = models.BigIntegerField(null=True)
    cost_minor = models.BigIntegerField(default=0)
    purchase_id = models.TextField(null=True)
    line_id = models.TextField(null=True)
    # The lot it was carried over from, by a merge or a split.
    source_lot = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(available__gte=0, pending__gte=0, held__gte=0),
                name="loyalty_lot_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    amount__gte=models.F("available") + models.F("pending") + models.F("held")
                ),
                name="loyalty_lot_not_more",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member_id", "currency"],
                condition=models.Q(available__gt=0)
                | models.Q(pending__gt=0)
                | models.Q(held__gt=0),
                name="loyalty_lot_open",
            ),
            models.Index(
                fields=["workspace_id", "purchase_id"],
                condition=models.Q(purchase_id__isnull=False),
                name="loyalty_lot_of_purchase",
            ),
            models.Index(
                fields=["workspace_id", "waits_for"],
                condition=models.Q(waits_for__isnull=False, pending__gt=0),
                name="loyalty_lot_waiting",
            ),
            models.Index(
                fields=["workspace_id", "expires_at"],
                condition=models.Q(available__gt=0, expires_at__isnull=False),
                name="loyalty_lot_ending",
            ),
        ]


class Balance(WorkspaceRow):
    """What a member has of a currency, kept in step with the entries; the row to lock."""

    member_id = models.BigIntegerField()
    currency = models.TextField()
    available = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    debt = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)
    slides_until = models.DateTimeField(null=True)
    # Never later than the first date on which a lot becomes active or ends.
    due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member_id", "currency"], name="loyalty_balance_once"),
            models.CheckConstraint(
                condition=models.Q(available__gte=0, pending__gte=0, held__gte=0, debt__gte=0),
                name="loyalty_balance_not_negative",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="loyalty_balance_due",
            )
        ]


class Unsealed(models.Model):
    """A transaction that has no place in the chain yet."""

    txn_id = models.BigIntegerField(primary_key=True)
    workspace_id = models.BigIntegerField()


class Seal(WorkspaceRow):
    """The place of one transaction in the chain of its workspace."""

    place = models.BigIntegerField()
    txn_id = models.BigIntegerField()
    content = models.BinaryField()
    seal = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "place"], name="loyalty_seal_once"),
            models.UniqueConstraint(fields=["txn_id"], name="loyalty_seal_of_txn"),
        ]


class SealHead(WorkspaceRow):
    """Where the chain ends, signed, so that an end cut off is missed."""

    place = models.BigIntegerField()
    seal = models.BinaryField()
    signature = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_sealhead"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id"], name="loyalty_sealhead_once")
        ]


class Adjustment(WorkspaceRow):
    """A change by hand that was asked for; above a limit a second person decides."""

    public_id = models.CharField(max_length=22, unique=True)
    member_id = models.BigIntegerField()
    currency = models.TextField()
    points = models.BigIntegerField()
    reason = models.TextField()
    key = models.TextField()
    body_hash = models.BinaryField()
    state = models.TextField()
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    decided_by = models.TextField(default="", db_default="")
    decided_at = models.DateTimeField(null=True)
    txn_id = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "key"], name="loyalty_adjustment_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "posted", "refused"]),
                name="loyalty_adjustment_state",
            ),
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("asked_by"))
                | models.Q(decided_by="")
                | models.Q(state="refused"),
                name="loyalty_adjustment_two_persons",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "id"],
                condition=models.Q(state="waiting"),
                name="loyalty_adjustment_waiting",
            )
        ]
