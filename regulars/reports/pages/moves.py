"""Where customers moved between two days: the matrix and the people of each cell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from regulars.analytics.scores import NOBODY, Migration
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.reports import queries
from regulars.reports.pages.standing import csv_file, frame, wants_csv
from regulars.segments import queries as segments
from regulars.value import queries as value
from regulars.value.records import CLASS_LABELS, STAGE_LABELS
from regulars.workspaces.asking import may, workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

DAYS_BACK = 30
YEARS_BACK_MAX = 30
PAGE_ROWS = 50
WHATS = ("rfm_class", "stage")
HEAT_STEPS = 9


@dataclass(frozen=True, slots=True)
class Span:
    """Two local days, and what is compared at their ends: rfm_class or stage."""

    before: date
    after: date
    what: str


@login_required
@require_GET
def migration(request: HttpRequest) -> HttpResponse:
    """From which class or stage to which, between the ends of two days."""
    workspace = workspace_of(request, Right.REPORTS_VIEW)
    span, fault = _span(request, workspace)
    now = clock.now()
    found = value.migration(workspace.id, span.before, span.after, span.what)
    if wants_csv(request):
        rows = [(move.was, move.now, move.customers) for move in found.moves]
        return csv_file("migration", ("from", "to", "customers"), rows)
    context = {
        **frame(workspace, "migration"),
        **_shown(span, fault),
        "found": found,
        "columns": [label_of(place, span.what) for place in found.places],
        "rows": _rows(found, span),
        "totals": [found.total_now(place) for place in found.places],
        "moved_share": found.moved / found.customers if found.customers else None,
        "at": now,
    }
    return render(request, "reports/migration.html", context, status=422 if fault else 200)


@login_required
@require_GET
def moved(request: HttpRequest) -> HttpResponse:
    """The customers of one cell of the matrix."""
    workspace = workspace_of(request, Right.REPORTS_VIEW)
    workspace_of(request, Right.CUSTOMERS_VIEW)
    span, fault = _span(request, workspace)
    was, is_now = request.GET.get("was", ""), request.GET.get("is", "")
    if fault or not {was, is_now} <= {*STAGE_LABELS, *CLASS_LABELS, NOBODY}:
        raise NotFound("cell_unknown", _("There is no such cell."))
    now = clock.now()
    days = (span.before, span.after)
    ids = value.moved_customers(workspace.id, days, span.what, (was, is_now))
    page = Paginator(ids, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        **_shown(span, ""),
        "was": label_of(was, span.what),
        "is_now": label_of(is_now, span.what),
        "total": len(ids),
        "page": page,
        "rows": segments.customers(workspace.id, list(page.object_list), now),
        "back": f"{reverse('reports:migration')}?{urlencode(_query(span))}",
        "may_edit": may(request, Right.SEGMENTS_EDIT),
    }
    return render(request, "reports/moved.html", context)


def label_of(place: str, what: str) -> str:
    """The class or the stage in words."""
    if place == NOBODY:
        return _("Not yet a buyer") if what == "rfm_class" else _("Not known yet")
    return str(CLASS_LABELS.get(place) or STAGE_LABELS[place])


def _span(request: HttpRequest, workspace: WorkspaceRecord) -> tuple[Span, str]:
    """What was asked for, or the last month with a word about what is wrong."""
    today = queries.scope_of(workspace.id, clock.now()).last_day()
    what = request.GET.get("what", "")
    what = what if what in WHATS else WHATS[0]
    usual = Span(today - timedelta(days=DAYS_BACK), today, what)
    try:
        before = date.fromisoformat(request.GET.get("from") or usual.before.isoformat())
        after = date.fromisoformat(request.GET.get("to") or usual.after.isoformat())
    except ValueError:
        return usual, _("Write the days as 2026-12-31.")
    earliest = today - timedelta(days=366 * YEARS_BACK_MAX)
    if not earliest <= before < after <= today:
        return usual, _("The first day must lie before the second, and neither after today.")
    return Span(before, after, what), ""


def _shown(span: Span, fault: str) -> dict[str, Any]:
    whats = [("rfm_class", _("RFM classes")), ("stage", _("Stages"))]
    return {"span": span, "fault": fault, "what": span.what, "whats": whats}


def _query(span: Span) -> dict[str, str]:
    return {"what": span.what, "from": span.before.isoformat(), "to": span.after.isoformat()}


def _rows(found: Migration, span: Span) -> list[dict[str, Any]]:
    was_there = [place for place in found.places if found.total_was(place)]
    shares = [
        found.count(was, place) / found.total_was(was)
        for was in was_there
        for place in found.places
        if place != was
    ]
    return [_row(found, was, span, max(shares, default=0.0)) for was in was_there]


def _row(found: Migration, was: str, span: Span, top: float) -> dict[str, Any]:
    total = found.total_was(was)
    address = reverse("reports:moved")
    cells = []
    for place in found.places:
        count = found.count(was, place)
        query = urlencode({**_query(span), "was": was, "is": place})
        cells.append(
            {
                "count": count,
                "share": count / total,
                "url": f"{address}?{query}" if count else "",
                "heat": "base" if place == was else _heat(count / total, top),
                "column": label_of(place, span.what),
            }
        )
    return {"label": label_of(was, span.what), "total": total, "cells": cells}


def _heat(share: float, top: float) -> str:
    return f"h{ceil(HEAT_STEPS * share / top)}" if share else "none"
