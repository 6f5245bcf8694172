"""Tables of codes and gift certificates."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from regulars.store.rows import WorkspaceRow


class CodeSeries(WorkspaceRow):
    """Codes that belong together: what they are for, from when to when, how often."""

    public_id = models.CharField(max_length=22, unique=True)
    slug = models.TextField()
    name = models.TextField()
    # shared: few codes for everybody; unique: many, each for whoever has it; personal: each for
    # one customer.
    kind = models.TextField()
    # What the codes switch on; empty when the series is only counted.
    promotion_slug = models.TextField(default="")
    state = models.TextField(default="active")
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    # A code that was issued to somebody ends so many days later, if the series does not before.
    valid_days = models.IntegerField(null=True)
    # How often: one code at all; one member and all members together, in each period.
    uses_per_code = models.IntegerField(null=True)
    uses_per_member = models.IntegerField(null=True)
    uses_total = models.IntegerField(null=True)
    period = models.TextField(default="all")
    # Before the codes of our own making.
    prefix = models.TextField(default="")
    create_key = models.TextField(null=True)
    create_hash = models.TextField(default="")
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_codeseries"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "slug"], name="loyalty_codeseries_slug_once"
            ),
            models.UniqueConstraint(
                fields=["workspace_id", "create_key"], name="loyalty_codeseries_created_once"
            ),
        ]


class Code(WorkspaceRow):
    """One code, as `pure.codes.normalised` reads it.

    With a limit the row counts its uses, and only an update that keeps within it succeeds;
    without one nothing is counted here, so that tills do not wait for one another.
    """

    series_id = models.BigIntegerField()
    code = models.TextField()
    # As it was thought up, when that differs from the groups of a generated one.
    shown = models.TextField(null=True)
    state = models.TextField(default="active", db_default="active")
    # Whose it is, once it was issued; only this customer may use it.
    customer_id = models.BigIntegerField(null=True)
    uses_max = models.IntegerField(null=True)
    reserved = models.IntegerField(default=0, db_default=0)
    used = models.IntegerField(default=0, db_default=0)
    ends_at = models.DateTimeField(null=True)
    batch_id = models.BigIntegerField(null=True)
    issue_key = models.TextField(null=True)
    issued_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_code"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "code"], name="loyalty_code_once"),
            models.UniqueConstraint(
                fields=["workspace_id", "issue_key"],
                condition=Q(issue_key__isnull=False),
                name="loyalty_code_issued_once",
            ),
            models.CheckConstraint(
                condition=Q(reserved__gte=0)
                & Q(used__gte=0)
                & (Q(uses_max__isnull=True) | Q(uses_max__gte=F("reserved") + F("used"))),
                name="loyalty_code_within",
            ),
        ]
        indexes = [
            models.Index(fields=["series_id", "id"], name="loyalty_code_of"),
            # Those of a pool that nobody has been given yet.
            models.Index(
                fields=["series_id", "id"],
                condition=Q(issued_at__isnull=True, state="active"),
                name="loyalty_code_free",
            ),
            models.Index(
                fields=["workspace_id", "customer_id"],
                condition=Q(customer_id__isnull=False),
                name="loyalty_code_owner",
            ),
        ]


class CodeUse(WorkspaceRow):
    """One purchase that uses one code: reserved, used, released, expired or returned."""

    code_id = models.BigIntegerField()
    series_id = models.BigIntegerField()
    purchase_id = models.TextField()
    member_id = models.BigIntegerField(null=True)
    state = models.TextField()
    until = models.DateTimeField()
    # The first day of the period whose counters this use is in.
    period_on = models.DateField()
    at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_codeuse"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "purchase_id", "code_id"], name="loyalty_codeuse_once"
            )
        ]
        indexes = [
            models.Index(fields=["code_id", "id"], name="loyalty_codeuse_of"),
            models.Index(fields=["series_id", "id"], name="loyalty_codeuse_series"),
        ]


class CodeCount(WorkspaceRow):
    """Uses of a series in one period: of one member, or of all together (member 0)."""

    series_id = models.BigIntegerField()
    member_id = models.BigIntegerField()
    period_on = models.DateField()
    taken = models.IntegerField()

    class Meta:
        db_table = "loyalty_codecount"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "series_id", "member_id", "period_on"],
                name="loyalty_codecount_once",
            ),
            models.CheckConstraint(condition=Q(taken__gte=0), name="loyalty_codecount_whole"),
        ]


class CodeBatch(WorkspaceRow):
    """Codes that came at once, generated or from a file, by a job that tells its progress."""

    public_id = models.CharField(max_length=22, unique=True)
    series_id = models.BigIntegerField()
    # generated, uploaded
    kind = models.TextField()
    # waiting, done, failed
    state = models.TextField(default="waiting")
    asked = models.IntegerField()
    made = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    file_name = models.TextField(default="")
    reason = models.TextField(default="")
    create_key = models.TextField(null=True)
    create_hash = models.TextField(default="")
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "loyalty_codebatch"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "create_key"], name="loyalty_codebatch_once"
            )
        ]
        indexes = [models.Index(fields=["series_id", "-id"], name="loyalty_codebatch_of")]


class CodeReject(WorkspaceRow):
    """A row of an uploaded file that became no code, and why."""

    batch_id = models.BigIntegerField()
    row_no = models.IntegerField()
    value = models.TextField()
    reason = models.TextField()

    class Meta:
        db_table = "loyalty_codereject"
        indexes = [models.Index(fields=["batch_id", "row_no"], name="loyalty_codereject_of")]


class GiftCard(WorkspaceRow):
    """A gift certificate: money of its holder, spent in parts.

    available + held is what the ledger has on the account giftcard:{id}.
    """

    public_id = models.CharField(max_length=22, unique=True)
    code = models.TextField()
    shown = models.TextField(null=True)
    # active, blocked; one whose day has come is expired, whatever this says
    state = models.TextField(default="active")
    currency = models.TextField()
    face_minor = models.BigIntegerField()
    available_minor = models.BigIntegerField()
    held_minor = models.BigIntegerField(default=0)
    # What the day that came took off.
    expired_minor = models.BigIntegerField(default=0)
    customer_id = models.BigIntegerField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    note = models.TextField(default="")
    issue_key = models.TextField(null=True)
    issue_hash = models.TextField(default="")
    issued_by = models.TextField(default="")
    issued_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_giftcard"
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "code"], name="loyalty_giftcard_code"),
            models.UniqueConstraint(
                fields=["workspace_id", "issue_key"], name="loyalty_giftcard_once"
            ),
            models.CheckConstraint(
                condition=Q(available_minor__gte=0)
                & Q(held_minor__gte=0)
                & Q(face_minor__gte=F("available_minor") + F("held_minor")),
                name="loyalty_giftcard_within",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace_id", "-id"], name="loyalty_giftcard_new"),
            models.Index(
                fields=["ends_at"],
                condition=Q(available_minor__gt=0),
                name="loyalty_giftcard_ends",
            ),
        ]


class GiftUse(WorkspaceRow):
    """Money of one certificate in one purchase: reserved, used, released or expired."""

    card_id = models.BigIntegerField()
    purchase_id = models.TextField()
    amount_minor = models.BigIntegerField()
    returned_minor = models.BigIntegerField(default=0)
    state = models.TextField()
    until = models.DateTimeField()
    at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "loyalty_giftuse"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "purchase_id", "card_id"], name="loyalty_giftuse_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0)
                & Q(returned_minor__gte=0)
                & Q(returned_minor__lte=F("amount_minor")),
                name="loyalty_giftuse_within",
            ),
        ]
        indexes = [models.Index(fields=["card_id", "id"], name="loyalty_giftuse_of")]
