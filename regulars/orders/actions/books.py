"""Entering orders into the books, set by set: one path for a single order and for a file.

The set is copied into two temporary tables and moved from there by a handful of statements.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.ids import new_public_id
from regulars.kernel.money import minor_digits
from regulars.orders.actions import sql
from regulars.orders.pure.meaning import event_of
from regulars.orders.records import Outcome, Recorded
from regulars.store.scope import cursor

TIME = pa.timestamp("us", tz="UTC")
AMOUNT = pa.decimal128(18, 6)

# seq ties lines to their order inside one call and means nothing outside it.
ORDER_COLUMNS = pa.schema(
    [
        ("seq", pa.int32()),
        ("source", pa.string()),
        ("number", pa.string()),
        ("customer_id", pa.int64()),
        ("customer_key", pa.string()),
        ("placed_at", TIME),
        ("kind", pa.string()),
        ("status", pa.string()),
        ("total_minor", pa.int64()),
    ]
)
LINE_COLUMNS = pa.schema(
    [
        ("seq", pa.int32()),
        ("line_no", pa.int32()),
        ("placed_at", TIME),
        ("sku", pa.string()),
        ("name", pa.string()),
        ("category", pa.string()),
        ("brand", pa.string()),
        ("quantity", AMOUNT),
        ("unit_price", AMOUNT),
        ("kind", pa.string()),
    ]
)
NO_LINES = LINE_COLUMNS.empty_table()


def write_tables(
    workspace_id: int, orders: pa.Table, lines: pa.Table, *, currency: str, origin: str
) -> list[Recorded]:
    """Enter orders given as columns, with their products, values and events.

    orders   ORDER_COLUMNS; customer_id null for a guest, customer_key what the source called
             them (it belongs to the body), total_minor null to sum the lines
    lines    LINE_COLUMNS; the total of each is rounded half up to whole coins
    returns  one answer for each order, in the order of seq
    """
    raw = cursor()
    raw.execute(sql.TEMPORARY_TABLES)
    public_ids = pa.array([new_public_id() for _ in range(orders.num_rows)], pa.string())
    orders = orders.select(ORDER_COLUMNS.names).cast(ORDER_COLUMNS)
    _copy(raw, "incoming_order", orders.append_column("public_id", public_ids))
    _copy(raw, "incoming_line", lines.select(LINE_COLUMNS.names).cast(LINE_COLUMNS))
    now = clock.now()
    values = {
        "workspace": workspace_id,
        "scale": minor_digits(currency),
        "currency": currency,
        "origin": origin,
        "now": now,
    }
    for statement in (
        sql.FILL_BODIES,
        sql.INSERT_ORDERS,
        sql.FIND_ORDERS,
        sql.INSERT_LINES,
        sql.FILL_PRODUCTS,
        sql.ADD_VALUES,
    ):
        raw.execute(statement, values)
    raw.execute(sql.READ_OUTCOMES)
    found = raw.fetchall()
    events.record_many(workspace_id, [_event(row, currency, origin) for row in found if row[4]])
    raw.execute(sql.CLEAR)
    return [
        Recorded(id=row[0], public_id=row[1], source=row[2], number=row[3], outcome=_outcome(row))
        for row in found
    ]


def _copy(raw: psycopg.Cursor[tuple[Any, ...]], table: str, columns: pa.Table) -> None:
    stream = io.BytesIO()
    pyarrow.csv.write_csv(
        columns, stream, pyarrow.csv.WriteOptions(include_header=False, batch_size=8192)
    )
    names = ", ".join(columns.column_names)
    with raw.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT csv)") as copy:
        copy.write(stream.getbuffer())


def _outcome(row: tuple[Any, ...]) -> Outcome:
    if row[4]:
        return Outcome.NEW
    return Outcome.REPEATED if row[5] else Outcome.DIFFERS


def _event(row: tuple[Any, ...], currency: str, origin: str) -> NewEvent:
    order_id, _, source, number, _, _, customer_id, placed_at, kind, status, total, lines = row
    event = event_of(kind, status, total)
    return order_event(
        event, order_id, customer_id, placed_at, number, total, currency, lines, source, origin
    )


def order_event(
    event: str,
    order_id: int,
    customer_id: int | None,
    at: datetime,
    number: str,
    total_minor: int,
    currency: str,
    lines: int,
    source: str,
    origin: str,
) -> NewEvent:
    """The event an order leaves in the log; each kind once for an order."""
    return NewEvent(
        kind=event,
        time=at,
        key=f"order:{order_id}:{event}",
        customer_id=customer_id,
        subject_id=order_id,
        props={
            "number": number,
            "total": total_minor,
            "currency": currency,
            "lines": lines,
            "source": source,
        },
        origin=origin,
        source="orders",
    )
