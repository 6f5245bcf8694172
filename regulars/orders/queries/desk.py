"""Reads of what stands beside an order: delivery, payments, history, comments, stock, places."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from regulars.kernel.errors import NotFound
from regulars.orders.desk_records import (
    CarrierRecord,
    CommentRow,
    CorrectionRow,
    DeliveryRecord,
    PaymentRow,
    PlaceRecord,
    ReservationRow,
    StatusRow,
    StockRow,
    SupportRecord,
)
from regulars.orders.queries.books import PAGE_ROWS
from regulars.orders.queries.leads import like
from regulars.store.scope import cursor

# More than anybody reads on one page; the newest are kept.
ROWS_SHOWN_MAX = 200
PLACES_MAX = 500
PLACE_COLUMNS = "id, public_id, name, address, phone, is_open"
DELIVERY_COLUMNS = (
    "method, address, branch, carrier, tracking_number, tracking_url, carrier_code,"
    " is_code_unknown, polled_at, poll_at, fault"
)


def delivery(workspace_id: int, order_id: int) -> DeliveryRecord:
    """How the order travels; an empty record while nobody has said."""
    return deliveries(workspace_id, [order_id]).get(order_id, DeliveryRecord())


def deliveries(workspace_id: int, order_ids: Sequence[int]) -> dict[int, DeliveryRecord]:
    """How each of these orders travels; those of which nobody has said anything are absent."""
    rows = _rows(
        f"SELECT order_id, {DELIVERY_COLUMNS} FROM orders_delivery"
        " WHERE workspace_id = %s AND order_id = ANY(%s)",
        [workspace_id, list(order_ids)],
    )
    return {row[0]: DeliveryRecord(*row[1:]) for row in rows}


def payments(workspace_id: int, order_id: int) -> list[PaymentRow]:
    """The money of the order, the oldest first."""
    rows = _rows(
        "SELECT key, amount_minor, method, at, actor_id FROM orders_payment"
        " WHERE workspace_id = %s AND order_id = %s ORDER BY at, id LIMIT %s",
        [workspace_id, order_id, ROWS_SHOWN_MAX],
    )
    return [PaymentRow(*row) for row in rows]


def history(workspace_id: int, order_id: int) -> list[StatusRow]:
    """The statuses the order reached, the oldest first."""
    rows = _rows(
        "SELECT status, at, written_at, actor_id, source, reason FROM orders_statuschange"
        " WHERE workspace_id = %s AND order_id = %s ORDER BY at, id LIMIT %s",
        [workspace_id, order_id, ROWS_SHOWN_MAX],
    )
    return [StatusRow(*row) for row in rows]


def corrections(workspace_id: int, order_id: int) -> list[CorrectionRow]:
    """How the order changed since it was written, the oldest first."""
    rows = _rows(
        "SELECT at, actor_id, source, before_minor, after_minor, changes FROM orders_correction"
        " WHERE workspace_id = %s AND order_id = %s ORDER BY id LIMIT %s",
        [workspace_id, order_id, ROWS_SHOWN_MAX],
    )
    return [CorrectionRow(*row) for row in rows]


def comments(workspace_id: int, subject: str, subject_id: int) -> list[CommentRow]:
    """What staff wrote about an order or a lead, the newest first."""
    rows = _rows(
        "SELECT text, at, actor_id FROM orders_comment WHERE workspace_id = %s AND subject = %s"
        " AND subject_id = %s ORDER BY at DESC, id DESC LIMIT %s",
        [workspace_id, subject, subject_id, ROWS_SHOWN_MAX],
    )
    return [CommentRow(*row) for row in rows]


def reservations(workspace_id: int, order_id: int) -> list[ReservationRow]:
    """What is promised to the lines of the order."""
    rows = _rows(
        "SELECT line_no, sku, quantity, state, place_id, expires_at FROM orders_reservation"
        " WHERE workspace_id = %s AND order_id = %s ORDER BY line_no",
        [workspace_id, order_id],
    )
    return [ReservationRow(*row) for row in rows]


def places(workspace_id: int, *, are_open: bool = False) -> list[PlaceRecord]:
    """The shops and store rooms by name."""
    rows = _rows(
        f"SELECT {PLACE_COLUMNS} FROM orders_place WHERE workspace_id = %s"
        " AND (is_open OR NOT %s) ORDER BY name, id LIMIT %s",
        [workspace_id, are_open, PLACES_MAX],
    )
    return [PlaceRecord(*row) for row in rows]


def place(workspace_id: int, public_id: str) -> PlaceRecord:
    """The place of this public id. raises NotFound(place_unknown)"""
    rows = _rows(
        f"SELECT {PLACE_COLUMNS} FROM orders_place WHERE workspace_id = %s AND public_id = %s",
        [workspace_id, public_id],
    )
    if not rows:
        raise NotFound("place_unknown", "There is no such shop or store room.")
    return PlaceRecord(*rows[0])


def stock(
    workspace_id: int,
    *,
    place_id: int | None = None,
    search: str = "",
    sku: str | None = None,
    is_short: bool = False,
    after: tuple[str, int] | None = None,
) -> list[StockRow]:
    """What lies where, by code and place, one row more than a page.

    is_short  only what is promised in full or run out
    """
    where, given = "s.workspace_id = %s", [workspace_id]
    more: list[Any] = []
    for condition, values in (
        ("s.place_id = %s", [place_id] if place_id is not None else []),
        ("s.sku = %s", [sku] if sku is not None else []),
        ("(lower(s.sku) LIKE %s OR lower(p.name) LIKE %s)", [like(search)] * 2 if search else []),
        ("(s.sku, s.place_id) > (%s, %s)", list(after) if after else []),
    ):
        if values:
            where += f" AND {condition}"
            more += values
    if is_short:
        where += " AND s.on_hand <= s.reserved"
    rows = _rows(
        "SELECT s.place_id, s.sku, p.name, s.on_hand, s.reserved, s.updated_at"
        " FROM orders_stock AS s LEFT JOIN orders_product AS p"
        " ON p.workspace_id = s.workspace_id AND p.sku = s.sku"
        f" WHERE {where} ORDER BY s.sku, s.place_id LIMIT %s",
        [*given, *more, PAGE_ROWS + 1],
    )
    return [StockRow(*row) for row in rows]


def free_of(workspace_id: int, skus: Sequence[str]) -> dict[str, Decimal]:
    """What of each product can still be promised in all open places; unstocked ones are absent."""
    rows = _rows(
        "SELECT s.sku, sum(greatest(s.on_hand - s.reserved, 0)) FROM orders_stock AS s"
        " JOIN orders_place AS p ON p.workspace_id = s.workspace_id AND p.id = s.place_id"
        " WHERE s.workspace_id = %s AND s.sku = ANY(%s) AND p.is_open GROUP BY s.sku",
        [workspace_id, list(skus)],
    )
    return {row[0]: row[1] for row in rows}


def support(workspace_id: int) -> SupportRecord:
    """Whom a customer may ask, as the public order page says it."""
    rows = _rows(
        "SELECT phone, email, url FROM orders_support WHERE workspace_id = %s", [workspace_id]
    )
    return SupportRecord(*rows[0]) if rows else SupportRecord()


def carriers(workspace_id: int) -> list[CarrierRecord]:
    """The accounts with carriers."""
    rows = _rows(
        "SELECT name, public_id, account, sealed <> '', is_on, is_test FROM orders_carrier"
        " WHERE workspace_id = %s ORDER BY name",
        [workspace_id],
    )
    return [CarrierRecord(*row) for row in rows]


def sources(workspace_id: int, table: str = "orders_order") -> list[str]:
    """Where the newest orders or leads came from, to filter by."""
    assert table in ("orders_order", "orders_lead")
    order = "placed_at DESC" if table == "orders_order" else "created_at DESC"
    rows = _rows(
        f"SELECT DISTINCT source FROM (SELECT source FROM {table} WHERE workspace_id = %s"
        f" ORDER BY {order}, id DESC LIMIT 5000) AS newest ORDER BY source LIMIT 50",
        [workspace_id],
    )
    return [row[0] for row in rows]


def _rows(statement: str, given: list[Any]) -> list[tuple[Any, ...]]:
    raw = cursor()
    raw.execute(statement, given)
    return raw.fetchall()
