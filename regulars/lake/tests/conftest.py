"""A shop small enough to read, in a schema of its own, with a lake of its own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from regulars.kernel import clock
from regulars.lake import engine as lake_engine
from regulars.lake import feeder, manifest
from regulars.lake.relations import PRICE, TIME, Relation
from regulars.lake.sql import MANIFEST_DDL, SHAPE_DDL

BAKERY, OTHER = 1, 2

SOURCES = """
create table shop_event (id bigint generated always as identity primary key,
    workspace_id bigint not null, customer_id bigint, time timestamptz, kind text, props jsonb,
    xid xid8 not null default pg_current_xact_id());
create table shop_customer (id bigint primary key, workspace_id bigint not null, name text,
    born_on date, is_vip boolean, balance numeric, score numeric, visits integer,
    is_erased boolean not null default false,
    xid xid8 not null default pg_current_xact_id());
create table shop_merge (id bigint generated always as identity primary key,
    workspace_id bigint not null, loser_id bigint, root_id bigint,
    is_undone boolean not null default false,
    xid xid8 not null default pg_current_xact_id());
create function renew() returns trigger language plpgsql as
    $$ begin new.xid := pg_current_xact_id(); return new; end $$;
create trigger renew before update on shop_customer for each row execute function renew();
create trigger renew before update on shop_merge for each row execute function renew();
create index on shop_event (xid, id);
create index on shop_customer (xid, id);
create index on shop_merge (xid, id);
"""

EVENTS = Relation(
    name="events",
    select_sql="select workspace_id, xid, id, customer_id as customer, time, kind, props"
    " from shop_event",
    columns=pa.schema(
        [
            ("id", pa.int64()),
            ("customer", pa.int64()),
            ("time", TIME),
            ("kind", pa.string()),
            ("props", pa.string()),
        ]
    ),
    key="append",
    sort=("kind", "customer", "time"),
    bucket="customer",
    period="time",
)
CUSTOMERS = Relation(
    name="customers",
    select_sql="select workspace_id, xid, id, name, born_on, is_vip, balance, score, visits,"
    " is_erased from shop_customer",
    columns=pa.schema(
        [
            ("id", pa.int64()),
            ("name", pa.string()),
            ("born_on", pa.date32()),
            ("is_vip", pa.bool_()),
            ("balance", PRICE),
            ("score", pa.float64()),
            ("visits", pa.int32()),
        ]
    ),
    key="keyed",
    sort=("id",),
    lowered=("name",),
    gone="is_erased",
)
MERGES = Relation(
    name="merges",
    select_sql="select workspace_id, xid, id, loser_id as loser, root_id as root, is_undone"
    " from shop_merge",
    columns=pa.schema([("loser", pa.int64()), ("root", pa.int64())]),
    key="keyed",
    sort=("loser",),
    gone="is_undone",
)
RELATIONS = (EVENTS, CUSTOMERS, MERGES)


@dataclass
class Shop:
    """Source tables, their lake, and short words for what tests do with both."""

    connection: psycopg.Connection
    address: str
    root: Path
    now: datetime = field(default_factory=clock.now)

    def __post_init__(self) -> None:
        self.engine = lake_engine.Engine(self.root, RELATIONS, self.files, memory_mb=256)

    def files(self, workspace_id: int = BAKERY) -> tuple[manifest.LakeFile, ...]:
        return manifest.live_files(self.connection, workspace_id)

    def tick(self) -> feeder.Tick:
        self.settle()
        self.now += timedelta(seconds=1)
        return feeder.tick(self.connection, self.root, RELATIONS, self.now)

    def settle(self) -> None:
        """Wait until no transaction of the server's own, such as an analyze, is under way."""
        row = self.connection.execute("select pg_current_xact_id()::text").fetchone()
        assert row is not None
        behind = "select pg_snapshot_xmin(pg_current_snapshot()) > %s::text::xid8"
        while self.connection.execute(behind, row).fetchone() != (True,):
            pass

    def event(
        self, customer: int | None, kind: str, time: str, workspace: int = BAKERY, **props: Any
    ) -> None:
        self.connection.execute(
            "insert into shop_event (workspace_id, customer_id, kind, time, props)"
            " values (%s, %s, %s, %s, %s)",
            [workspace, customer, kind, time, json.dumps(props)],
        )

    def customer(self, customer: int, name: str | None, workspace: int = BAKERY) -> None:
        self.connection.execute(
            "insert into shop_customer (id, workspace_id, name) values (%s, %s, %s)"
            " on conflict (id) do update set name = excluded.name",
            [customer, workspace, name],
        )

    def merge(self, loser: int, root: int, workspace: int = BAKERY) -> None:
        self.connection.execute(
            "insert into shop_merge (workspace_id, loser_id, root_id) values (%s, %s, %s)",
            [workspace, loser, root],
        )

    def ask(self, sql: str, params: Any = (), workspace: int = BAKERY) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.engine.query(workspace, sql, params).to_pylist()
        return rows

    def column(self, sql: str, params: Any = (), workspace: int = BAKERY) -> list[Any]:
        values: list[Any] = self.engine.query(workspace, sql, params)[0].to_pylist()
        return values


@pytest.fixture
def shop(database: str, tmp_path: Path) -> Iterator[Shop]:
    schema = f"lake_{uuid.uuid4().hex}"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"create schema {schema}".encode())
        connection.execute(f"set search_path = {schema}".encode())
        connection.execute(SOURCES + MANIFEST_DDL + SHAPE_DDL)
        shop = Shop(connection, database, tmp_path / "lake")
        shop.connection.execute("select set_config('lake.schema', %s, false)", [schema])
        yield shop
        shop.engine.close()
        connection.execute(f"drop schema {schema} cascade".encode())
