"""DuckDB relations of the lake's shape for tests, empty or filled from Online Retail."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from regulars.analytics.statements import Statement

PROJECT = Path(__file__).resolve().parents[3]
DATASETS = Path(os.environ.get("REGULARS_DATASETS", PROJECT / ".." / "shared" / "data"))

SHAPE = """
create table orders (
  id bigint, customer bigint, number varchar, placed_at timestamp, kind varchar,
  status varchar, currency varchar, total_minor bigint, lines_count int, source varchar,
  origin varchar);
create table order_lines (
  id bigint, order_id bigint, customer bigint, placed_at timestamp, line_no int, sku varchar,
  name varchar, category varchar, quantity double, unit_price decimal(18, 6),
  total_minor bigint, kind varchar);
create table events (
  id bigint, customer bigint, time timestamp, kind varchar, props varchar, subject bigint,
  origin varchar);
create table messages (
  id bigint, campaign_id bigint, customer bigint, channel varchar, state varchar,
  planned_at timestamp, accepted_at timestamp, bounced_at timestamp);
create table consents (
  customer bigint, channel varchar, purpose varchar, state varchar, changed_at timestamp);
create table customers (
  id bigint, first_seen_at timestamp, created_at timestamp, public_id varchar,
  external_id varchar, name varchar, first_name varchar, last_name varchar, email varchar,
  phone varchar, city varchar, country varchar);
create table scores (
  customer bigint, orders int, money_minor bigint, first_on date, last_on date,
  recency_fifth int, frequency_fifth int, money_fifth int, rfm_class varchar,
  rfm_class_l varchar, gap_days double, stage varchar, stage_l varchar, stage_since date,
  cooling_on date, lost_on date, returns_share double, top_category varchar,
  top_category_l varchar, cluster varchar, cluster_l varchar);
create table assignments (
  id bigint, experiment varchar, customer bigint, arm varchar, assigned_at timestamp);
"""

FILL_FROM_RETAIL = """
create temp table raw as
  select row_number() over () as id, InvoiceNo as number, StockCode as sku, Description as name,
    Quantity::double as quantity, UnitPrice::decimal(18, 6) as unit_price,
    (InvoiceDate::timestamp at time zone 'Europe/London') at time zone 'UTC' as placed_at,
    CustomerID::bigint as customer,
    round(Quantity * UnitPrice::decimal(18, 6) * 100)::bigint as total_minor,
    case when InvoiceNo like 'C%' then 'return'
      when InvoiceNo like 'A%' or Quantity <= 0 or UnitPrice <= 0 then 'adjustment'
      else 'sale' end as kind
  from read_parquet($path);
insert into orders
  select dense_rank() over (order by number), any_value(customer), number, min(placed_at),
    case when number like 'C%' then 'return' when number like 'A%' then 'adjustment'
      else 'sale' end,
    'paid', 'GBP', sum(total_minor), count(*), 'retail', 'import'
  from raw group by number;
insert into order_lines
  select raw.id, orders.id, raw.customer, raw.placed_at, 0, sku, name, null, quantity,
    unit_price, raw.total_minor, raw.kind
  from raw join orders using (number);
insert into customers (id, first_seen_at, created_at, public_id)
  select customer, min(placed_at), min(placed_at), 'customer-' || customer from orders
  where customer is not null group by customer;
"""


def dataset(*parts: str) -> Path:
    """The file of a public data set; the test that asks is skipped when it is absent."""
    path = DATASETS.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"REGULARS_DATASETS has no {'/'.join(parts)}: the public data set is absent")
    return path


def empty_lake() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(SHAPE)
    return connection


def retail_lake() -> duckdb.DuckDBPyConnection:
    connection = empty_lake()
    path = str(dataset("online_retail", "online_retail.parquet"))
    for statement in FILL_FROM_RETAIL.split(";\n"):
        if statement.strip():
            connection.execute(statement, {"path": path} if "$path" in statement else None)
    return connection


def ask(connection: duckdb.DuckDBPyConnection, statement: Statement) -> list[dict]:
    table = connection.sql(statement.sql, params=dict(statement.params)).to_arrow_table()
    return table.to_pylist()


def add_order(
    connection: duckdb.DuckDBPyConnection,
    order_id: int,
    customer: int | None,
    placed_at: str,
    minor: int,
    *,
    kind: str = "sale",
    status: str = "paid",
    currency: str = "EUR",
    lines: Sequence[tuple[float, str]] = ((1, "1.00"),),
) -> None:
    """An order of `minor` units; each line is (quantity, unit price) with the whole sum."""
    moment = datetime.fromisoformat(placed_at)
    connection.execute(
        "insert into orders values (?,?,?,?,?,?,?,?,?,'test','live')",
        [order_id, customer, str(order_id), moment, kind, status, currency, minor, len(lines)],
    )
    for number, (quantity, price) in enumerate(lines):
        share = minor if number == 0 else 0
        connection.execute(
            "insert into order_lines values (?,?,?,?,?,?,?,?,?,?,?,?)",
            [order_id * 100 + number, order_id, customer, moment, number, f"sku-{number}", "Bun",
             None, quantity, price, share, kind],
        )  # fmt: skip
