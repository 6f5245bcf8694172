"""Series of codes: the list, one series, making, filling, one code's history."""

from __future__ import annotations

import tempfile

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.audit import actions as audit
from regulars.kernel.errors import Invalid, NotFound, RegularsError
from regulars.kernel.ids import new_public_id
from regulars.loyalty import code_words as words
from regulars.loyalty.actions import series as actions
from regulars.loyalty.code_forms import GenerateForm, SeriesForm
from regulars.loyalty.code_records import PAGE_ROWS, UPLOAD_BYTES_MAX
from regulars.loyalty.pages import chrome
from regulars.loyalty.queries import series as queries
from regulars.store.scope import cursor
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right

# A spreadsheet takes what begins with these for a formula.
_FORMULA = r"^[-+@=\t\r]"
_EXPORT = """
COPY (SELECT CASE WHEN coalesce(shown, code) ~ '{formula}' THEN '''' ELSE '' END
        || coalesce(shown, code) AS code, state, used, reserved, uses_max, issued_at, created_at
      FROM loyalty_code WHERE workspace_id = {workspace} AND series_id = {series} ORDER BY id)
TO STDOUT WITH (FORMAT csv, HEADER)"""


@login_required
@require_safe
def codes(request: HttpRequest) -> HttpResponse:
    """Every series with what it holds, and the way to one code."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    rows = queries.all_series(workspace.id)
    counts = queries.counts(workspace.id, [one.id for one in rows])
    names = dict(chrome.promotion_choices(workspace.id))
    context = {
        "tabs": chrome.tabs_of(chrome.CODE_TABS, "codes"),
        "rows": [
            (one, words.SERIES_KINDS[one.kind], words.STATES[one.state], counts[one.id],
             names.get(one.promotion_slug, one.promotion_slug))
            for one in rows
        ],
    }  # fmt: skip
    return render(request, "loyalty/codes.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_series(request: HttpRequest) -> HttpResponse:
    """The form of a new series."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    form = SeriesForm(chrome.promotion_choices(workspace.id), request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = actions.create_series(
                workspace.id, form.terms(workspace.zone), kind=said["kind"],
                period=said["period"] or "all", prefix=said["code_prefix"],
                key=chrome.key_of(request), actor=chrome.actor_of(request),
            )  # fmt: skip
            if said["kind"] == "shared" and said["code"]:
                actions.add_code(workspace.id, made.public_id, said["code"])
            return redirect("loyalty:series", made.public_id)
        except RegularsError as error:
            form.add_error(None, words.told(error))
    context = {"form": form, "key": request.POST.get("key") or new_public_id()}
    return render(request, "loyalty/series_form.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_series(request: HttpRequest, public_id: str) -> HttpResponse:
    """The terms of a series there is."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    one = queries.series(workspace.id, public_id)
    initial = SeriesForm.initial_of(one, workspace.zone)
    form = SeriesForm(chrome.promotion_choices(workspace.id), request.POST or None, initial=initial)
    form.settle()
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_series(workspace.id, public_id, form.terms(workspace.zone))
            messages.success(request, _("Saved."))
            return redirect("loyalty:series", public_id)
        except RegularsError as error:
            form.add_error(None, words.told(error))
    context = {"form": form, "series": one}
    return render(request, "loyalty/series_form.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def series(request: HttpRequest, public_id: str) -> HttpResponse:
    """One series: its codes, what was made at once, what it allows."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    one = queries.series(workspace.id, public_id)
    after = int(text) if (text := request.GET.get("after", "")).isdecimal() else 0
    found = queries.codes_of(workspace.id, one.id, after=after, limit=PAGE_ROWS + 1)
    context = {
        "series": one,
        "kind": words.SERIES_KINDS[one.kind],
        "state": words.STATES[one.state],
        "counts": queries.counts(workspace.id, [one.id])[one.id],
        "promotion": dict(chrome.promotion_choices(workspace.id)).get(one.promotion_slug, ""),
        "codes": [(row, words.STATES[row.state]) for row in found[:PAGE_ROWS]],
        "next": found[PAGE_ROWS - 1].id if len(found) > PAGE_ROWS else 0,
        "is_first": not after,
        "batches": [
            (row, words.STATES[row.state], words.REFUSALS.get(row.reason, row.reason))
            for row in queries.batches(workspace.id, one.id)
        ],
        "form": GenerateForm(),
        "key": new_public_id(),
    }
    return render(request, "loyalty/series.html", context)


@login_required
@require_POST
def generate(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask the worker for many codes."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    form = GenerateForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give a number from 1 to 5,000,000."))
        return redirect("loyalty:series", public_id)
    return chrome.tried(
        request,
        lambda: actions.generate_codes(
            workspace.id, public_id, form.cleaned_data["count"], key=chrome.key_of(request),
            actor=chrome.actor_of(request),
        ),
        _("The codes are being made; this page tells how far."), "series", public_id,
    )  # fmt: skip


@login_required
@require_POST
def upload(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take codes of a file."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    file = request.FILES.get("file")

    def act() -> None:
        if file is None or not file.size:
            raise Invalid("upload_empty", "Choose a file.")
        if file.size > UPLOAD_BYTES_MAX:
            raise Invalid("upload_too_large", "The file is too large.")
        actions.upload_codes(
            workspace.id, public_id, file.read(), file_name=file.name or "",
            key=chrome.key_of(request), actor=chrome.actor_of(request),
        )  # fmt: skip

    return chrome.tried(request, act, _("The file is being read."), "series", public_id)


@login_required
@require_POST
def add(request: HttpRequest, public_id: str) -> HttpResponse:
    """One code thought up by hand."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    text = request.POST.get("code", "")
    return chrome.tried(
        request, lambda: actions.add_code(workspace.id, public_id, text), _("The code is added."),
        "series", public_id,
    )  # fmt: skip


@login_required
@require_POST
def block_series(request: HttpRequest, public_id: str) -> HttpResponse:
    """Stop every code of the series, or let them be used again."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    is_blocked = request.POST.get("do") == "block"
    done = _("No code of the series works now.") if is_blocked else _("The codes work again.")
    return chrome.tried(
        request,
        lambda: actions.block_series(workspace.id, public_id, is_blocked=is_blocked),
        done, "series", public_id,
    )  # fmt: skip


@login_required
@require_safe
def export(request: HttpRequest, public_id: str) -> FileResponse:
    """Every code of the series as a file."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    one = queries.series(workspace.id, public_id)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    sql = _EXPORT.format(formula=_FORMULA, workspace=int(workspace.id), series=int(one.id))
    with cursor().copy(sql) as stream:
        for piece in stream:
            file.write(piece)
    file.seek(0)
    audit.note(workspace.id, "codes.exported", "series", one.public_id)
    return FileResponse(
        file, as_attachment=True, filename=f"{one.slug}.csv", content_type="text/csv"
    )


@login_required
@require_safe
def rejects(request: HttpRequest, public_id: str, batch_id: str) -> HttpResponse:
    """Rows of a file that became no codes."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    one = queries.series(workspace.id, public_id)
    batch = queries.batch(workspace.id, batch_id)
    if batch.series_id != one.id:
        raise NotFound("batch_unknown", "There is no such batch of codes.")
    rows = [
        (row.row_no, row.value, words.BAD_ROWS.get(row.reason, row.reason))
        for row in queries.rejects(workspace.id, batch.id)
    ]
    context = {"series": one, "batch": batch, "rows": rows}
    return render(request, "loyalty/code_rejects.html", context)


@login_required
@require_safe
def code(request: HttpRequest) -> HttpResponse:
    """One code, as somebody typed it: whose it is, what happened to it."""
    workspace = workspace_of(request, Right.LOYALTY_VIEW)
    text = request.GET.get("code", "")[:200]
    try:
        one = queries.code(workspace.id, text)
    except NotFound:
        messages.error(request, _("There is no code “%(code)s”.") % {"code": text})
        return redirect("loyalty:codes")
    uses = queries.uses_of(workspace.id, one.id)
    owner = chrome.customers_named(workspace.id, [one.customer_id] if one.customer_id else [])
    people = chrome.people(workspace.id, [use.member_id for use in uses if use.member_id])
    context = {
        "code": one,
        "state": words.STATES[one.state],
        "series": queries.series_by_id(workspace.id, one.series_id),
        "owner": owner.get(one.customer_id or 0),
        "uses": [
            (use, words.USE_STATES[use.state], people.get(use.member_id or 0)) for use in uses
        ],
    }
    return render(request, "loyalty/code.html", context)


@login_required
@require_POST
def block_code(request: HttpRequest) -> HttpResponse:
    """Stop one code, or let it be used again."""
    workspace = workspace_of(request, Right.LOYALTY_EDIT)
    text = request.POST.get("code", "")
    is_blocked = request.POST.get("do") == "block"
    done = _("The code does not work now.") if is_blocked else _("The code works again.")
    one = actions.block_code(workspace.id, text, is_blocked=is_blocked)
    messages.success(request, done)
    return redirect("loyalty:series", queries.series_by_id(workspace.id, one.series_id).public_id)
