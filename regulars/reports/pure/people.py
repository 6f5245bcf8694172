"""Rules that pick the customers behind a number of a report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from regulars.analytics.rfm import Bounds

Rule = dict[str, Any]
DAY = timedelta(days=1)
MONTHS_IN_YEAR = 12


def rule_of_bounds(bounds: Bounds, last_day: date) -> Rule:
    """Customers whose count of orders and day of the last one lie within the bounds.

    last_day  the day the recency was counted back from
    """
    return _rule(
        [
            _recency(bounds.recency_days_min, bounds.recency_days_max, last_day),
            _frequency(bounds.frequency_min, bounds.frequency_max),
        ]
    )


def rule_of_class(name: str) -> Rule:
    """Customers who stand in the RFM class by their stored scores."""
    return _rule([{"fact": "value.rfm_class", "op": "eq", "value": name}])


def rule_of_cell(r: int, f: int) -> Rule:
    """Customers of one recency and one frequency score."""
    return _rule(
        [
            {"fact": "value.recency_fifth", "op": "eq", "value": r},
            {"fact": "value.frequency_fifth", "op": "eq", "value": f},
        ]
    )


def rule_of_stage(name: str) -> Rule:
    """Customers in the stage."""
    return _rule([{"fact": "value.stage", "op": "eq", "value": name}])


def rule_of_cohort(month: date, month_index: int) -> Rule:
    """Customers whose first order fell into the month, and who bought so many months later."""
    first = {
        "fact": "order.first_at",
        "op": "between",
        "value": [month.isoformat(), (_later(month, 1) - DAY).isoformat()],
    }
    if month_index == 0:
        return _rule([first])
    window = {
        "from": _later(month, month_index).isoformat(),
        "to": _later(month, month_index + 1).isoformat(),
    }
    return _rule([first, {"did": "order.paid", "within": window}])


def text_of(rule: Rule) -> str:
    """The rule as it travels in an address."""
    return json.dumps(rule, separators=(",", ":"))


def _rule(parts: list[Mapping[str, Any] | None]) -> Rule:
    return {"version": 1, "where": {"all": [part for part in parts if part is not None]}}


def _frequency(least: int | None, most: int | None) -> Mapping[str, Any] | None:
    if least is None and most is None:
        # Every place of the grid holds people who bought.
        return {"fact": "order.count", "op": "gte", "value": 1}
    if least is None:
        return {"fact": "order.count", "op": "between", "value": [1, most]}
    if most is None:
        return {"fact": "order.count", "op": "gte", "value": least}
    return {"fact": "order.count", "op": "between", "value": [least, most]}


def _recency(least: int | None, most: int | None, last_day: date) -> Mapping[str, Any] | None:
    oldest = None if most is None else last_day - timedelta(days=most)
    newest = None if least is None else last_day - timedelta(days=least)
    if oldest is not None and newest is not None:
        value = [oldest.isoformat(), newest.isoformat()]
        return {"fact": "order.last_at", "op": "between", "value": value}
    if oldest is not None:
        return {"fact": "order.last_at", "op": "after", "value": (oldest - DAY).isoformat()}
    if newest is not None:
        return {"fact": "order.last_at", "op": "before", "value": (newest + DAY).isoformat()}
    return None


def _later(month: date, months: int) -> date:
    number = month.year * MONTHS_IN_YEAR + month.month - 1 + months
    return date(number // MONTHS_IN_YEAR, number % MONTHS_IN_YEAR + 1, 1)
