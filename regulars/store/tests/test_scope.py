from __future__ import annotations

import os
import socket

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from regulars.jobs import actions as jobs
from regulars.store.faults import is_transient
from regulars.store.scope import cursor, scope
from tests.town import workspace


def _seen() -> int:
    raw = cursor()
    raw.execute("SELECT current_setting('regulars.workspace', true)")
    row = raw.fetchone()
    assert row is not None
    return int(row[0])


def _enqueue_and_fail(workspace_id: int) -> None:
    with scope(workspace_id):
        jobs.enqueue(workspace_id, "never", {}, "key")
        raise ZeroDivisionError


def test_a_scope_within_a_scope_gives_the_outer_one_back(db: None) -> None:
    bakery, florist = workspace(), workspace()
    with scope(bakery.id):
        with scope(florist.id):
            inside = _seen()
        after = _seen()

    assert (inside, after) == (florist.id, bakery.id)


def test_a_fault_within_a_scope_gives_the_outer_one_back_and_undoes_its_writes(db: None) -> None:
    bakery, florist = workspace(), workspace()
    with scope(bakery.id):
        with pytest.raises(ZeroDivisionError):
            _enqueue_and_fail(florist.id)
        after = _seen()

    assert after == bakery.id
    with scope(florist.id):
        raw = cursor()
        raw.execute("SELECT count(*) FROM jobs_job")
        assert raw.fetchone() == (0,)


def test_nothing_of_a_scope_stays_on_the_connection(db: None) -> None:
    bakery = workspace()
    with scope(bakery.id):
        jobs.enqueue(bakery.id, "never", {}, "key")

    with (
        pytest.raises(psycopg.DatabaseError, match="a query without a workspace"),
        transaction.atomic(),
    ):
        cursor().execute("SELECT count(*) FROM jobs_job")


def test_json_comes_as_values(db: None) -> None:
    with scope(workspace().id):
        raw = cursor()
        raw.execute("""SELECT '{"a": [1, null]}'::jsonb""")
        assert raw.fetchone() == ({"a": [1, None]},)


def hang_up() -> None:
    """The connection breaks without a word, as when its process is killed."""
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)


def test_a_connection_that_broke_between_two_scopes_passes_by_itself(db: None) -> None:
    workspace_id = workspace("broken").id
    with scope(workspace_id):
        pass
    hang_up()

    with pytest.raises(OperationalError) as told, scope(workspace_id):
        raise AssertionError("nothing is done without a transaction")

    assert is_transient(told.value)
    assert not connection.in_atomic_block
    connection.close_if_unusable_or_obsolete()
    with scope(workspace_id):
        assert _seen() == workspace_id
