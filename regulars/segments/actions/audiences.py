"""Writes of audience files: begun by a member, written by the worker, gone after a day."""

from __future__ import annotations

from datetime import timedelta

from regulars.audit import actions as audit
from regulars.jobs import actions as jobs
from regulars.kernel import clock, ids
from regulars.kernel.errors import Invalid
from regulars.segments.models import AudienceFile
from regulars.segments.pure.audiences import KINDS
from regulars.segments.queries.hooks import audience_of
from regulars.segments.records import AUDIENCE_KEPT_DAYS, AudienceFileRecord
from regulars.segments.rows import row_of
from regulars.store.scope import cursor

EXPORT = "segments.audience"
PURPOSES = ("marketing", "profiling")
EXPIRED_AT_ONCE_MAX = 1_000


def begin_audience(
    workspace_id: int,
    public_id: str,
    *,
    kind: str,
    purpose: str,
    owner_id: int,
    key: str,
) -> AudienceFileRecord:
    """A file of hashed contacts of the segment is on its way; the same key gives the same one.

    raises  Invalid(audience_kind | audience_purpose), NotFound
    """
    if kind not in KINDS:
        raise Invalid("audience_kind", f"The kind is one of: {', '.join(KINDS)}.")
    if purpose not in PURPOSES:
        raise Invalid("audience_purpose", f"The purpose is one of: {', '.join(PURPOSES)}.")
    segment = row_of(workspace_id, public_id)
    row, is_new = AudienceFile.objects.get_or_create(
        workspace_id=workspace_id,
        create_key=f"{segment.id}:{kind}:{purpose}:{key}",
        defaults={
            "public_id": ids.new_public_id(),
            "segment_id": segment.id,
            "kind": kind,
            "purpose": purpose,
            "owner_id": owner_id,
            "created_at": clock.now(),
        },
    )
    if is_new:
        audit.note(workspace_id, "segments.audience_exported", "segments", public_id, fields=[kind])
        jobs.enqueue(workspace_id, EXPORT, {"file": row.id}, f"audience:{row.id}")
    return audience_of(row)


def finish_audience(
    workspace_id: int, file_id: int, *, state: str, members: int = 0, rows: int = 0
) -> None:
    """What came of the file; one that is gone meanwhile stays gone."""
    AudienceFile.objects.filter(workspace_id=workspace_id, id=file_id, state="waiting").update(
        state=state, members=members, rows=rows
    )


def expire_audiences() -> list[tuple[int, str]]:
    """Files older than a day, which are gone from now on. Engine only."""
    raw = cursor()
    raw.execute(
        "UPDATE segments_audiencefile SET state = 'gone' WHERE id IN ("
        " SELECT id FROM segments_audiencefile WHERE created_at < %s AND state <> 'gone'"
        " ORDER BY id LIMIT %s) RETURNING workspace_id, public_id",
        [clock.now() - timedelta(days=AUDIENCE_KEPT_DAYS), EXPIRED_AT_ONCE_MAX],
    )
    return list(raw.fetchall())
