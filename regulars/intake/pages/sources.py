"""Where live data comes from: the address, how to send, and whether it arrives."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from regulars.events import queries as events
from regulars.intake.forms import queries as form_queries
from regulars.intake.pages.access import workspace_of
from regulars.intake.sites import queries as site_queries
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import KeyScope, Right

FORMS_SHOWN_MAX = 50


@login_required
@require_GET
def sources(request: HttpRequest) -> HttpResponse:
    """How to connect a site, an app or a program."""
    workspace = workspace_of(request, Right.DATA_VIEW)
    open_keys = [key for key in workspaces.keys(workspace.id) if key.revoked_at is None]
    newest = events.latest(workspace.id, 1)
    context = {
        "address": settings.PUBLIC_URL,
        "intake_keys": [key for key in open_keys if key.scope is KeyScope.INTAKE],
        "api_keys": [key for key in open_keys if key.scope is KeyScope.API],
        "newest": newest[0] if newest else None,
        "sites": site_queries.sites(workspace.id),
        "forms": form_queries.forms(workspace.id)[:FORMS_SHOWN_MAX],
        "failed_count": events.failed_count(workspace.id),
    }
    return render(request, "intake/sources.html", context)
