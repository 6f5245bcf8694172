"""Orders in the order they changed, for whoever follows them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from regulars.orders.records import OrderRecord
from regulars.store.scope import cursor

COLUMNS = (
    "id, public_id, number, customer_id, placed_at, kind, status, currency, total_minor,"
    " lines_count, source, origin"
)


class Place(NamedTuple):
    """Where a follower stands: the transaction and the row read last."""

    xid: int
    id: int


def changed_sales(
    workspace_id: int, after: Place, *, but_source: str, placed_since: datetime, limit: int
) -> tuple[list[OrderRecord], Place]:
    """Sales written or changed after a place, and the place to go on from.

    Only what no running transaction can still come before; nothing is ever passed over.
    """
    raw = cursor()
    raw.execute(
        f"SELECT xid::text::bigint, {COLUMNS} FROM orders_order WHERE workspace_id = %s"
        " AND (xid, id) > (%s::text::xid8, %s)"
        " AND xid < pg_snapshot_xmin(pg_current_snapshot())"
        " AND kind = 'sale' AND source <> %s AND placed_at >= %s ORDER BY xid, id LIMIT %s",
        [workspace_id, str(after.xid), after.id, but_source, placed_since, limit],
    )
    rows = raw.fetchall()
    last = Place(rows[-1][0], rows[-1][1]) if rows else after
    return [OrderRecord(*row[1:]) for row in rows], last


def was_seen(workspace_id: int, order_id: int, place: Place) -> bool:
    """Whether a follower at this place knows the order as it is now."""
    raw = cursor()
    raw.execute(
        "SELECT 1 FROM orders_order WHERE workspace_id = %s AND id = %s"
        " AND (xid, id) <= (%s::text::xid8, %s)",
        [workspace_id, order_id, str(place.xid), place.id],
    )
    return raw.fetchone() is not None
