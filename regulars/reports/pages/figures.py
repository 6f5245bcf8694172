"""Screens of the reports: overview, revenue, cohorts, what a campaign brought."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from regulars.analytics.base import Base, base_of
from regulars.analytics.campaigns import Funnel, claimed_days_of, funnels_of
from regulars.analytics.cohorts import Cohort, cohorts_of
from regulars.analytics.lift import DATA_SHORT, Lift
from regulars.analytics.rfm import Rfm, rfm_of, scores_of_class
from regulars.analytics.trends import trends_of
from regulars.campaigns.records import CampaignRecord
from regulars.kernel import clock
from regulars.reports import actions, drawings, queries, tiles, words
from regulars.reports.pure import people
from regulars.reports.pure.lifts import lifts_of
from regulars.reports.queries.questions import PERIOD_DEFAULT, PERIODS, period_of
from regulars.reports.records import Answer
from regulars.value.records import CLASS_LABELS
from regulars.workspaces.asking import may, workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

OVERVIEW_COHORTS_MAX = 12
OVERVIEW_CAMPAIGNS_MAX = 5


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """How the shop is doing, on one page."""
    if not may(request, Right.REPORTS_VIEW) and may(request, Right.CUSTOMERS_VIEW):
        return redirect("customers:list")
    workspace = workspace_of(request, Right.REPORTS_VIEW)
    steps = queries.first_steps(workspace.id)
    context: dict[str, Any] = {"steps": steps, "steps_done": sum(s.is_done for s in steps)}
    if steps[0].is_done:
        context |= _trends_context(request, workspace)
        context["tiles"] = tiles.overview_tiles(
            context["trends"], context["claimed_days"], int(context["days"])
        )
        context |= _rfm_context(workspace)
        context |= _cohorts_context(workspace, "customers", rows_max=OVERVIEW_COHORTS_MAX)
        context |= _campaigns_context(workspace)
        context |= _freshness(context)
    return render(request, "reports/overview.html", context)


@login_required
@require_GET
def revenue(request: HttpRequest) -> HttpResponse:
    """Revenue and orders of a period, and the state of the whole base."""
    workspace = workspace_of(request, Right.REPORTS_VIEW)
    answer = _ask(workspace, "base")
    base = base_of(answer.rows[0])
    context = _trends_context(request, workspace)
    context |= {
        "tiles": tiles.revenue_tiles(context["trends"], int(context["days"])),
        "base": base,
        "measures": _measures(base),
        "base_answer": answer,
    }
    return render(request, "reports/revenue.html", context | _freshness(context))


@login_required
@require_GET
def cohorts(request: HttpRequest) -> HttpResponse:
    """Cohorts by month of the first order."""
    measure = "revenue" if request.GET.get("measure") == "revenue" else "customers"
    context = _cohorts_context(workspace_of(request, Right.REPORTS_VIEW), measure)
    context["measures"] = [("customers", _("Customers")), ("revenue", _("Revenue"))]
    return render(request, "reports/cohorts.html", context | _freshness(context))


@login_required
@require_GET
def campaign(request: HttpRequest, public_id: str) -> HttpResponse:
    """The report of a campaign stands with the campaign."""
    return redirect("campaigns:report", public_id)


def _trends_context(request: HttpRequest, workspace: WorkspaceRecord) -> dict[str, Any]:
    days = _days(request)
    answer = _ask(workspace, f"trends:{days}")
    scope = queries.scope_of(workspace.id, answer.at)
    trends = trends_of(answer.rows, period_of(scope, days))
    claims = _ask(workspace, f"claimed:{days}")
    claimed_period = period_of(queries.scope_of(workspace.id, claims.at), days)
    claimed = drawings.on_days(
        trends.period, claimed_period, claimed_days_of(claims.rows, claimed_period)
    )
    return {
        "trends": trends,
        "money_format": f"money:{workspace.currency}",
        "days": str(days),
        "periods": [(str(choice), words.period_name(choice)) for choice in PERIODS],
        "revenue_bars": drawings.revenue_bars(trends, claimed),
        "claimed_days": claimed,
        "claimed_minor": sum(claimed),
        "trends_answer": answer,
        "claims_answer": claims,
    }


def _rfm_context(workspace: WorkspaceRecord) -> dict[str, Any]:
    answer = _ask(workspace, "rfm")
    grid = rfm_of(answer.rows)
    link = _people_link(workspace, grid, answer)
    classes = [
        {
            "label": CLASS_LABELS[part.name],
            "is_key": part.name in words.KEY_CLASSES,
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
        "newest_order_on": _newest_order_on(grid, workspace, answer),
        "rfm_grid": drawings.rfm_drawing(grid, link),
        "classes": classes,
        "rfm_answer": answer,
    }


def _newest_order_on(grid: Rfm, workspace: WorkspaceRecord, answer: Answer) -> date | None:
    """The day of the last order of a known customer."""
    if not grid.cells:
        return None
    last_day = queries.scope_of(workspace.id, answer.at).last_day()
    return last_day - timedelta(days=min(cell.recency_days_min for cell in grid.cells))


def _people_link(
    workspace: WorkspaceRecord, grid: Rfm, answer: Answer
) -> Callable[[range, range], str]:
    last_day = queries.scope_of(workspace.id, answer.at).last_day()
    address = reverse("segments:new")

    def link(rs: range, fs: range) -> str:
        bounds = grid.bounds(rs, fs)
        return "" if bounds is None else _rule_url(people.rule_of_bounds(bounds, last_day), address)

    return link


def _cohorts_context(
    workspace: WorkspaceRecord, measure: str, *, rows_max: int = drawings.COHORTS_SHOWN_MAX
) -> dict[str, Any]:
    answer = _ask(workspace, "cohorts")
    table = cohorts_of(answer.rows, queries.scope_of(workspace.id, answer.at))
    is_short = rows_max < drawings.COHORTS_SHOWN_MAX
    months_max = rows_max - 1 if is_short else drawings.COHORT_MONTHS_MAX
    address = reverse("segments:new")

    def link(cohort: Cohort, month_index: int) -> str:
        # The overview links sizes only, or its cells would weigh more than the page may.
        if is_short and month_index:
            return ""
        return _rule_url(people.rule_of_cohort(cohort.month, month_index), address)

    return {
        "cohort_table": table,
        "cohorts": drawings.cohort_drawing(
            table, link, measure=measure, rows_max=rows_max, months_max=months_max
        ),
        "cohorts_hidden": max(0, len(table.cohorts) - rows_max),
        "month_1": table.retention(1),
        "measure": measure,
        "cohorts_answer": answer,
    }


def _campaigns_context(workspace: WorkspaceRecord) -> dict[str, Any]:
    launched = queries.launched_campaigns(workspace.id)[:OVERVIEW_CAMPAIGNS_MAX]
    if not launched:
        return {}
    sent = _ask(workspace, "funnels")
    arms = _ask(workspace, f"arms:{OVERVIEW_CAMPAIGNS_MAX}")
    funnels = funnels_of(sent.rows)
    rows = [
        _campaign_row(one, funnels[one.id], lift)
        for one, lift in lifts_of(launched, arms.rows)
        if one.id in funnels
    ]
    return {"campaign_rows": rows, "sent_answer": sent, "arms_answer": arms}


def _campaign_row(one: CampaignRecord, funnel: Funnel, lift: Lift) -> dict[str, Any]:
    tone, verdict = words.verdict(lift)
    is_told = lift.is_readable and lift.verdict != DATA_SHORT
    return {
        "campaign": one,
        "counts": funnel.counts,
        "steps": drawings.funnel_steps(funnel.counts),
        "tone": tone,
        "verdict": verdict,
        "extra": lift.extra_revenue if is_told else None,
    }


def _freshness(context: dict[str, Any]) -> dict[str, Any]:
    """The oldest of the answers on the page, and whether some are being renewed just now."""
    answers = [part for part in context.values() if isinstance(part, Answer)]
    return {
        "as_of": min(answer.at for answer in answers),
        "is_renewed": any(answer.at < clock.now() - actions.RENEW_AFTER for answer in answers),
    }


def _measures(base: Base) -> list[tuple[str, float | None, str]]:
    return [(label, getattr(base, name).value, form) for name, label, form in words.measures()]


def _ask(workspace: WorkspaceRecord, name: str) -> Answer:
    return actions.shown_answer(workspace.id, name, clock.now())


def _days(request: HttpRequest) -> int:
    given = request.GET.get("period", "")
    return int(given) if given in {str(days) for days in PERIODS} else PERIOD_DEFAULT


def _rule_url(rule: people.Rule, address: str) -> str:
    return f"{address}?{urlencode({'rule': people.text_of(rule)})}"
