"""Customers who want to be erased, and the answers they got."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from regulars.customers import actions, queries, words
from regulars.customers.records import ErasureRequestRecord
from regulars.kernel.errors import Invalid
from regulars.workspaces.asking import may, member_of, workspace_of
from regulars.workspaces.records import Right


@login_required
@require_GET
def erasures(request: HttpRequest) -> HttpResponse:
    """Requests that wait, the oldest at the end, and below them the answered ones."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    context = {
        "waiting": _lines(workspace.id, queries.erasure_requests(workspace.id, is_open=True)),
        "settled": _lines(workspace.id, queries.erasure_requests(workspace.id, is_open=False)),
        "may_edit": may(request, Right.CUSTOMERS_EDIT),
    }
    return render(request, "customers/erasures.html", context)


def _lines(
    workspace_id: int, found: Sequence[ErasureRequestRecord]
) -> list[tuple[ErasureRequestRecord, object, str]]:
    roots = queries.roots_of(workspace_id, [one.customer_id for one in found])
    people = queries.profiles(workspace_id, list(roots.values()))
    return [
        (one, people.get(roots.get(one.customer_id, 0)), words.source(one.source)) for one in found
    ]


@login_required
@require_POST
def settle_erasure(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer a request, with a note."""
    workspace = workspace_of(request, Right.CUSTOMERS_EDIT)
    try:
        actions.settle_erasure(
            workspace.id,
            public_id,
            state=request.POST.get("state", ""),
            note=request.POST.get("note", ""),
            actor=member_of(request).email,
        )
    except Invalid as error:
        messages.error(request, words.wish_fault(error))
        return redirect("customers:erasures")
    messages.success(request, _("The answer is written down."))
    return redirect("customers:erasures")
