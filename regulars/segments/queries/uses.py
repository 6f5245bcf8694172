"""Who uses a segment or a list: segments here, and whoever wiring names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.customers import queries as customers
from regulars.kernel.errors import Invalid
from regulars.rules import language
from regulars.segments import registry
from regulars.segments.models import List, Segment
from regulars.segments.pure.references import lists_of, references_of
from regulars.segments.records import Use, Used


def uses(workspace_id: int, slug: str) -> list[Use]:
    """Whatever refers to the segment of this slug and would be lost without it, by kind."""
    row = Segment.objects.filter(workspace_id=workspace_id, slug=slug).first()
    if row is None:
        return []
    return _asked(workspace_id, Used("segment", row.id, row.public_id, row.slug))


def uses_of_list(workspace_id: int, slug: str) -> list[Use]:
    """The same of a list."""
    row = List.objects.filter(workspace_id=workspace_id, slug=slug).first()
    if row is None:
        return []
    return _asked(workspace_id, Used("list", row.id, row.public_id, row.slug))


def _asked(workspace_id: int, used: Used) -> list[Use]:
    return [use for users in registry.users() for use in users(workspace_id, used)]


def names(workspace_id: int, rule: Mapping[str, Any], used: Used) -> bool:
    """Whether a rule names the segment or the list itself; what is no rule names nothing."""
    try:
        found = language.parse(rule)
    except Invalid:
        return False
    return used.slug in (references_of if used.kind == "segment" else lists_of)(found)


def in_segments(workspace_id: int, used: Used) -> list[Use]:
    """Other segments, archived ones too, whose rules name this one."""
    rows = Segment.objects.filter(workspace_id=workspace_id).order_by("name", "id")
    return [
        Use("segment", row.public_id, row.name)
        for row in rows
        if not (used.kind == "segment" and row.id == used.id)
        and names(workspace_id, row.rule, used)
    ]


def in_views(workspace_id: int, used: Used) -> list[Use]:
    """Saved views of the list of customers that are narrowed to this segment."""
    if used.kind != "segment":
        return []
    return [
        Use("view", public_id, name)
        for public_id, name in customers.views_naming(workspace_id, "segment", used.public_id)
    ]
