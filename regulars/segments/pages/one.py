"""One segment: what it means, whom it holds, who is in it."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, Outside, Refused
from regulars.kernel.numbers import whole_number
from regulars.rules import language as rule_language
from regulars.rules import text as rule_text
from regulars.segments import actions, faults, queries, words
from regulars.segments.pages.access import language, links_of, tabs, workspace_of
from regulars.segments.records import SegmentRecord
from regulars.workspaces.records import Right, WorkspaceRecord

PAGE_ROWS = 50
SPARK_POINTS_MAX = 60


@login_required
@require_GET
def segment(request: HttpRequest, public_id: str) -> HttpResponse:
    """The rule in words, as text and as JSON, how the size goes, and where it is used."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    return _page(request, workspace, queries.segment(workspace.id, public_id))


def _page(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    one: SegmentRecord,
    *,
    fault: str = "",
    status: int = 200,
) -> HttpResponse:
    points = queries.sizes(workspace.id, one.public_id)[-SPARK_POINTS_MAX:]
    rule = rule_language.parse(one.rule)
    context = {
        "segment": one,
        "tabs": tabs(one, "segment"),
        "sentence": queries.sentence(workspace.id, one.rule, language()),
        "uses": links_of(queries.uses(workspace.id, one.slug)),
        "json": json.dumps(rule_language.to_json(rule), ensure_ascii=False, indent=2),
        "text": rule_text.write(rule),
        "spark": [point.count for point in points] if len(points) > 1 else [],
        "problem": words.KEPT_PROBLEMS.get(one.problem, one.problem),
        "fault": fault,
    }
    return render(request, "segments/segment.html", context, status=status)


@login_required
@require_POST
def rename(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give the segment another name in the system; refused while anything refers to it."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    try:
        one = actions.rename_slug(workspace.id, public_id, request.POST.get("slug", "").strip())
    except (Invalid, Conflict, Refused) as error:
        return _refused(request, workspace, public_id, error)
    messages.success(request, _("“%(name)s” is saved.") % {"name": one.name})
    return redirect("segments:segment", public_id)


@login_required
@require_POST
def delete(request: HttpRequest, public_id: str) -> HttpResponse:
    """Remove the segment for good; refused while anything refers to it."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    one = queries.segment(workspace.id, public_id)
    try:
        actions.delete_segment(workspace.id, public_id)
    except Refused as error:
        return _refused(request, workspace, public_id, error)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": one.name})
    return redirect("segments:list")


def _refused(
    request: HttpRequest,
    workspace: WorkspaceRecord,
    public_id: str,
    error: Invalid | Conflict | Refused,
) -> HttpResponse:
    """The page again, with why; who uses the segment stands on it as links."""
    text = words.REFUSALS.get(error.code)
    one = queries.segment(workspace.id, public_id)
    fault = str(text) if text is not None else error.message
    return _page(request, workspace, one, fault=fault, status=409)


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
        context["fault"] = faults.told(error)
    except Outside as error:
        context["busy"] = error.message
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("segments:segment", public_id)
    return render(request, "segments/parts/audience.html", context)


@login_required
@require_GET
def people(request: HttpRequest, public_id: str) -> HttpResponse:
    """The customers of the segment: those that are kept, or as of now before the first fill."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    workspace_of(request, Right.CUSTOMERS_VIEW)
    one = queries.segment(workspace.id, public_id)
    context = _kept(request, workspace, one) if one.size is not None else None
    context = context or _asked(request, workspace, one)
    context |= {"segment": one, "tabs": tabs(one, "people"), "reasons": words.REASONS}
    return render(request, "segments/people.html", context)


def _kept(request: HttpRequest, workspace: WorkspaceRecord, one: SegmentRecord) -> dict[str, Any]:
    """A page of stored members, with since when and why they came in."""
    after = whole_number(request.GET.get("after", "")) or 0
    found = queries.members(workspace.id, one.id, limit=PAGE_ROWS + 1, after=after)
    members = found[:PAGE_ROWS]
    ids = [member.customer_id for member in members]
    known = queries.customers_by_id(workspace.id, ids, clock.now()) if ids else {}
    reasons = queries.entry_reasons(workspace.id, one.id, ids)
    rows = [
        (known[member.customer_id], member.since, reasons.get(member.customer_id, ""))
        for member in members
        if member.customer_id in known
    ]
    return {
        "kept": rows,
        "total": one.size,
        "is_first": not after,
        "next": members[-1].customer_id if len(found) > PAGE_ROWS else 0,
    }


def _asked(request: HttpRequest, workspace: WorkspaceRecord, one: SegmentRecord) -> dict[str, Any]:
    found = queries.audience(workspace.id, one.rule, clock.now())
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    rows = queries.customers(workspace.id, list(page.object_list), clock.now())
    return {"rows": rows, "page": page, "total": len(found)}


@login_required
@require_POST
def archive(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take the segment out of the lists."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    one = queries.segment(workspace.id, public_id)
    try:
        actions.archive_segment(workspace.id, public_id)
    except Refused as error:
        return _refused(request, workspace, public_id, error)
    messages.success(request, _("“%(name)s” is in the archive.") % {"name": one.name})
    return redirect("segments:list")


@login_required
@require_POST
def restore(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put the segment back into the lists."""
    workspace = workspace_of(request, Right.SEGMENTS_EDIT)
    actions.restore_segment(workspace.id, public_id)
    return redirect("segments:segment", public_id)
