"""From rows to records."""

from __future__ import annotations

from regulars.kernel.errors import NotFound
from regulars.segments.models import List, Segment, Upload
from regulars.segments.records import ListRecord, SegmentRecord, UploadRecord


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
        size=row.size,
        refreshed_at=row.refreshed_at,
        is_filling=not row.problem and row.kept_version != row.version,
        problem=row.problem,
    )


def list_row_of(workspace_id: int, public_id: str) -> List:
    """The row of this public id. raises NotFound(list_unknown)"""
    row = List.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("list_unknown", "There is no such list.")
    return row


def record_of_list(row: List) -> ListRecord:
    """What leaves the room of a list."""
    return ListRecord(
        id=row.id,
        public_id=row.public_id,
        slug=row.slug,
        name=row.name,
        size=row.size,
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        archived_at=row.archived_at,
    )


def record_of_upload(row: Upload, list_public_id: str) -> UploadRecord:
    """What leaves the room of an upload."""
    return UploadRecord(
        public_id=row.public_id,
        list_public_id=list_public_id,
        file_name=row.file_name,
        rows=row.rows,
        matched=row.matched,
        added=row.added,
        rejected=row.rejected,
        created_by=row.created_by,
        created_at=row.created_at,
    )
