"""Stages of the life with the shop: now, and at the end of each month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from regulars.analytics.stages import COOLING, LOST, LOYAL, REPEAT, STAGES
from regulars.kernel import clock
from regulars.reports import actions, words
from regulars.reports.pages.standing import csv_file, frame, money, people_url, wants_csv
from regulars.reports.records import Answer
from regulars.value import queries as value
from regulars.value.records import STAGE_LABELS, StageSum
from regulars.workspaces.asking import workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

LIVE_CUSTOMERS_MAX = 50_000
DRAWN = (LOYAL, REPEAT, COOLING, LOST)


@login_required
@require_GET
def stages(request: HttpRequest) -> HttpResponse:
    """How many customers stand in each stage, and how that moved."""
    workspace = workspace_of(request, Right.REPORTS_VIEW)
    sums = {one.stage: one for one in value.stages(workspace.id)}
    if wants_csv(request):
        return _file(sums, workspace)
    context: dict[str, Any] = frame(workspace, "stages")
    if sums:
        now = clock.now()
        # A year counted month by month: the page of a large base does not wait for it.
        is_large = sum(one.customers for one in sums.values()) > LIVE_CUSTOMERS_MAX
        ask = actions.answer_soon if is_large else actions.shown_answer
        context |= {"rows": _rows(sums), **_months_of(ask(workspace.id, "stages_over", now), now)}
    return render(request, "reports/stages.html", context)


def _months_of(answer: Answer | None, now: datetime) -> dict[str, Any]:
    """The stages month by month; while they are counted for the first time, only that."""
    if answer is None:
        return {"is_awaited": True, "as_of": now, "is_renewed": True}
    over = _over(answer.rows)
    return {
        "chart": _chart(over),
        "months": [_short(day) for day in reversed(over)],
        "table": [_table_row(stage, over) for stage in STAGES],
        "moves_url": reverse("reports:migration") + "?what=stage",
        "as_of": answer.at,
        "is_renewed": answer.at < now - actions.RENEW_AFTER,
    }


def _rows(sums: Mapping[str, StageSum]) -> list[dict[str, Any]]:
    everybody = sum(one.customers for one in sums.values())
    money_all = sum(one.money_minor for one in sums.values())
    found = []
    for stage in STAGES:
        one = sums.get(stage, StageSum(stage, 0, 0))
        found.append(
            {
                "name": stage,
                "label": STAGE_LABELS[stage],
                "hint": words.stage_hint(stage),
                "customers": one.customers,
                "share": one.customers / everybody if everybody else None,
                "money_minor": one.money_minor,
                "money_share": one.money_minor / money_all if money_all else None,
                "url": people_url(stage=stage) if one.customers else "",
            }
        )
    return found


Over = dict[date, dict[str, int]]


def _over(rows: Sequence[Mapping[str, Any]]) -> Over:
    """Day → customers in each stage."""
    found: dict[date, dict[str, int]] = {}
    for row in rows:
        day = date.fromisoformat(row["day"])
        found.setdefault(day, dict.fromkeys(STAGES, 0))[row["stage"]] = row["customers"]
    return dict(sorted(found.items()))


def _chart(over: Over) -> dict[str, Any]:
    return {
        "label": _("Customers in each stage at the end of the month"),
        "finding": _("Loyal customers: %(n)s at the end.")
        % {"n": list(over.values())[-1][LOYAL] if over else 0},
        "labels": [_short(day) for day in over],
        "series": [
            {"name": str(STAGE_LABELS[stage]), "values": [sums[stage] for sums in over.values()]}
            for stage in DRAWN
        ],
        "unfinished": True,
    }


def _short(day: date) -> str:
    """The month; a year stands where it begins."""
    return words.month_of_year(day) if day.month == 1 else words.month(day)


def _table_row(stage: str, over: Over) -> dict[str, Any]:
    counts = [sums[stage] for sums in reversed(over.values())]
    return {"label": STAGE_LABELS[stage], "counts": counts}


def _file(sums: Mapping[str, StageSum], workspace: WorkspaceRecord) -> HttpResponse:
    rows = [
        (row["name"], row["customers"], money(row["money_minor"], workspace), workspace.currency)
        for row in _rows(sums)
    ]
    return csv_file("stages", ("stage", "customers", "revenue", "currency"), rows)
