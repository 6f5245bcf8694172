"""The list of customers: filters in the address, saved views, columns, and choosing many."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from regulars.customers import actions, asked, conditions, queries, words
from regulars.customers.records import ListFilter, ListPage, ViewRecord
from regulars.kernel.errors import NotFound, RegularsError
from regulars.workspaces.asking import may, member_of, workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

EVERYBODY = "all"


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Customers of the filter, fifty a page; without a filter the view the member chose."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    me = member_of(request)
    columns, default_view = queries.list_taste(workspace.id, me.user_id)
    saved = queries.views(workspace.id, me.user_id)
    if not request.GET and default_view is not None:
        first = [one for one in saved if one.id == default_view]
        if first:
            return redirect(_view_url(first[0]))
    chosen = asked.filter_of(request.GET, _rights(request))
    fault = ""
    try:
        page = _page(workspace, chosen, request.GET.get("page", ""))
    except RegularsError as error:
        # A condition that cannot be read; the form shows it with what is wrong.
        fault, page = (
            words.desk_fault(error.code, error.message),
            ListPage((), None, None, 0, False),
        )
    ids = [profile.id for profile in page.rows]
    agreed = queries.marketing_channels(workspace.id, ids)
    context = {
        "page": page,
        "fault": fault,
        "ids": ids,
        "rows": [(profile, sorted(agreed.get(profile.id, ()))) for profile in page.rows],
        "chosen": chosen,
        "query": asked.query_of(request.GET),
        "is_filtered": chosen != ListFilter(sort=chosen.sort),
        "columns": [(name, words.LIST_COLUMNS[name]) for name in _columns(request, columns)],
        "all_columns": [(name, words.LIST_COLUMNS[name], name in _columns(request, columns))
                        for name in _offered(request)],
        "views": [(one, _view_url(one), one.id == default_view) for one in saved],
        "view": request.GET.get("view", ""),
        "has_default": default_view is not None,
        "me": me,
        "acts": _acts(request),
        **_form(request, workspace, chosen),
        **_neighbours(request.GET, page),
    }  # fmt: skip
    return render(request, "customers/list.html", context, status=422 if fault else 200)


@login_required
@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the filter under a name."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    me = member_of(request)
    query = asked.query_of(QueryDict(request.POST.get("query", "").lstrip("?")))
    try:
        public_id = actions.save_view(
            workspace.id,
            owner_id=me.user_id,
            name=request.POST.get("name", ""),
            query=query,
            is_shared=request.POST.get("is_shared") == "on",
        )
    except RegularsError as error:
        messages.error(request, words.desk_fault(error.code, error.message))
        return redirect(f"{reverse('customers:list')}?{query or 'view=all'}")
    one = queries.view(workspace.id, public_id, me.user_id)
    if request.POST.get("is_default") == "on":
        actions.choose_view(workspace.id, me.user_id, one.id)
    messages.success(request, _("The view is saved."))
    return redirect(_view_url(one))


@login_required
@require_POST
def change_view(request: HttpRequest, public_id: str) -> HttpResponse:
    """Remove one's own view, or let the list open with it, or with everybody again."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    me = member_of(request)
    if public_id == EVERYBODY:
        actions.choose_view(workspace.id, me.user_id, None)
        return redirect(f"{reverse('customers:list')}?view=all")
    one = queries.view(workspace.id, public_id, me.user_id)
    if request.POST.get("act") == "delete":
        if one.owner_id != me.user_id:
            raise NotFound("view_unknown", "There is no such view of yours.")
        actions.delete_view(workspace.id, public_id, owner_id=me.user_id)
        messages.success(request, _("The view is removed."))
        return redirect(f"{reverse('customers:list')}?view=all")
    actions.choose_view(workspace.id, me.user_id, one.id)
    messages.success(request, _("The list opens with this view now."))
    return redirect(_view_url(one))


@login_required
@require_POST
def choose_columns(request: HttpRequest) -> HttpResponse:
    """Let the list show these columns, for this member from now on."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    wanted = [name for name in _offered(request) if name in request.POST.getlist("column")]
    is_usual = request.POST.get("act") == "usual" or not wanted
    actions.choose_columns(workspace.id, member_of(request).user_id, None if is_usual else wanted)
    query = asked.query_of(QueryDict(request.POST.get("query", "").lstrip("?")))
    return redirect(f"{reverse('customers:list')}?{query or 'view=all'}")


def _page(workspace: WorkspaceRecord, chosen: ListFilter, place: str) -> ListPage:
    way, _mark, key = place.partition(".")
    after, before = (key if way == "a" else ""), (key if way == "b" else "")
    return queries.page(workspace.id, chosen, after=after, before=before)


def _rights(request: HttpRequest) -> frozenset[str]:
    rights: frozenset[str] = request.rights  # type: ignore[attr-defined]
    return rights


def _form(request: HttpRequest, workspace: WorkspaceRecord, chosen: ListFilter) -> dict[str, Any]:
    """What the filters may be set to."""
    given = dict(chosen.more)
    elsewhere = [
        {
            "name": name,
            "label": condition.label,
            "kind": condition.kind,
            "value": given.get(name, ""),
            "choices": condition.choices(workspace.id) if condition.choices else [],
        }
        for name, condition in conditions.known().items()
        if not condition.right or condition.right in _rights(request)
    ]
    company = queries.company(workspace.id, chosen.company) if chosen.company else None
    own = (chosen.has, chosen.country, chosen.city, chosen.language, chosen.tag, chosen.attribute)
    behind = any(own) or any(name != "segment" for name in given)
    return {
        "segment_filter": next((one for one in elsewhere if one["name"] == "segment"), None),
        "elsewhere": [one for one in elsewhere if one["name"] != "segment"],
        "company": company,
        "is_more_open": behind,
        "countries": queries.countries(workspace.id),
        "languages": queries.languages(workspace.id),
        "consent_choices": _consent_choices(),
        "has_choices": _has_choices(),
    }


def _offered(request: HttpRequest) -> list[str]:
    """The columns the member may see: what tells of orders needs the right to see them."""
    hidden = frozenset() if may(request, Right.ORDERS_VIEW) else words.ORDER_COLUMNS
    return [name for name in words.LIST_COLUMNS if name not in hidden]


def _columns(request: HttpRequest, chosen: list[str] | None) -> list[str]:
    offered = _offered(request)
    kept = [name for name in chosen or () if name in offered]
    return kept or [name for name in words.USUAL_COLUMNS if name in offered]


def _view_url(one: ViewRecord) -> str:
    query = f"{one.query}&" if one.query else ""
    return f"{reverse('customers:list')}?{query}view={one.public_id}"


def _neighbours(given: QueryDict, page: ListPage) -> dict[str, str]:
    return {
        "before_url": _with_page(given, f"b.{page.before}") if page.before else "",
        "after_url": _with_page(given, f"a.{page.after}") if page.after else "",
    }


def _with_page(given: QueryDict, key: str) -> str:
    query = given.copy()
    query.pop("page", None)
    query["page"] = key
    return "?" + query.urlencode()


def _acts(request: HttpRequest) -> list[tuple[str, str]]:
    """What the member may do with many customers."""
    return [
        (act, str(label))
        for act, (label, right) in words.ACTS.items()
        if right.value in _rights(request)
    ]


def _consent_choices() -> list[tuple[str, str]]:
    return [
        ("", _("Any consent")),
        ("email", _("Agreed to e-mail")),
        ("no_email", _("Not agreed to e-mail")),
        ("reach_email", _("Can be reached by e-mail")),
        ("sms", _("Agreed to SMS")),
        ("no_sms", _("Not agreed to SMS")),
        ("reach_sms", _("Can be reached by SMS")),
        ("telegram", _("Agreed to Telegram")),
        ("call", _("Agreed to calls")),
    ]


def _has_choices() -> list[tuple[str, str]]:
    return [
        ("", _("Any address")),
        ("email", _("With an e-mail")),
        ("phone", _("With a phone")),
        ("no_email", _("Without an e-mail")),
        ("no_phone", _("Without a phone")),
    ]
