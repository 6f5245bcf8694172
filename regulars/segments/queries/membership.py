"""Reads of stored membership: who is in a segment, since when, and how its size went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.events import queries as events
from regulars.segments.records import (
    HISTORY_MAX,
    MEMBERS_PAGE_MAX,
    Member,
    Membership,
    Passage,
    SizePoint,
)
from regulars.segments.rows import row_of
from regulars.store.scope import cursor

ENTERED, LEFT = "segment.entered", "segment.left"

_MEMBERS = """
SELECT m.customer_id, m.since FROM segments_segment s
JOIN segments_member m ON m.segment_id = s.id AND m.generation = s.generation
WHERE s.workspace_id = %s AND s.id = %s AND m.customer_id > %s
ORDER BY m.customer_id LIMIT %s"""
_IS_MEMBER = """
SELECT EXISTS (SELECT FROM segments_segment s
JOIN segments_member m ON m.segment_id = s.id AND m.generation = s.generation
WHERE s.workspace_id = %s AND s.slug = %s AND s.archived_at IS NULL AND m.customer_id = %s)"""
_OF_CUSTOMER = """
SELECT s.id, s.public_id, s.slug, s.name, m.since FROM segments_member m
JOIN segments_segment s ON s.id = m.segment_id AND s.generation = m.generation
WHERE m.workspace_id = %s AND s.workspace_id = %s AND m.customer_id = %s AND s.archived_at IS NULL
ORDER BY lower(s.name), s.id"""
_SIZES = """
SELECT segment_id, at, count FROM segments_size
WHERE workspace_id = %s AND segment_id = ANY(%s) AND hour >= coalesce(%s::timestamptz, '-infinity')
ORDER BY segment_id, hour"""


def members(
    workspace_id: int,
    name: str | int,
    *,
    limit: int = MEMBERS_PAGE_MAX,
    after: int = 0,
) -> list[Member]:
    """Stored members of the segment of this public id or id, by customer.

    after   the last customer of the page before
    raises  NotFound(segment_unknown)
    """
    row = row_of(workspace_id, name)
    raw = cursor()
    raw.execute(_MEMBERS, [workspace_id, row.id, after, min(limit, MEMBERS_PAGE_MAX)])
    return [Member(*found) for found in raw.fetchall()]


def is_member(workspace_id: int, slug: str, customer_id: int) -> bool:
    """Whether the segment holds the customer (a root) by what is stored.

    Unknown and archived segments hold nobody.
    """
    raw = cursor()
    raw.execute(_IS_MEMBER, [workspace_id, slug, customer_id])
    row = raw.fetchone()
    return bool(row and row[0])


def memberships_of(workspace_id: int, customer_id: int) -> list[Membership]:
    """The segments in use that hold the customer (a root), by name."""
    raw = cursor()
    raw.execute(_OF_CUSTOMER, [workspace_id, workspace_id, customer_id])
    return [Membership(*found) for found in raw.fetchall()]


def history_of(workspace_id: int, customer_id: int, segment_id: int | None = None) -> list[Passage]:
    """When the customer came into segments and left them, newest first, at most HISTORY_MAX.

    segment_id  only of this segment, whatever its slug was at the time
    """
    found = events.timeline(
        workspace_id, customer_id, HISTORY_MAX, kinds=(ENTERED, LEFT), subject_id=segment_id
    )
    return [
        Passage(
            str(event.props.get("segment", "")),
            event.kind == ENTERED,
            event.time,
            str(event.props.get("reason", "")),
        )
        for event in found
    ]


def sizes(workspace_id: int, name: str | int, since: datetime | None = None) -> list[SizePoint]:
    """How the segment's size went, oldest first. raises NotFound(segment_unknown)"""
    row = row_of(workspace_id, name)
    return sizes_of_many(workspace_id, [row.id], since).get(row.id, [])


def sizes_of_many(
    workspace_id: int, segment_ids: Sequence[int], since: datetime | None = None
) -> dict[int, list[SizePoint]]:
    """The same of several segments, by their ids."""
    raw = cursor()
    raw.execute(_SIZES, [workspace_id, list(segment_ids), since])
    found: dict[int, list[SizePoint]] = {}
    for segment_id, at, count in raw.fetchall():
        found.setdefault(segment_id, []).append(SizePoint(at, count))
    return found
