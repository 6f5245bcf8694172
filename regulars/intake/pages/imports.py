"""Imports past and present: the list, one of them, its progress, the rows it did not take."""

from __future__ import annotations

import csv
import io
import tempfile
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from regulars.audit import actions as audit
from regulars.events import queries as events
from regulars.intake import queries, uploads, words
from regulars.intake.pages.access import import_of, workspace_of
from regulars.intake.pages.mapping import mapping_context
from regulars.intake.records import ImportRecord
from regulars.kernel.cells import csv_cell
from regulars.kernel.errors import Invalid
from regulars.workspaces.records import WorkspaceRecord

REJECTS_SHOWN = 20
CELLS_SHOWN = 6
CELL_LENGTH_SHOWN = 60


@login_required
@require_GET
def imports(request: HttpRequest) -> HttpResponse:
    """Files brought in, and the door for the next."""
    return imports_page(request, workspace_of(request))


def imports_page(
    request: HttpRequest, workspace: WorkspaceRecord, error: Invalid | None = None
) -> HttpResponse:
    """The page with what was wrong with the file just sent."""
    context = {
        "rows": [_line(record) for record in queries.imports(workspace.id)],
        "kinds": [(k, str(v), str(words.KIND_HINTS[k])) for k, v in words.KINDS.items()],
        "kind": request.POST.get("kind", "orders"),
        "error": error,
        "error_title": words.problem(error.code) if error else "",
        "limit_mb": uploads.UPLOAD_BYTES_MAX >> 20,
        "failed_count": events.failed_count(workspace.id),
    }
    return render(request, "intake/imports.html", context, status=422 if error else 200)


@login_required
@require_GET
def one_import(request: HttpRequest, public_id: str) -> HttpResponse:
    """Where an import stands and what can be done next."""
    workspace, record = import_of(request, public_id)
    return import_page(request, workspace, record)


def import_page(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    record: ImportRecord,
    error: Invalid | None = None,
) -> HttpResponse:
    """The page with what was wrong with the map just sent."""
    label, tone = words.state(record.state)
    context: dict[str, Any] = {
        "record": record,
        "kind": str(words.KINDS.get(record.kind, record.kind)),
        "state": label,
        "tone": tone,
        "error": error,
        "error_title": words.problem(error.code) if error else words.problem(record.error_code),
        **_progress(record),
        **_outcome(workspace.id, record),
    }
    if context.get("sample"):
        audit.note(workspace.id, "rejects.viewed", "import", record.public_id)
    if record.can_be_mapped:
        context |= mapping_context(workspace, record, request.POST if error else None)
    context["step"] = {"mapping": 2, "failed": 2, "trying": 3, "tried": 3, "done": 5}.get(
        record.state, 4
    )
    context["steps"] = [[_("File")], [_("Columns")], [_("Checking")], [_("Import")]]
    return render(request, "intake/import.html", context, status=422 if error else 200)


@login_required
@require_GET
def state(request: HttpRequest, public_id: str) -> HttpResponse:
    """The progress alone, for the page that asks each second; at the end the page comes anew."""
    _workspace, record = import_of(request, public_id)
    answer = render(request, "intake/parts/progress.html", {"record": record, **_progress(record)})
    if not record.is_moving:
        answer["HX-Refresh"] = "true"
    return answer


@login_required
@require_GET
def rejected(request: HttpRequest, public_id: str) -> FileResponse:
    """The rows that were not taken, as they came, each with its number and reason."""
    workspace, record = import_of(request, public_id)
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    text = io.TextIOWrapper(stream, "utf-8", newline="")
    # Spreadsheets know UTF-8 by this mark alone.
    text.write("\ufeff")
    writer = csv.writer(text)
    named = [_("Row"), _("Reason"), _("What is wrong")]
    writer.writerow([csv_cell(heading) for heading in [*record.headings, *named]])
    count = 0
    for batch in queries.rejected_batches(workspace.id, record.id):
        count += len(batch)
        for row in batch:
            cells = [row.raw.get(heading) for heading in record.headings]
            told = [row.row_no, row.reason, words.reason(row.reason)]
            writer.writerow([csv_cell(cell) for cell in [*cells, *told]])
    audit.note(workspace.id, "rejects.taken", "import", record.public_id, number=count)
    text.detach().seek(0)
    return FileResponse(
        stream, as_attachment=True, filename="rejected.csv", content_type="text/csv"
    )


def _line(record: ImportRecord) -> dict[str, Any]:
    label, tone = words.state(record.state)
    return {
        "record": record,
        "kind": str(words.KINDS.get(record.kind, record.kind)),
        "state": label,
        "tone": tone,
        "taken": record.counts.get("taken") if record.state == "done" else None,
        "rejected": record.counts.get("rejected") if record.state == "done" else None,
    }


def _progress(record: ImportRecord) -> dict[str, Any]:
    return {"stage": words.stage(record.stage), "rows_total": record.rows_total or 0}


def _outcome(workspace_id: int, record: ImportRecord) -> dict[str, Any]:
    if record.state not in ("tried", "done"):
        return {}
    counts = record.counts
    made = counts.get("counts", {})
    return {
        "taken": counts.get("taken", 0),
        "repeated": counts.get("repeated", 0),
        "rejected": counts.get("rejected", 0),
        "rows": counts.get("rows", 0),
        "made": [(words.count(name), made[name]) for name in words.COUNTS if name in made],
        "reasons": [(words.reason(r), n, r) for r, n in counts.get("reasons", {}).items()],
        "ignored": counts.get("ignored_columns", ()),
        "sample": [
            (row.row_no, words.reason(row.reason), _cells(row.raw))
            for row in queries.rejected(workspace_id, record.id, REJECTS_SHOWN)
        ],
    }


def _cells(raw: Any) -> list[tuple[str, str]]:
    told = [(name, str(value)[:CELL_LENGTH_SHOWN]) for name, value in raw.items() if value]
    return told[:CELLS_SHOWN]
