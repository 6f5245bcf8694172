"""What advertising cost: the list with its sums, and files that bring it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from regulars.intake.connectors.pull.settings import parse_columns
from regulars.intake.costs.bringing import bring_in_costs
from regulars.intake.costs.reading import FILE_BYTES_MAX
from regulars.intake.pages.access import workspace_of
from regulars.kernel.errors import Invalid
from regulars.orders.queries.costs import (
    PAGES_MAX,
    CostFilter,
    cost_sources,
    cost_sums,
    costs,
)
from regulars.workspaces.records import Right, WorkspaceRecord

BY = (
    ("day", gettext_lazy("as it came")), ("date", gettext_lazy("by day")),
    ("campaign", gettext_lazy("by campaign")), ("account", gettext_lazy("by account")),
    ("source", gettext_lazy("by source")),
)  # fmt: skip
SOURCES = ("google", "facebook", "yandex")


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Costs by day, campaign or source, with their sums."""
    return _page(request, workspace_of(request, Right.REPORTS_VIEW))


def _page(
    request: HttpRequest, workspace: WorkspaceRecord, error: Invalid | None = None
) -> HttpResponse:
    chosen = _filter(request)
    number = _number(request.GET.get("page", "1"))
    rows, has_more = costs(workspace.id, chosen, number=number)
    context: dict[str, Any] = {
        "rows": rows,
        "sums": cost_sums(workspace.id, chosen),
        "sources": cost_sources(workspace.id),
        "known_sources": SOURCES,
        "filter": chosen,
        "by_options": [(value, str(label)) for value, label in BY],
        "number": number,
        "before": _address(request, number - 1) if number > 1 else "",
        "after": _address(request, number + 1) if has_more and number < PAGES_MAX else "",
        "is_filtered": any((chosen.since, chosen.until, chosen.source, chosen.campaign)),
        "error": error,
        "given": request.POST,
        "limit_mb": FILE_BYTES_MAX >> 20,
    }
    return render(request, "intake/costs.html", context, status=422 if error else 200)


def _filter(request: HttpRequest) -> CostFilter:
    return CostFilter(
        since=_day(request.GET.get("since", "")),
        until=_day(request.GET.get("until", "")),
        source=request.GET.get("source", "")[:60].replace("\x00", ""),
        campaign=request.GET.get("campaign", "")[:300].replace("\x00", ""),
        by=request.GET.get("by", "day"),
        account=request.GET.get("account", "")[:100].replace("\x00", ""),
    )


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _number(written: str) -> int:
    is_number = written.isascii() and written.isdecimal() and len(written) < 6
    return min(max(int(written), 1), PAGES_MAX) if is_number else 1


def _address(request: HttpRequest, number: int) -> str:
    query = request.GET.copy()
    query["page"] = str(number)
    return f"?{query.urlencode()}"


@login_required
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Bring in a file; the days it covers say what it says from then on."""
    workspace = workspace_of(request)
    file = request.FILES.get("file")
    try:
        if not isinstance(file, UploadedFile):
            raise Invalid("file_missing", _("Choose a file."))
        if (file.size or 0) > FILE_BYTES_MAX:
            raise Invalid("file_too_big", "The file is over 64 MB; split it by days.")
        told = {
            "source": request.POST.get("source", "").strip()[:60],
            "account": request.POST.get("account", "").strip()[:100].replace("\x00", ""),
            "currency": request.POST.get("currency", "").strip()[:3],
            "columns": parse_columns(request.POST.get("columns", "")[:10_000]),
            "micros": request.POST.get("micros", ""),
        }
        made = bring_in_costs(workspace.id, file.read(), told)
    except Invalid as error:
        return _page(request, workspace, error)
    messages.success(
        request,
        _("%(rows)s rows: %(added)s new, %(changed)s changed, %(same)s known, %(gone)s dropped.")
        % {
            "rows": made.rows, "added": made.added, "changed": made.changed, "same": made.same,
            "gone": made.gone,
        },
    )  # fmt: skip
    return redirect("costs:list")
