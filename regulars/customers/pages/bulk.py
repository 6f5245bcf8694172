"""Acts on many customers: chosen in the list, confirmed with the exact count, then watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from regulars.audit import actions as audit
from regulars.customers import actions, asked, batches, conditions, queries, words
from regulars.customers.actions import duplicates
from regulars.customers.pages.jotting import day_of
from regulars.customers.records import BatchRecord
from regulars.jobs import actions as jobs
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, RegularsError
from regulars.kernel.ids import new_public_id
from regulars.kernel.numbers import whole_number
from regulars.kernel.sheets import CONTENT_TYPES
from regulars.workspaces import queries as workspaces
from regulars.workspaces.asking import member_of, workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

CHOSEN_MAX = 500
# So many are done while the page waits; more of them, and every file, are work for the worker.
AT_ONCE_MAX = 200
TYPED_FROM = 1_000
MERGED_AT_ONCE = 2


@login_required
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """What is about to happen, with how many; nothing is changed."""
    act = request.POST.get("act", "")
    workspace = _workspace_for(request, act)
    public_ids = request.POST.getlist("id")[:CHOSEN_MAX]
    is_everybody = request.POST.get("whom") == "everybody" or (act == "export" and not public_ids)
    if act == "merge":
        return _review(request, workspace, public_ids)
    if not public_ids and not is_everybody:
        messages.error(request, _("Choose customers first, or everybody of the list."))
        return redirect(_list_url(request))
    return _confirm_page(request, workspace, act, [] if is_everybody else public_ids)


@login_required
@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Begin the act: few customers at once, many in the worker."""
    act = request.POST.get("act", "")
    workspace = _workspace_for(request, act)
    public_ids = request.POST.getlist("id")[:CHOSEN_MAX]
    me = member_of(request)
    try:
        given = _given(act, request.POST)
        ids = queries.ids_of_public(workspace.id, public_ids)
        if public_ids and not ids:
            raise Invalid("nobody_chosen", "Nobody of those is there any more.")
        _typed(request, workspace, act, ids)
        batch = actions.begin_batch(
            workspace.id,
            act=act,
            owner_id=me.user_id,
            owner=me.name or me.email,
            query="" if ids else _query(request),
            chosen=ids,
            given=given,
            key=f"form:{me.user_id}:{request.POST.get('key', '')[:40] or new_public_id()}",
        )
    except RegularsError as error:
        return _confirm_page(
            request, workspace, act, public_ids, fault=words.desk_fault(error.code, error.message)
        )
    done = "customers.exported" if act == "export" else "customers.changed"
    audit.note(workspace.id, done, "customers", batch.public_id, fields=[act], number=batch.total)
    if act != "export" and batch.total <= AT_ONCE_MAX:
        actions.step_batch(workspace.id, batch.id, AT_ONCE_MAX + 1)
    else:
        jobs.enqueue(workspace.id, "customers.batch", {"batch": batch.id}, f"batch:{batch.id}")
    return redirect("customers:batch", batch.public_id)


@login_required
@require_GET
def batch(request: HttpRequest, public_id: str) -> HttpResponse:
    """How far an act has come, and at its end what came of it."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    one = _own(request, workspace, public_id)
    is_part = request.headers.get("HX-Request") == "true"
    name = "customers/parts/batch.html" if is_part else "customers/batch.html"
    return render(request, name, _batch_context(one))


@login_required
@require_GET
def batch_list(request: HttpRequest) -> HttpResponse:
    """What the member did with many customers lately."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    found = queries.batches(workspace.id, member_of(request).user_id)
    return render(request, "customers/batches.html", {"lines": [_batch_context(b) for b in found]})


@login_required
@require_GET
def download(request: HttpRequest, public_id: str) -> FileResponse:
    """The file of an export, for whoever asked for it, for a day."""
    workspace = workspace_of(request, Right.CUSTOMERS_EXPORT)
    one = _own(request, workspace, public_id)
    path = batches.path_of(one) if one.act == "export" and _has_file(one) else None
    if path is None or not path.exists():
        raise NotFound("file_gone", "The file is not there any more; export again.")
    form = str(one.given["format"])
    audit.note(workspace.id, "customers.export_taken", "customers", one.public_id, number=one.total)
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=f"customers.{form}",
        content_type=CONTENT_TYPES[form],
    )


def _workspace_for(request: HttpRequest, act: str) -> WorkspaceRecord:
    if act not in words.ACTS:
        raise Invalid("act_unknown", _("Choose what to do."))
    return workspace_of(request, words.ACTS[act][1])


def _own(request: HttpRequest, workspace: WorkspaceRecord, public_id: str) -> BatchRecord:
    one = queries.batch(workspace.id, public_id)
    if one.owner_id != member_of(request).user_id:
        raise NotFound("batch_unknown", "There is no such act.")
    return one


def _confirm_page(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    act: str,
    public_ids: Sequence[str],
    fault: str = "",
) -> HttpResponse:
    query = _query(request)
    ids = queries.ids_of_public(workspace.id, public_ids)
    total = queries.exact_count(workspace.id, asked.filter_of_query("" if ids else query), ids)
    context = {
        "act": act,
        "label": words.ACTS[act][0],
        "ids": public_ids,
        "query": query,
        "total": total,
        "fault": fault,
        "given": request.POST,
        "key": request.POST.get("key") or new_public_id(),
        "is_typed": _is_typed(act, total),
        "team": workspaces.members(workspace.id),
        "me": member_of(request),
        "back": _list_url(request),
    }
    return render(request, "customers/bulk.html", context, status=422 if fault else 200)


def _review(
    request: HttpRequest, workspace: WorkspaceRecord, public_ids: Sequence[str]
) -> HttpResponse:
    """Two cards side by side; merging itself is decided there."""
    if len(public_ids) != MERGED_AT_ONCE:
        messages.error(request, _("Choose exactly two customers to look at side by side."))
        return redirect(_list_url(request))
    one, other = (queries.customer_id_of(workspace.id, public_id) for public_id in public_ids)
    pair_id, state = duplicates.propose_pair(workspace.id, one, other)
    query = urlencode({"state": state.value, "pair": pair_id})
    return redirect(f"{reverse('customers:duplicates')}?{query}")


def _given(act: str, form: Mapping[str, str]) -> dict[str, Any]:
    names = {"tag": ("tag",), "attribute": ("name", "value"), "note": ("text",),
             "export": ("format",)}.get(act, ())  # fmt: skip
    given: dict[str, Any] = {name: form.get(name, "") for name in names}
    if act == "task":
        day = day_of(form.get("due_on", ""))
        given = {
            "title": form.get("title", ""),
            "due_on": day.isoformat() if day else "",
            "assignee": whole_number(form.get("assignee", "")) or 0,
        }
    if act == "export":
        given["language"] = (get_language() or "en")[:2]
    return given


def _is_typed(act: str, total: int) -> bool:
    return act == "suppress" and total > TYPED_FROM


def _typed(request: HttpRequest, workspace: WorkspaceRecord, act: str, ids: Sequence[int]) -> None:
    """What cannot be taken back for very many is done by who writes how many."""
    if act != "suppress":
        return
    chosen = asked.filter_of_query("" if ids else _query(request))
    total = queries.exact_count(workspace.id, chosen, ids)
    if _is_typed(act, total) and whole_number(request.POST.get("typed", "").strip()) != total:
        raise Invalid("typed_wrong", "Write the number of customers to confirm.")


def _query(request: HttpRequest) -> str:
    """The filter of the list. raises Refused(right_missing) for a condition one may not ask"""
    given = QueryDict(request.POST.get("query", "").lstrip("?"))
    for name, condition in conditions.known().items():
        if condition.right and given.get(name):
            workspaces.require(member_of(request), Right(condition.right))
    return asked.query_of(given)


def _list_url(request: HttpRequest) -> str:
    return f"{reverse('customers:list')}?{_query(request) or 'view=all'}"


def _has_file(one: BatchRecord) -> bool:
    return one.state == "done" and clock.now() - one.created_at < batches.EXPORT_KEPT


def _batch_context(one: BatchRecord) -> dict[str, Any]:
    return {
        "batch": one,
        "label": words.ACTS[one.act][0] if one.act in words.ACTS else one.act,
        "came": one.done + one.skipped,
        "has_file": one.act == "export" and _has_file(one),
        "told": ngettext("%(n)s customer", "%(n)s customers", one.total) % {"n": one.total},
    }
