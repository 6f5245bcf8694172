"""Where a customer stands in the last RFM report, for the card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.template.context import Context

from regulars.analytics.rfm import FIFTHS, Rfm, class_of, rfm_of
from regulars.kernel import clock
from regulars.orders import queries as orders
from regulars.reports import drawings, queries, words

register = template.Library()
SCORES = range(1, FIFTHS + 1)


@register.inclusion_tag("reports/parts/card_rfm.html", takes_context=True)
def rfm_card(context: Context, customer_ids: Sequence[int]) -> dict[str, Any]:
    """Recency and frequency among all buyers and the class they make; nothing before a report."""
    workspace = context["workspace"]
    if "reports.view" not in context["rights"]:
        return {}
    answer = queries.snapshot(workspace.id, "rfm")
    value = orders.value_of(workspace.id, customer_ids)
    if answer is None or not answer.rows or not value.orders_count or value.last_at is None:
        return {}
    days = (clock.now().astimezone(workspace.zone).date()
            - value.last_at.astimezone(workspace.zone).date()).days  # fmt: skip
    r, f = scores(rfm_of(answer.rows), days, value.orders_count)
    name = class_of(r, f)
    return {
        "r": r,
        "f": f,
        "days": days,
        "value": value,
        "workspace": workspace,
        "label": drawings.CLASS_LABELS[name],
        "hint": words.CLASS_HINTS[name],
        "at": answer.at,
    }


def scores(grid: Rfm, recency_days: int, frequency: int) -> tuple[int, int]:
    """The fifths in which these values fall by the borders the report found.

    Between two fifths nobody stood then; whoever stands there now is given to the better one.
    """
    r = f = 1
    for score in SCORES:
        row = [cell.recency_days_max for cell in grid.cells if cell.r == score]
        if row and recency_days <= max(row):
            r = score
        column = [cell.frequency_min for cell in grid.cells if cell.f == score]
        if column and frequency >= min(column):
            f = score
    return r, f
