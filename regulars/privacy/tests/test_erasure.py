"""Erasing one person leaves nothing of them, wherever it is interrupted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
import time_machine

from regulars.kernel import clock
from regulars.lake import engine
from regulars.lake.sweep import sweep
from regulars.privacy import actions, queries
from regulars.privacy.records import DONE, SETTLING
from regulars.privacy.tests import canary
from regulars.project import lake
from regulars.store import place
from regulars.store.roles import Role
from regulars.store.scope import scope
from tests.town import town

own_server = pytest.mark.skipif(
    bool(os.environ.get("REGULARS_TEST_DATABASE_URL")), reason="looks into the server's files"
)


@pytest.fixture
def keeper(as_engine: None) -> Iterator[lake.Keeper]:
    lake._pool.cache_clear()
    opened = lake.open_engine(256)
    yield lake.Keeper(opened)
    engine.use(None)
    opened.close()
    lake._pool().close()
    lake._pool.cache_clear()


def named(files: list[str]) -> list[str]:
    """The files, those of tables with the table's name."""
    with psycopg.connect(place.conninfo_for(Role.OWNER), autocommit=True) as owner:
        tables = owner.execute(
            "SELECT pg_relation_filenode(oid)::text, relname FROM pg_class WHERE relkind IN"
            " ('r', 'i', 't')"
        )
        by_node = dict(tables.fetchall())
    return [f"{name} {by_node.get(name.rpartition('/')[2], '')}".strip() for name in files]


def finish(workspace_id: int, public_id: str) -> None:
    """Let the minutes pass that replaced files are kept for."""
    for minutes in (12, 24, 36):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes)):
            with lake.connected() as connection:
                sweep(connection, place.lake_folder(), clock.now())
            if actions.advance(workspace_id, public_id) is None:
                return
    raise AssertionError("it never ends")


@own_server
def test_no_file_of_the_data_folder_holds_a_byte_of_the_person(keeper: lake.Keeper) -> None:
    bakery = town().bakery
    bird = canary.put(bakery)
    keeper.drain()
    with psycopg.connect(place.conninfo_for(Role.OWNER), autocommit=True) as owner:
        # The planner remembers values, too, and a checkpoint brings all of it to the files.
        owner.execute("UPDATE customers_customer SET updated_at = now()")
        owner.execute("ANALYZE")
        owner.execute("CHECKPOINT")
    before = canary.hits(bird.mark)
    assert any(name.startswith("postgres/base") for name in before)
    assert any(name.startswith("postgres/pg_wal") for name in before)
    assert any(name.startswith("lake/") for name in before)
    assert any(name.startswith("uploads/") for name in before)

    with scope(bakery.id):
        asked = actions.erase(bakery.id, bird.customer_id, actor="user:1")
    pause = actions.advance(bakery.id, asked.public_id)
    keeper.drain()

    assert pause is not None
    with scope(bakery.id):
        assert queries.erasure(bakery.id, asked.public_id).state == SETTLING
    finish(bakery.id, asked.public_id)
    with scope(bakery.id):
        done = queries.erasure(bakery.id, asked.public_id)
    assert done.state == DONE
    assert named(canary.hits(bird.mark)) == []
    assert named(canary.hits(bird.phone[3:])) == []
