"""Writes of orders, leads, payments and stock."""

from regulars.orders.actions.books import NO_LINES, write_tables
from regulars.orders.actions.carts import change_carts, fill_catalogue, join_carts, part_carts
from regulars.orders.actions.catalogue import check as check_product
from regulars.orders.actions.catalogue import tell_catalogue, write_catalogue
from regulars.orders.actions.corrections import correct_order, tell_order
from regulars.orders.actions.desk import (
    UNSAID,
    Moved,
    Unsaid,
    add_comment,
    assign,
    move_many,
    save_place,
    save_support,
    set_delivery,
)
from regulars.orders.actions.leads import change_lead, convert_lead, take_lead
from regulars.orders.actions.payments import ask_for_payment, record_payment, set_pays_on_delivery
from regulars.orders.actions.record import record_order, record_orders_many
from regulars.orders.actions.returns import record_return, refund_rest
from regulars.orders.actions.stages import move
from regulars.orders.actions.status import call_off, recount_values, set_status
from regulars.orders.actions.stock import confirm_orders, expire, reserve_again, set_stock
from regulars.orders.actions.tokens import open_page

__all__ = [
    "NO_LINES",
    "UNSAID",
    "Moved",
    "Unsaid",
    "add_comment",
    "ask_for_payment",
    "assign",
    "call_off",
    "change_carts",
    "change_lead",
    "check_product",
    "confirm_orders",
    "convert_lead",
    "correct_order",
    "expire",
    "fill_catalogue",
    "join_carts",
    "move",
    "move_many",
    "open_page",
    "part_carts",
    "record_order",
    "record_orders_many",
    "record_payment",
    "record_return",
    "recount_values",
    "refund_rest",
    "reserve_again",
    "save_place",
    "save_support",
    "set_delivery",
    "set_pays_on_delivery",
    "set_status",
    "set_stock",
    "take_lead",
    "tell_catalogue",
    "tell_order",
    "write_catalogue",
    "write_tables",
]
