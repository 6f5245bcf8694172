"""Orders and their lines as the lake sees them."""

from __future__ import annotations

import pyarrow as pa

from regulars.lake.relations import PRICE, TIME, Relation

ORDERS = Relation(
    name="orders",
    select_sql="""
        SELECT workspace_id, xid, id, customer_id AS customer, number, placed_at, kind, status,
               currency, total_minor, lines_count, source, origin
        FROM orders_order""",
    columns=pa.schema(
        [
            ("id", pa.int64()),
            ("customer", pa.int64()),
            ("number", pa.string()),
            ("placed_at", TIME),
            ("kind", pa.string()),
            ("status", pa.string()),
            ("currency", pa.string()),
            ("total_minor", pa.int64()),
            ("lines_count", pa.int32()),
            ("source", pa.string()),
            ("origin", pa.string()),
        ]
    ),
    key="keyed",
    sort=("customer", "placed_at"),
    bucket="customer",
    period="placed_at",
)
ORDER_LINES = Relation(
    name="order_lines",
    select_sql="""
        SELECT workspace_id, xid, id, order_id, customer_id AS customer, placed_at, line_no, sku,
               name, category, brand, quantity, unit_price, total_minor, kind, is_gone
        FROM orders_line""",
    columns=pa.schema(
        [
            ("id", pa.int64()),
            ("order_id", pa.int64()),
            ("customer", pa.int64()),
            ("placed_at", TIME),
            ("line_no", pa.int32()),
            ("sku", pa.string()),
            ("name", pa.string()),
            ("category", pa.string()),
            ("brand", pa.string()),
            ("quantity", pa.float64()),
            ("unit_price", PRICE),
            ("total_minor", pa.int64()),
            ("kind", pa.string()),
        ]
    ),
    # Lines of one order stand in their own months in rare files; the order's time rules reports.
    key="keyed",
    sort=("customer", "placed_at"),
    bucket="customer",
    period="placed_at",
    gone="is_gone",
)
COSTS = Relation(
    name="costs",
    select_sql="""
        SELECT workspace_id, xid, id, day, source, campaign, ad_group, currency, impressions,
               clicks, amount_minor, is_gone
        FROM orders_cost""",
    columns=pa.schema(
        [
            ("id", pa.int64()),
            ("day", pa.date32()),
            ("source", pa.string()),
            ("campaign", pa.string()),
            ("ad_group", pa.string()),
            ("currency", pa.string()),
            ("impressions", pa.int64()),
            ("clicks", pa.int64()),
            ("amount_minor", pa.int64()),
        ]
    ),
    key="keyed",
    sort=("day", "source"),
    gone="is_gone",
)
RELATIONS = (ORDERS, ORDER_LINES, COSTS)
