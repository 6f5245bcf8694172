"""The rights of a person over HTTP."""

from __future__ import annotations

from datetime import datetime

from django.http import FileResponse, HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from regulars.customers import queries as customers
from regulars.kernel.errors import NotFound
from regulars.privacy import actions, queries
from regulars.privacy.records import ErasureRecord, ExportRecord

router = Router(tags=["privacy"])


class Strict(Schema):
    """A body in which an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class ErasureIn(Strict):
    customer: str = Field(max_length=22)
    hurried: bool = False


class ExportIn(Strict):
    customer: str = Field(max_length=22)
    key: str = Field(min_length=1, max_length=60)


class KeptOut(Schema):
    table: str
    reason: str


class ErasureOut(Schema):
    id: str
    customer: str
    state: str
    is_done: bool
    counts: dict[str, int]
    lake: dict[str, int]
    late: dict[str, int]
    kept: list[KeptOut]
    is_log_clean: bool | None
    asked_at: datetime
    removed_at: datetime | None
    finished_at: datetime | None


class ExportOut(Schema):
    id: str
    customer: str
    state: str
    size: int
    counts: dict[str, int]
    asked_at: datetime
    expires_at: datetime | None


@router.post("/erasures", response={202: ErasureOut})
def erase(request: HttpRequest, body: ErasureIn) -> tuple[int, dict[str, object]]:
    """Erase a customer and everybody merged into them; asked again, the same report."""
    workspace_id = _workspace_id(request)
    try:
        customer_id = customers.customer_id_of(workspace_id, body.customer)
    except NotFound:
        return 202, _erasure(queries.erasure(workspace_id, body.customer))
    asked = actions.erase(workspace_id, customer_id, actor=_who(request), is_hurried=body.hurried)
    return 202, _erasure(asked)


@router.get("/erasures/{public_id}", response=ErasureOut)
def erasure(request: HttpRequest, public_id: str) -> dict[str, object]:
    """The report of an erasure, by its own id or by that of the customer."""
    return _erasure(queries.erasure(_workspace_id(request), public_id))


@router.post("/exports", response={202: ExportOut})
def make_export(request: HttpRequest, body: ExportIn) -> tuple[int, dict[str, object]]:
    """Have everything kept about a customer put together; the same key is the same file."""
    workspace_id = _workspace_id(request)
    customer_id = customers.customer_id_of(workspace_id, body.customer)
    asked = actions.ask_export(workspace_id, customer_id, actor=_who(request), key=body.key)
    return 202, _export(asked)


@router.get("/exports/{public_id}", response=ExportOut)
def export(request: HttpRequest, public_id: str) -> dict[str, object]:
    """How far the file is."""
    return _export(queries.export(_workspace_id(request), public_id))


@router.get("/exports/{public_id}/file")
def download(request: HttpRequest, public_id: str) -> FileResponse:
    """The file, a ZIP; 404 before it is ready and after its time."""
    found, stream = actions.download(_workspace_id(request), public_id)
    return FileResponse(
        stream, as_attachment=True, filename=f"person-{found.customer_public_id}.zip"
    )


def _erasure(found: ErasureRecord) -> dict[str, object]:
    names = ("state", "is_done", "counts", "lake", "late", "is_log_clean", "asked_at",
             "removed_at", "finished_at")  # fmt: skip
    return {
        "id": found.public_id,
        "customer": found.customer_public_id,
        "kept": [{"table": table, "reason": why} for table, why in queries.kept(found)],
        **{name: getattr(found, name) for name in names},
    }


def _export(found: ExportRecord) -> dict[str, object]:
    names = ("state", "size", "counts", "asked_at", "expires_at")
    return {
        "id": found.public_id,
        "customer": found.customer_public_id,
        **{name: getattr(found, name) for name in names},
    }


def _workspace_id(request: HttpRequest) -> int:
    workspace_id: int = request.workspace.id  # type: ignore[attr-defined]
    return workspace_id


def _who(request: HttpRequest) -> str:
    return f"key:{request.key_id}"  # type: ignore[attr-defined]
