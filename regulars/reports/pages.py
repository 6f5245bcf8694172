"""Screens of the reports: overview, revenue, RFM, cohorts, what a campaign brought."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from regulars.analytics.base import Base, base_of
from regulars.analytics.campaigns import arms_of, claimed_days_of, funnels_of
from regulars.analytics.cohorts import Cohort, cohorts_of
from regulars.analytics.lift import read_lift
from regulars.analytics.messages import MessageCounts
from regulars.analytics.rfm import Rfm, rfm_of, scores_of_class
from regulars.analytics.trends import Trends, change, trends_of
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.reports import actions, drawings, queries, words
from regulars.reports.pure import people
from regulars.reports.pure.buckets import buckets
from regulars.reports.queries.campaigns import (
    Campaign,
    campaign_by_public_id,
    started_campaigns,
)
from regulars.reports.queries.questions import PERIOD_DEFAULT, PERIODS, period_of
from regulars.reports.records import Answer
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import Right, WorkspaceRecord

OVERVIEW_COHORTS_MAX = 12


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """How the shop is doing, on one page."""
    if not _may(request, Right.REPORTS_VIEW) and _may(request, Right.CUSTOMERS_VIEW):
        return redirect("customers:list")
    workspace = _workspace(request)
    steps = queries.first_steps(workspace.id)
    context: dict[str, Any] = {"steps": steps, "steps_done": sum(s.is_done for s in steps)}
    if steps[0].is_done:
        context |= _trends_context(request, workspace)
        context |= _rfm_context(workspace)
        context |= _cohorts_context(workspace, "customers", rows_max=OVERVIEW_COHORTS_MAX)
        context |= _funnel_context(workspace)
    return render(request, "reports/overview.html", context)


@login_required
@require_GET
def revenue(request: HttpRequest) -> HttpResponse:
    """Revenue and orders of a period, and the state of the whole base."""
    workspace = _workspace(request)
    answer = _ask(workspace, "base")
    base = base_of(answer.rows[0])
    context = {
        **_trends_context(request, workspace),
        "base": base,
        "measures": _measures(base),
        "answer": answer,
    }
    return render(request, "reports/revenue.html", context)


@login_required
@require_GET
def rfm(request: HttpRequest) -> HttpResponse:
    """The grid of recency and frequency, and the ten classes."""
    return render(request, "reports/rfm.html", _rfm_context(_workspace(request)))


@login_required
@require_GET
def cohorts(request: HttpRequest) -> HttpResponse:
    """Cohorts by month of the first order."""
    measure = "revenue" if request.GET.get("measure") == "revenue" else "customers"
    context = _cohorts_context(_workspace(request), measure)
    context["measures"] = [("customers", _("Customers")), ("revenue", _("Revenue"))]
    return render(request, "reports/cohorts.html", context)


@login_required
@require_GET
def campaign(request: HttpRequest, public_id: str) -> HttpResponse:
    """What one campaign did and brought."""
    workspace = _workspace(request)
    found = campaign_by_public_id(workspace.id, public_id)
    answer = _ask(workspace, "funnels")
    funnel = funnels_of(answer.rows).get(found.id)
    if funnel is None:
        raise NotFound("campaign_empty", _("This campaign has no messages yet."))
    context = {
        "campaign": found,
        "money_format": f"money:{workspace.currency}",
        "funnel": funnel,
        "counts": funnel.counts,
        "funnel_steps": drawings.funnel_steps(funnel.counts),
        "rates": words.rates(funnel.counts),
        "answer": answer,
        "campaign_url": _address("campaigns:campaign", found.public_id),
        **_lift_context(workspace, found),
    }
    return render(request, "reports/campaign.html", context)


def _trends_context(request: HttpRequest, workspace: WorkspaceRecord) -> dict[str, Any]:
    days = _days(request)
    answer = _ask(workspace, f"trends:{days}")
    scope = queries.scope_of(workspace.id, answer.at)
    trends = trends_of(answer.rows, period_of(scope, days))
    claims = _ask(workspace, f"claimed:{days}")
    claimed = claimed_days_of(claims.rows, trends.period)
    return {
        "trends": trends,
        "money_format": f"money:{workspace.currency}",
        "days": str(days),
        "periods": [(str(choice), words.period_name(choice)) for choice in PERIODS],
        "period_note": words.period_note(trends.period),
        "tiles": _tiles(trends, days),
        "revenue_bars": drawings.revenue_bars(trends, claimed),
        "claimed_minor": sum(claimed),
        "trends_answer": answer,
    }


def _tiles(trends: Trends, days: int) -> list[dict[str, Any]]:
    parts = buckets(trends.period.since, trends.period.days)
    return [
        {
            "name": name,
            "label": label,
            "value": getattr(trends.current, name),
            "change": change(getattr(trends.current, name), getattr(trends.previous, name)),
            "spark": [part.total([getattr(day, name) for day in trends.days]) for part in parts],
        }
        for name, label in words.tile_labels(days)
    ]


def _rfm_context(workspace: WorkspaceRecord) -> dict[str, Any]:
    answer = _ask(workspace, "rfm")
    grid = rfm_of(answer.rows)
    link = _people_link(workspace, grid, answer)
    classes = [
        {
            "label": drawings.CLASS_LABELS[part.name],
            "hint": words.CLASS_HINTS[part.name],
            "meaning": words.bounds_text(grid, part.name),
            "customers": part.customers,
            "share": part.customers / grid.customers if grid.customers else None,
            "money_minor": part.money_minor,
            "money_share": part.money_minor / grid.money_minor if grid.money_minor else None,
            "url": link(*scores_of_class(part.name)) if part.customers else "",
        }
        for part in grid.classes()
    ]
    return {
        "rfm": grid,
        "rfm_grid": drawings.rfm_drawing(grid, link),
        "classes": classes,
        "rfm_answer": answer,
    }


def _people_link(
    workspace: WorkspaceRecord, grid: Rfm, answer: Answer
) -> Callable[[range, range], str]:
    last_day = queries.scope_of(workspace.id, answer.at).last_day()

    def link(rs: range, fs: range) -> str:
        bounds = grid.bounds(rs, fs)
        return "" if bounds is None else _rule_url(people.rule_of_bounds(bounds, last_day))

    return link


def _cohorts_context(
    workspace: WorkspaceRecord, measure: str, *, rows_max: int = drawings.COHORTS_SHOWN_MAX
) -> dict[str, Any]:
    answer = _ask(workspace, "cohorts")
    table = cohorts_of(answer.rows, queries.scope_of(workspace.id, answer.at))
    is_short = rows_max < drawings.COHORTS_SHOWN_MAX

    def link(cohort: Cohort, month_index: int) -> str:
        # The overview links sizes only, or its cells would weigh more than the page may.
        if is_short and month_index:
            return ""
        return _rule_url(people.rule_of_cohort(cohort.month, month_index))

    return {
        "cohort_table": table,
        "cohorts": drawings.cohort_drawing(table, link, measure=measure, rows_max=rows_max),
        "cohorts_hidden": max(0, len(table.cohorts) - rows_max),
        "month_1": table.retention(1),
        "measure": measure,
        "cohorts_answer": answer,
    }


def _funnel_context(workspace: WorkspaceRecord) -> dict[str, Any]:
    campaigns = started_campaigns(workspace.id)
    funnels = funnels_of(_ask(workspace, "funnels").rows) if campaigns else {}
    newest = next((one for one in campaigns if one.id in funnels), None)
    if newest is None:
        return {}
    counts: MessageCounts = funnels[newest.id].counts
    return {
        "newest": newest,
        "newest_counts": counts,
        "newest_steps": drawings.funnel_steps(counts),
    }


def _lift_context(workspace: WorkspaceRecord, found: Campaign) -> dict[str, Any]:
    answer = _ask(workspace, f"arms:{found.id}")
    contacted, control = arms_of(answer.rows)
    lift = read_lift(contacted, control, control_share=found.control_share)
    return {
        "lift": lift,
        "verdict": words.verdict(lift),
        "buyers_plot": drawings.buyers_plot(lift),
        "money_plot": drawings.money_plot(lift),
        "lift_answer": answer,
    }


def _measures(base: Base) -> list[tuple[str, float | None, str]]:
    return [(label, getattr(base, name).value, form) for name, label, form in words.measures()]


def _ask(workspace: WorkspaceRecord, name: str) -> Answer:
    return actions.shown_answer(workspace.id, name, clock.now())


def _workspace(request: HttpRequest) -> WorkspaceRecord:
    member = request.member  # type: ignore[attr-defined]
    if member is None:
        raise NotFound("workspace_none", _("You do not belong to a workspace yet."))
    workspaces.require(member, Right.REPORTS_VIEW)
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace


def _may(request: HttpRequest, right: Right) -> bool:
    member = request.member  # type: ignore[attr-defined]
    return member is not None and member.may(right)


def _days(request: HttpRequest) -> int:
    given = request.GET.get("period", "")
    return int(given) if given in {str(days) for days in PERIODS} else PERIOD_DEFAULT


def _rule_url(rule: people.Rule) -> str:
    address = _address("segments:new")
    return f"{address}?{urlencode({'rule': people.text_of(rule)})}" if address else ""


def _address(name: str, *arguments: str) -> str:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""
