"""Keys of scope api, and the workspace each request works in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from regulars.store import trail
from regulars.store.scope import scope
from regulars.workspaces import queries
from regulars.workspaces.records import KeyScope, WorkspaceRecord


class ApiKeyAuth(HttpBearer):
    """`Authorization: Bearer rg_api_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> WorkspaceRecord | None:
        """The workspace of the key, else None (401)."""
        found = queries.holder_of_key(token, KeyScope.API)
        if found is None:
            return None
        request.workspace, request.key_id = found  # type: ignore[attr-defined]
        return found[0]


def in_scope(view: Callable[..., Any]) -> Callable[..., Any]:
    """Run the operation in one transaction that sees the key's workspace."""

    @wraps(view)
    def scoped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        actor = trail.Actor("key", str(request.key_id), "api")  # type: ignore[attr-defined]
        with trail.acting(actor), scope(request.workspace.id):  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

    return scoped
