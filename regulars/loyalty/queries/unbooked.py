"""Purchases of a member that tills know of and the books of orders do not yet.

Orders follow a sale by seconds. What rules ask of the past – the first purchase, how many, how much
– reckons with these as well, so that nobody is "new" twice within those seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.loyalty.till_records import ORDER_SOURCE
from regulars.store.scope import cursor

# Of each id the member had, the newest; who has more of them is new by no rule.
NEWEST_MAX = 100

# One id after the other, each by the index (member, time); and order by order by its number. A join
# could be planned as a scan of all orders of a shop, a question for one value cannot.
_OPEN = """
SELECT p.state <> 'held', coalesce(p.confirmed_at, p.created_at),
       p.to_pay_minor + coalesce((p.result #>> '{summary,gift_paid_minor}')::bigint, 0)
FROM unnest(%(member)s::bigint || ARRAY(
    SELECT m.id FROM loyalty_member m
    WHERE m.workspace_id = %(workspace)s AND m.merged_into = %(member)s)) AS own (id)
CROSS JOIN LATERAL (
    SELECT * FROM loyalty_purchase b
    WHERE b.workspace_id = %(workspace)s AND b.member_id = own.id
    ORDER BY b.created_at DESC LIMIT %(most)s) AS p
WHERE p.purchase_id <> %(but)s
  AND (p.state = 'held' AND p.expires_at > %(now)s
       OR p.state IN ('confirmed', 'partly_returned') AND (
           SELECT o.id FROM orders_order o WHERE o.workspace_id = %(workspace)s
           AND o.source = %(source)s AND o.number = p.purchase_id LIMIT 1) IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Unbooked:
    """A purchase that is no order yet: paid, or only held."""

    is_paid: bool
    at: datetime
    amount_minor: int


def of_member(workspace_id: int, member_id: int, now: datetime, *, but: str = "") -> list[Unbooked]:
    """Confirmed sales that are no orders yet, and holds that have not run out.

    but  the purchase that asks; it is not before itself
    """
    with cursor() as asked:
        asked.execute(
            _OPEN,
            {
                "workspace": workspace_id, "member": member_id, "now": now, "but": but,
                "most": NEWEST_MAX, "source": ORDER_SOURCE,
            },
            prepare=True,
        )  # fmt: skip
        return [Unbooked(*row) for row in asked.fetchall()]
