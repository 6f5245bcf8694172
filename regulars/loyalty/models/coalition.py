"""Tables of the coalition: partners, their shops, settlement periods and what is in them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from regulars.store.rows import WorkspaceRow


class Partner(WorkspaceRow):
    """A firm that gives out points others take, and takes points others gave out."""

    public_id = models.CharField(max_length=22, unique=True)
    slug = models.TextField()
    name = models.TextField()
    # What a hundred points cost whoever gives them out, in minor units.
    cost_minor_per_100 = models.BigIntegerField()
    state = models.TextField(default="active")
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_partner"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "slug"], name="loyalty_partner_slug_once"
            ),
            models.CheckConstraint(
                condition=Q(cost_minor_per_100__gte=0), name="loyalty_partner_cost"
            ),
        ]


class PartnerShop(WorkspaceRow):
    """Whose shop it is."""

    partner_id = models.BigIntegerField()
    shop = models.TextField()

    class Meta:
        db_table = "loyalty_partnershop"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "shop"], name="loyalty_partnershop_once"
            )
        ]


class Settlement(WorkspaceRow):
    """A period between partners; one is open, and what is closed never changes."""

    public_id = models.CharField(max_length=22, unique=True)
    number = models.IntegerField()
    state = models.TextField(default="open")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.TextField(default="")
    # Hash of all lines of a closed period.
    lines_hash = models.TextField(default="")

    class Meta:
        db_table = "loyalty_settlement"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "number"], name="loyalty_settlement_number"
            ),
            models.UniqueConstraint(
                fields=["workspace_id"], condition=Q(state="open"), name="loyalty_settlement_open"
            ),
        ]


class PartnerLot(WorkspaceRow):
    """A lot of points as the coalition counts it: who gave it out, what it cost, what is spent."""

    lot_id = models.BigIntegerField()
    partner_id = models.BigIntegerField()
    points = models.BigIntegerField()
    cost_minor = models.BigIntegerField()
    revoked = models.BigIntegerField(default=0)
    redeemed = models.BigIntegerField(default=0)
    # The lot it was carried over from, when its member was merged.
    source_lot = models.BigIntegerField(null=True)

    class Meta:
        db_table = "loyalty_partnerlot"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "lot_id"], name="loyalty_partnerlot_once"
            )
        ]


class PartnerLine(WorkspaceRow):
    """What one posting of points means between partners; lines are only added."""

    settlement_id = models.BigIntegerField()
    partner_id = models.BigIntegerField()
    # Whose points they were.
    issuer_id = models.BigIntegerField()
    txn_id = models.BigIntegerField()
    # issued, revoked, redeemed, returned
    kind = models.TextField()
    points = models.BigIntegerField()
    # What the partner owes to the coalition; negative when it is owed.
    amount_minor = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_partnerline"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "txn_id", "kind", "partner_id", "issuer_id"],
                name="loyalty_partnerline_once",
            )
        ]
        indexes = [models.Index(fields=["settlement_id"], name="loyalty_partnerline_of")]


class CoalitionPlace(WorkspaceRow):
    """Up to which place of the ledger's chain the coalition has read."""

    place = models.BigIntegerField()

    class Meta:
        db_table = "loyalty_coalitionplace"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id"], name="loyalty_coalitionplace_once")
        ]
