"""Static lists: made by hand or from a file, with what could not be matched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from regulars.audit import actions as audit
from regulars.customers import queries as customers
from regulars.customers.records import ListFilter
from regulars.kernel.errors import Invalid, NotFound, RegularsError
from regulars.kernel.ids import new_public_id
from regulars.kernel.numbers import whole_number
from regulars.kernel.sheets import CONTENT_TYPES, sheet
from regulars.segments import actions, queries, words
from regulars.segments.pages.access import actor_of, links_of, workspace_of
from regulars.segments.pure import uploads
from regulars.segments.records import LIST_CHANGE_MAX, UPLOAD_REJECTS_KEPT_MAX, Used
from regulars.segments.sheets import rows_of_file
from regulars.workspaces.records import Right

PAGE_ROWS = 50
CHOSEN_MAX = 500
# So many are put into a list while the page waits.
EVERYBODY_MAX = 100_000
SEARCH_CHARS_MAX = 100
KEY_CHARS_MAX = 40


@login_required
@require_GET
def lists(request: HttpRequest) -> HttpResponse:
    """Every list in use, with its size and how many refer to it."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    search = request.GET.get("search", "")[:SEARCH_CHARS_MAX].strip()
    shown = [one for one in queries.lists(workspace.id) if search.lower() in one.name.lower()]
    uses = queries.numbers_of_uses(
        workspace.id, [Used("list", one.id, one.public_id, one.slug) for one in shown]
    )
    context = {
        "rows": [(one, uses[one.slug]) for one in shown],
        "search": search,
        "key": new_public_id(),
    }
    return render(request, "segments/lists.html", context)


@login_required
@require_POST
def new_list(request: HttpRequest) -> HttpResponse:
    """A new empty list."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    try:
        made = actions.create_list(
            workspace.id,
            name=request.POST.get("name", ""),
            key=f"form:{request.POST.get('key', '')[:KEY_CHARS_MAX] or new_public_id()}",
            actor=actor_of(request),
        )
    except RegularsError as error:
        messages.error(request, _told(error))
        return redirect("segments:lists")
    return redirect("segments:one_list", made.public_id)


@login_required
@require_GET
def one_list(request: HttpRequest, public_id: str) -> HttpResponse:
    """A list: its customers, its files, where it is used."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    workspace_of(request, Right.CUSTOMERS_VIEW)
    one = queries.list_of(workspace.id, public_id)
    after = whole_number(request.GET.get("after", "")) or 0
    found = queries.list_members(workspace.id, public_id, limit=PAGE_ROWS + 1, after=after)
    members = found[:PAGE_ROWS]
    people = customers.profiles(workspace.id, [member.customer_id for member in members])
    context = {
        "list": one,
        "members": [
            (people[member.customer_id], member.since)
            for member in members
            if member.customer_id in people
        ],
        "is_first": not after,
        "next": members[-1].customer_id if len(found) > PAGE_ROWS else 0,
        "uploads": queries.uploads(workspace.id, public_id),
        "uses": links_of(queries.uses_of_list(workspace.id, one.slug)),
        "key": new_public_id(),
    }
    return render(request, "segments/list_one.html", context)


@login_required
@require_POST
def rename_list(request: HttpRequest, public_id: str) -> HttpResponse:
    """The list under another name; rules keep naming it by its name in the system."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    name = request.POST.get("name", "")
    return _tried(request, public_id, lambda: actions.rename_list(workspace.id, public_id, name))


@login_required
@require_POST
def archive_list(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take the list away; refused while anything refers to it."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    try:
        gone = actions.archive_list(workspace.id, public_id)
    except NotFound:
        raise
    except RegularsError as error:
        messages.error(request, _told(error))
        return redirect("segments:one_list", public_id)
    messages.success(request, _("“%(name)s” is in the archive.") % {"name": gone.name})
    return redirect("segments:lists")


@login_required
@require_POST
def upload_list(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put the customers that a file names into the list."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    file = request.FILES.get("file")
    try:
        if file is None or file.size is None:
            raise Invalid("upload_empty", "Choose a file.")
        if file.size > uploads.BYTES_MAX:
            raise Invalid("upload_too_large", "The file is too large.")
        done = actions.upload_to_list(
            workspace.id,
            public_id,
            rows_of_file(file.read()),
            file_name=file.name or "",
            key=f"form:{request.POST.get('key', '')[:KEY_CHARS_MAX] or new_public_id()}",
            actor=actor_of(request),
        )
    except NotFound:
        raise
    except RegularsError as error:
        messages.error(request, _told(error))
        return redirect("segments:one_list", public_id)
    text = ngettext(
        "%(added)s of %(rows)s row was added to the list.",
        "%(added)s of %(rows)s rows were added to the list.",
        done.rows,
    )
    messages.success(request, text % {"added": done.added, "rows": done.rows})
    return redirect("segments:one_list", public_id)


@login_required
@require_POST
def remove_from_list(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take the chosen customers out of the list."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    ids = customers.ids_of_public(workspace.id, request.POST.getlist("id")[:CHOSEN_MAX])
    removed = actions.remove_from_list(workspace.id, public_id, ids) if ids else 0
    text = ngettext(
        "%(n)s customer is out of the list.", "%(n)s customers are out of the list.", removed
    )
    messages.success(request, text % {"n": removed})
    return redirect("segments:one_list", public_id)


@login_required
@require_POST
def choose_list(request: HttpRequest) -> HttpResponse:
    """Put customers chosen in their list, or everybody of it, into a static list or out of it."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    workspace_of(request, Right.CUSTOMERS_VIEW)
    public_ids = request.POST.getlist("id")[:CHOSEN_MAX]
    is_everybody = request.POST.get("whom") == "everybody"
    given = QueryDict(request.POST.get("query", "").lstrip("?"))
    chosen = customers.filter_of(given, request.rights)  # type: ignore[attr-defined]
    ids = [] if is_everybody else customers.ids_of_public(workspace.id, public_ids)
    total = customers.exact_count(workspace.id, chosen, ids) if ids or is_everybody else 0
    fault = ""
    if "list" in request.POST:
        if total and total <= EVERYBODY_MAX and request.POST["list"]:
            return _changed(request, workspace.id, _pages(workspace.id, chosen, ids))
        fault = _("Choose a list and customers.")
    context = {
        "lists": queries.lists(workspace.id),
        "ids": [] if is_everybody else public_ids,
        "whom": "everybody" if is_everybody else "",
        "query": request.POST.get("query", ""),
        "total": total,
        "is_too_many": total > EVERYBODY_MAX,
        "fault": fault,
    }
    return render(request, "segments/choose_list.html", context, status=422 if fault else 200)


def _pages(workspace_id: int, chosen: ListFilter, ids: list[int]) -> Iterator[list[int]]:
    last = 0
    while page := customers.ids_after(workspace_id, chosen, last, LIST_CHANGE_MAX, ids):
        yield page
        last = page[-1]


def _changed(request: HttpRequest, workspace_id: int, pages: Iterator[list[int]]) -> HttpResponse:
    public_id = request.POST["list"]
    is_removal = request.POST.get("do") == "remove"
    act = actions.remove_from_list if is_removal else actions.add_to_list
    try:
        changed = sum(act(workspace_id, public_id, page) for page in pages)
    except NotFound:
        raise
    except RegularsError as error:
        messages.error(request, _told(error))
        return redirect("segments:one_list", public_id)
    done = "segments.list_reduced" if is_removal else "segments.list_extended"
    audit.note(workspace_id, done, "lists", public_id, number=changed)
    text = (
        ngettext(
            "%(n)s customer is out of the list.", "%(n)s customers are out of the list.", changed
        )
        if is_removal
        else ngettext(
            "%(n)s customer is in the list now.", "%(n)s customers are in the list now.", changed
        )
    )
    messages.success(request, text % {"n": changed})
    return redirect("segments:one_list", public_id)


@login_required
@require_GET
def list_rejects(request: HttpRequest, public_id: str, upload_id: str) -> HttpResponse:
    """The rows of a file that named nobody, as a file to mend and upload again."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    one = queries.list_of(workspace.id, public_id)
    stream = BytesIO()
    made = sheet(stream, "csv", [_("Row"), _("Value"), _("Reason")])
    after = count = 0
    while count < UPLOAD_REJECTS_KEPT_MAX:
        found = queries.rejects(workspace.id, upload_id, after=after)
        for row in found:
            made.row([row.row_no, row.value, words.REJECTS.get(row.reason, row.reason)])
        count += len(found)
        if not found:
            break
        after = found[-1].row_no
    made.close()
    response = HttpResponse(stream.getvalue(), content_type=CONTENT_TYPES["csv"])
    response["Content-Disposition"] = 'attachment; filename="rejected.csv"'
    audit.note(workspace.id, "segments.rejects_taken", "lists", one.public_id, number=count)
    return response


def _tried(request: HttpRequest, public_id: str, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
    except NotFound:
        raise
    except RegularsError as error:
        messages.error(request, _told(error))
    return redirect("segments:one_list", public_id)


def _told(error: RegularsError) -> str:
    return str(words.REFUSALS.get(error.code, error.message))
