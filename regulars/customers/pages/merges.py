"""The merge log, the rule of who is who, and splitting a customer off again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from regulars.customers import actions, identity_words, queries
from regulars.customers.queries.merges import MergeLine
from regulars.workspaces.asking import may, member_of, workspace_of
from regulars.workspaces.records import Right

ACTS = (
    ("", gettext_lazy("All")),
    ("merged", gettext_lazy("Merged")),
    ("undone", gettext_lazy("Undone")),
    ("split", gettext_lazy("Taken apart")),
)


@login_required
@require_GET
def merges(request: HttpRequest) -> HttpResponse:
    """Who was merged and split, by whom and why; and the rule, with its switch."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    act = request.GET.get("act", "")
    public_id = request.GET.get("customer", "")
    customer_id = queries.customer_id_of(workspace.id, public_id) if public_id else None
    page = queries.merges(
        workspace.id, customer_id=customer_id, act=act, after=request.GET.get("after", "")
    )
    context = {
        "rows": [_line(row) for row in page.rows],
        "after": page.after,
        "acts": ACTS,
        "act": act if act in dict(ACTS) else "",
        "public_id": public_id,
        "are_ids_people": queries.are_ids_people(workspace.id),
        "may_edit": may(request, Right.CUSTOMERS_EDIT),
        "may_rule": may(request, Right.SETTINGS_EDIT),
    }
    return render(request, "customers/merges.html", context)


def _line(row: MergeLine) -> dict[str, Any]:
    return {
        "line": row,
        "loser": row.loser_name or _("Anonymous visitor"),
        "into": row.into_name or _("Anonymous visitor"),
        "reason": identity_words.reason(row.reason),
        "rule": identity_words.rule(row.rule),
        "actor": identity_words.actor(row.actor),
    }


@login_required
@require_POST
def unmerge(request: HttpRequest, public_id: str) -> HttpResponse:
    """Split a merged customer off; its card is shown."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    customer_id = queries.own_id_of(workspace.id, public_id)
    actions.unmerge(workspace.id, customer_id, actor=member_of(request).email)
    messages.success(
        request, _("The customer is split off again, with contacts, orders and consents.")
    )
    return redirect("customers:card", public_id)


@login_required
@require_POST
def change_rules(request: HttpRequest) -> HttpResponse:
    """Say whether different ids are different people."""
    workspace = workspace_of(request, Right.SETTINGS_EDIT)
    actions.change_identity_rules(
        workspace.id,
        are_ids_people=request.POST.get("are_ids_people") == "on",
        actor=member_of(request).email,
    )
    messages.success(request, _("The rule counts for everything that comes from now on."))
    return redirect("customers:merges")
