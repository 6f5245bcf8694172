"""Who uses a segment or a list: segments here, and whoever wiring names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from regulars.customers import queries as customers
from regulars.kernel.errors import Invalid
from regulars.rules import language
from regulars.segments import registry
from regulars.segments.models import List, Segment
from regulars.segments.pure.references import lists_of, references_of
from regulars.segments.records import Use, Used

RULES_REMEMBERED = 4_000


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


def numbers_of_uses(workspace_id: int, asked: Sequence[Used]) -> dict[str, int]:
    """How many use each of these segments, or of these lists, by slug; rules are read once."""
    kinds = {used.kind for used in asked}
    rows = [
        (row, {kind: _named(row.rule, kind) for kind in kinds})
        for row in Segment.objects.filter(workspace_id=workspace_id)
    ]
    others = [users for users in registry.users() if users is not in_segments]
    found = {}
    for used in asked:
        own = sum(used.slug in named[used.kind] for row, named in rows if not _is(row, used))
        found[used.slug] = own + sum(len(users(workspace_id, used)) for users in others)
    return found


def _asked(workspace_id: int, used: Used) -> list[Use]:
    return [use for users in registry.users() for use in users(workspace_id, used)]


def names(workspace_id: int, rule: Mapping[str, Any], used: Used) -> bool:
    """Whether a rule names the segment or the list itself; what is no rule names nothing."""
    return used.slug in _named(rule, used.kind)


def _named(rule: Mapping[str, Any], kind: str) -> frozenset[str]:
    return _read(json.dumps(rule, sort_keys=True))[kind == "list"]


@lru_cache(maxsize=RULES_REMEMBERED)
def _read(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The segments and the lists that a rule names itself."""
    try:
        found = language.parse(json.loads(text))
    except Invalid:
        return frozenset(), frozenset()
    return frozenset(references_of(found)), frozenset(lists_of(found))


def _is(row: Segment, used: Used) -> bool:
    return used.kind == "segment" and row.id == used.id


def in_segments(workspace_id: int, used: Used) -> list[Use]:
    """Other segments, archived ones too, whose rules name this one."""
    rows = Segment.objects.filter(workspace_id=workspace_id).order_by("name", "id")
    return [
        Use("segment", row.public_id, row.name)
        for row in rows
        if not _is(row, used) and names(workspace_id, row.rule, used)
    ]


def in_views(workspace_id: int, used: Used) -> list[Use]:
    """Saved views of the list of customers that are narrowed to this segment."""
    if used.kind != "segment":
        return []
    return [
        Use("view", public_id, name)
        for public_id, name in customers.views_naming(workspace_id, "segment", used.public_id)
    ]
