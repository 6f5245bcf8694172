"""Who asks, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language

from regulars.segments import words
from regulars.segments.records import SegmentRecord, Use
from regulars.workspaces.asking import workspace_of as workspace_of
from regulars.workspaces.records import Member

# Where the users of segments and lists are shown.
USE_PAGES = {
    "segment": "segments:segment",
    "campaign": "campaigns:campaign",
    "webhook": "segments:hook",
    "promotion": "loyalty:promotion",
    "programme": "loyalty:programme",
}


def actor_of(request: HttpRequest) -> str:
    """Who writes, as records keep it."""
    member: Member = request.member  # type: ignore[attr-defined]
    return member.email


def language() -> str:
    """The reader's language, as rules know it."""
    return (get_language() or "en")[:2]


def tabs(one: SegmentRecord, current: str) -> list[tuple[str, Any, bool]]:
    """The pages of one segment: address, name, whether it is this one."""
    return [
        (reverse(f"segments:{name}", args=[one.public_id]), label, name == current)
        for name, label in words.TABS.items()
    ]


def links_of(found: Sequence[Use]) -> list[tuple[Any, str, str]]:
    """Users of a segment or a list: what they are, their names and where they are."""
    return [(words.USES.get(one.kind, one.kind), one.name, _address(one)) for one in found]


def _address(use: Use) -> str:
    if use.kind == "view":
        return f"{reverse('customers:list')}?view={use.value}"
    name = USE_PAGES.get(use.kind)
    try:
        return reverse(name, args=[use.value] if use.value else None) if name else ""
    except NoReverseMatch:
        return ""
