"""Who asks, and where."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import get_language

from regulars.workspaces.asking import workspace_of as workspace_of
from regulars.workspaces.records import Member


def actor_of(request: HttpRequest) -> str:
    """Who writes, as records keep it."""
    member: Member = request.member  # type: ignore[attr-defined]
    return member.email


def language() -> str:
    """The reader's language, as rules know it."""
    return (get_language() or "en")[:2]
