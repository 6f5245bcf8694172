"""Writes of orders."""

from regulars.orders.actions.books import write_tables
from regulars.orders.actions.record import record_order, record_orders_many
from regulars.orders.actions.status import recount_values, set_status

__all__ = [
    "record_order",
    "record_orders_many",
    "recount_values",
    "set_status",
    "write_tables",
]
