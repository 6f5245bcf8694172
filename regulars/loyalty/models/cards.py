"""Tables of cards and of their places in people's wallets."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from regulars.store.rows import WorkspaceRow


class Card(WorkspaceRow):
    """A card of a member; its number ends in a check digit and tells nothing of the member."""

    public_id = models.CharField(max_length=22, unique=True)
    member_id = models.BigIntegerField()
    number = models.TextField()
    # active, blocked, replaced
    state = models.TextField(default="active")
    reason = models.TextField(default="")
    replaced_by_id = models.BigIntegerField(null=True)
    # A fixed discount of this card, basis points.
    discount = models.IntegerField(default=0, db_default=0)
    # Sealed; codes that change every half minute are made with it.
    secret = models.TextField()
    # What a wallet shows to ask for this card's pass; only its hash is kept.
    pass_token_hash = models.TextField()
    issue_key = models.TextField(null=True)
    issued_by = models.TextField(default="")
    issued_at = models.DateTimeField()
    # When what the card shows was last different.
    changed_at = models.DateTimeField()
    # When the holder was last led to Google Wallet, and up to which change its copy was told;
    # both or neither.
    google_given_at = models.DateTimeField(null=True)
    google_told_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "loyalty_card"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "number"], name="loyalty_card_number"),
            models.UniqueConstraint(fields=["workspace_id", "issue_key"], name="loyalty_card_once"),
            models.CheckConstraint(
                condition=Q(state__in=["active", "blocked", "replaced"]), name="loyalty_card_state"
            ),
            models.CheckConstraint(
                condition=Q(discount__gte=0, discount__lte=10_000), name="loyalty_card_discount"
            ),
        ]
        indexes = [
            models.Index(fields=["member_id", "-id"], name="loyalty_card_of"),
            models.Index(
                fields=["workspace_id", "id"],
                condition=Q(google_told_at__lt=models.F("changed_at")),
                name="loyalty_card_google_behind",
            ),
        ]


class Wallet(WorkspaceRow):
    """Certificates and looks of a workspace's passes; keys are sealed."""

    organisation = models.TextField(default="")
    colour = models.TextField(default="")
    apple_pass_type = models.TextField(default="")
    apple_team = models.TextField(default="")
    apple_certificate = models.TextField(default="")
    apple_key = models.TextField(default="")
    apple_authority = models.TextField(default="")
    google_issuer = models.TextField(default="")
    google_email = models.TextField(default="")
    google_key = models.TextField(default="")
    # What Google last refused, and until when it is asked nothing because of it.
    google_fault = models.TextField(default="", db_default="")
    google_rests_until = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_wallet"
        constraints = [models.UniqueConstraint(fields=["workspace_id"], name="loyalty_wallet_once")]


class PassDevice(WorkspaceRow):
    """A device that has a card's pass and wants to hear of changes."""

    card_id = models.BigIntegerField()
    device = models.TextField()
    push_token = models.TextField()
    registered_at = models.DateTimeField()
    # Up to which change of the card the device was told.
    pushed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "loyalty_passdevice"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "device", "card_id"], name="loyalty_passdevice_once"
            )
        ]
        indexes = [models.Index(fields=["card_id"], name="loyalty_passdevice_of")]


class SpentCode(WorkspaceRow):
    """A changing code that has opened a member's points to one purchase, and opens no other."""

    card_id = models.BigIntegerField()
    step = models.BigIntegerField()
    purchase_id = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_spentcode"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "card_id", "step"], name="loyalty_spentcode_once"
            )
        ]
        indexes = [models.Index(fields=["at"], name="loyalty_spentcode_by_time")]
