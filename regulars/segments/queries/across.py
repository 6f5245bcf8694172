"""Questions about several rules at once, each in one pass over the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from regulars.kernel.errors import Invalid
from regulars.lake import engine
from regulars.rules import language, shared
from regulars.rules.tree import InSegment, Rule
from regulars.segments import registry
from regulars.segments.pure import overlapping, strictness
from regulars.segments.pure.overlapping import Region
from regulars.segments.pure.strictness import PartCount
from regulars.segments.queries import rules
from regulars.workspaces import queries as workspaces


def strictest(workspace_id: int, rule: Mapping[str, Any], at: datetime) -> tuple[PartCount, ...]:
    """For each condition that must hold: whom it finds alone, and whom all the others find.

    Empty where there are not two such conditions, or too many to look at.
    raises  Invalid(rule_invalid), Outside(lake_busy)
    """
    parts = strictness.parts_of(language.parse(rule))
    if len(parts) < 2:
        return ()
    asked = _compiled(
        workspace_id, {place: Rule(part) for place, (_, part) in enumerate(parts)}, at
    )
    columns = [asked.columns[number].holds for number in range(len(parts))]
    sql = strictness.counting(asked.sql, columns)
    (row,) = engine.query(workspace_id, sql, asked.params).to_pylist()
    return strictness.counts_of(parts, row)


def overlap(workspace_id: int, slugs: Sequence[str], at: datetime) -> list[Region]:
    """How many customers are in each combination of two or three segments at the instant.

    raises  Invalid(overlap_segments | rule_invalid), Outside(lake_busy)
    """
    least, most = overlapping.SEGMENTS_MIN, overlapping.SEGMENTS_MAX
    if not least <= len(slugs) <= most or len(set(slugs)) != len(slugs):
        raise Invalid("overlap_segments", f"Name {least} or {most} different segments.")
    asked = _compiled(workspace_id, {slug: Rule(InSegment(slug)) for slug in slugs}, at)
    columns = [asked.columns[slug].holds for slug in slugs]
    sql = overlapping.counting(asked.sql, columns)
    found: dict[tuple[bool, ...], int] = {}
    for row in engine.query(workspace_id, sql, asked.params).to_pylist():
        inside = tuple(bool(row[column]) for column in columns)
        found[inside] = found.get(inside, 0) + row["customers"]
    return overlapping.regions_of(slugs, found)


def _compiled(workspace_id: int, asked: Mapping[Any, Rule], at: datetime) -> shared.CompiledMany:
    return shared.compile_many(
        asked,
        facts=registry.facts(),
        now=at,
        zone=workspaces.workspace(workspace_id).zone,
        segments=rules.rules_by_slug(workspace_id),
    )
