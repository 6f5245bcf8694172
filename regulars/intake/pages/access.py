"""Who asks, where, and about which import."""

from __future__ import annotations

from django.http import HttpRequest

from regulars.intake import queries
from regulars.intake.records import ImportRecord
from regulars.workspaces import asking
from regulars.workspaces.asking import member_of as member_of
from regulars.workspaces.records import Right, WorkspaceRecord


def workspace_of(request: HttpRequest, right: Right = Right.DATA_IMPORT) -> WorkspaceRecord:
    """The workspace, when the member has the right there. raises Refused(right_missing)"""
    return asking.workspace_of(request, right)


def import_of(request: HttpRequest, public_id: str) -> tuple[WorkspaceRecord, ImportRecord]:
    """The workspace and the import. raises Refused, NotFound"""
    workspace = workspace_of(request)
    return workspace, queries.import_named(workspace.id, public_id)
