"""Reads of carts and wish lists."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from regulars.orders.records import CartLineRecord, CartRecord
from regulars.store.scope import cursor

COLUMNS = (
    "id, public_id, customer_id, kind, state, token, total_minor, currency, coupon, created_at,"
    " changed_at, checkout_at, closed_at, order_number"
)
LINES = """
SELECT cart_id, sku, l.name, quantity, unit_price, added_at, p.url, p.picture_url
FROM orders_cartline AS l LEFT JOIN orders_product AS p USING (workspace_id, sku)
WHERE l.workspace_id = %s AND cart_id = ANY(%s) AND quantity > 0 ORDER BY added_at, sku
"""


def open_cart(workspace_id: int, customer_id: int, kind: str = "cart") -> CartRecord | None:
    """The list the customer fills just now, with its lines; None when there is none."""
    return _one(
        workspace_id,
        "customer_id = %s AND kind = %s AND state = 'open'",
        [customer_id, kind],
    )


def cart_by_token(workspace_id: int, token: str) -> CartRecord | None:
    """The cart that a link of recovery names, open or not; None when there is none."""
    return _one(workspace_id, "token = %s", [token])


def carts_of(workspace_id: int, customer_ids: list[int], limit: int = 20) -> list[CartRecord]:
    """Lists of these customers, newest change first."""
    return _many(
        workspace_id, "customer_id = ANY(%s) ORDER BY changed_at DESC, id DESC LIMIT %s",
        [customer_ids, limit],
    )  # fmt: skip


def _one(workspace_id: int, where: str, values: list[Any]) -> CartRecord | None:
    found = _many(workspace_id, where, values)
    return found[0] if found else None


def _many(workspace_id: int, where: str, values: list[Any]) -> list[CartRecord]:
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM orders_cart WHERE workspace_id = %s AND {where}",
        [workspace_id, *values],
    )
    rows = raw.fetchall()
    raw.execute(LINES, [workspace_id, [row[0] for row in rows]])
    lines: dict[int, list[CartLineRecord]] = {}
    for cart_id, *line in raw.fetchall():
        lines.setdefault(cart_id, []).append(CartLineRecord(*line))
    return [replace(CartRecord(*row), lines=tuple(lines.get(row[0], ()))) for row in rows]
