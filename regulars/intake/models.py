"""Tables of imports."""

from __future__ import annotations

from django.db import models

from regulars.store.rows import WorkspaceRow


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
