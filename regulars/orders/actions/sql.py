"""The statements that move a set of orders from temporary tables into the books."""

from __future__ import annotations

PURCHASE = (
    "kind = 'sale' AND status IN ('paid', 'processing', 'shipped', 'delivered') AND total_minor > 0"
)

TEMPORARY_TABLES = """
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_order (
    seq int, source text, number text, customer_id bigint, customer_key text,
    placed_at timestamptz, kind text, status text, total_minor bigint, public_id text,
    lines_count int, body_hash text, order_id bigint, is_fresh bool, is_same bool
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_line (
    seq int, line_no int, placed_at timestamptz, sku text, name text, category text, brand text,
    quantity numeric, unit_price numeric, kind text
) ON COMMIT DELETE ROWS;
"""
CLEAR = "TRUNCATE incoming_order, incoming_line"

# The body is what the source said, in an order that does not depend on how lines were sorted.
# What the product decided (who the customer is) stays out, for a merge may change it.
FILL_BODIES = """
UPDATE incoming_order AS o
SET total_minor = coalesce(o.total_minor, b.total_minor, 0),
    lines_count = coalesce(b.lines_count, 0),
    body_hash = md5(concat_ws(chr(31), o.customer_key, o.kind,
        extract(epoch FROM o.placed_at), coalesce(o.total_minor, b.total_minor, 0), b.lines))
FROM (
    SELECT own.seq, sum(round(l.quantity * l.unit_price * 10::numeric ^ %(scale)s::int))::bigint
             AS total_minor,
           count(l.seq) AS lines_count,
           string_agg(concat_ws(chr(30), l.sku, trim_scale(l.quantity),
               trim_scale(l.unit_price), l.name), chr(31)
               ORDER BY l.sku COLLATE "C", l.quantity, l.unit_price, l.name COLLATE "C") AS lines
    FROM incoming_order AS own LEFT JOIN incoming_line AS l USING (seq) GROUP BY own.seq
) AS b
WHERE b.seq = o.seq
"""
INSERT_ORDERS = """
INSERT INTO orders_order
  (workspace_id, public_id, number, customer_id, placed_at, kind, status, currency, total_minor,
   lines_count, source, origin, body_hash, created_at, updated_at)
SELECT %(workspace)s, public_id, number, customer_id, placed_at, kind, status, %(currency)s,
       total_minor, lines_count, source, %(origin)s, body_hash, %(now)s, %(now)s
FROM incoming_order ORDER BY source, number, seq
ON CONFLICT (workspace_id, source, number) DO NOTHING
"""
FIND_ORDERS = """
UPDATE incoming_order AS o
SET order_id = t.id, is_fresh = (t.public_id = o.public_id),
    is_same = (t.body_hash = o.body_hash), public_id = t.public_id
FROM orders_order AS t
WHERE t.workspace_id = %(workspace)s AND t.source = o.source AND t.number = o.number
"""
# What a source does not say of a brand the catalogue may know.
INSERT_LINES = """
INSERT INTO orders_line
  (workspace_id, order_id, customer_id, line_no, placed_at, sku, name, category, brand, quantity,
   unit_price, total_minor, kind)
SELECT %(workspace)s, o.order_id, o.customer_id, l.line_no, coalesce(l.placed_at, o.placed_at),
       l.sku, l.name, l.category, coalesce(l.brand, p.brand), l.quantity, l.unit_price,
       round(l.quantity * l.unit_price * 10::numeric ^ %(scale)s::int), coalesce(l.kind, o.kind)
FROM incoming_line AS l JOIN incoming_order AS o USING (seq)
LEFT JOIN orders_product AS p ON p.workspace_id = %(workspace)s AND p.sku = l.sku
WHERE o.is_fresh ORDER BY o.order_id, l.line_no
"""
# In key order, so that two sets that sell the same goods wait and do not deadlock.
FILL_PRODUCTS = """
INSERT INTO orders_product AS p
  (workspace_id, sku, name, category, brand, price, sold_quantity, sold_minor, first_at, last_at)
SELECT %(workspace)s, l.sku,
       (array_agg(l.name ORDER BY o.placed_at DESC) FILTER (WHERE l.name IS NOT NULL))[1],
       (array_agg(l.category ORDER BY o.placed_at DESC) FILTER (WHERE l.category IS NOT NULL))[1],
       (array_agg(l.brand ORDER BY o.placed_at DESC) FILTER (WHERE l.brand IS NOT NULL))[1],
       (array_agg(l.unit_price ORDER BY o.placed_at DESC)
           FILTER (WHERE o.kind = 'sale' AND l.unit_price > 0))[1],
       coalesce(sum(l.quantity) FILTER (WHERE o.kind = 'sale'), 0),
       coalesce(sum(round(l.quantity * l.unit_price * 10::numeric ^ %(scale)s::int))
           FILTER (WHERE o.kind = 'sale'), 0),
       min(o.placed_at), max(o.placed_at)
FROM incoming_line AS l JOIN incoming_order AS o USING (seq)
WHERE o.is_fresh GROUP BY l.sku ORDER BY l.sku
ON CONFLICT (workspace_id, sku) DO UPDATE
SET name = CASE WHEN p.catalogue_hash IS NOT NULL THEN coalesce(p.name, excluded.name)
           WHEN excluded.last_at >= p.last_at THEN coalesce(excluded.name, p.name)
           ELSE coalesce(p.name, excluded.name) END,
    category = CASE WHEN p.catalogue_hash IS NOT NULL THEN coalesce(p.category, excluded.category)
               WHEN excluded.last_at >= p.last_at
               THEN coalesce(excluded.category, p.category)
               ELSE coalesce(p.category, excluded.category) END,
    brand = CASE WHEN p.catalogue_hash IS NOT NULL THEN coalesce(p.brand, excluded.brand)
            WHEN excluded.last_at >= p.last_at THEN coalesce(excluded.brand, p.brand)
            ELSE coalesce(p.brand, excluded.brand) END,
    price = CASE WHEN p.last_at IS NULL OR excluded.last_at >= p.last_at
            THEN coalesce(excluded.price, p.price) ELSE coalesce(p.price, excluded.price) END,
    sold_quantity = p.sold_quantity + excluded.sold_quantity,
    sold_minor = p.sold_minor + excluded.sold_minor,
    first_at = least(p.first_at, excluded.first_at),
    last_at = greatest(p.last_at, excluded.last_at)
"""
ADD_VALUES = f"""
INSERT INTO orders_customervalue AS v
  (workspace_id, customer_id, orders_count, total_minor, returned_minor, first_at, last_at)
SELECT %(workspace)s, customer_id, count(*) FILTER (WHERE {PURCHASE}),
       coalesce(sum(total_minor) FILTER (WHERE {PURCHASE}), 0),
       coalesce(-sum(total_minor) FILTER (WHERE kind = 'return'), 0),
       min(placed_at) FILTER (WHERE {PURCHASE}), max(placed_at) FILTER (WHERE {PURCHASE})
FROM incoming_order WHERE is_fresh AND customer_id IS NOT NULL
GROUP BY customer_id ORDER BY customer_id
ON CONFLICT (workspace_id, customer_id) DO UPDATE
SET orders_count = v.orders_count + excluded.orders_count,
    total_minor = v.total_minor + excluded.total_minor,
    returned_minor = v.returned_minor + excluded.returned_minor,
    first_at = least(v.first_at, excluded.first_at),
    last_at = greatest(v.last_at, excluded.last_at)
"""
# The same figures from the orders themselves, for customers whose old orders changed.
RECOUNT_VALUES = f"""
INSERT INTO orders_customervalue AS v
  (workspace_id, customer_id, orders_count, total_minor, returned_minor, first_at, last_at)
SELECT %(workspace)s, customer_id, count(*) FILTER (WHERE {PURCHASE}),
       coalesce(sum(total_minor) FILTER (WHERE {PURCHASE}), 0),
       coalesce(-sum(total_minor) FILTER (WHERE kind = 'return'), 0),
       min(placed_at) FILTER (WHERE {PURCHASE}), max(placed_at) FILTER (WHERE {PURCHASE})
FROM orders_order WHERE workspace_id = %(workspace)s AND customer_id = ANY(%(customers)s)
GROUP BY customer_id ORDER BY customer_id
ON CONFLICT (workspace_id, customer_id) DO UPDATE
SET orders_count = excluded.orders_count, total_minor = excluded.total_minor,
    returned_minor = excluded.returned_minor, first_at = excluded.first_at,
    last_at = excluded.last_at
"""
READ_OUTCOMES = """
SELECT order_id, public_id, source, number, is_fresh, is_same, customer_id, placed_at, kind,
       status, total_minor, lines_count
FROM incoming_order ORDER BY seq
"""
# Lines told anew: what a source does not say of a line stays.
TOLD_LINES = """
unnest(%(line_no)s::int[], %(sku)s::text[], %(name)s::text[], %(category)s::text[],
       %(quantity)s::numeric[], %(unit_price)s::numeric[], %(total_minor)s::bigint[],
       %(item)s::text[], %(duration_min)s::int[], %(starts_at)s::timestamptz[],
       %(ends_at)s::timestamptz[], %(has_details)s::boolean[], %(is_new)s::boolean[])
  AS g (line_no, sku, name, category, quantity, unit_price, total_minor, item, duration_min,
        starts_at, ends_at, has_details, is_new)
"""
CHANGE_LINES = f"""
UPDATE orders_line AS l
SET name = coalesce(g.name, l.name), category = coalesce(g.category, l.category),
    quantity = g.quantity, unit_price = g.unit_price, total_minor = g.total_minor,
    item = CASE WHEN g.has_details THEN g.item ELSE l.item END,
    duration_min = CASE WHEN g.has_details THEN g.duration_min ELSE l.duration_min END,
    starts_at = CASE WHEN g.has_details THEN g.starts_at ELSE l.starts_at END,
    ends_at = CASE WHEN g.has_details THEN g.ends_at ELSE l.ends_at END
FROM {TOLD_LINES}
WHERE l.workspace_id = %(workspace)s AND l.order_id = %(order)s AND l.line_no = g.line_no
  AND NOT g.is_new AND NOT l.is_gone
"""
ADD_LINES = f"""
INSERT INTO orders_line
  (workspace_id, order_id, customer_id, line_no, placed_at, sku, name, category, brand, quantity,
   unit_price, total_minor, kind, item, duration_min, starts_at, ends_at)
SELECT %(workspace)s, %(order)s, %(customer)s, g.line_no, %(placed_at)s, g.sku, g.name, g.category,
       (SELECT p.brand FROM orders_product AS p
        WHERE p.workspace_id = %(workspace)s AND p.sku = g.sku),
       g.quantity, g.unit_price, g.total_minor, %(kind)s, g.item, g.duration_min, g.starts_at,
       g.ends_at
FROM {TOLD_LINES} WHERE g.is_new ORDER BY g.line_no
"""
COUNT_PRODUCTS = """
INSERT INTO orders_product AS p
  (workspace_id, sku, name, category, brand, price, sold_quantity, sold_minor, first_at, last_at)
SELECT %s, g.sku, g.name, g.category, g.brand, g.price, g.quantity, g.worth, %s, %s
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[],
            %s::bigint[]) AS g (sku, name, category, brand, price, quantity, worth)
ORDER BY g.sku
ON CONFLICT (workspace_id, sku) DO UPDATE
SET name = coalesce(p.name, excluded.name), category = coalesce(p.category, excluded.category),
    brand = coalesce(p.brand, excluded.brand), price = coalesce(p.price, excluded.price),
    sold_quantity = p.sold_quantity + excluded.sold_quantity,
    sold_minor = p.sold_minor + excluded.sold_minor,
    first_at = least(p.first_at, excluded.first_at), last_at = greatest(p.last_at, excluded.last_at)
"""
