"""From rows to records."""

from __future__ import annotations

from regulars.kernel.errors import NotFound
from regulars.segments.models import Segment
from regulars.segments.records import SegmentRecord


def row_of(workspace_id: int, name: str | int) -> Segment:
    """The row of this public id or id. raises NotFound(segment_unknown)"""
    field = "public_id" if isinstance(name, str) else "id"
    row = Segment.objects.filter(workspace_id=workspace_id, **{field: name}).first()
    if row is None:
        raise NotFound("segment_unknown", "There is no such segment.")
    return row


def record_of(row: Segment) -> SegmentRecord:
    """What leaves the room."""
    return SegmentRecord(
        id=row.id,
        public_id=row.public_id,
        slug=row.slug,
        name=row.name,
        description=row.description,
        rule=row.rule,
        counted=row.counted,
        counted_at=row.counted_at,
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        archived_at=row.archived_at,
    )
