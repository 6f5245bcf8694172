"""Companies: their list, one company with its people, and who is let in or out by hand."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from regulars.customers import actions, history, queries, words
from regulars.customers.queries.companies import COMPANIES_PAGE, MEMBERS_PAGE, MEMBERS_SUMMED_MAX
from regulars.customers.queries.lists import keyed, read_key
from regulars.kernel.errors import Invalid
from regulars.kernel.ids import new_public_id
from regulars.workspaces.asking import may, workspace_of
from regulars.workspaces.records import Right

SEARCH_LENGTH_MAX = 100
BY_HAND = "page"


@login_required
@require_GET
def companies(request: HttpRequest) -> HttpResponse:
    """Companies by name, fifty a page."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    search = request.GET.get("search", "")[:SEARCH_LENGTH_MAX].strip()
    key = request.GET.get("after", "")
    rows = queries.companies(
        workspace.id, search=search, after=read_key(key, "sort_name") if key else None
    )
    page, more = rows[:COMPANIES_PAGE], len(rows) > COMPANIES_PAGE
    context = {
        "rows": [one for one, _name in page],
        "search": search,
        "after": keyed(page[-1][1], page[-1][0].id) if more else "",
        "is_continued": bool(key),
    }
    return render(request, "customers/companies.html", context)


@login_required
@require_GET
def company(request: HttpRequest, public_id: str) -> HttpResponse:
    """One company: what is known of it, its people, and what they bought together."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    one = queries.company(workspace.id, public_id)
    key = request.GET.get("after", "")
    rows = queries.members(workspace.id, one.id, after=read_key(key, "sort_name") if key else None)
    page, more = rows[:MEMBERS_PAGE], len(rows) > MEMBERS_PAGE
    context = {
        "company": one,
        "traits": one.traits.items(),
        "people": [profile for profile, _name in page],
        "ids": [profile.id for profile, _name in page],
        "everybody": queries.member_ids(workspace.id, one.id),
        "summed_max": MEMBERS_SUMMED_MAX,
        "after": keyed(page[-1][1], page[-1][0].id) if more else "",
        "may_edit": may(request, Right.CUSTOMERS_EDIT),
    }
    return render(request, "customers/company.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new_company(request: HttpRequest) -> HttpResponse:
    """A company made by hand."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    return _company_form(request, workspace.id, None)


@login_required
@require_http_methods(["GET", "POST"])
def edit_company(request: HttpRequest, public_id: str) -> HttpResponse:
    """Call a company otherwise."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    return _company_form(request, workspace.id, public_id)


def _company_form(request: HttpRequest, workspace_id: int, public_id: str | None) -> HttpResponse:
    one = queries.company(workspace_id, public_id) if public_id else None
    name, group_id = (one.name or "", one.group_id) if one else ("", "")
    error = ""
    if request.method == "POST":
        name = request.POST.get("name", "").strip()
        group_id = one.group_id if one else request.POST.get("group_id", "").strip()
        try:
            if not name:
                raise Invalid("name_empty", "Give the company a name.")
            saved = actions.save_company(
                workspace_id, group_id=group_id or f"hand:{new_public_id()}", name=name
            )
            messages.success(request, _("The company is saved."))
            return redirect("customers:company", saved)
        except Invalid as fault:
            error = words.desk_fault(fault.code, fault.message)
    context = {"company": one, "name": name, "group_id": group_id, "error": error}
    return render(request, "customers/company_form.html", context, status=422 if error else 200)


@login_required
@require_POST
def join_company(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let the customer belong to a company, made when there is none of this name."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    customer_id = queries.customer_id_of(workspace.id, public_id)
    name = request.POST.get("name", "").strip()
    try:
        if not name:
            raise Invalid("name_empty", "Give the company a name.")
        there = queries.company_called(workspace.id, name)
        found = there or queries.company(
            workspace.id,
            actions.save_company(workspace.id, group_id=f"hand:{new_public_id()}", name=name),
        )
        actions.add_member(workspace.id, found.id, customer_id, source=BY_HAND)
        messages.success(request, _("The customer belongs to the company now."))
    except Invalid as fault:
        messages.error(request, words.desk_fault(fault.code, fault.message))
    return redirect(f"{reverse('customers:card', args=[public_id])}#companies")


@login_required
@require_POST
def leave_company(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take the customer out of a company."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    found = queries.card(workspace.id, queries.customer_id_of(workspace.id, public_id))
    one = queries.company(workspace.id, request.POST.get("company", ""))
    ids = history.ids_of(found)
    actions.leave_company(workspace.id, one.id, ids)
    messages.success(request, _("The customer does not belong to the company any more."))
    return redirect(f"{reverse('customers:card', args=[public_id])}#companies")
