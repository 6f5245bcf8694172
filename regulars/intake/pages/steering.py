"""Sending a file, checking it, letting it in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from regulars.intake import actions, uploads
from regulars.intake.importers.preview import Preview, check_map, preview
from regulars.intake.importers.records import ColumnMap, ImportKind
from regulars.intake.pages.access import import_of, member_of, workspace_of
from regulars.intake.pages.imports import import_page, imports_page
from regulars.intake.pages.mapping import read_map
from regulars.intake.records import ImportRecord
from regulars.jobs import actions as jobs
from regulars.kernel.errors import Conflict, Invalid
from regulars.kernel.ids import new_public_id
from regulars.workspaces.records import WorkspaceRecord

JOB = "intake.import"


@csrf_exempt
@login_required
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Keep a file and ask what its columns mean."""
    workspace = workspace_of(request)
    # The form is read, and its token checked, only when the request is not too long for one.
    length = request.META.get("CONTENT_LENGTH") or "0"
    if int(length) > uploads.UPLOAD_BYTES_MAX + uploads.FORM_BYTES_MAX:
        request.POST = QueryDict()
        return imports_page(request, workspace, uploads.too_big())
    return _upload(request)


@csrf_protect
def _upload(request: HttpRequest) -> HttpResponse:
    workspace = workspace_of(request)
    kind = request.POST.get("kind", "")
    file = request.FILES.get("file")
    try:
        if kind not in list(ImportKind):
            raise Invalid("mapping_value", _("Choose what the rows are about."))
        if not isinstance(file, UploadedFile):
            raise Invalid("file_missing", _("Choose a file."))
        public_id = _keep(workspace, member_of(request).email, ImportKind(kind), file)
    except Invalid as error:
        return imports_page(request, workspace, error)
    return redirect("intake:import", public_id)


def _keep(
    workspace: WorkspaceRecord, actor: str, kind: ImportKind, file: UploadedFile[bytes]
) -> str:
    stored_as = uploads.keep(workspace.public_id, file.chunks())
    try:
        seen = preview(kind, uploads.path_of(stored_as))
    except BaseException:
        uploads.forget(stored_as)
        raise
    return actions.begin_upload(
        workspace.id,
        kind.value,
        file.name or "file",
        actor=actor,
        stored_as=stored_as,
        mapping=_as_json(seen.recognised),
        seen=_seen(seen),
    )


@login_required
@require_POST
def try_import(request: HttpRequest, public_id: str) -> HttpResponse:
    """Keep what the columns mean and check the whole file, writing nothing."""
    workspace, record = import_of(request, public_id)
    try:
        if _reads_otherwise(workspace, record, request):
            messages.warning(request, _("The file reads otherwise now; look at its columns again."))
            return redirect("intake:import", public_id)
        _take_map(workspace, record, request)
    except Invalid as error:
        return import_page(request, workspace, record, error)
    return _start(request, workspace, record, is_trial=True)


@login_required
@require_POST
def run_import(request: HttpRequest, public_id: str) -> HttpResponse:
    """Bring the checked file in."""
    workspace, record = import_of(request, public_id)
    return _start(request, workspace, record, is_trial=False)


def _reads_otherwise(
    workspace: WorkspaceRecord, record: ImportRecord, request: HttpRequest
) -> bool:
    """Whether another encoding or mark gives other headings; then they are kept to be shown."""
    kind = ImportKind(record.kind)
    asked = {name: request.POST.get(name, "") for name in ("encoding", "delimiter")}
    if all(asked[name] == record.mapping.get(name, "") for name in asked):
        return False
    seen = preview(kind, uploads.path_of(record.stored_as), **asked)
    told = _as_json(seen.recognised) | {name: value for name, value in asked.items() if value}
    if seen.headings == record.headings:
        return False
    actions.see_again(workspace.id, record.id, told, _seen(seen))
    return True


def _take_map(workspace: WorkspaceRecord, record: ImportRecord, request: HttpRequest) -> None:
    kind = ImportKind(record.kind)
    mapping = read_map(kind, record.headings, request.POST)
    check_map(kind, mapping, record.headings)
    actions.set_mapping(workspace.id, record.id, mapping)


def _start(
    request: HttpRequest, workspace: WorkspaceRecord, record: ImportRecord, *, is_trial: bool
) -> HttpResponse:
    state = "trying" if is_trial else "waiting"
    since = ("mapping", "tried", "failed") if is_trial else ("tried",)
    try:
        with transaction.atomic():
            actions.move_import(workspace.id, record.id, state=state, since=since)
            jobs.enqueue(
                workspace.id,
                JOB,
                {"import_id": record.id, "dry_run": is_trial},
                key=f"import:{record.id}:{new_public_id()}",
            )
    except Conflict:
        messages.warning(request, _("The import has moved on meanwhile; this is its page now."))
    return redirect("intake:import", record.public_id)


def _as_json(columns: ColumnMap) -> dict[str, Any]:
    told: dict[str, Any] = {"columns": dict(columns.columns), "layout": columns.layout.value}
    return told


def _seen(seen: Preview) -> dict[str, Any]:
    return {
        "headings": list(seen.headings),
        "sample_rows": [list(row) for row in seen.rows],
        "rows_total": seen.rows_total,
    }
