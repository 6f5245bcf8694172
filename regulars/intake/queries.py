"""Reads of imports and of the rows they did not take."""

from __future__ import annotations

from collections.abc import Iterator

from regulars.intake.models import Import, RejectedRow
from regulars.intake.records import ImportRecord, RejectedRecord
from regulars.kernel.errors import NotFound

LIST_ROWS = 50
REJECT_BATCH_ROWS = 1_000


def imports(workspace_id: int) -> list[ImportRecord]:
    """The newest imports."""
    rows = Import.objects.filter(workspace_id=workspace_id).order_by("-id")[:LIST_ROWS]
    return [_record(row) for row in rows]


def import_by_id(workspace_id: int, import_id: int) -> ImportRecord:
    """The import. raises NotFound(import_unknown)"""
    return _one(Import.objects.filter(workspace_id=workspace_id, id=import_id).first())


def import_named(workspace_id: int, public_id: str) -> ImportRecord:
    """The import of this public id. raises NotFound(import_unknown)"""
    return _one(Import.objects.filter(workspace_id=workspace_id, public_id=public_id).first())


def rejected(workspace_id: int, import_id: int, limit: int) -> list[RejectedRecord]:
    """The first rows that were not taken."""
    rows = RejectedRow.objects.filter(workspace_id=workspace_id, import_id=import_id)
    return [_reject(row) for row in rows.order_by("row_no", "id")[:limit]]


def rejected_batches(workspace_id: int, import_id: int) -> Iterator[list[RejectedRecord]]:
    """Every row that was not taken, a batch at a time."""
    after = (0, 0)
    while True:
        rows = list(
            RejectedRow.objects.filter(workspace_id=workspace_id, import_id=import_id)
            .extra(where=["(row_no, id) > (%s, %s)"], params=after)
            .order_by("row_no", "id")[:REJECT_BATCH_ROWS]
        )
        if not rows:
            return
        yield [_reject(row) for row in rows]
        after = (rows[-1].row_no, rows[-1].id)


def _one(row: Import | None) -> ImportRecord:
    if row is None:
        raise NotFound("import_unknown", "There is no such import.")
    return _record(row)


def _record(row: Import) -> ImportRecord:
    return ImportRecord(
        id=row.id,
        public_id=row.public_id,
        kind=row.kind,
        file_name=row.file_name,
        stored_as=row.stored_as,
        state=row.state,
        mapping=row.mapping,
        seen=row.seen,
        stage=row.stage,
        rows_done=row.rows_done,
        rows_total=row.rows_total,
        counts=row.counts,
        error_code=row.error_code,
        error_text=row.error_text,
        created_by=row.created_by,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _reject(row: RejectedRow) -> RejectedRecord:
    return RejectedRecord(row_no=row.row_no, reason=row.reason, detail=row.detail, raw=row.raw)
