"""Hashed audiences of a segment over HTTP: begun, looked at, taken within a day."""

from __future__ import annotations

from datetime import datetime

from django.http import FileResponse, HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from regulars.audit import actions as audit
from regulars.kernel.errors import NotFound
from regulars.segments import handing, queries
from regulars.segments.actions import audiences as actions
from regulars.segments.queries import hooks as reads
from regulars.segments.records import AudienceFileRecord

router = Router(tags=["segments"])
KEY_CHARS_MAX = 200
# Whoever holds the key takes files that were asked for by a key; members take their own.
OWNER_ID = 0


class AudienceIn(Schema):
    model_config = ConfigDict(extra="forbid")

    kind: str
    purpose: str = "marketing"
    key: str = Field(min_length=1, max_length=KEY_CHARS_MAX)


class AudienceOut(Schema):
    """A file; its state is waiting, done, failed or gone."""

    id: str
    kind: str
    purpose: str
    state: str
    members: int
    rows: int
    created_at: datetime


class AudiencesOut(Schema):
    audiences: list[AudienceOut]


@router.post("/{public_id}/audiences", response={202: AudienceOut})
def begin_audience(
    request: HttpRequest, public_id: str, body: AudienceIn
) -> Status[dict[str, object]]:
    """Begin a file of hashed contacts for Google or Meta; the same key gives the same file."""
    # What is not there is so whatever the body says.
    queries.segment(_workspace_id(request), public_id)
    made = actions.begin_audience(
        _workspace_id(request), public_id,
        kind=body.kind, purpose=body.purpose, owner_id=OWNER_ID, key=f"api:{body.key}",
    )  # fmt: skip
    return Status(202, _out(made))


@router.get("/{public_id}/audiences", response=AudiencesOut)
def list_audiences(request: HttpRequest, public_id: str) -> dict[str, object]:
    """The newest files of the segment that were asked for by a key."""
    workspace_id = _workspace_id(request)
    one = queries.segment(workspace_id, public_id)
    found = reads.audience_files(workspace_id, one.id)
    return {"audiences": [_out(file) for file in found if file.owner_id == OWNER_ID]}


@router.get("/{public_id}/audiences/{file_id}", response=AudienceOut)
def read_audience(request: HttpRequest, public_id: str, file_id: str) -> dict[str, object]:
    """One file: whether it is done, and how many rows it has."""
    return _out(_file(request, public_id, file_id))


@router.get("/{public_id}/audiences/{file_id}/file", openapi_extra={
    "responses": {200: {"description": "OK", "content": {"text/csv": {}}}}
})  # fmt: skip
def take_audience(request: HttpRequest, public_id: str, file_id: str) -> FileResponse:
    """The file itself, as CSV; 404 before it is done and after a day."""
    one = _file(request, public_id, file_id)
    path = handing.path_of(_workspace_id(request), one.public_id)
    if one.state != "done" or not path.exists():
        raise NotFound("file_gone", "The file is not there any more; export again.")
    audit.note(
        _workspace_id(request), "segments.audience_taken", "segments", one.public_id,
        number=one.rows,
    )  # fmt: skip
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=f"{one.kind}-audience.csv",
        content_type="text/csv",
    )


def _file(request: HttpRequest, public_id: str, file_id: str) -> AudienceFileRecord:
    """The file, when it is one of this segment and was asked for by a key. raises NotFound"""
    workspace_id = _workspace_id(request)
    one = queries.segment(workspace_id, public_id)
    found = reads.audience_file(workspace_id, file_id)
    if found.segment_id != one.id or found.owner_id != OWNER_ID:
        raise NotFound("file_gone", "There is no such file.")
    return found


def _out(one: AudienceFileRecord) -> dict[str, object]:
    names = [name for name in AudienceOut.model_fields if name != "id"]
    return {"id": one.public_id, **{name: getattr(one, name) for name in names}}


def _workspace_id(request: HttpRequest) -> int:
    workspace_id: int = request.workspace.id  # type: ignore[attr-defined]
    return workspace_id
