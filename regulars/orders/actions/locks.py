"""The one order in which rows that many orders share are locked.

Whoever changes several goods or customers' values in a transaction locks them first: orders by id,
then goods by code, then values by customer. Writing new orders goes the same way by itself
(sql.FILL_PRODUCTS, sql.ADD_VALUES), so that nobody waits for somebody who waits for them. The row
of a product stands for all its stock, in whatever places.
"""

from __future__ import annotations

from collections.abc import Iterable

from regulars.store.scope import cursor


def lock_orders(workspace_id: int, order_ids: Iterable[int]) -> None:
    """Hold these orders until the transaction ends."""
    cursor().execute(
        "SELECT 1 FROM orders_order WHERE workspace_id = %s AND id = ANY(%s)"
        " ORDER BY id FOR UPDATE",
        [workspace_id, list(order_ids)],
    )


def lock_goods(workspace_id: int, skus: Iterable[str]) -> None:
    """Hold the stock of these products until the transaction ends."""
    chosen = list(skus)
    if chosen:
        cursor().execute(
            "SELECT 1 FROM orders_product WHERE workspace_id = %s AND sku = ANY(%s)"
            " ORDER BY sku FOR NO KEY UPDATE",
            [workspace_id, chosen],
        )


def lock_goods_of(
    workspace_id: int, order_ids: Iterable[int], *, besides: Iterable[str] = ()
) -> None:
    """Hold the stock of what is promised to these orders, and of some products besides."""
    raw = cursor()
    raw.execute(
        "SELECT DISTINCT sku FROM orders_reservation WHERE workspace_id = %s"
        " AND order_id = ANY(%s)",
        [workspace_id, list(order_ids)],
    )
    lock_goods(workspace_id, {*besides, *(row[0] for row in raw.fetchall())})


def lock_values_of(workspace_id: int, order_ids: Iterable[int]) -> None:
    """Hold what the customers of these orders bought."""
    cursor().execute(
        "SELECT 1 FROM orders_customervalue WHERE workspace_id = %s AND customer_id IN"
        " (SELECT customer_id FROM orders_order WHERE workspace_id = %s AND id = ANY(%s))"
        " ORDER BY customer_id FOR NO KEY UPDATE",
        [workspace_id, workspace_id, list(order_ids)],
    )
