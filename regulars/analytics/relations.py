"""The relations all order reports start from: clean lines and clean orders.

A line is clean when its customer is known, its order is a sale that was paid, neither
cancelled nor wholly returned, and both its quantity and the price that was received are above
zero. A return of a part does not unmake it: money is counted before returns. Equal lines are
kept: nothing tells a double from a real repeat.
source  docs/decisions: what a clean order is
"""

from __future__ import annotations

# Order time is the order's, so an order whose lines have two times stands in one day.
CLEAN_LINES = """
clean_lines AS (
  SELECT l.customer, l.order_id, l.sku, l.quantity, l.total_minor, o.placed_at
  FROM order_lines AS l
  JOIN orders AS o ON o.id = l.order_id
  WHERE l.customer IS NOT NULL
    AND l.kind = 'sale'
    AND l.quantity > 0
    AND l.unit_price > 0
    AND o.status NOT IN ('new', 'cancelled', 'returned')
    AND o.currency = $currency
    AND o.placed_at < $at
)"""

# One row per clean order, at the time on the shop's wall and in that day.
CLEAN_ORDERS = f"""{CLEAN_LINES},
clean_orders AS (
  SELECT
    customer,
    order_id,
    (MIN(placed_at) AT TIME ZONE 'UTC') AT TIME ZONE $zone AS local_at,
    CAST(SUM(total_minor) AS BIGINT) AS total_minor,
    COUNT(*) AS lines,
    COUNT(DISTINCT sku) AS products,
    SUM(quantity) AS items
  FROM clean_lines
  GROUP BY customer, order_id
)"""

# The same without what only the state of the base needs, for a distinct count is dear.
CLEAN_PURCHASES = f"""{CLEAN_LINES},
clean_orders AS (
  SELECT
    customer,
    order_id,
    CAST((MIN(placed_at) AT TIME ZONE 'UTC') AT TIME ZONE $zone AS DATE) AS day,
    CAST(SUM(total_minor) AS BIGINT) AS total_minor
  FROM clean_lines
  GROUP BY customer, order_id
)"""

# One row per order that was paid, stands and cost something; guests' orders too.
SALES = """
sales AS (
  SELECT
    id,
    customer,
    placed_at,
    (placed_at AT TIME ZONE 'UTC') AT TIME ZONE $zone AS local_at,
    total_minor
  FROM orders
  WHERE kind = 'sale'
    AND status NOT IN ('new', 'cancelled', 'returned')
    AND total_minor > 0
    AND currency = $currency
    AND placed_at < $at
)"""
