"""Who may open a report."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.kernel.errors import NotFound
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import Right, WorkspaceRecord


def workspace_of(request: HttpRequest, right: Right = Right.REPORTS_VIEW) -> WorkspaceRecord:
    """The workspace in which the member may do this. raises NotFound, Refused"""
    member = request.member  # type: ignore[attr-defined]
    if member is None:
        raise NotFound("workspace_none", _("You do not belong to a workspace yet."))
    workspaces.require(member, right)
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace


def may(request: HttpRequest, right: Right) -> bool:
    """Whether the member may do this."""
    member = request.member  # type: ignore[attr-defined]
    return member is not None and member.may(right)
