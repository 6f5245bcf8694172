"""One segment: what it means, whom it holds, who is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Outside
from regulars.rules import language as rule_language
from regulars.segments import actions, queries
from regulars.segments.pages.access import language, workspace_of
from regulars.workspaces.records import Right

PAGE_ROWS = 50


@login_required
@require_GET
def segment(request: HttpRequest, public_id: str) -> HttpResponse:
    """The rule in words and as JSON; the count is asked for by the page."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    one = queries.segment(workspace.id, public_id)
    context = {
        "segment": one,
        "sentence": queries.sentence(workspace.id, one.rule, language()),
        "users": queries.users_of(workspace.id, one.slug),
        "json": json.dumps(_in_order(one.rule), ensure_ascii=False, indent=2),
    }
    return render(request, "segments/segment.html", context)


def _in_order(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rule with its keys as people write them; the database keeps no order."""
    return rule_language.to_json(rule_language.parse(rule))


@login_required
@require_POST
def now(request: HttpRequest, public_id: str) -> HttpResponse:
    """Count the segment now and remember it; for the panel, or for the page without scripts."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    one = queries.segment(workspace.id, public_id)
    context: dict[str, object] = {"segment": one}
    try:
        found = queries.count(workspace.id, one.rule, clock.now())
        actions.record_count(workspace.id, one.id, found.total, found.at)
        context["count"] = found
    except Invalid as error:
        context["fault"] = error.message
    except Outside as error:
        context["busy"] = error.message
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("segments:segment", public_id)
    return render(request, "segments/parts/audience.html", context)


@login_required
@require_GET
def people(request: HttpRequest, public_id: str) -> HttpResponse:
    """The customers of the segment, as of now."""
    workspace = workspace_of(request, Right.CUSTOMERS_VIEW)
    one = queries.segment(workspace.id, public_id)
    found = queries.audience(workspace.id, one.rule, clock.now())
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    rows = queries.customers(workspace.id, list(page.object_list), clock.now())
    context = {"segment": one, "rows": rows, "page": page, "total": len(found)}
    return render(request, "segments/people.html", context)


@login_required
@require_POST
def archive(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take the segment out of the lists."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    one = queries.segment(workspace.id, public_id)
    users = queries.users_of(workspace.id, one.slug)
    if users:
        names = ", ".join(f"“{other.name}”" for other in users)
        messages.error(
            request, _("Other segments refer to this one: %(names)s.") % {"names": names}
        )
        return redirect("segments:segment", public_id)
    actions.archive_segment(workspace.id, public_id)
    messages.success(request, _("“%(name)s” is in the archive.") % {"name": one.name})
    return redirect("segments:list")


@login_required
@require_POST
def restore(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put the segment back into the lists."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    actions.restore_segment(workspace.id, public_id)
    return redirect("segments:segment", public_id)
