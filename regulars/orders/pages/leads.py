"""Leads: the list, one lead, and what may be done with it."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from regulars.kernel.errors import Invalid, RegularsError
from regulars.orders import actions, queries, words
from regulars.orders.pages import access
from regulars.orders.pages.access import KEY_LENGTH
from regulars.orders.pure import keys
from regulars.orders.queries import LeadFilter, desk
from regulars.orders.records import LeadStatus, NewLead
from regulars.workspaces.records import Right, WorkspaceRecord

# Where a press of a button may bring a lead; it is won by becoming an order.
QUICK = (LeadStatus.NEW, LeadStatus.IN_WORK, LeadStatus.QUALIFIED)


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The newest leads of the filter."""
    workspace = access.workspace_of(request, Right.ORDERS_VIEW)
    chosen = _filter(request, workspace)
    before = keys.read(request.GET.get("page", ""), tuple[datetime, int])
    found = queries.leads(workspace.id, chosen, before=before)
    shown = found[: queries.PAGE_ROWS]
    count = queries.leads_count(workspace.id, chosen)
    staff = access.names_of_staff(workspace.id)
    context = {
        "rows": [
            (lead, *words.lead(lead.status), staff.get(lead.responsible_id, "")) for lead in shown
        ],
        "given": request.GET,
        "is_filtered": chosen != LeadFilter(),
        "statuses": words.choices(words.LEADS, _("Any status")),
        "sources": [("", _("Any source"))]
        + [(name, words.source(name)) for name in desk.sources(workspace.id, "orders_lead")],
        "keepers": [("", _("Anybody's")), (access.NOBODY, _("Nobody's"))]
        + [(str(user_id), name) for user_id, name in staff.items()],
        "count": min(count, queries.COUNT_MAX),
        "is_capped": count > queries.COUNT_MAX,
        "key": access.new_key(),
        "after_url": access.next_url(request.GET, (shown[-1].created_at, shown[-1].id))
        if len(found) > len(shown)
        else "",
        "before_url": "",
    }
    return render(request, "orders/leads.html", context)


@login_required
@require_POST
def new(request: HttpRequest) -> HttpResponse:
    """A lead by hand, from a call or a visit."""
    workspace = access.workspace_of(request, Right.ORDERS_EDIT)
    said = NewLead(
        source="desk",
        name=access.text_of(request.POST, "name", 201),
        phone=access.text_of(request.POST, "phone", 41),
        email=access.text_of(request.POST, "email", 255),
        comment=access.text_of(request.POST, "comment", 5_001),
    )
    key = request.POST.get("key", "")[:KEY_LENGTH] or access.new_key()
    try:
        made = actions.take_lead(workspace.id, said, key=f"desk:{key}")
    except RegularsError as error:
        messages.error(request, access.refusal(error))
        return redirect("orders:leads")
    messages.success(request, _("The lead is written down."))
    return redirect("orders:lead", made.public_id)


@login_required
@require_GET
def lead(request: HttpRequest, public_id: str) -> HttpResponse:
    """One lead with what it asks for."""
    workspace = access.workspace_of(request, Right.ORDERS_VIEW)
    found = queries.lead(workspace.id, public_id)
    staff = access.names_of_staff(workspace.id)
    label, tone = words.lead(found.status)
    context = {
        "lead": found,
        "label": label,
        "tone": tone,
        "source": words.source(found.source),
        "owner": access.people_of(workspace.id, [found.customer_id]).get(found.customer_id or 0),
        "keeper": staff.get(found.responsible_id, ""),
        "keepers": list(staff.items()),
        "comments": [
            (row, staff.get(row.actor_id) or _("a program"))
            for row in desk.comments(workspace.id, "lead", found.id)
        ],
        "order": queries.order_by_id(workspace.id, found.order_id) if found.order_id else None,
        "moves": [(s.value, words.lead(s)[0]) for s in QUICK if s != found.status],
        "may_edit": access.may(request, Right.ORDERS_EDIT),
        "is_open": found.status not in (LeadStatus.WON, LeadStatus.LOST),
        "key": access.new_key(),
    }
    return render(request, "orders/lead.html", context)


@login_required
@require_POST
def change(request: HttpRequest, public_id: str) -> HttpResponse:
    """Move a lead, or give it to somebody."""
    workspace = access.workspace_of(request, Right.ORDERS_EDIT)
    wanted = request.POST.get("status", "")
    if wanted and wanted not in list(LeadStatus):
        raise Invalid("lead_status", _("Choose a status of the list."))
    keeper = request.POST.get("responsible")
    given: int | actions.Unsaid | None = actions.UNSAID
    if keeper is not None:
        given = int(keeper) if keeper.isdigit() and len(keeper) < 16 else None
    try:
        actions.change_lead(
            workspace.id,
            public_id,
            status=LeadStatus(wanted) if wanted else None,
            lost_reason=access.text_of(request.POST, "reason", 500),
            responsible_id=given,
        )
    except RegularsError as error:
        if error.code == "lead_unknown":
            raise
        messages.error(request, access.refusal(error))
    else:
        messages.success(request, _("Saved."))
    if request.POST.get("back") == "list":
        return redirect("orders:leads")
    return redirect("orders:lead", public_id)


@login_required
@require_POST
def comment(request: HttpRequest, public_id: str) -> HttpResponse:
    """Write a comment, which stays."""
    workspace = access.workspace_of(request, Right.ORDERS_EDIT)
    found = queries.lead(workspace.id, public_id)
    try:
        actions.add_comment(
            workspace.id,
            "lead",
            found.id,
            text=request.POST.get("text", ""),
            key=request.POST.get("key", "")[:KEY_LENGTH] or access.new_key(),
            actor_id=access.member_of(request).user_id,
        )
    except RegularsError as error:
        messages.error(request, access.refusal(error))
    else:
        messages.success(request, _("The comment is written down."))
    return redirect("orders:lead", public_id)


@login_required
@require_http_methods(["POST"])
def convert(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make the lead an order as it stands; what is missing is asked on the new order's page."""
    workspace = access.workspace_of(request, Right.ORDERS_EDIT)
    try:
        made = actions.convert_lead(
            workspace.id, public_id, actor_id=access.member_of(request).user_id
        )
    except RegularsError as error:
        if error.code == "lead_unknown":
            raise
        messages.error(request, access.refusal(error))
        response = redirect("orders:new")
        response["Location"] += f"?lead={public_id}"
        return response
    messages.success(request, _("The lead became an order."))
    return redirect("orders:order", made.public_id)


def _filter(request: HttpRequest, workspace: WorkspaceRecord) -> LeadFilter:
    given = request.GET
    keeper = given.get("responsible", "")
    return LeadFilter(
        status=given.get("status", ""),
        source=access.text_of(given, "source"),
        text=access.text_of(given, "text"),
        responsible_id=int(keeper) if keeper.isdigit() and len(keeper) < 16 else None,
        is_free=keeper == access.NOBODY,
        since=access.day_of(given.get("since", ""), workspace),
        until=access.day_of(given.get("until", ""), workspace, is_end=True),
    )
