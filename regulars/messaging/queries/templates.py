"""Templates and their versions."""

from __future__ import annotations

from regulars.kernel.errors import NotFound
from regulars.messaging.models import Template, TemplateVersion
from regulars.messaging.records import TemplateRecord, VersionRecord

TEMPLATES_MAX = 500


def templates(workspace_id: int) -> list[TemplateRecord]:
    """Templates in use, the newest change first."""
    rows = Template.objects.filter(workspace_id=workspace_id, archived_at__isnull=True)
    newest = {
        version.template_id: version
        for version in TemplateVersion.objects.filter(workspace_id=workspace_id)
        .order_by("template_id", "-number")
        .distinct("template_id")
    }
    return [_template(row, newest[row.id]) for row in rows.order_by("-updated_at")[:TEMPLATES_MAX]]


def template(workspace_id: int, public_id: str) -> TemplateRecord:
    """The template with its newest version. raises NotFound(template_unknown)"""
    row = Template.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("template_unknown", "There is no such template.")
    newest = row.versions.order_by("-number").first()
    assert newest is not None
    return _template(row, newest)


def version(workspace_id: int, version_id: int) -> VersionRecord:
    """One version of a template. raises NotFound(template_unknown)"""
    row = TemplateVersion.objects.filter(workspace_id=workspace_id, id=version_id).first()
    if row is None:
        raise NotFound("template_unknown", "There is no such version of a template.")
    return _version(row)


def _template(row: Template, newest: TemplateVersion) -> TemplateRecord:
    return TemplateRecord(
        row.id, row.public_id, row.name, row.channel, row.updated_at, _version(newest)
    )


def _version(row: TemplateVersion) -> VersionRecord:
    return VersionRecord(
        row.id, row.public_id, row.template_id, row.number, row.subject, row.source, row.html,
        row.text, row.is_own_text, row.created_at,
    )  # fmt: skip
