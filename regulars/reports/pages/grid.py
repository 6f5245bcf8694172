"""The grid of recency and frequency as it is stored, and how it is scored."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from regulars.analytics.rfm import FIFTHS, STEPS, Borders, Rfm, class_of
from regulars.kernel.errors import Invalid
from regulars.kernel.money import decimal_string, to_minor
from regulars.reports import drawings, words
from regulars.reports.pages.standing import csv_file, frame, money, people_url, wants_csv
from regulars.value import actions
from regulars.value import queries as value
from regulars.value.records import CLASS_LABELS
from regulars.workspaces.asking import may, workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord

SCORES = range(1, FIFTHS + 1)
KINDS = ("recency", "frequency", "money")


@login_required
@require_GET
def rfm(request: HttpRequest) -> HttpResponse:
    """The grid, its cells and the ten classes, as of the last run; also as a file."""
    workspace = workspace_of(request, Right.REPORTS_VIEW)
    grid = value.grid(workspace.id)
    if wants_csv(request):
        return _file(grid, workspace)
    context = {
        **frame(workspace, "rfm"),
        "rfm": grid,
        "has_gap": any(not [c for c in grid.cells if c.f == f] for f in SCORES),
        "rfm_grid": drawings.rfm_drawing(grid, _cell_link),
        "classes": [_class_row(grid, part) for part in grid.classes()],
        "cells": [_cell_row(grid, cell) for cell in reversed(grid.cells)],
    }
    return render(request, "reports/rfm.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def borders(request: HttpRequest) -> HttpResponse:
    """Fifths, or borders of the workspace's own."""
    workspace = workspace_of(request, Right.REPORTS_VIEW)
    known = value.settings(workspace.id).borders
    if request.method == "GET":
        return render(request, "reports/borders.html", _form(request, workspace, known))
    workspace_of(request, Right.SEGMENTS_EDIT)
    try:
        chosen = _asked(request, workspace) if request.POST.get("by") == "borders" else None
        actions.save_borders(workspace.id, chosen, actor=str(request.user.pk))
    except Invalid as error:
        context = {**_form(request, workspace, known), "fault": _fault(error)}
        return render(request, "reports/borders.html", context, status=422)
    messages.success(request, _("Saved. The customers are scored anew within a minute or two."))
    return redirect("reports:rfm")


def _cell_link(rs: range, fs: range) -> str:
    return people_url(rfm_cell=f"{rs.start}-{fs.start}")


def _class_row(grid: Rfm, part: Any) -> dict[str, Any]:
    return {
        "name": part.name,
        "label": CLASS_LABELS[part.name],
        "hint": words.CLASS_HINTS[part.name],
        "meaning": words.bounds_text(grid, part.name),
        "url": people_url(rfm_class=part.name) if part.customers else "",
        **_sums(grid, part.customers, part.money_minor),
    }


def _cell_row(grid: Rfm, cell: Any) -> dict[str, Any]:
    return {
        "name": f"R{cell.r} F{cell.f}",
        "value": f"{cell.r}-{cell.f}",
        "label": CLASS_LABELS[class_of(cell.r, cell.f)],
        "url": people_url(rfm_cell=f"{cell.r}-{cell.f}"),
        **_sums(grid, cell.customers, cell.money_minor),
    }


def _sums(grid: Rfm, customers: int, money_minor: int) -> dict[str, Any]:
    return {
        "customers": customers,
        "share": customers / grid.customers if grid.customers else None,
        "money_minor": money_minor,
        "money_share": money_minor / grid.money_minor if grid.money_minor else None,
        "average_minor": round(money_minor / customers) if customers else None,
    }


def _file(grid: Rfm, workspace: WorkspaceRecord) -> HttpResponse:
    head = ("recency", "frequency", "class", "customers", "share", "revenue", "average", "currency")
    rows = []
    for cell in grid.cells:
        sums = _sums(grid, cell.customers, cell.money_minor)
        rows.append(
            (
                cell.r,
                cell.f,
                class_of(cell.r, cell.f),
                cell.customers,
                round(sums["share"], 6),
                money(cell.money_minor, workspace),
                money(sums["average_minor"], workspace),
                workspace.currency,
            )
        )
    return csv_file("rfm", head, rows)


def _form(
    request: HttpRequest, workspace: WorkspaceRecord, known: Borders | None
) -> dict[str, Any]:
    """The form as it was typed, else as it is stored, else as it is offered."""
    shown = known or value.borders_of_today(workspace.id)
    stored = {
        "recency": [str(days) for days in shown.recency_days],
        "frequency": [str(orders) for orders in shown.frequency],
        "money": [decimal_string(minor, workspace.currency) for minor in shown.money_minor],
    }
    labels = {
        "recency": _("Days since the last purchase, at most"),
        "frequency": _("Orders, at least"),
        "money": _("Spent, at least"),
    }
    rows = []
    for kind in KINDS:
        cells = [
            (f"{kind}_{score}", score, request.POST.get(f"{kind}_{score}", text))
            for score, text in zip(STEPS, stored[kind], strict=True)
        ]
        rows.append((labels[kind], cells))
    chosen = request.POST.get("by") or ("fifths" if known is None else "borders")
    return {
        **frame(workspace, "rfm"),
        "rows": rows,
        "by": chosen,
        "steps": STEPS,
        "may_edit": may(request, Right.SEGMENTS_EDIT),
    }


def _asked(request: HttpRequest, workspace: WorkspaceRecord) -> Borders:
    typed = {kind: [request.POST.get(f"{kind}_{score}", "") for score in STEPS] for kind in KINDS}
    days = [_whole(text) for text in typed["recency"]]
    orders = [_whole(text) for text in typed["frequency"]]
    spent = [_minor(text, workspace) for text in typed["money"]]
    return Borders(_four(days), _four(orders), _four(spent))


def _four(found: list[int]) -> tuple[int, int, int, int]:
    two, three, four, five = found
    return two, three, four, five


def _whole(text: str) -> int:
    cleaned = text.strip()
    if not (cleaned.isascii() and cleaned.isdigit() and len(cleaned) <= 9):
        raise Invalid("borders_number", "Write whole numbers.")
    return int(cleaned)


def _minor(text: str, workspace: WorkspaceRecord) -> int:
    try:
        amount = Decimal(text.strip().replace(",", ".").replace(" ", ""))
    except InvalidOperation as error:
        raise Invalid("borders_money", "Write money as 1200 or 1200.50.") from error
    if not amount.is_finite() or not 0 <= amount < Decimal(10) ** 12:
        raise Invalid("borders_money", "Write money as 1200 or 1200.50.")
    return to_minor(amount, workspace.currency)


def _fault(error: Invalid) -> str:
    told = {
        "borders_order": _(
            "From score 2 to score 5 the days must fall, the orders and the money must rise."
        ),
        "borders_range": _("Days are not below zero, orders at least one, money not below zero."),
        "borders_number": _("Write days and orders as whole numbers."),
        "borders_money": _("Write money as 1200 or 1200.50."),
    }
    return told.get(error.code, error.message)
