"""What customers bought, for pages of the rooms below that show people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.template.context import Context

from regulars.orders import queries, words
from regulars.orders.records import Value

register = template.Library()
ORDERS_SHOWN = 5


@register.simple_tag(takes_context=True)
def values_of(context: Context, customer_ids: Sequence[int]) -> dict[int, Value]:
    """What each of these customers bought, to be read with the filter `of`."""
    return queries.values(context["workspace"].id, customer_ids)


@register.filter
def of(values: Mapping[int, Value], customer_id: int) -> Value | None:
    """What this customer bought, None for nothing."""
    return values.get(customer_id)


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
