"""Tables of imports."""

from __future__ import annotations

from django.db import models

from regulars.intake.connectors.models import (
    Connection,
    Delivery,
    ExchangeFile,
    PulledFile,
    SigninTry,
    Subject,
)
from regulars.store.rows import WorkspaceRow

__all__ = [
    "Connection",
    "Delivery",
    "ExchangeFile",
    "Form",
    "Import",
    "PulledFile",
    "RejectedRow",
    "Session",
    "SigninTry",
    "Site",
    "Subject",
]


class Import(WorkspaceRow):
    """One file brought in, or tried: what was asked, how far it is, what came of it."""

    public_id = models.CharField(max_length=22, unique=True)
    kind = models.TextField()
    file_name = models.TextField()
    # A name inside the uploads folder; empty for a file the command line read in place.
    stored_as = models.TextField(default="")
    state = models.TextField()
    mapping = models.JSONField(default=dict)
    # Headings and first rows, as a page shows them before the import runs.
    seen = models.JSONField(default=dict, db_default={})
    stage = models.TextField(default="")
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(null=True)
    counts = models.JSONField(default=dict)
    error_code = models.TextField(default="")
    error_text = models.TextField(default="")
    created_by = models.TextField(default="")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "-id"], name="import_by_workspace")]


class RejectedRow(WorkspaceRow):
    """A row of a file that was not taken: where it stood, why, and what it said."""

    import_id = models.BigIntegerField()
    row_no = models.BigIntegerField()
    reason = models.TextField()
    detail = models.TextField(default="")
    raw = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["import_id", "row_no"], name="rejected_by_import")]


class Site(WorkspaceRow):
    """A site that sends events with a public key: the key can bring data in and nothing else."""

    public_id = models.CharField(max_length=22, unique=True)
    name = models.TextField()
    # Public by its nature, for every visitor's browser has it; hence kept as it is.
    key = models.TextField(unique=True)
    domains = models.JSONField(default=list)
    # "ask": nothing is kept or sent before the visitor agrees; "on": from the first page.
    consent_mode = models.TextField()
    # Whether orders that only its pages tell of reserve goods, for a while.
    promises_stock = models.BooleanField(db_default=False, default=False)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    loaded_at = models.DateTimeField(null=True)
    event_at = models.DateTimeField(null=True)
    event_kind = models.TextField(default="")
    refused_at = models.DateTimeField(null=True)
    refused_origin = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "id"], name="site_by_workspace")]


class Session(WorkspaceRow):
    """A visit of a site, for as long as late events may still belong to it."""

    public_id = models.CharField(max_length=22, unique=True)
    site_id = models.BigIntegerField()
    visitor = models.TextField()
    started_at = models.DateTimeField()
    last_at = models.DateTimeField()
    is_marked = models.BooleanField()
    source = models.TextField()
    medium = models.TextField()
    campaign = models.TextField()
    term = models.TextField()
    content = models.TextField()
    click = models.TextField()
    hits = models.IntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["site_id", "visitor", "last_at"], name="session_by_visitor"),
            models.Index(fields=["last_at"], name="session_by_age"),
        ]


class Form(WorkspaceRow):
    """A form on a landing page: what it asks, what the visitor agrees to, where it goes on."""

    public_id = models.CharField(max_length=22, unique=True)
    name = models.TextField()
    kind = models.TextField()
    language = models.TextField()
    # [{"name", "label", "type", "is_required", "options"}], in order.
    fields = models.JSONField(default=list)
    button = models.TextField(default="")
    thanks = models.TextField(default="")
    consent_text = models.TextField(default="")
    # Goes up whenever the text changes, so that each consent names the words it was given to.
    consent_version = models.IntegerField(default=1)
    topic = models.TextField(default="")
    product_sku = models.TextField(default="")
    redirect_url = models.TextField(default="")
    domains = models.JSONField(default=list)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "id"], name="form_by_workspace")]
