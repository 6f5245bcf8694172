"""Reads of forms."""

from __future__ import annotations

from regulars.intake.forms.records import FormRecord
from regulars.intake.forms.rows import record
from regulars.intake.models import Form
from regulars.kernel.errors import NotFound

FORMS_MAX = 200


def forms(workspace_id: int) -> list[FormRecord]:
    """Forms of the workspace, open ones first, newest first."""
    rows = Form.objects.filter(workspace_id=workspace_id).order_by("-id")
    return sorted((record(row) for row in rows), key=lambda form: form.closed_at is not None)


def form(workspace_id: int, public_id: str) -> FormRecord:
    """The form. raises NotFound(form_unknown)"""
    row = Form.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("form_unknown", "There is no such form.")
    return record(row)
