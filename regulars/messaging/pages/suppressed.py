"""Addresses to which nothing is sent any more."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from regulars.customers import queries as customers
from regulars.kernel.numbers import whole_number
from regulars.messaging import queries, words
from regulars.messaging.pages.access import workspace_of
from regulars.workspaces.records import Right

PAGE_ROWS = 50


@require_GET
def suppressed(request: HttpRequest) -> HttpResponse:
    """The list, the newest first; addresses themselves are kept as hashes only."""
    workspace = workspace_of(request, Right.CAMPAIGNS_VIEW)
    before_id = whole_number(request.GET.get("before", ""))
    rows = queries.suppressions(workspace.id, before_id=before_id, limit=PAGE_ROWS + 1)
    ids = [row.customer_id for row in rows if row.customer_id is not None]
    profiles = customers.profiles(workspace.id, ids)
    shown = [
        (row, profiles.get(row.customer_id or 0), words.suppression_reason(row.reason))
        for row in rows[:PAGE_ROWS]
    ]
    context = {
        "rows": shown,
        "count": queries.suppression_count(workspace.id),
        "before": rows[PAGE_ROWS - 1].id if len(rows) > PAGE_ROWS else None,
        "is_first": before_id is None,
    }
    return render(request, "messaging/suppressed.html", context)
