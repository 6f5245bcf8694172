"""A small lake in memory: histories laid out as the relations that compiled rules read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from regulars.rules.duck import Compiled
from regulars.rules.memory import History

STAMP = pa.timestamp("us")
TEXT = pa.string()
SCHEMAS = {
    "customers": [
        ("id", pa.int64()), ("city", TEXT), ("city_l", TEXT), ("email", TEXT), ("email_l", TEXT),
        ("phone", TEXT), ("birth_on", pa.date32()), ("first_seen_at", STAMP), ("attrs", TEXT),
        ("latitude", pa.float64()), ("longitude", pa.float64()),
    ],
    "events": [
        ("id", pa.int64()), ("customer", pa.int64()), ("time", STAMP), ("kind", TEXT),
        ("props", TEXT), ("subject", pa.int64()), ("origin", TEXT),
    ],
    "orders": [
        ("id", pa.int64()), ("customer", pa.int64()), ("placed_at", STAMP), ("kind", TEXT),
        ("status", TEXT), ("total_minor", pa.int64()), ("lines_count", pa.int32()),
    ],
    "order_lines": [
        ("order_id", pa.int64()), ("customer", pa.int64()), ("sku", TEXT), ("name", TEXT),
        ("category", TEXT), ("quantity", pa.float64()), ("unit_price", pa.decimal128(18, 6)),
        ("total_minor", pa.int64()), ("brand", TEXT),
    ],
    "consents": [
        ("customer", pa.int64()), ("channel", TEXT), ("purpose", TEXT), ("state", TEXT),
        ("changed_at", STAMP),
    ],
    "suppressions": [("customer", pa.int64()), ("channel", TEXT)],
    "pauses": [("customer", pa.int64()), ("channel", TEXT), ("paused_until", STAMP)],
    "list_members": [("customer", pa.int64()), ("list", TEXT), ("added_at", STAMP)],
    "scores": [
        ("customer", pa.int64()), ("stage", TEXT), ("stage_l", TEXT),
        ("recency_fifth", pa.int32()), ("stage_since", pa.date32()),
    ],
    "loyalty": [
        ("customer", pa.int64()), ("tier", TEXT), ("tier_l", TEXT), ("balance", pa.int64()),
        ("next_expiry_on", pa.date32()), ("has_code", pa.bool_()),
    ],
}  # fmt: skip

Rows = dict[str, list[tuple[object, ...]]]


def connect() -> duckdb.DuckDBPyConnection:
    """One small engine; a test fills it again and again."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("SET enable_progress_bar = false")
    return connection


def fill(connection: duckdb.DuckDBPyConnection, histories: Sequence[History]) -> None:
    """Replace every relation by the histories, beside some rows of nobody."""
    rows: Rows = {name: [] for name in SCHEMAS}
    for history in histories:
        _customer(history, rows)
    # An anonymous event, and an erased customer whose event is still in a file.
    moment = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    rows["events"] += [(0, None, moment, "order.paid", "{}", None, "live")]
    rows["events"] += [(0, 10**9, moment, "order.paid", "{}", None, "live")]
    rows["orders"] += [(1, None, moment, "sale", "paid", 5, 1)]
    rows["suppressions"] += [(None, "email")]
    for name, schema in SCHEMAS.items():
        columns = list(zip(*rows[name], strict=True)) or [()] * len(schema)
        table = pa.table(
            [pa.array(column, kind) for column, (_, kind) in zip(columns, schema, strict=True)],
            names=[column for column, _ in schema],
        )
        connection.register("incoming", table)
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM incoming")
        connection.unregister("incoming")


def scatter(connection: duckdb.DuckDBPyConnection, parts: int) -> None:
    """Keep the rows of every relation in so many tables, the last rows first."""
    for name in SCHEMAS:
        connection.execute(f"CREATE TABLE whole_{name} AS SELECT * FROM {name}")
        connection.execute(f"DROP TABLE {name}")
        for part in range(parts):
            connection.execute(
                f"CREATE TABLE {name}_{part} AS SELECT * FROM whole_{name}"
                f" WHERE rowid % {parts} = {part} ORDER BY rowid DESC"
            )
        tables = " UNION ALL ".join(f"SELECT * FROM {name}_{part}" for part in range(parts))
        connection.execute(f"CREATE VIEW {name} AS {tables}")


def _customer(history: History, rows: Rows) -> None:
    mine, columns = history.id, history.columns
    lowered = {key: columns[key] and str(columns[key]).lower() for key in ("city", "email")}
    rows["customers"].append((
        mine, columns["city"], lowered["city"], columns["email"], lowered["email"],
        columns["phone"], columns["birth_on"], _naive(columns["first_seen_at"]),
        json.dumps(history.attrs), columns.get("latitude"), columns.get("longitude"),
    ))  # fmt: skip
    for number, event in enumerate(history.events):
        props = json.dumps(event.props, ensure_ascii=number % 2 == 0)
        rows["events"].append(
            (event.id, mine, _naive(event.time), event.kind, props, event.subject, "live")
        )
    for order in history.orders:
        rows["orders"].append((
            order.id, mine, _naive(order.placed_at), order.kind, order.status,
            order.total_minor, order.lines_count,
        ))  # fmt: skip
    for line in history.lines:
        rows["order_lines"].append((
            line.order_id, mine, line.sku, line.name, line.category, line.quantity,
            line.unit_price, line.total_minor, line.brand,
        ))  # fmt: skip
    for consent in history.consents:
        rows["consents"].append((
            mine, consent.channel, consent.purpose, consent.state, _naive(consent.changed_at),
        ))  # fmt: skip
    for entry in history.lists:
        rows["list_members"].append((mine, entry.name, _naive(entry.added_at)))
    if history.scores:
        scores = history.scores
        stage = scores["stage"]
        rows["scores"].append((
            mine, stage, stage and str(stage).lower(), scores["recency_fifth"],
            scores["stage_since"],
        ))  # fmt: skip
    if history.loyalty:
        held = history.loyalty
        tier = held["tier"]
        rows["loyalty"].append((
            mine, tier, tier and str(tier).lower(), held["balance"], held["next_expiry_on"],
            held["has_code"],
        ))  # fmt: skip
    rows["pauses"] += [
        (mine, pause.channel, _naive(pause.paused_until)) for pause in history.pauses
    ]
    rows["suppressions"] += [(mine, channel) for channel in sorted(history.suppressed)]


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def ask(connection: duckdb.DuckDBPyConnection, compiled: Compiled) -> set[int]:
    """The customers that the compiled rule finds, each once."""
    found = [row[0] for row in connection.execute(compiled.sql, compiled.params).fetchall()]
    assert len(found) == len(set(found))
    return set(found)
