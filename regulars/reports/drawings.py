"""What the charts of the shell need, from the figures of the reports, in words people read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.analytics import rfm as fifths
from regulars.analytics.cohorts import Cohort, CohortTable
from regulars.analytics.messages import MessageCounts
from regulars.analytics.rfm import Rfm
from regulars.analytics.trends import Period, Trends
from regulars.reports import words
from regulars.reports.pure.buckets import Bucket, buckets
from regulars.value.records import CLASS_LABELS

Drawing = dict[str, Any]

COHORTS_SHOWN_MAX = 24
# Months after the first that are drawn; a shop that slept for years would have hundreds.
COHORT_MONTHS_MAX = 24

COHORT_LABELS = {
    "customers": gettext_lazy("Customers who bought again, % of the cohort"),
    "revenue": gettext_lazy("Revenue, % of the cohort’s first month"),
}


def revenue_bars(trends: Trends, claimed_minor: Sequence[int]) -> Drawing:
    """Revenue of the period, stacked by whether it followed a click in a campaign.

    claimed_minor  money per day that did; empty when no campaign was sent
    """
    parts = buckets(trends.period.since, trends.period.days)
    revenue = [day.revenue_minor for day in trends.days]
    before = [day.revenue_minor for day in trends.previous_days]
    totals = [part.total(revenue) for part in parts]
    series = [{"name": _("Revenue"), "values": totals}]
    if any(claimed_minor):
        claimed = [part.total(claimed_minor) for part in parts]
        rest = [whole - mine for whole, mine in zip(totals, claimed, strict=True)]
        series = [
            {"name": _("Other"), "values": rest},
            {"name": _("From campaigns"), "values": claimed},
        ]
    chart: Drawing = {
        "label": _("Revenue"),
        "finding": _("The highest bar is %(label)s.") % {"label": _highest(parts, totals)},
        "labels": [label_of(part) for part in parts],
        "series": series,
        "unfinished": True,
    }
    if any(before):
        values = [part.total(before) for part in parts]
        chart["comparison"] = {"name": _("Period before"), "values": values}
    return chart


def on_days(period: Period, known: Period, values: Sequence[int]) -> tuple[int, ...]:
    """The values of one period's days laid on another's: kept answers may be a day older."""
    shift = (period.since - known.since).days
    places = range(shift, shift + period.days)
    return tuple(values[place] if 0 <= place < len(values) else 0 for place in places)


def label_of(bucket: Bucket) -> str:
    """The bar's day, first day of its week, or month; a year stands where it begins."""
    if bucket.unit != "month":
        return words.day_and_month(bucket.since)
    is_january = bucket.since.month == 1
    return words.month_of_year(bucket.since) if is_january else words.month(bucket.since)


def rfm_drawing(rfm: Rfm, link: Callable[[range, range], str]) -> Drawing:
    """The grid, frequency upwards and recency to the right.

    link  gives the address of the people at these recency and frequency scores
    """
    scores = range(1, fifths.FIFTHS + 1)
    return {
        "label": _("Customers by recency and frequency of orders"),
        "columns": [f"R{r}" for r in scores],
        "rows": [
            {"name": f"F{f}", "cells": [_rfm_cell(rfm, r, f, link) for r in scores]}
            for f in reversed(scores)
        ],
    }


def cohort_drawing(
    table: CohortTable,
    link: Callable[[Cohort, int], str],
    *,
    measure: str = "customers",
    rows_max: int = COHORTS_SHOWN_MAX,
    months_max: int = COHORT_MONTHS_MAX,
) -> Drawing:
    """Retention of the youngest cohorts; months that have not begun stay blank.

    link     gives the address of the cohort's people who bought so many months later
    measure  customers: who bought; revenue: what they spent, against their first month
    """
    shown = table.cohorts[-rows_max:]
    longest = max((len(cohort.customers) for cohort in shown), default=0)
    months = min(longest, months_max + 1)
    return {
        "label": COHORT_LABELS[measure],
        "columns": [str(i) for i in range(months)],
        "rows": [_cohort_row(cohort, months, link, measure) for cohort in shown],
        "unfinished": table.is_last_partial,
    }


def funnel_steps(counts: MessageCounts) -> list[Drawing]:
    """From sent to ordered; opens count everyone, the note says how many are sure."""
    return [
        {"name": _("Sent"), "count": counts.sent},
        {"name": _("Delivered"), "count": counts.delivered},
        {
            "name": _("Opened"),
            "count": counts.opened,
            "note": ngettext(
                "%(count)s opening is confirmed, the rest may be machines.",
                "%(count)s openings are confirmed, the rest may be machines.",
                counts.opened_confirmed,
            )
            % {"count": counts.opened_confirmed},
        },
        {"name": _("Clicked"), "count": counts.clicked},
        {"name": _("Ordered"), "count": counts.ordered},
    ]


def _highest(parts: Sequence[Bucket], totals: Sequence[int]) -> str:
    return label_of(parts[max(range(len(parts)), key=lambda i: totals[i])])


def _rfm_cell(rfm: Rfm, r: int, f: int, link: Callable[[range, range], str]) -> Drawing:
    cell = rfm.cell(r, f)
    return {
        "count": cell.customers if cell else 0,
        "url": link(range(r, r + 1), range(f, f + 1)) if cell else "",
        "label": str(CLASS_LABELS[fifths.class_of(r, f)]),
    }


def _cohort_row(
    cohort: Cohort, months: int, link: Callable[[Cohort, int], str], measure: str
) -> Drawing:
    share = cohort.retention if measure == "customers" else cohort.money_share
    shares = [share(i) for i in range(months)]
    return {
        "name": words.month_of_year(cohort.month),
        # The running month may lie beyond the last column.
        "unfinished": len(cohort.customers) <= months,
        "size": cohort.size,
        "url": link(cohort, 0),
        "cells": [None if one is None else one.value for one in shares],
        "urls": [
            link(cohort, i) if i < len(cohort.customers) and cohort.customers[i] else ""
            for i in range(months)
        ],
    }
