"""Recording orders that come one by one or in small sets."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import pyarrow as pa
from django.db import transaction

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.kernel.errors import Conflict
from regulars.orders.actions.books import LINE_COLUMNS, ORDER_COLUMNS, write_tables
from regulars.orders.actions.opening import open_desk, status_at_first, told_beside
from regulars.orders.pure.meaning import check
from regulars.orders.records import NewOrder, Outcome, Recorded
from regulars.workspaces import queries as workspaces


def record_order(
    workspace_id: int, order: NewOrder, *, origin: str = "live", is_stock_needed: bool = False
) -> Recorded:
    """Write the order with its lines, products, value and event; once for a source and number.

    raises  Invalid, Conflict(idempotency_mismatch) when the number is taken by another body,
            Refused(stock_short) when stock is needed and there is not enough
    """
    (recorded,) = record_orders_many(
        workspace_id, [order], origin=origin, is_stock_needed=is_stock_needed
    )
    if recorded.outcome is Outcome.DIFFERS:
        raise Conflict(
            "idempotency_mismatch",
            f"Order {order.number} of {order.source} is already here and says something else.",
            number=order.number,
        )
    return recorded


def record_orders_many(
    workspace_id: int,
    orders: Sequence[NewOrder],
    *,
    origin: str = "live",
    is_stock_needed: bool = False,
) -> list[Recorded]:
    """Write a set of orders; the answers stand in the order of `orders`.

    One that was here before is answered as repeated, or as differing when it said something
    else; its neighbours are written all the same.
    raises  Invalid for the first order the books cannot take, and nothing is written
    """
    if not orders:
        return []
    currency = workspaces.workspace(workspace_id).currency
    for order in orders:
        check(order, currency)
    customer_ids = _customers(workspace_id, orders, origin)
    # The caller may answer a refusal and go on: an order that is short leaves nothing behind.
    with transaction.atomic() if is_stock_needed else nullcontext():
        recorded = write_tables(
            workspace_id,
            _order_columns(orders, customer_ids),
            _line_columns(orders),
            currency=currency,
            origin=origin,
        )
        open_desk(workspace_id, orders, recorded, origin=origin, is_strict=is_stock_needed)
    return recorded


def _customers(workspace_id: int, orders: Sequence[NewOrder], origin: str) -> list[int | None]:
    named = [(place, order.identity) for place, order in enumerate(orders) if order.identity]
    # Orders stay with the id they named, so that they go along when a merge is undone.
    found = customers.identify_many(
        workspace_id, [identity for _, identity in named], origin=origin, as_named=True
    )
    ids = [order.customer_id for order in orders]
    for (place, _), customer_id in zip(named, found, strict=True):
        ids[place] = customer_id
    return ids


def _customer_key(order: NewOrder) -> str | None:
    """What the source called the customer, with what else belongs to the body but not the books."""
    beside = told_beside(order)
    named = _name_of(order)
    return f"{named or ''}|{beside}" if beside else named


def _name_of(order: NewOrder) -> str | None:
    if order.identity is not None:
        return key_of(order.identity)
    return None if order.customer_id is None else f"id:{order.customer_id}"


def key_of(identity: Identity) -> str:
    """What the source called the customer: the strongest identifier as it came."""
    for name, value in (
        ("external", identity.external_id),
        ("email", identity.email),
        ("phone", identity.phone),
    ):
        if value:
            return f"{name}:{value.strip()}"
    return f"anonymous:{identity.anonymous_id}"


def _order_columns(orders: Sequence[NewOrder], customer_ids: Sequence[int | None]) -> pa.Table:
    return pa.table(
        {
            "seq": range(len(orders)),
            "source": [order.source for order in orders],
            "number": [order.number for order in orders],
            "customer_id": customer_ids,
            "customer_key": [_customer_key(order) for order in orders],
            "placed_at": [order.placed_at for order in orders],
            "kind": [order.kind.value for order in orders],
            "status": [status_at_first(order).value for order in orders],
            "total_minor": [order.total_minor for order in orders],
        },
        schema=ORDER_COLUMNS,
    )


def _line_columns(orders: Sequence[NewOrder]) -> pa.Table:
    rows = [
        (seq, line_no, order, line)
        for seq, order in enumerate(orders)
        for line_no, line in enumerate(order.lines, 1)
    ]
    return pa.table(
        {
            "seq": [seq for seq, _, _, _ in rows],
            "line_no": [line_no for _, line_no, _, _ in rows],
            "placed_at": [order.placed_at for _, _, order, _ in rows],
            "sku": [line.sku for _, _, _, line in rows],
            "name": [line.name for _, _, _, line in rows],
            "category": [line.category for _, _, _, line in rows],
            "brand": [line.brand for _, _, _, line in rows],
            "quantity": [line.quantity for _, _, _, line in rows],
            "unit_price": [line.unit_price for _, _, _, line in rows],
            "kind": [order.kind.value for _, _, order, _ in rows],
        },
        schema=LINE_COLUMNS,
    )
