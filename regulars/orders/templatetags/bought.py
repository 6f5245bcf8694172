"""What customers bought, for pages of the rooms below that show people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.template.context import Context
from django.template.defaultfilters import floatformat

from regulars.orders import queries, words
from regulars.orders.queries.values import values_together
from regulars.orders.records import Value

register = template.Library()
ORDERS_SHOWN = 5
PLACES_MIN = 2


@register.simple_tag(takes_context=True)
def values_of(context: Context, customer_ids: Sequence[int]) -> dict[int, Value]:
    """What each of these customers bought, to be read with the filter `of`."""
    return values_together(context["workspace"].id, customer_ids)


@register.filter
def of(values: Mapping[int, Value], customer_id: int) -> Value | None:
    """What this customer bought, None for nothing."""
    return values.get(customer_id)


@register.filter
def price(value: Decimal) -> str:
    """A price with as many places as it has, two at least: 1.95, 0.005."""
    exponent = value.normalize().as_tuple().exponent
    digits = max(PLACES_MIN, -exponent) if isinstance(exponent, int) else PLACES_MIN
    return str(floatformat(value, f"{digits}g"))


@register.filter
def bare(value: Decimal) -> str:
    """A number as a field holds it, in no language: 2, 0.005."""
    return f"{value.normalize():f}"


@register.filter
def stage_name(name: str) -> str:
    """Where an order stands, as people call it."""
    return words.stage(name)[0]


@register.filter
def lead_status_name(name: str) -> str:
    """Where a lead stands, as people call it."""
    return words.lead(name)[0]


@register.inclusion_tag("orders/parts/bought_by.html", takes_context=True)
def bought_by(context: Context, customer_ids: Sequence[int], public_id: str) -> dict[str, Any]:
    """What one customer bought, with the newest orders; ids merged into theirs come along."""
    workspace = context["workspace"]
    orders = queries.orders_of(workspace.id, customer_ids, ORDERS_SHOWN)
    return {
        "workspace": workspace,
        "value": queries.value_of(workspace.id, customer_ids),
        "orders": [
            (order, words.kind(order.kind), *words.status(order.status)) for order in orders
        ],
        "public_id": public_id,
        "has_more": len(orders) == ORDERS_SHOWN,
    }
