"""Tables of messages. The message table is written by SQL; the class describes it to Django."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


class Template(WorkspaceRow):
    """A letter's name; what it says is in its versions."""

    public_id = models.CharField(max_length=22, unique=True)
    name = models.TextField()
    channel = models.TextField(default="email")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    # Letters the product itself writes have a role, such as "confirm:uk", and one template each.
    role = models.TextField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "role"], name="template_role_once")
        ]
        indexes = [models.Index(fields=["workspace_id", "-updated_at"], name="template_by_time")]


class TemplateVersion(WorkspaceRow):
    """What a letter says; never changed once written, so a message keeps meaning the same."""

    public_id = models.CharField(max_length=22, unique=True)
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField()
    subject = models.TextField()
    source = models.TextField()
    html = models.TextField()
    text = models.TextField()
    is_own_text = models.BooleanField(default=False)
    author = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="template_version_once")
        ]


class Sender(WorkspaceRow):
    """The server and the name under which a workspace's mail leaves."""

    public_id = models.CharField(max_length=22, unique=True)
    from_name = models.TextField(default="")
    from_address = models.TextField()
    reply_to = models.TextField(default="")
    host = models.TextField()
    port = models.IntegerField()
    security = models.TextField()
    username = models.TextField(default="")
    password_sealed = models.TextField(default="")
    dkim_domain = models.TextField(default="")
    dkim_selector = models.TextField(default="")
    dkim_key_sealed = models.TextField(default="")
    # A made key waits here until its record stands in DNS; letters go on under the old one.
    next_dkim_selector = models.TextField(default="")
    next_dkim_key_sealed = models.TextField(default="")
    bounce_domain = models.TextField(default="")
    connections_max = models.IntegerField(default=8)
    messages_max = models.IntegerField(default=500)
    is_enabled = models.BooleanField(default=True)
    paused_until = models.DateTimeField(null=True)
    faults = models.IntegerField(default=0)
    last_error = models.TextField(default="")
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace_id"], name="sender_once")]


class Message(WorkspaceRow):
    """One letter to one customer; the unique key forbids a second one for the same occurrence."""

    public_id = models.CharField(max_length=22, unique=True)
    occurrence = models.TextField()
    campaign_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField()
    channel = models.TextField()
    state = models.TextField()
    reason = models.TextField(default="")
    variant = models.TextField(default="")
    template_version_id = models.BigIntegerField()
    is_marketing = models.BooleanField()
    # The customers' topic a marketing letter is about; empty for one of no topic.
    topic = models.TextField(default="", db_default="")
    planned_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)
    # Whom the letter was written to; customers change their addresses.
    address_hash = models.BinaryField(null=True)
    attempts = models.IntegerField(default=0)
    worker = models.BigIntegerField(null=True)
    token = models.BigIntegerField(null=True)
    claimed_until = models.DateTimeField(null=True)
    handed_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace_id", "occurrence", "customer_id", "channel"],
                name="message_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "is_marketing", "due_at", "id"],
                condition=models.Q(state__in=("planned", "deferred"), held_at__isnull=True),
                name="message_due",
            ),
            models.Index(
                fields=["worker"],
                condition=models.Q(state__in=("claimed", "handing")),
                name="message_under_way",
            ),
            models.Index(fields=["workspace_id", "campaign_id", "state"], name="message_campaign"),
            models.Index(fields=["workspace_id", "campaign_id", "id"], name="message_of_campaign"),
            models.Index(fields=["workspace_id", "customer_id", "id"], name="message_customer"),
        ]


class Question(WorkspaceRow):
    """A consent asked for by letter: it is written only when the receiver confirms it.

    Kept also when nobody answers, for the letter itself has to be accounted for.
    """

    public_id = models.CharField(max_length=22, unique=True)
    key = models.TextField()
    input_hash = models.BinaryField()
    customer_id = models.BigIntegerField()
    channel = models.TextField()
    address_hash = models.BinaryField()
    purpose = models.TextField()
    text_version = models.TextField()
    source = models.TextField()
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace_id", "key"], name="question_once")
        ]
        indexes = [
            models.Index(
                fields=["workspace_id", "address_hash", "-asked_at"], name="question_of_address"
            )
        ]


class Caught(WorkspaceRow):
    """A letter the built-in mail catcher took instead of a provider.

    is_of_workspace  false for the product's own letters, which may reset a password
    """

    public_id = models.CharField(max_length=22, unique=True)
    received_at = models.DateTimeField()
    mail_from = models.TextField()
    rcpt_to = models.TextField()
    subject = models.TextField()
    raw = models.BinaryField()
    is_of_workspace = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "messaging_caught"
        indexes = [models.Index(fields=["workspace_id", "-id"], name="caught_newest")]
