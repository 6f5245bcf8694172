"""Each page runs in one transaction that sees the member's current workspace."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from regulars.store import trail
from regulars.store.scope import scope
from regulars.workspaces import queries
from regulars.workspaces.models import User
from regulars.workspaces.pure.rights import RIGHTS
from regulars.workspaces.records import Member, Role, WorkspaceRecord

SESSION_KEY = "workspace"


class WorkspaceMiddleware:
    """Sets request.workspace, request.member, request.rights and request.workspaces.

    Without a sign-in, or without a membership, they are None and empty; the page decides.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        current, role, others = _current(request)
        request.workspaces = others  # type: ignore[attr-defined]
        request.workspace = current  # type: ignore[attr-defined]
        request.member = None  # type: ignore[attr-defined]
        request.rights = frozenset()  # type: ignore[attr-defined]
        if current is None or role is None:
            with trail.acting(trail.PUBLIC):
                return self.get_response(request)
        user = request.user
        assert isinstance(user, User)
        request.member = Member(  # type: ignore[attr-defined]
            user_id=user.id, email=user.email, name=user.name, role=role
        )
        request.rights = frozenset(r.value for r in RIGHTS[role])  # type: ignore[attr-defined]
        actor = trail.Actor("user", str(user.id), "page")
        with trail.acting(actor), scope(current.id):
            response = self.get_response(request)
            if response.status_code >= 400:  # a refused page leaves nothing behind
                transaction.set_rollback(True)
            elif hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response.render()
        return response


def _current(
    request: HttpRequest,
) -> tuple[WorkspaceRecord | None, Role | None, list[WorkspaceRecord]]:
    if not request.user.is_authenticated:
        return None, None, []
    mine = queries.workspaces_of(request.user.pk)
    wanted = request.session.get(SESSION_KEY)
    for workspace, role in mine:
        if workspace.public_id == wanted:
            return workspace, role, [w for w, _ in mine]
    if not mine:
        return None, None, []
    return mine[0][0], mine[0][1], [w for w, _ in mine]
