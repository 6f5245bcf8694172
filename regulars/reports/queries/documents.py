"""Reports for programs: fixed keys, money as decimal strings, rates with both their parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from regulars.analytics.base import base_of
from regulars.analytics.campaigns import Funnel, funnels_of
from regulars.analytics.cohorts import cohorts_of
from regulars.analytics.lift import Lift
from regulars.analytics.ratios import Ratio
from regulars.analytics.readings import Interval
from regulars.analytics.rfm import rfm_of
from regulars.campaigns.records import CampaignRecord
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.kernel.money import decimal_string, minor_digits, to_minor
from regulars.reports.pure.lifts import lifts_of
from regulars.reports.queries.campaigns import launched_campaigns
from regulars.reports.queries.questions import answer, scope_of

Document = dict[str, Any]


def report(workspace_id: int, name: str, at: datetime | None = None) -> Document:
    """The report of this name as of an instant, now when none is given. raises NotFound"""
    if name not in DOCUMENTS:
        raise NotFound("report_unknown", f"Reports are {', '.join(DOCUMENTS)}.", name=name)
    return DOCUMENTS[name](workspace_id, at or clock.now())


def base(workspace_id: int, at: datetime) -> Document:
    """The state of the base: counts, revenue and what follows from them."""
    currency = scope_of(workspace_id, at).currency
    found = base_of(answer(workspace_id, "base", at).rows[0])
    return {
        "clean_lines": found.clean_lines,
        "customers": found.customers,
        "invoices": found.invoices,
        "revenue": decimal_string(found.revenue_minor, currency),
        "currency": currency,
        "at": at.isoformat(),
        "order_value": _money_rate(found.order_value, currency),
        "first_order_value": _money_rate(found.first_order_value, currency),
        "repeat_order_value": _money_rate(found.repeat_order_value, currency),
        "revenue_per_customer": _money_rate(found.revenue_per_customer, currency),
        "orders_per_customer": found.orders_per_customer.value,
        "lines_per_order": found.lines_per_order.value,
        "products_per_order": found.products_per_order.value,
        "items_per_order": found.items_per_order.value,
        "repeat_customers": found.repeat_customers,
        "repeat_share": found.repeat_share.value,
        "mean_lifetime_days": found.mean_lifetime_days.value,
        "mean_returned_lifetime_days": found.mean_returned_lifetime_days.value,
    }


def rfm(workspace_id: int, at: datetime) -> Document:
    """Customers by class, and the grid behind the classes."""
    currency = scope_of(workspace_id, at).currency
    found = rfm_of(answer(workspace_id, "rfm", at).rows)
    counts = {part.name: part.customers for part in found.classes()}
    return {
        **counts,
        "customers": found.customers,
        "currency": currency,
        "at": at.isoformat(),
        "classes": counts,
        "revenue": {
            part.name: decimal_string(part.money_minor, currency) for part in found.classes()
        },
        "cells": [
            {
                "r": cell.r,
                "f": cell.f,
                "class": cell.name,
                "customers": cell.customers,
                "revenue": decimal_string(cell.money_minor, currency),
            }
            for cell in found.cells
        ],
    }


def cohorts(workspace_id: int, at: datetime) -> Document:
    """Cohorts by month of first purchase; months that have not begun are absent."""
    scope = scope_of(workspace_id, at)
    found = cohorts_of(answer(workspace_id, "cohorts", at).rows, scope)
    return {
        "cohort_rows": [
            {"cohort": cohort.label, "customers": list(cohort.customers)}
            for cohort in found.cohorts
        ],
        "revenue_rows": [
            {
                "cohort": cohort.label,
                "revenue": [decimal_string(m, scope.currency) for m in cohort.money_minor],
            }
            for cohort in found.cohorts
        ],
        "month_1_retention": _rate(found.retention(1)),
        "last_month_is_partial": found.is_last_partial,
        "currency": scope.currency,
        "at": at.isoformat(),
    }


def campaign(workspace_id: int, at: datetime) -> Document:
    """Each campaign's way from message to money, and what it brought against its control group."""
    currency = scope_of(workspace_id, at).currency
    funnels = funnels_of(answer(workspace_id, "funnels", at).rows)
    lifts = lifts_of(launched_campaigns(workspace_id), answer(workspace_id, "arms", at).rows)
    return {
        "campaigns": [
            _campaign(one, funnels[one.id], lift, currency)
            for one, lift in lifts
            if one.id in funnels
        ],
        "currency": currency,
        "at": at.isoformat(),
    }


DOCUMENTS: dict[str, Callable[[int, datetime], Document]] = {
    "base": base,
    "rfm": rfm,
    "cohorts": cohorts,
    "campaign": campaign,
}


def _campaign(one: CampaignRecord, funnel: Funnel, lift: Lift, currency: str) -> Document:
    counts = funnel.counts
    return {
        "campaign": one.public_id,
        "name": one.name,
        "launched_at": None if one.launched_at is None else one.launched_at.isoformat(),
        "window_days": one.window_days,
        "planned": funnel.planned,
        "refused": funnel.refused,
        "unknown": funnel.unknown,
        "sent": counts.sent,
        "bounced": counts.bounced,
        "delivered": counts.delivered,
        "opened": counts.opened,
        "opened_confirmed": counts.opened_confirmed,
        "clicked": counts.clicked,
        "ordered": counts.ordered,
        "orders": counts.orders,
        "revenue": decimal_string(counts.revenue_minor, currency),
        "unsubscribed": counts.unsubscribed,
        "complained": counts.complained,
        "delivery_rate": counts.delivery_rate.value,
        "open_rate": counts.open_rate.value,
        "confirmed_open_rate": counts.confirmed_open_rate.value,
        "click_rate_sent": counts.click_rate_sent.value,
        "click_rate_delivered": counts.click_rate_delivered.value,
        "click_to_open_rate": counts.click_to_open_rate.value,
        "revenue_per_delivered": _money_rate(counts.revenue_per_delivered, currency),
        "lift": _lift(lift, currency),
    }


def _lift(lift: Lift, currency: str) -> Document:
    is_readable = lift.is_readable
    return {
        "verdict": lift.verdict,
        "contacted": lift.contacted.customers,
        "control": lift.control.customers,
        "contacted_buyers": lift.contacted.buyers,
        "control_buyers": lift.control.buyers,
        "contacted_orders": lift.contacted.orders,
        "control_orders": lift.control.orders,
        "contacted_revenue": decimal_string(lift.contacted.revenue_minor, currency),
        "control_revenue": decimal_string(lift.control.revenue_minor, currency),
        "split_p_value": None if lift.split is None else lift.split.p_value,
        "buyer_share_difference": lift.buyers.difference if is_readable else None,
        "buyer_share_interval": _bounds(lift.buyers.interval) if is_readable else None,
        "buyer_share_p_value": lift.buyers.p_value if is_readable else None,
        "money_per_contacted": _money(lift.money_per_contacted, currency),
        "money_per_contacted_interval": _money_bounds(lift.money_per_contacted_interval, currency),
        "extra_revenue": _money(lift.extra_revenue, currency),
        "extra_revenue_interval": _money_bounds(lift.extra_revenue_interval, currency),
        "relative": lift.relative,
        "p_value": lift.revenue.p_value if is_readable else None,
    }


def _rate(ratio: Ratio) -> Document:
    return {
        "numerator": ratio.numerator,
        "denominator": ratio.denominator,
        "value": ratio.value,
    }


def _money_rate(ratio: Ratio, currency: str) -> str | None:
    return _money(ratio.value, currency)


def _money(minor: float | None, currency: str) -> str | None:
    """A mean of money, halves away from zero."""
    if minor is None:
        return None
    whole = Decimal(repr(minor)).scaleb(-minor_digits(currency))
    return decimal_string(to_minor(whole, currency), currency)


def _bounds(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _money_bounds(interval: Interval | None, currency: str) -> list[str | None] | None:
    if interval is None:
        return None
    return [_money(interval.low, currency), _money(interval.high, currency)]
