"""What this room's tables hold of a person, for their export and their erasure.

Orders stay: the books need the sum and the law asks for it. They stay without the person.
"""

from __future__ import annotations

from regulars.store.persons import Fate, Trace, Traces

MINE = "customer_id = ANY(%(ids)s)"
OF_ORDER = (
    "order_id IN (SELECT o.id FROM orders_order o"
    " WHERE o.workspace_id = %(workspace)s AND o.customer_id = ANY(%(ids)s))"
)
OF_CART = (
    "cart_id IN (SELECT c.id FROM orders_cart c"
    " WHERE c.workspace_id = %(workspace)s AND c.customer_id = ANY(%(ids)s))"
)
FOR_THE_BOOKS = "Kept for the books, without the person."

TRACES = Traces(
    rows=(
        Trace("orders_cartline", OF_CART, file="cart_lines"),
        Trace("orders_cart", MINE, file="carts", hidden=("token",)),
        Trace(
            "orders_comment",
            "(subject = 'lead' AND subject_id IN (SELECT l.id FROM orders_lead l"
            " WHERE l.workspace_id = %(workspace)s AND l.customer_id = ANY(%(ids)s)))"
            " OR (subject = 'order' AND subject_id IN (SELECT o.id FROM orders_order o"
            " WHERE o.workspace_id = %(workspace)s AND o.customer_id = ANY(%(ids)s)))",
            file="comments",
            hidden=("actor_id", "key"),
        ),
        Trace("orders_lead", MINE, file="leads", hidden=("responsible_id", "key")),
        Trace(
            "orders_lead",
            text="concat_ws(' ', email, phone, comment, page_url)",
            file="leads_by_contact",
            hidden=("responsible_id", "key"),
        ),
        Trace(
            "orders_delivery",
            OF_ORDER,
            file="deliveries",
            fate=Fate.EMPTY,
            sets="address = '', branch = '', tracking_number = '', tracking_url = '',"
            " poll_at = NULL, poll_until = NULL, fault = ''",
            reason=FOR_THE_BOOKS,
        ),
        Trace(
            "orders_payment", OF_ORDER, file="payments", hidden=("actor_id", "key"),
            fate=Fate.KEEP, reason=FOR_THE_BOOKS,
        ),
        Trace(
            "orders_statuschange",
            OF_ORDER,
            file="order_statuses",
            hidden=("actor_id",),
            fate=Fate.EMPTY,
            sets="reason = ''",
            reason=FOR_THE_BOOKS,
        ),
        Trace(
            "orders_correction", OF_ORDER, file="order_corrections", hidden=("actor_id",),
            fate=Fate.KEEP, reason=FOR_THE_BOOKS,
        ),
        Trace(
            "orders_reservation", OF_ORDER, file="reservations",
            fate=Fate.KEEP, reason="Goods promised to an order; no person in it.",
        ),
        Trace("orders_customervalue", MINE, file="value"),
        Trace(
            "orders_line",
            f"{MINE} OR {OF_ORDER}",
            file="order_lines",
            fate=Fate.EMPTY,
            sets="customer_id = NULL",
            reason=FOR_THE_BOOKS,
        ),
        Trace(
            "orders_order",
            MINE,
            file="orders",
            hidden=("responsible_id", "body_hash", "token"),
            fate=Fate.EMPTY,
            sets="customer_id = NULL, token = NULL, payment_url = NULL",
            reason=FOR_THE_BOOKS,
        ),
    ),
    none={
        "orders_product": "The catalogue.",
        "orders_category": "The catalogue.",
        "orders_place": "Shops and store rooms.",
        "orders_stock": "Goods.",
        "orders_carrier": "Accounts of the shop with carriers.",
        "orders_cost": "What advertising cost, by day and campaign.",
        "orders_support": "Whom customers may ask.",
    },
)  # fmt: skip
