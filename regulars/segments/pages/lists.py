"""The list of segments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.segments import actions, queries
from regulars.segments.pages.access import language, workspace_of
from regulars.segments.records import SegmentRecord, SizePoint, Used
from regulars.workspaces.records import Right

PAGE_ROWS = 50
RECOUNTED_MAX = 100
TREND = timedelta(days=31)
CHANGE = timedelta(days=7)
SPARK_POINTS_MAX = 40
SEARCH_CHARS_MAX = 100


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every segment in use: its name, its rule in words, how many it held and when."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    is_archive = request.GET.get("archived") == "1"
    search = request.GET.get("search", "")[:SEARCH_CHARS_MAX].strip()
    found = queries.archived(workspace.id) if is_archive else queries.segments(workspace.id)
    shown = [one for one in found if search.lower() in one.name.lower()]
    page = Paginator(shown, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "rows": _rows(workspace.id, list(page)),
        "page": page,
        "search": search,
        "is_archive": is_archive,
        "has_archive": is_archive or bool(queries.archived(workspace.id)),
    }
    return render(request, "segments/list.html", context)


def _rows(workspace_id: int, shown: Sequence[SegmentRecord]) -> list[dict[str, Any]]:
    """Each segment with its rule in words, its trend, its change in a week, and its users."""
    sizes = queries.sizes_of_many(workspace_id, [one.id for one in shown], clock.now() - TREND)
    sentences = queries.sentences_of(workspace_id, [one.rule for one in shown], language())
    uses = queries.numbers_of_uses(
        workspace_id, [Used("segment", one.id, one.public_id, one.slug) for one in shown]
    )
    return [
        {
            "one": one,
            "sentence": sentence,
            "uses": uses[one.slug],
            **_trend(one, sizes.get(one.id, [])),
        }
        for one, sentence in zip(shown, sentences, strict=True)
    ]


def _trend(one: SegmentRecord, points: Sequence[SizePoint]) -> dict[str, Any]:
    """The line of the last month, and how the size changed in a week."""
    week_ago = clock.now() - CHANGE
    before = [point.count for point in points if point.at <= week_ago]
    counts = [point.count for point in points]
    step = max(-(-len(counts) // SPARK_POINTS_MAX), 1)
    return {
        "spark": counts[::-1][::step][::-1] if len(counts) > 1 else [],
        "change": one.size - before[-1] if before and one.size is not None else None,
    }


@login_required
@require_POST
def recount(request: HttpRequest) -> HttpResponse:
    """Count the segments anew, the longest uncounted first."""
    workspace = workspace_of(request, Right.SEGMENTS_VIEW)
    found = sorted(queries.segments(workspace.id), key=_age)[:RECOUNTED_MAX]
    counted = sum(_recounted(workspace.id, one) for one in found)
    text = ngettext("%(count)s segment counted.", "%(count)s segments counted.", counted)
    messages.success(request, text % {"count": counted})
    if counted < len(found):
        messages.warning(
            request, _("Some segments ask for something that is gone; open them to mend the rule.")
        )
    return redirect("segments:list")


def _age(one: SegmentRecord) -> tuple[bool, float]:
    return one.counted_at is not None, one.counted_at.timestamp() if one.counted_at else 0.0


def _recounted(workspace_id: int, one: SegmentRecord) -> bool:
    at = clock.now()
    try:
        total = queries.total(workspace_id, one.rule, at)
    except Invalid:
        return False
    actions.record_count(workspace_id, one.id, total, at)
    return True
