"""What customers bought, those merged into them included."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.orders.records import Value
from regulars.store.scope import cursor

# A merge that was undone is no merge: those orders are somebody else's again.
READ = """
SELECT coalesce(g.root_id, v.customer_id), sum(v.orders_count)::int, sum(v.total_minor)::bigint,
       sum(v.returned_minor)::bigint, min(v.first_at), max(v.last_at)
FROM orders_customervalue v
LEFT JOIN customers_merge g
  ON g.workspace_id = v.workspace_id AND g.loser_id = v.customer_id AND NOT g.is_gone
WHERE v.workspace_id = %(workspace)s AND v.customer_id = ANY(%(ids)s::bigint[] || ARRAY(
  SELECT loser_id FROM customers_merge
  WHERE workspace_id = %(workspace)s AND root_id = ANY(%(ids)s) AND NOT is_gone))
GROUP BY 1
"""


def values_together(workspace_id: int, customer_ids: Sequence[int]) -> dict[int, Value]:
    """What each of these customers bought under every id they ever had; absent for nothing.

    One statement for any number of them.
    """
    raw = cursor()
    raw.execute(READ, {"workspace": workspace_id, "ids": list(customer_ids)})
    return {row[0]: Value(*row[1:]) for row in raw.fetchall()}
