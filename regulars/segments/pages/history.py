"""How a segment went: its size, who came in and who left, and how it lies across others."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Outside
from regulars.segments import faults, queries, words
from regulars.segments.pages.access import tabs, workspace_of
from regulars.segments.pure.overlapping import SEGMENTS_MAX, SEGMENTS_MIN, Region
from regulars.segments.pure.sizes import by_day
from regulars.segments.records import SegmentRecord, SizePoint
from regulars.workspaces.records import Right, WorkspaceRecord

DAYS_SHOWN = {"30": 30, "90": 90, "365": 365}
DAYS_USUAL = "90"
POINTS_MAX = 120


@login_required
@require_GET
def history(request: HttpRequest, public_id: str) -> HttpResponse:
    """The size over time, entries and exits by day, and the newest of them with their reasons."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    one = queries.segment(workspace.id, public_id)
    chosen = request.GET.get("days", DAYS_USUAL)
    days = DAYS_SHOWN.get(chosen, DAYS_SHOWN[DAYS_USUAL])
    since = clock.now() - timedelta(days=days)
    context: dict[str, Any] = {
        "segment": one,
        "tabs": tabs(one, "history"),
        "days": str(days),
        "periods": [(key, _("%(days)s days") % {"days": key}) for key in DAYS_SHOWN],
        "chart": _size_chart(workspace, queries.sizes(workspace.id, public_id), since),
        "reasons": words.REASONS,
    }
    try:
        context |= _moved(workspace, public_id, since, may_see=_may_see(request))
    except Outside:
        context["is_busy"] = True
    return render(request, "segments/history.html", context)


def _may_see(request: HttpRequest) -> bool:
    return request.member.may(Right.CUSTOMERS_VIEW)  # type: ignore[attr-defined,no-any-return]


def _moved(
    workspace: WorkspaceRecord, public_id: str, since: Any, *, may_see: bool
) -> dict[str, Any]:
    by_day = queries.days_of_passages(workspace.id, public_id, since)
    newest = queries.passages(workspace.id, public_id) if may_see else []
    people = customers.profiles(workspace.id, [passage.customer_id for passage in newest])
    return {
        "by_day": list(reversed(by_day)),
        "entries": sum(day.entries for day in by_day),
        "exits": sum(day.exits for day in by_day),
        "newest": [
            (passage, people[passage.customer_id])
            for passage in newest
            if passage.customer_id in people
        ],
    }


def _size_chart(
    workspace: WorkspaceRecord, points: list[SizePoint], since: datetime
) -> dict[str, Any] | None:
    """The size of every day, thinned to what a line can show."""
    zone = workspace.zone
    every = by_day(points, since.astimezone(zone).date(), clock.now().astimezone(zone).date(), zone)
    if len(every) < 2:
        return None
    step = -(-len(every) // POINTS_MAX)
    days = every[::-1][::step][::-1]
    labels = [formats.date_format(day, "j M") for day, _count in days]
    counts = [count for _day, count in days]
    finding = _("From %(first)s to %(last)s customers.") % {
        "first": counts[0], "last": counts[-1],
    }  # fmt: skip
    series = [{"name": pgettext("size of a segment", "Customers"), "values": counts}]
    return {"label": _("Size"), "finding": finding, "labels": labels, "series": series}


@login_required
@require_GET
def overlap(request: HttpRequest) -> HttpResponse:
    """Two or three segments beside one another, every region with its number."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    known = queries.segments(workspace.id)
    by_id = {one.public_id: one for one in known}
    asked = [public_id for public_id in request.GET.getlist("with") if public_id][:SEGMENTS_MAX]
    chosen = [queries.segment(workspace.id, public_id) for public_id in dict.fromkeys(asked)]
    picks = [chosen[at].public_id if at < len(chosen) else "" for at in range(SEGMENTS_MAX)]
    context: dict[str, Any] = {
        "choices": list(by_id.values()), "picks": picks, "chosen": chosen,
    }  # fmt: skip
    if len(chosen) >= SEGMENTS_MIN:
        context |= _regions(workspace, chosen)
    elif asked:
        context["fault"] = _("Choose two or three different segments.")
    return render(request, "segments/overlap.html", context)


def _regions(workspace: WorkspaceRecord, chosen: list[SegmentRecord]) -> dict[str, Any]:
    try:
        found = queries.overlap(workspace.id, [one.slug for one in chosen], clock.now())
    except Invalid as error:
        return {"fault": faults.told(error)}
    except Outside:
        return {"is_busy": True}
    together = sum(region.customers for region in found)
    most = max((region.customers for region in found), default=0)
    sizes = [
        sum(region.customers for region in found if region.inside[at]) for at in range(len(chosen))
    ]
    return {
        "regions": [_shown(region, chosen, together, most) for region in found],
        "together": together,
        "sizes": list(zip(chosen, sizes, strict=True)),
    }


def _shown(region: Region, chosen: list[SegmentRecord], together: int, most: int) -> dict[str, Any]:
    inside = [one.name for one, is_in in zip(chosen, region.inside, strict=True) if is_in]
    outside = [one.name for one, is_in in zip(chosen, region.inside, strict=True) if not is_in]
    name = " + ".join(inside) + "".join(f" − {name}" for name in outside)
    asked = urlencode({"rule": json.dumps(region.rule), "name": name})
    return {
        "inside": inside,
        "outside": outside,
        "marks": list(zip(chosen, region.inside, strict=True)),
        "customers": region.customers,
        "share": region.customers / together if together else 0.0,
        "length": region.customers / most if most else 0.0,
        "url": f"{reverse('segments:new')}?{asked}",
    }
