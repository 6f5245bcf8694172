"""What every page of the shell is given besides its own context."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.web.navigation import Group, groups_for

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
KEYS_COOKIE = "keys"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation, workspace, rights and the member's choices of look and language."""
    return {
        "nav": SimpleLazyObject(lambda: _groups(request)),
        "workspace": getattr(request, "workspace", None),
        "workspaces": SimpleLazyObject(lambda: getattr(request, "workspaces", ())),
        "rights": getattr(request, "rights", frozenset()),
        "theme": theme_of(request),
        "has_keys": request.COOKIES.get(KEYS_COOKIE) != "off",
        "languages": settings.LANGUAGES,
        "language": (get_language() or settings.LANGUAGE_CODE).split("-")[0],
    }


def theme_of(request: HttpRequest) -> str:
    """The member's choice of light or dark; auto follows the device."""
    chosen = request.COOKIES.get(THEME_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def rights_of(request: HttpRequest) -> Collection[str] | None:
    """The rights of the member in the current workspace; None when they are not known."""
    return getattr(request, "rights", None)


def _groups(request: HttpRequest) -> tuple[Group, ...]:
    return groups_for(rights_of(request), request.path, _waiting(request))


def _waiting(request: HttpRequest) -> dict[str, int]:
    """How many tasks of the member are due, for those who are given any."""
    member, workspace = getattr(request, "member", None), getattr(request, "workspace", None)
    if member is None or workspace is None or "customers.edit" not in (rights_of(request) or ()):
        return {}
    today = clock.now().astimezone(workspace.zone).date()
    return {"customers:tasks": customers.due_count(workspace.id, member.user_id, today)}
