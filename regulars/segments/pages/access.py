"""Who asks, and where."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.kernel.errors import NotFound
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import Member, Right, WorkspaceRecord


def workspace_of(request: HttpRequest, right: Right) -> WorkspaceRecord:
    """The workspace, when the member has the right there.

    raises  NotFound(workspace_none), Refused(right_missing)
    """
    member: Member | None = request.member  # type: ignore[attr-defined]
    if member is None:
        raise NotFound("workspace_none", _("You do not belong to a workspace yet."))
    workspaces.require(member, right)
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace


def actor_of(request: HttpRequest) -> str:
    """Who writes, as records keep it."""
    member: Member = request.member  # type: ignore[attr-defined]
    return member.email


def language() -> str:
    """The reader's language, as rules know it."""
    return (get_language() or "en")[:2]
