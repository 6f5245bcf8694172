"""Writes of orders."""

from regulars.orders.actions.books import NO_LINES, write_tables
from regulars.orders.actions.carts import change_carts, fill_catalogue, join_carts
from regulars.orders.actions.leads import take_lead
from regulars.orders.actions.record import record_order, record_orders_many
from regulars.orders.actions.returns import record_return
from regulars.orders.actions.status import recount_values, set_status
from regulars.orders.actions.updates import update_order_total

__all__ = [
    "NO_LINES",
    "change_carts",
    "fill_catalogue",
    "join_carts",
    "record_order",
    "record_orders_many",
    "record_return",
    "recount_values",
    "set_status",
    "take_lead",
    "update_order_total",
    "write_tables",
]
