"""Reads of orders, products and what customers bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from regulars.kernel.errors import NotFound
from regulars.orders.records import LineRecord, OrderRecord, Value
from regulars.store.scope import cursor

PAGE_ROWS = 50
COUNT_MAX = 10_000
ORDER_COLUMNS = (
    "id, public_id, number, customer_id, placed_at, kind, status, currency, total_minor,"
    " lines_count, source, origin, stage, delayed_at, payment, paid_minor, refunded_minor,"
    " payment_url, eta_at, place_id, responsible_id, token, told_at, pays_on_delivery, hold"
)


def known_numbers(workspace_id: int, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (source, number) are in the books."""
    raw = cursor()
    raw.execute(
        "SELECT t.source, t.number FROM unnest(%s::text[], %s::text[]) AS asked (source, number)"
        " JOIN orders_order t ON t.workspace_id = %s AND t.source = asked.source"
        " AND t.number = asked.number",
        [[source for source, _ in keys], [number for _, number in keys], workspace_id],
    )
    return {(source, number) for source, number in raw.fetchall()}


def order_ids(workspace_id: int, source: str, numbers: Sequence[str]) -> dict[str, int]:
    """The orders of this source by their numbers; unknown ones are absent."""
    raw = cursor()
    raw.execute(
        "SELECT number, id FROM orders_order WHERE workspace_id = %s AND source = %s"
        " AND number = ANY(%s)",
        [workspace_id, source, list(numbers)],
    )
    return {row[0]: row[1] for row in raw.fetchall()}


def order(workspace_id: int, public_id: str) -> OrderRecord:
    """The order of this public id. raises NotFound(order_unknown)"""
    return _one(workspace_id, "public_id = %s", public_id)


def order_by_id(workspace_id: int, order_id: int, *, is_locked: bool = False) -> OrderRecord:
    """The order of this id, held until the transaction ends when is_locked.

    raises  NotFound(order_unknown)
    """
    return _one(workspace_id, "id = %s", order_id, is_locked=is_locked)


def order_by_token(workspace_id: int, token: str) -> OrderRecord:
    """The order whose public page has this token. raises NotFound(order_unknown)"""
    return _one(workspace_id, "token = %s", token)


def _one(workspace_id: int, condition: str, value: Any, *, is_locked: bool = False) -> OrderRecord:
    raw = cursor()
    lock = " FOR UPDATE" if is_locked else ""
    raw.execute(
        f"SELECT {ORDER_COLUMNS} FROM orders_order WHERE workspace_id = %s AND {condition}{lock}",
        [workspace_id, value],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("order_unknown", "There is no such order.")
    return OrderRecord(*row)


def placed_at(workspace_id: int, order_ids: Sequence[int]) -> dict[int, datetime]:
    """When each of these orders was placed; unknown ones are absent."""
    raw = cursor()
    raw.execute(
        "SELECT id, placed_at FROM orders_order WHERE workspace_id = %s AND id = ANY(%s)",
        [workspace_id, list(order_ids)],
    )
    return {row[0]: row[1] for row in raw.fetchall()}


def lines(workspace_id: int, order_id: int) -> list[LineRecord]:
    """The lines of the order in their own order."""
    return lines_of(workspace_id, [order_id]).get(order_id, [])


def lines_of(workspace_id: int, order_ids: Sequence[int]) -> dict[int, list[LineRecord]]:
    """The lines of each of these orders in their own order."""
    raw = cursor()
    raw.execute(
        "SELECT order_id, line_no, sku, name, category, quantity, unit_price, total_minor, kind,"
        " item, duration_min, starts_at, ends_at FROM orders_line"
        " WHERE workspace_id = %s AND order_id = ANY(%s) AND NOT is_gone"
        " ORDER BY order_id, line_no",
        [workspace_id, list(order_ids)],
    )
    found: dict[int, list[LineRecord]] = {}
    for order_id, *line in raw.fetchall():
        found.setdefault(order_id, []).append(LineRecord(*line))
    return found


# The numbers of an order's returns begin with its own; one that was undone is none any more.
RETURNS_OF = (
    "workspace_id = %s AND source = %s AND number >= %s AND number < %s"
    " AND starts_with(number, %s) AND kind = 'return' AND status <> 'cancelled'"
)


def returns_of(workspace_id: int, order: OrderRecord) -> list[OrderRecord]:
    """The first PAGE_ROWS returns of parts of the order, the oldest first."""
    raw = cursor()
    raw.execute(
        f"SELECT {ORDER_COLUMNS} FROM orders_order WHERE {RETURNS_OF}"
        " ORDER BY placed_at, id LIMIT %s",
        [*returns_given(workspace_id, order), PAGE_ROWS],
    )
    return [OrderRecord(*row) for row in raw.fetchall()]


def returned_quantities(
    workspace_id: int, order: OrderRecord, *, but: int | None = None
) -> dict[str, Decimal]:
    """How much of each product came back by all returns of the order, one of them left out."""
    raw = cursor()
    raw.execute(
        "SELECT sku, -sum(quantity) FROM orders_line WHERE workspace_id = %s AND NOT is_gone"
        " AND order_id IN"
        f" (SELECT id FROM orders_order WHERE {RETURNS_OF} AND id IS DISTINCT FROM %s)"
        " GROUP BY sku",
        [workspace_id, *returns_given(workspace_id, order), but],
    )
    return dict(raw.fetchall())


def returned_before(
    workspace_id: int, order: OrderRecord, *, before: int | None = None
) -> tuple[int, int]:
    """What the goods of the order's returns cost, and what went back for them, both above zero.

    before  only returns written before the one of this id
    """
    raw = cursor()
    raw.execute(
        "SELECT coalesce(-sum(worth), 0)::bigint, coalesce(-sum(total_minor), 0)::bigint FROM ("
        " SELECT o.total_minor, (SELECT sum(l.total_minor) FROM orders_line AS l"
        " WHERE l.workspace_id = o.workspace_id AND l.order_id = o.id AND NOT l.is_gone) AS worth"
        f" FROM orders_order AS o WHERE {RETURNS_OF} AND (%s::bigint IS NULL OR id < %s)"
        ") AS back WHERE worth IS NOT NULL",
        [*returns_given(workspace_id, order), before, before],
    )
    row = raw.fetchone()
    return (row[0], row[1]) if row else (0, 0)


def refunded_minor(workspace_id: int, order: OrderRecord) -> int:
    """What went back for all returns of the order, above zero."""
    raw = cursor()
    raw.execute(
        f"SELECT coalesce(-sum(total_minor), 0)::bigint FROM orders_order WHERE {RETURNS_OF}",
        returns_given(workspace_id, order),
    )
    row = raw.fetchone()
    return row[0] if row else 0


def returns_given(workspace_id: int, order: OrderRecord) -> list[Any]:
    """What RETURNS_OF is asked with."""
    first, last = f"{order.number}/R", f"{order.number}/S"
    return [workspace_id, order.source, first, last, first]


def orders_of(workspace_id: int, customer_ids: Sequence[int], limit: int = 20) -> list[OrderRecord]:
    """The newest orders of a customer; give the ids merged into them too."""
    raw = cursor()
    raw.execute(
        f"SELECT {ORDER_COLUMNS} FROM orders_order WHERE workspace_id = %s"
        " AND customer_id = ANY(%s) ORDER BY placed_at DESC, id DESC LIMIT %s",
        [workspace_id, list(customer_ids), limit],
    )
    return [OrderRecord(*row) for row in raw.fetchall()]


def values(workspace_id: int, customer_ids: Sequence[int]) -> dict[int, Value]:
    """What each of these customers bought; those who bought nothing are absent."""
    raw = cursor()
    raw.execute(
        "SELECT customer_id, orders_count, total_minor, returned_minor, first_at, last_at"
        " FROM orders_customervalue WHERE workspace_id = %s AND customer_id = ANY(%s)",
        [workspace_id, list(customer_ids)],
    )
    return {row[0]: Value(*row[1:]) for row in raw.fetchall()}


def value_of(workspace_id: int, customer_ids: Sequence[int]) -> Value:
    """What one customer bought, under every id that was merged into theirs."""
    found = list(values(workspace_id, customer_ids).values())
    firsts = [value.first_at for value in found if value.first_at]
    lasts = [value.last_at for value in found if value.last_at]
    return Value(
        orders_count=sum(value.orders_count for value in found),
        total_minor=sum(value.total_minor for value in found),
        returned_minor=sum(value.returned_minor for value in found),
        first_at=min(firsts, default=None),
        last_at=max(lasts, default=None),
    )


def monthly_totals(
    workspace_id: int, customer_ids: Sequence[int], since: datetime, zone: str
) -> list[tuple[datetime, int]]:
    """What the customer's purchases came to in each month since, months without any left out."""
    raw = cursor()
    raw.execute(
        "SELECT date_trunc('month', placed_at, %s), sum(total_minor)::bigint FROM orders_order"
        " WHERE workspace_id = %s AND customer_id = ANY(%s) AND placed_at >= %s"
        " AND kind = 'sale' AND status IN ('paid', 'processing', 'shipped', 'delivered')"
        " GROUP BY 1 ORDER BY 1",
        [zone, workspace_id, list(customer_ids), since],
    )
    return [(row[0], row[1]) for row in raw.fetchall()]


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders a list shows; an empty field asks nothing.

    status        what the books say; stage: where the order is ("delayed": what is late)
    customer_ids  a customer with the ids merged into them; None means everybody's
    ids           what a search found; None when nothing was searched
    is_free       only orders that nobody is responsible for
    """

    number: str = ""
    kind: str = ""
    status: str = ""
    stage: str = ""
    payment: str = ""
    source: str = ""
    customer_ids: tuple[int, ...] | None = None
    ids: tuple[int, ...] | None = None
    responsible_id: int | None = None
    is_free: bool = False
    place_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = OrderFilter()
FOUND_MAX = 1_000


def page(
    workspace_id: int,
    chosen: OrderFilter = EVERYTHING,
    *,
    before: tuple[datetime, int] | None = None,
    limit: int = PAGE_ROWS + 1,
) -> list[OrderRecord]:
    """The newest orders of the filter, one more than a page to tell whether there is another."""
    where, given = _where(workspace_id, chosen)
    if before is not None:
        where += " AND (placed_at, id) < (%s, %s)"
        given += before
    raw = cursor()
    raw.execute(
        f"SELECT {ORDER_COLUMNS} FROM orders_order WHERE {where}"
        " ORDER BY placed_at DESC, id DESC LIMIT %s",
        [*given, limit],
    )
    return [OrderRecord(*row) for row in raw.fetchall()]


def count(workspace_id: int, chosen: OrderFilter = EVERYTHING) -> int:
    """How many orders the filter has, COUNT_MAX + 1 standing for more."""
    where, given = _where(workspace_id, chosen)
    raw = cursor()
    raw.execute(
        f"SELECT count(*) FROM (SELECT FROM orders_order WHERE {where} LIMIT %s) AS few",
        [*given, COUNT_MAX + 1],
    )
    row = raw.fetchone()
    return row[0] if row else 0


def orders_of_text(workspace_id: int, text: str, customer_ids: Sequence[int]) -> tuple[int, ...]:
    """The newest orders whose number begins so, whose parcel has that number, or whose customer
    is one of those; at most FOUND_MAX."""
    raw = cursor()
    raw.execute(
        "SELECT id FROM orders_order WHERE workspace_id = %(workspace)s AND (id IN"
        " (SELECT id FROM orders_order WHERE workspace_id = %(workspace)s"
        " AND number >= %(text)s AND number < %(last)s AND starts_with(number, %(text)s)"
        " LIMIT %(most)s) OR id IN (SELECT order_id FROM orders_delivery"
        " WHERE workspace_id = %(workspace)s AND tracking_number = %(text)s)"
        " OR customer_id = ANY(%(customers)s)) ORDER BY placed_at DESC, id DESC LIMIT %(most)s",
        {
            "workspace": workspace_id,
            "text": text,
            "last": text + LAST_SIGN,
            "customers": list(customer_ids),
            "most": FOUND_MAX,
        },
    )
    return tuple(row[0] for row in raw.fetchall())


def ids_of(workspace_id: int, public_ids: Sequence[str]) -> dict[str, int]:
    """The orders of these public ids; unknown ones are absent."""
    raw = cursor()
    raw.execute(
        "SELECT public_id, id FROM orders_order WHERE workspace_id = %s AND public_id = ANY(%s)",
        [workspace_id, list(public_ids)],
    )
    return {row[0]: row[1] for row in raw.fetchall()}


# Sorts after whatever may follow the beginning of a number.
LAST_SIGN = "\U0010ffff"


def _where(workspace_id: int, chosen: OrderFilter) -> tuple[str, list[Any]]:
    parts: list[str] = ["workspace_id = %s"]
    given: list[Any] = [workspace_id]
    is_late = chosen.stage == "delayed"
    asked: list[tuple[str, Any]] = [
        ("number = %s", chosen.number), ("kind = %s", chosen.kind), ("status = %s", chosen.status),
        ("stage_now = %s", "" if is_late else chosen.stage),
        ("payment_now = %s", chosen.payment), ("source = %s", chosen.source),
        ("responsible_id = %s", chosen.responsible_id), ("place_id = %s", chosen.place_id),
        ("placed_at >= %s", chosen.since), ("placed_at < %s", chosen.until),
    ]  # fmt: skip
    for condition, value in asked:
        if value:
            parts.append(condition)
            given.append(value)
    if is_late:
        parts.append("delayed_at IS NOT NULL")
    if chosen.stage or chosen.payment:
        parts.append("kind = 'sale'")
    if chosen.is_free:
        parts.append("responsible_id IS NULL")
    for condition, several in (
        ("customer_id = ANY(%s)", chosen.customer_ids), ("id = ANY(%s)", chosen.ids),
    ):  # fmt: skip
        if several is not None:
            parts.append(condition)
            given.append(list(several))
    return " AND ".join(parts), given
