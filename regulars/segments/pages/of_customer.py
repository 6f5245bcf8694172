"""The segments one customer is in, as chips for the card and as a page without scripts."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import Outside
from regulars.segments import queries
from regulars.segments.pages.access import workspace_of
from regulars.segments.records import Membership, SegmentRecord
from regulars.workspaces.records import Right

CHIPS_MAX = 4


@login_required
@require_GET
def of_customer(request: HttpRequest, public_id: str) -> HttpResponse:
    """Asked apart from the card, for rules whose members are not kept yet are asked of the lake."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    customer_id = customers.customer_id_of(workspace.id, public_id)
    profile = customers.profiles(workspace.id, [customer_id])[customer_id]
    context: dict[str, object] = {"profile": profile}
    try:
        found = _holding(workspace.id, customer_id)
        context |= {"found": found, "chips": found[:CHIPS_MAX], "more": len(found) - CHIPS_MAX}
    except Outside:
        context["is_busy"] = True
    is_part = request.headers.get("HX-Request") == "true"
    name = "segments/parts/of_customer.html" if is_part else "segments/of_customer.html"
    return render(request, name, context)


def _holding(workspace_id: int, customer_id: int) -> Sequence[Membership | SegmentRecord]:
    """By what is kept; before every segment was filled once, by asking each rule."""
    known = queries.segments(workspace_id)
    if all(one.size is not None or one.problem for one in known):
        return queries.memberships_of(workspace_id, customer_id)
    return queries.holding(workspace_id, customer_id, clock.now())
