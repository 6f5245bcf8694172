"""A release that adds a column: older files are read, and written anew by themselves."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from regulars.lake import engine as lake_engine
from regulars.lake import erasing, feeder, fold
from regulars.lake.rebuild import renew_due
from regulars.lake.sql import TOMBSTONE_DDL
from regulars.lake.tests.conftest import BAKERY, CUSTOMERS, EVENTS, MERGES, OTHER, Shop

# The next release knows how often people came, and finds them by the lowered word too.
NEXT_CUSTOMERS = replace(
    CUSTOMERS,
    select_sql=CUSTOMERS.select_sql.replace("name,", "name, upper(name) as shout,"),
    columns=pa.schema([*CUSTOMERS.columns, pa.field("shout", pa.string())]),
    lowered=("name", "shout"),
)
NEXT = (EVENTS, NEXT_CUSTOMERS, MERGES)
QUESTION = "select id, name, shout, shout_l from customers order by id"


@pytest.fixture
def upgraded(shop: Shop):
    """Base and tail files of the release before, asked by the next one; two workspaces."""
    shop.customer(1, "Mira")
    shop.customer(2, "Oleg")
    shop.customer(9, "Zoe", OTHER)
    shop.tick()
    fold.fold(shop.engine, shop.connection, BAKERY, "customers", shop.now)
    shop.customer(3, "Ivan")
    shop.tick()
    shop.engine.close()
    shop.engine = lake_engine.Engine(shop.root, NEXT, shop.files, memory_mb=256)
    return shop


def _tick(shop: Shop) -> None:
    shop.settle()
    feeder.tick(shop.connection, shop.root, NEXT, shop.now)


def test_what_older_files_lack_is_null_beside_newer_ones(upgraded: Shop) -> None:
    upgraded.customer(4, "Olha")
    _tick(upgraded)

    assert upgraded.ask(QUESTION) == [
        {"id": 1, "name": "Mira", "shout": None, "shout_l": None},
        {"id": 2, "name": "Oleg", "shout": None, "shout_l": None},
        {"id": 3, "name": "Ivan", "shout": None, "shout_l": None},
        {"id": 4, "name": "Olha", "shout": "OLHA", "shout_l": "olha"},
    ]


def test_folding_older_files_leaves_them_to_be_renewed(upgraded: Shop) -> None:
    upgraded.customer(1, "Mira")
    upgraded.customer(4, "Olha")
    _tick(upgraded)
    fold.compact(upgraded.engine, upgraded.connection, BAKERY, "customers", upgraded.now)
    fold.fold(upgraded.engine, upgraded.connection, BAKERY, "customers", upgraded.now)
    assert upgraded.column("select shout from customers order by id") == [
        "MIRA",
        None,
        None,
        "OLHA",
    ]

    renewed = [renew_due(upgraded.engine, upgraded.connection, upgraded.now) for _ in range(3)]

    assert renewed == [1, 1, 0]
    shouts = "select shout_l from customers order by id"
    assert upgraded.column(shouts) == ["mira", "oleg", "ivan", "olha"]
    assert upgraded.column(shouts, workspace=OTHER) == ["zoe"]


def test_an_unchanged_relation_is_left_alone(upgraded: Shop) -> None:
    upgraded.event(1, "paid", "2026-01-01")
    _tick(upgraded)
    before = [file.path for file in upgraded.files() if file.relation == "events"]

    while renew_due(upgraded.engine, upgraded.connection, upgraded.now):
        pass

    assert [file.path for file in upgraded.files() if file.relation == "events"] == before


def test_a_person_leaves_older_files_too(upgraded: Shop) -> None:
    upgraded.connection.execute(TOMBSTONE_DDL.encode())

    erasing.remove(upgraded.engine, upgraded.connection, BAKERY, [1], upgraded.now)

    assert upgraded.column("select id from customers order by id") == [2, 3]
