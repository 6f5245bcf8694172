"""What a customer is worth, for the card: the sums, the year behind, the newest orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.template.context import Context

from regulars.kernel import clock
from regulars.orders import queries, words
from regulars.orders.records import Value

register = template.Library()
ORDERS_SHOWN = 5
CARTS_LOOKED_AT = 20
MONTHS_SHOWN = 12
YEAR = timedelta(days=366)


@register.inclusion_tag("orders/parts/card_value.html", takes_context=True)
def value_card(context: Context, customer_ids: Sequence[int], public_id: str) -> dict[str, Any]:
    """Orders, money, the average, the days between and since; twelve months as a line."""
    workspace = context["workspace"]
    value = queries.value_of(workspace.id, customer_ids)
    now = clock.now().astimezone(workspace.zone)
    # Whoever has not bought for a year shows the year they bought in.
    until = now if value.last_at is None or now - value.last_at < YEAR else value.last_at
    until = until.astimezone(workspace.zone)
    totals: dict[tuple[int, int], int] = {}
    if value.orders_count:
        for month, minor in queries.monthly_totals(
            workspace.id, customer_ids, until - YEAR, workspace.time_zone
        ):
            local = month.astimezone(workspace.zone)
            totals[local.year, local.month] = minor
    months = [totals.get(month, 0) for month in _months_until(until)]
    return {
        "workspace": workspace,
        "value": value,
        "months": months if any(months) else None,
        "until": until,
        "days_since": (now - value.last_at).days if value.last_at else None,
        "interval_days": _interval_days(value),
        "public_id": public_id,
    }


@register.inclusion_tag("orders/parts/card_orders.html", takes_context=True)
def orders_card(context: Context, customer_ids: Sequence[int], public_id: str) -> dict[str, Any]:
    """The newest orders of a customer."""
    workspace = context["workspace"]
    found = queries.orders_of(workspace.id, customer_ids, ORDERS_SHOWN)
    return {
        "orders": [(order, words.kind(order.kind), *words.status(order.status)) for order in found],
        "public_id": public_id,
        "has_more": len(found) == ORDERS_SHOWN,
    }


@register.inclusion_tag("orders/parts/card_carts.html", takes_context=True)
def carts_card(context: Context, customer_ids: Sequence[int]) -> dict[str, Any]:
    """What a customer has put aside and not bought: the open cart and the open wish list."""
    found = queries.carts_of(context["workspace"].id, list(customer_ids), CARTS_LOOKED_AT)
    return {"carts": [cart for cart in found if cart.state == "open" and cart.lines]}


@register.simple_tag(takes_context=True)
def value_together(context: Context, customer_ids: Sequence[int]) -> Value:
    """What several customers bought together."""
    return queries.value_of(context["workspace"].id, customer_ids)


def _months_until(last_day: datetime) -> list[tuple[int, int]]:
    """Year and month of the last MONTHS_SHOWN months, the oldest first."""
    last = last_day.year * 12 + last_day.month - 1
    return [(n // 12, n % 12 + 1) for n in range(last - MONTHS_SHOWN + 1, last + 1)]


def _interval_days(value: Value) -> int | None:
    """Days between one order and the next, on average; none before the second."""
    if value.orders_count < 2 or value.first_at is None or value.last_at is None:
        return None
    return round((value.last_at - value.first_at).days / (value.orders_count - 1))
