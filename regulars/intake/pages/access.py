"""Who asks, where, and about which import."""

from __future__ import annotations

from django.http import HttpRequest

from regulars.intake import queries
from regulars.intake.records import ImportRecord
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import Member, Right, WorkspaceRecord


def workspace_of(request: HttpRequest, right: Right = Right.DATA_IMPORT) -> WorkspaceRecord:
    """The workspace, when the member has the right there. raises Refused(right_missing)"""
    workspaces.require(member_of(request), right)
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace


def member_of(request: HttpRequest) -> Member:
    """The signed-in member."""
    member: Member = request.member  # type: ignore[attr-defined]
    return member


def import_of(request: HttpRequest, public_id: str) -> tuple[WorkspaceRecord, ImportRecord]:
    """The workspace and the import. raises Refused, NotFound"""
    workspace = workspace_of(request)
    return workspace, queries.import_named(workspace.id, public_id)
