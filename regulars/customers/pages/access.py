"""Who asks, and where."""

from __future__ import annotations

from django.http import HttpRequest

from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import Member, Right, WorkspaceRecord


def workspace_of(request: HttpRequest, right: Right) -> WorkspaceRecord:
    """The workspace, when the member has the right there. raises Refused(right_missing)"""
    workspaces.require(member_of(request), right)
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace


def member_of(request: HttpRequest) -> Member:
    """The signed-in member."""
    member: Member = request.member  # type: ignore[attr-defined]
    return member


def may(request: HttpRequest, right: Right) -> bool:
    """Whether the member has the right, for what a page leaves out."""
    return right.value in request.rights  # type: ignore[attr-defined]
