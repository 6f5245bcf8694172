"""Orders whose lines or sum changed after they were written, as their source tells it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Refused
from regulars.kernel.money import line_total_minor
from regulars.orders import queries
from regulars.orders.actions import sql
from regulars.orders.actions.locks import lock_goods_of
from regulars.orders.actions.payments import settle_total
from regulars.orders.actions.record import record_orders_many
from regulars.orders.actions.stages import recount_values
from regulars.orders.actions.stock import follow_lines
from regulars.orders.pure.corrections import LineChange, changes, check_returned, written
from regulars.orders.pure.meaning import check, check_time
from regulars.orders.queries.books import order_by_id
from regulars.orders.records import NewLine, NewOrder, OrderKind, OrderRecord, Outcome, Recorded
from regulars.store.scope import cursor

# Clocks of other systems are believed to be this good.
AHEAD_MAX = timedelta(hours=24)
UPDATE_ORDER = """
UPDATE orders_order SET total_minor = %s, lines_count = %s, told_at = %s, updated_at = %s
WHERE workspace_id = %s AND id = %s
"""
TAKE_OUT = """
UPDATE orders_line SET is_gone = true
WHERE workspace_id = %s AND order_id = %s AND line_no = ANY(%s) AND NOT is_gone
"""
CORRECTED = """
INSERT INTO orders_correction
  (workspace_id, order_id, at, written_at, actor_id, source, before_minor, after_minor, changes)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
"""


def tell_order(workspace_id: int, order: NewOrder, *, origin: str = "live") -> Recorded:
    """Write the order, or correct the one of its source and number to what it says at told_at.

    Customer, stage, payment and delivery of one that is here stay.
    raises  the errors of record_order and correct_order, but for idempotency_mismatch
    """
    assert order.told_at is not None, "whoever tells an order anew says when it was so"
    check_time(order.told_at)
    if order.told_at > clock.now() + AHEAD_MAX:
        # It would stand against everything that is said until then.
        raise Invalid("order_time", "The time of the change lies in the future.")
    (recorded,) = record_orders_many(workspace_id, [order], origin=origin)
    if recorded.outcome is not Outcome.NEW:
        correct_order(
            workspace_id,
            recorded.id,
            lines=order.lines or None,
            total_minor=order.total_minor,
            told_at=order.told_at,
            source=order.source,
            origin=origin,
        )
    return recorded


def correct_order(
    workspace_id: int,
    order_id: int,
    *,
    lines: Sequence[NewLine] | None,
    total_minor: int | None,
    told_at: datetime,
    source: str,
    origin: str = "live",
    actor_id: int | None = None,
) -> bool:
    """Let the order say what its source says now; false when that changes nothing.

    lines        all its lines; None leaves them as they are
    total_minor  what it comes to; None for the sum of its lines
    told_at      when the source said it: what is older than what the books know changes nothing
    Stage, delivery and returns stay; goods that have not left are promised anew, for as long as
    before; what is paid is compared with the new sum.
    raises  NotFound(order_unknown), Refused(order_not_sale | order_below_returned), Invalid
    """
    check_time(told_at)
    order = order_by_id(workspace_id, order_id, is_locked=True)
    if order.kind != OrderKind.SALE:
        raise Refused("order_not_sale", "A return or a correction is not told anew.")
    is_late = told_at < (order.told_at or order.placed_at)
    if is_late or order.is_closed or (lines is None and total_minor is None):
        return False
    changed = _changes(workspace_id, order, lines)
    after = _after(order, lines, total_minor)
    if not changed and after == order.total_minor:
        _write_order(workspace_id, order, after, order.lines_count, told_at)
        return False
    _check(workspace_id, order, lines, after)
    _write_lines(workspace_id, order, changed)
    count = order.lines_count if lines is None else len(lines)
    _write_order(workspace_id, order, after, count, told_at)
    follow_lines(workspace_id, order, changed)
    settle_total(workspace_id, order_by_id(workspace_id, order_id), at=told_at)
    if order.customer_id is not None:
        recount_values(workspace_id, [order.customer_id])
    _tell(workspace_id, order, changed, after, count, told_at, source, origin, actor_id)
    return True


def _changes(
    workspace_id: int, order: OrderRecord, lines: Sequence[NewLine] | None
) -> list[LineChange]:
    if lines is None:
        return []
    raw = cursor()
    raw.execute(
        "SELECT coalesce(max(line_no), 0) FROM orders_line WHERE workspace_id = %s"
        " AND order_id = %s",
        [workspace_id, order.id],
    )
    row = raw.fetchone()
    return changes(queries.lines(workspace_id, order.id), lines, row[0] if row else 0)


def _after(order: OrderRecord, lines: Sequence[NewLine] | None, total_minor: int | None) -> int:
    if total_minor is not None:
        return total_minor
    return sum(
        line_total_minor(one.quantity, one.unit_price, order.currency) for one in lines or ()
    )


def _check(
    workspace_id: int, order: OrderRecord, lines: Sequence[NewLine] | None, after: int
) -> None:
    told = NewOrder(
        number=order.number, placed_at=order.placed_at, currency=order.currency,
        lines=tuple(lines or ()), total_minor=after,
    )  # fmt: skip
    check(told, order.currency)
    returned = queries.returned_quantities(workspace_id, order) if lines is not None else {}
    check_returned(lines or (), after, returned, queries.refunded_minor(workspace_id, order))


def _write_lines(workspace_id: int, order: OrderRecord, changed: Sequence[LineChange]) -> None:
    if not changed:
        return
    # Goods before values, and all of them at once, as everywhere.
    lock_goods_of(workspace_id, [order.id], besides={one.sku for one in changed})
    _fill_products(workspace_id, order, changed)
    raw = cursor()
    raw.execute(
        TAKE_OUT, [workspace_id, order.id, [one.line_no for one in changed if one.after is None]]
    )
    told = [one for one in changed if one.after is not None]
    given = {
        **_columns(order, told),
        "workspace": workspace_id, "order": order.id, "customer": order.customer_id,
        "placed_at": order.placed_at, "kind": order.kind,
    }  # fmt: skip
    raw.execute(sql.CHANGE_LINES, given)
    raw.execute(sql.ADD_LINES, given)


def _columns(order: OrderRecord, told: Sequence[LineChange]) -> dict[str, list[Any]]:
    names: dict[str, list[Any]] = {
        name: [getattr(one.after, name) for one in told]
        for name in ("sku", "name", "category", "quantity", "unit_price", "item", "duration_min",
                     "starts_at", "ends_at", "has_details")
    }  # fmt: skip
    names["line_no"] = [one.line_no for one in told]
    names["is_new"] = [one.before is None for one in told]
    names["total_minor"] = [
        line_total_minor(one.after.quantity, one.after.unit_price, order.currency)
        for one in told if one.after is not None
    ]  # fmt: skip
    return names


def _fill_products(workspace_id: int, order: OrderRecord, changed: Sequence[LineChange]) -> None:
    """Enter new products into the catalogue and count what was sold anew."""
    more: dict[str, list[Any]] = {}
    for one in changed:
        before, after = one.quantities
        line = one.after
        worth = (
            (line_total_minor(line.quantity, line.unit_price, order.currency) if line else 0)
            - (one.before.total_minor if one.before else 0)
        )  # fmt: skip
        row = more.setdefault(one.sku, [None, None, None, None, 0, 0])
        if line is not None:
            row[:4] = [
                line.name or row[0], line.category or row[1], line.brand or row[2],
                line.unit_price if line.unit_price > 0 else row[3],
            ]  # fmt: skip
        row[4] += after - before
        row[5] += worth
    skus = sorted(more)
    columns = [[more[sku][place] for sku in skus] for place in range(6)]
    cursor().execute(
        sql.COUNT_PRODUCTS, [workspace_id, order.placed_at, order.placed_at, skus, *columns]
    )


def _write_order(
    workspace_id: int, order: OrderRecord, total_minor: int, count: int, told_at: datetime
) -> None:
    cursor().execute(
        UPDATE_ORDER, [total_minor, count, told_at, clock.now(), workspace_id, order.id]
    )


def _tell(
    workspace_id: int,
    order: OrderRecord,
    changed: Sequence[LineChange],
    after: int,
    count: int,
    at: datetime,
    source: str,
    origin: str,
    actor_id: int | None,
) -> None:
    raw = cursor()
    raw.execute(
        CORRECTED,
        [
            workspace_id, order.id, at, clock.now(), actor_id, source, order.total_minor, after,
            json.dumps([written(one) for one in changed]),
        ],
    )  # fmt: skip
    row = raw.fetchone()
    assert row is not None
    event = NewEvent(
        kind="order.adjusted",
        time=at,
        key=f"order:{order.id}:corrected:{row[0]}",
        customer_id=order.customer_id,
        subject_id=order.id,
        props={
            "number": order.number, "total": after - order.total_minor, "currency": order.currency,
            "lines": count, "source": order.source,
        },
        origin=origin,
        source="orders",
    )  # fmt: skip
    events.record(workspace_id, event)
