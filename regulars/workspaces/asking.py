"""Who asks for a page and what they may: for the pages of every room."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.kernel.errors import NotFound
from regulars.workspaces import queries
from regulars.workspaces.records import Member, Right, WorkspaceRecord


def workspace_of(request: HttpRequest, right: Right) -> WorkspaceRecord:
    """The workspace, when the member has the right there.

    raises  NotFound(workspace_none), Refused(right_missing)
    """
    queries.require(member_of(request), right)
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace


def member_of(request: HttpRequest) -> Member:
    """The signed-in member. raises NotFound(workspace_none)"""
    member: Member | None = request.member  # type: ignore[attr-defined]
    if member is None:
        raise NotFound("workspace_none", _("You do not belong to a workspace yet."))
    return member


def may(request: HttpRequest, right: Right) -> bool:
    """Whether the member has the right, for what a page leaves out."""
    return right.value in request.rights  # type: ignore[attr-defined]
