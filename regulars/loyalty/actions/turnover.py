"""What counts towards tiers: every order and every earning of a member, on its local day.

What an order counts is worked out from the order as it stands; each change of it is one more row,
so the sum of its rows is always what it counts now and nothing is ever changed behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from regulars.events.records import Event
from regulars.kernel import clock
from regulars.loyalty.actions import tiers
from regulars.loyalty.queries import programme
from regulars.orders.records import PAID_STATUSES
from regulars.store.scope import cursor

ORDER_KINDS = ("order.paid", "order.returned", "order.cancelled", "order.adjusted")
POINT_KINDS = ("points.earned", "points.returned")

# What each order counts now beside what was noted of it.
ORDERS = """
SELECT o.id, m.id, o.placed_at, coalesce(t.spend, 0)::bigint, coalesce(t.orders, 0)::int,
       CASE WHEN o.kind = 'return' THEN o.total_minor
            WHEN o.kind = 'sale' AND o.status = ANY(%(paid)s) AND o.total_minor > 0
            THEN o.total_minor ELSE 0 END,
       CASE WHEN o.kind = 'sale' AND o.status = ANY(%(paid)s) AND o.total_minor > 0
            THEN 1 ELSE 0 END
FROM orders_order o
JOIN customers_customer c ON c.id = o.customer_id
JOIN loyalty_member m ON m.workspace_id = o.workspace_id
    AND m.customer_id = coalesce(c.merged_into, c.id)
LEFT JOIN LATERAL (
    SELECT sum(spend_minor) AS spend, sum(orders) AS orders FROM loyalty_turnover
    WHERE workspace_id = o.workspace_id AND source >= 'order:' || o.id || ':'
      AND source < 'order:' || o.id || ';') t ON true
WHERE o.workspace_id = %(workspace)s AND o.id = ANY(%(orders)s::bigint[]) ORDER BY o.id
"""
ADD = """
INSERT INTO loyalty_turnover (workspace_id, member_id, day, source, spend_minor, orders, earned, at)
SELECT %s, n.*, %s FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::bigint[], %s::int[],
                               %s::bigint[]) AS n
ON CONFLICT (workspace_id, source) DO NOTHING
"""
MEMBERS = """
SELECT m.customer_id, m.id FROM loyalty_member m
WHERE m.workspace_id = %s AND m.customer_id = ANY(%s::bigint[])
"""
ROOTS = """
SELECT id, coalesce(merged_into, id) FROM customers_customer
WHERE workspace_id = %s AND id = ANY(%s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Count:
    """One line of what counts."""

    member_id: int
    day: date
    source: str
    spend_minor: int = 0
    orders: int = 0
    earned: int = 0


def take(workspace_id: int, events: Sequence[Event], now: datetime | None = None) -> int:
    """Note what these events count and look at the members they touch; how many changed tier."""
    moment = now or clock.now()
    return look(workspace_id, note(workspace_id, events, moment), moment)


def look(workspace_id: int, member_ids: Sequence[int], now: datetime) -> int:
    """Look at members something was noted of; a tier by balance is looked at by night."""
    if not member_ids or programme.live(workspace_id).programme.tiers.basis == "balance":
        return 0
    return tiers.advance(workspace_id, member_ids, now)


def note(workspace_id: int, events: Sequence[Event], moment: datetime) -> list[int]:
    """Write down what these events count; the members they touch, who are to be looked at."""
    live = programme.live(workspace_id)
    counts = [
        *_of_orders(workspace_id, events, live.zone),
        *_of_points(workspace_id, events, live.programme.main.slug, live.zone),
    ]
    if not counts:
        return []
    cursor().execute(
        ADD,
        [
            workspace_id,
            moment,
            [one.member_id for one in counts],
            [one.day for one in counts],
            [one.source for one in counts],
            [one.spend_minor for one in counts],
            [one.orders for one in counts],
            [one.earned for one in counts],
        ],
    )
    return sorted({one.member_id for one in counts})


def _of_orders(workspace_id: int, events: Sequence[Event], zone: Any) -> list[Count]:
    told = {e.subject_id: e.id for e in events if e.kind in ORDER_KINDS and e.subject_id}
    if not told:
        return []
    raw = cursor()
    raw.execute(
        ORDERS,
        {
            "workspace": workspace_id,
            "orders": list(told),
            "paid": [status.value for status in PAID_STATUSES],
        },
    )
    return [
        Count(
            member_id, placed_at.astimezone(zone).date(), f"order:{order_id}:{told[order_id]}",
            spend - noted, orders - noted_orders,
        )
        for order_id, member_id, placed_at, noted, noted_orders, spend, orders in raw.fetchall()
        if (spend, orders) != (noted, noted_orders)
    ]  # fmt: skip


def _of_points(workspace_id: int, events: Sequence[Event], currency: str, zone: Any) -> list[Count]:
    """Points given count, and points taken back with goods count against them."""
    told = [
        event
        for event in events
        if event.kind in POINT_KINDS
        and event.customer_id
        and event.props.get("currency") == currency
    ]
    counted = [e for e in told if e.kind == "points.earned" or e.props["points"] < 0]
    if not counted:
        return []
    raw = cursor()
    raw.execute(ROOTS, [workspace_id, sorted({e.customer_id for e in counted if e.customer_id})])
    roots = dict(raw.fetchall())
    raw.execute(MEMBERS, [workspace_id, list(set(roots.values()))])
    members = dict(raw.fetchall())
    return [
        Count(
            members[root], event.time.astimezone(zone).date(), f"points:{event.id}",
            earned=event.props["points"],
        )
        for event in counted
        if (root := roots.get(event.customer_id)) in members
    ]  # fmt: skip
