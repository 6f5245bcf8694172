"""Tables of customers. Hot ones are written by SQL; the classes describe them to Django."""

from __future__ import annotations

from django.db import models

from regulars.customers.desk_models import (
    Batch,
    Company,
    ListTaste,
    Membership,
    Note,
    Task,
    View,
)
from regulars.store.rows import WorkspaceRow

__all__ = [
    "Batch",
    "Company",
    "Consent",
    "ConsentState",
    "ConsentText",
    "ContactCheck",
    "ContactFlag",
    "Customer",
    "Duplicate",
    "DuplicateRun",
    "ErasureRequest",
    "Identifier",
    "IdentitySetting",
    "ListTaste",
    "MailDomain",
    "Membership",
    "Merge",
    "MergeEntry",
    "Note",
    "Preference",
    "Share",
    "Stop",
    "Suppression",
    "Task",
    "Topic",
    "View",
]


class Customer(WorkspaceRow):
    """One person as the workspace knows them.

    Every text may be missing, for rules tell what is not known from what is empty. The columns
    `trigrams` (what search finds), `sort_name`, `sources` (who told what and when) and `xid` (what
    the lake follows) are in SQL only.
    """

    public_id = models.CharField(max_length=22, unique=True)
    external_id = models.TextField(null=True)
    name = models.TextField(null=True)
    first_name = models.TextField(null=True)
    last_name = models.TextField(null=True)
    email = models.TextField(null=True)
    phone = models.TextField(null=True)
    city = models.TextField(null=True)
    country = models.TextField(null=True)
    language = models.TextField(null=True)
    gender = models.TextField(null=True)
    birth_on = models.DateField(null=True)
    attrs = models.JSONField(default=dict)
    first_seen_at = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    # The customer this one was merged into; such a row answers no question any more.
    merged_into = models.BigIntegerField(null=True)
    # What was told of this customer alone, once others merged into it fill its row.
    own = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "-first_seen_at", "-id"], name="customer_by_seen"),
        ]


class Identifier(WorkspaceRow):
    """One thing a customer is known by; it belongs to one customer at a time."""

    kind = models.TextField()
    value = models.TextField()
    customer_id = models.BigIntegerField()
    # Who brought it into a merge, and takes it along when that is undone; else empty.
    held_by = models.BigIntegerField(null=True)
    # Whether its owner proved that it is theirs, and whether it opens an account.
    is_confirmed = models.BooleanField(default=False, db_default=False)
    has_access = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "kind", "value"], name="identifier_once"
            )
        ]
        indexes = [models.Index(fields=["customer_id"], name="identifier_by_customer")]


class Consent(WorkspaceRow):
    """The ledger of what customers agreed to: lines are added, never changed."""

    customer_id = models.BigIntegerField()
    channel = models.TextField()
    purpose = models.TextField()
    state = models.TextField()
    at = models.DateTimeField()
    source = models.TextField()
    actor = models.TextField(default="")
    text_version = models.TextField(default="")
    # On what ground letters may go: a Basis, empty for lines older than the question.
    basis = models.TextField(default="", db_default="")
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "customer_id", "-at"], name="consent_by_customer")
        ]


class ConsentState(WorkspaceRow):
    """What the ledger comes to for a customer, a channel and a purpose."""

    customer_id = models.BigIntegerField()
    channel = models.TextField()
    purpose = models.TextField()
    state = models.TextField()
    changed_at = models.DateTimeField()
    is_gone = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "customer_id", "channel", "purpose"], name="consent_state"
            )
        ]


class Suppression(WorkspaceRow):
    """An address nothing may be sent to, kept as a keyed hash so that it outlives its owner."""

    channel = models.TextField()
    address_hash = models.BinaryField()
    customer_id = models.BigIntegerField(null=True)
    reason = models.TextField()
    at = models.DateTimeField()
    # When a person lifted it by hand; no import can.
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.TextField(default="", db_default="")
    lift_note = models.TextField(default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "channel", "address_hash"], name="suppression_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "customer_id"],
                condition=models.Q(customer_id__isnull=False),
                name="suppression_of",
            )
        ]


class Stop(WorkspaceRow):
    """A customer whose present address is suppressed for a channel; see actions/stops.py."""

    customer_id = models.BigIntegerField()
    channel = models.TextField()
    # The lake follows rows that go; the column `xid` is in SQL only.
    is_gone = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "customer_id", "channel"], name="stop_once"
            )
        ]


class Topic(WorkspaceRow):
    """What marketing letters may be about; customers agree and refuse topic by topic."""

    key = models.TextField()
    # By language: {"en": …, "uk": …, "ru": …}, any of them, never none.
    names = models.JSONField()
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id", "key"], name="topic_once")]


class ConsentText(WorkspaceRow):
    """The words customers agreed to, under the version the ledger names; never changed."""

    version = models.TextField()
    words = models.TextField()
    author = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "version"], name="consent_text_once")
        ]


class Preference(WorkspaceRow):
    """How often a customer wants marketing by a channel, and until when not at all."""

    customer_id = models.BigIntegerField()
    channel = models.TextField()
    # Days that lie at least between two letters; 0 is as often as we write.
    gap_days = models.IntegerField(default=0)
    paused_until = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "customer_id", "channel"], name="preference_once"
            )
        ]


class ErasureRequest(WorkspaceRow):
    """A customer asked to be erased; a person of the workspace answers."""

    public_id = models.CharField(max_length=22, unique=True)
    customer_id = models.BigIntegerField()
    source = models.TextField()
    asked_at = models.DateTimeField()
    state = models.TextField(default="open")
    note = models.TextField(default="")
    settled_by = models.TextField(default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "customer_id"],
                condition=models.Q(state="open"),
                name="erasure_request_open_once",
            )
        ]
        indexes = [
            models.Index(fields=["workspace_id", "state", "-id"], name="erasure_request_by_state")
        ]


class ContactFlag(WorkspaceRow):
    """Something about a customer's contact data that a person should look at."""

    customer_id = models.BigIntegerField()
    field = models.TextField()
    kind = models.TextField()
    # What was looked at; another value is another question.
    value = models.TextField()
    suggestion = models.TextField(default="")
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "customer_id", "field", "kind"], name="contact_flag_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "kind", "-id"],
                condition=models.Q(settled_at__isnull=True),
                name="contact_flag_open",
            )
        ]


class ContactCheck(WorkspaceRow):
    """How far the customers' contact data were looked at: the last version and id seen."""

    xid = models.TextField(default="0")
    last_id = models.BigIntegerField(default=0)
    checked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id"], name="contact_check_once")]


class MailDomain(WorkspaceRow):
    """Whether a domain takes mail, as the domain name system said."""

    domain = models.TextField()
    takes_mail = models.BooleanField(null=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "domain"], name="mail_domain_once")
        ]


class Merge(WorkspaceRow):
    """Which customer a merged one now is; roots never appear as losers.

    `root_id` is where the chain ends, `into_id` the next one of it: together they are a tree, and
    taking a row away (`is_gone`) splits a branch off.
    """

    loser_id = models.BigIntegerField()
    root_id = models.BigIntegerField()
    into_id = models.BigIntegerField(null=True)
    version = models.BigIntegerField()
    at = models.DateTimeField()
    is_gone = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "loser_id"], name="merge_once")
        ]
        indexes = [models.Index(fields=["workspace_id", "root_id"], name="merge_by_root")]


class MergeEntry(WorkspaceRow):
    """A line of the merge log: who was merged into whom or split off, by whom and why."""

    public_id = models.CharField(max_length=22, unique=True)
    act = models.TextField()
    loser_id = models.BigIntegerField()
    into_id = models.BigIntegerField()
    # What brought them together, and which line of the written order chose the winner.
    reason = models.TextField()
    rule = models.TextField()
    actor = models.TextField()
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    key = models.TextField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "key"], name="merge_entry_once")
        ]
        indexes = [
            models.Index(fields=["workspace_id", "-id"], name="merge_entry_newest"),
            models.Index(fields=["workspace_id", "loser_id"], name="merge_entry_by_loser"),
            models.Index(fields=["workspace_id", "into_id"], name="merge_entry_by_into"),
        ]


class Share(WorkspaceRow):
    """A contact that a customer uses, used to have or named, while another one holds it."""

    kind = models.TextField()
    value = models.TextField()
    customer_id = models.BigIntegerField()
    holder_id = models.BigIntegerField()
    was_held = models.BooleanField()
    rule = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "kind", "value", "customer_id"], name="share_once"
            )
        ]
        indexes = [
            models.Index(fields=["workspace_id", "customer_id"], name="share_by_customer"),
            models.Index(fields=["workspace_id", "holder_id"], name="share_by_holder"),
        ]


class IdentitySetting(WorkspaceRow):
    """How a workspace tells people apart."""

    are_ids_people = models.BooleanField()
    changed_by = models.TextField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id"], name="identity_setting_once")
        ]


class Duplicate(WorkspaceRow):
    """Two customers who may be one, and what was decided about them; one_id < other_id."""

    public_id = models.CharField(max_length=22, unique=True)
    one_id = models.BigIntegerField()
    other_id = models.BigIntegerField()
    probability = models.FloatField()
    reasons = models.JSONField()
    state = models.TextField()
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "one_id", "other_id"], name="duplicate_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "state", "-probability", "-id"], name="duplicate_by_state"
            ),
        ]


class DuplicateRun(WorkspaceRow):
    """One search for duplicates and what came of it."""

    state = models.TextField()
    customers = models.BigIntegerField()
    pairs = models.BigIntegerField()
    left_out = models.BigIntegerField()
    reason = models.TextField()
    started_by = models.TextField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "-id"], name="duplicate_run_newest"),
        ]
