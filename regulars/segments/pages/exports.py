"""What leaves a segment: files of customers, hashed audiences, and the list of its webhooks."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from regulars.audit import actions as audit
from regulars.customers import actions as customers
from regulars.jobs import actions as jobs
from regulars.kernel.errors import Invalid, NotFound, RegularsError
from regulars.kernel.ids import new_public_id
from regulars.segments import handing, queries, words
from regulars.segments.actions import audiences as actions
from regulars.segments.pages.access import language, tabs, workspace_of
from regulars.segments.pure.audiences import COLUMNS, KINDS
from regulars.segments.queries import hooks as reads
from regulars.workspaces.asking import may, member_of
from regulars.workspaces.records import Right, WorkspaceRecord

FORMATS = ("csv", "xlsx")
KEY_CHARS_MAX = 40


@login_required
@require_GET
def exports(request: HttpRequest, public_id: str) -> HttpResponse:
    """Everything by which customers of the segment leave it."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    one = queries.segment(workspace.id, public_id)
    context = {
        "segment": one,
        "tabs": tabs(one, "exports"),
        "key": new_public_id(),
        "kinds": [(kind, words.AUDIENCES[kind], ", ".join(COLUMNS[kind])) for kind in KINDS],
        "purposes": [(purpose, words.PURPOSES[purpose]) for purpose in actions.PURPOSES],
        "hooks": [
            (hook, words.HOOK_STATES.get(hook.reason or hook.state, hook.state))
            for hook in reads.hooks(workspace.id, one.id)
        ],
        "files": [
            (file, words.AUDIENCES.get(file.kind, file.kind), words.FILE_STATES[file.state])
            for file in reads.audience_files(workspace.id, one.id)
        ]
        if may(request, Right.CUSTOMERS_EXPORT)
        else [],
        "me": member_of(request),
    }
    return render(request, "segments/exports.html", context)


@login_required
@require_POST
def begin_export(request: HttpRequest, public_id: str) -> HttpResponse:
    """Begin a file: of customers in the clear, or of hashes for an advertising network."""
    workspace = workspace_of(request, Right.CUSTOMERS_EXPORT)
    one = queries.segment(workspace.id, public_id)
    kind = request.POST.get("kind", "")
    key = request.POST.get("key", "")[:KEY_CHARS_MAX] or new_public_id()
    if kind in FORMATS:
        return _customers_file(request, workspace, one.public_id, kind, key)
    try:
        actions.begin_audience(
            workspace.id,
            public_id,
            kind=kind,
            purpose=request.POST.get("purpose", "marketing"),
            owner_id=member_of(request).user_id,
            key=f"form:{member_of(request).user_id}:{key}",
        )
    except Invalid:
        messages.error(request, _("Choose what the file is for."))
    else:
        messages.success(request, _("The file is being written; it is here in a moment."))
    return redirect("segments:exports", public_id)


def _customers_file(
    request: HttpRequest, workspace: WorkspaceRecord, public_id: str, form: str, key: str
) -> HttpResponse:
    """The same file as from the list of customers narrowed to the segment, by the same job."""
    me = member_of(request)
    try:
        batch = customers.begin_batch(
            workspace.id,
            act="export",
            owner_id=me.user_id,
            owner=me.name or me.email,
            query=urlencode({"segment": public_id}),
            chosen=[],
            given={"format": form, "language": language()},
            key=f"form:{me.user_id}:{key}",
        )
    except RegularsError as error:
        messages.error(request, error.message)
        return redirect("segments:exports", public_id)
    audit.note(
        workspace.id, "customers.exported", "customers", batch.public_id,
        fields=["export"], number=batch.total,
    )  # fmt: skip
    jobs.enqueue(workspace.id, "customers.batch", {"batch": batch.id}, f"batch:{batch.id}")
    return redirect("customers:batch", batch.public_id)


@login_required
@require_GET
def export_file(request: HttpRequest, public_id: str) -> FileResponse:
    """A file of hashed contacts, for whoever asked for it, for a day."""
    workspace = workspace_of(request, Right.CUSTOMERS_EXPORT)
    one = reads.audience_file(workspace.id, public_id)
    path = handing.path_of(workspace.id, one.public_id)
    is_mine = one.owner_id == member_of(request).user_id
    if not is_mine or one.state != "done" or not path.exists():
        raise NotFound("file_gone", _("The file is not there any more; export again."))
    audit.note(workspace.id, "segments.audience_taken", "segments", public_id, number=one.rows)
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=f"{one.kind}-audience.csv",
        content_type="text/csv",
    )
