"""What the desk tidies every hour: goods nobody paid for, orders that are late."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from regulars.kernel import clock
from regulars.orders import actions
from regulars.orders.records import Stage
from regulars.store.scope import cursor, scope

ORDERS_AT_ONCE_MAX = 2_000
EXPIRED = """
SELECT DISTINCT workspace_id, order_id FROM orders_reservation
WHERE state = 'held' AND expires_at <= %s ORDER BY workspace_id, order_id LIMIT %s
"""
LATE = """
SELECT workspace_id, id FROM orders_order
WHERE eta_at < %s AND delayed_at IS NULL AND kind = 'sale'
  AND coalesce(stage, CASE WHEN status IN ('new', 'paid') THEN 'received' ELSE status END)
      NOT IN ('arrived_at_branch', 'delivered', 'cancelled', 'returned')
ORDER BY workspace_id, id LIMIT %s
"""


def expire_reservations() -> int:
    """Set free the goods of orders that nobody paid in time; how many orders. Engine only."""
    return _each(EXPIRED, actions.expire)


def mark_late() -> int:
    """Mark orders whose promised time has passed as late; how many. Engine only."""
    return _each(LATE, _mark)


def _mark(workspace_id: int, order_id: int) -> bool:
    return actions.move(workspace_id, order_id, Stage.DELAYED, source="eta")


def _each(found: str, act: Callable[[int, int], bool]) -> int:
    """Act on each order found, every one in a transaction of its own."""
    with transaction.atomic():
        raw = cursor()
        raw.execute(found, [clock.now(), ORDERS_AT_ONCE_MAX])
        due = raw.fetchall()
    done = 0
    for workspace_id, order_id in due:
        with scope(workspace_id):
            done += act(workspace_id, order_id)
    return done
