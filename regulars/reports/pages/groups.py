"""Clusters of buyers found by their habits, each with the rule that comes nearest to it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from regulars.analytics import clusters as limits
from regulars.reports import words
from regulars.reports.pages.standing import frame, people_url
from regulars.segments import queries as segments
from regulars.value import actions
from regulars.value import queries as value
from regulars.value.records import Found
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right


@login_required
@require_GET
def clusters(request: HttpRequest) -> HttpResponse:
    """The clusters of the last run."""
    workspace = workspace_of(request, Right.REPORTS_VIEW)
    found = value.clusters(workspace.id)
    everybody = sum(one.size for one in found)
    context = {
        **frame(workspace, "clusters"),
        "rows": [_row(workspace.id, one, everybody) for one in found],
        "everybody": everybody,
        "buyers_min": limits.BUYERS_MIN,
    }
    return render(request, "reports/clusters.html", context)


@login_required
@require_POST
def find_clusters(request: HttpRequest) -> HttpResponse:
    """Let the worker find them anew."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    actions.ask_for_clusters(workspace.id)
    messages.success(request, _("The clusters are being found; look again in a minute."))
    return redirect("reports:clusters")


def _row(workspace_id: int, one: Found, everybody: int) -> dict[str, Any]:
    middle, all_of = one.profile["middle"], one.profile["everybody"]
    return {
        "slug": one.slug,
        "number": one.slug.removeprefix("c"),
        "text": words.cluster_text(one.profile),
        "customers": one.size,
        "share": one.size / everybody if everybody else None,
        "money_minor": one.money_minor,
        "url": people_url(cluster=one.slug),
        "covered": one.covered,
        "exact": one.exact,
        "middle": middle,
        "everybody": all_of,
        "sentence": segments.sentence(workspace_id, one.rule, (get_language() or "en")[:2]),
    }
