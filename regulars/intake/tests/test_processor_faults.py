from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import psycopg
import pytest

from regulars.events import queries
from regulars.events.claims import InboxRow
from regulars.intake import processor
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

from .test_processor import process, receive, track

HERE = __name__


def deadlocks(_: int, __: Sequence[InboxRow]) -> NoReturn:
    raise psycopg.errors.DeadlockDetected


def stumbles(workspace_id: int, rows: Sequence[InboxRow]) -> None:
    if any(b'"bad"' in row.body for row in rows):
        raise KeyError("nobody foresaw this")
    processor.take_segment(workspace_id, rows)


def _logged(shop: WorkspaceRecord) -> int:
    with scope(shop.id):
        raw = cursor()
        raw.execute("SELECT count(*) FROM events_event WHERE workspace_id = %s", [shop.id])
        (row,) = raw.fetchall()
    return int(row[0])


def test_a_request_waits_for_as_long_as_the_database_is_unwell(as_engine: None, db: None) -> None:
    process()
    shop = workspace()
    receive(shop, {"batch": [track("t1")]})

    with pytest.raises(psycopg.errors.DeadlockDetected):
        processor.run_once({"segment": f"{HERE}:deadlocks"})

    with scope(shop.id):
        assert queries.failed_count(shop.id) == 0
    process()
    assert _logged(shop) == 1


def test_a_fault_nobody_foresaw_keeps_its_request_and_lets_neighbours_pass(
    as_engine: None, db: None
) -> None:
    process()
    shop, other = workspace(), workspace()
    receive(shop, {"batch": [track("good")]})
    receive(shop, {"batch": [track("bad")]})
    receive(other, {"batch": [track("good")]})

    while processor.run_once({"segment": f"{HERE}:stumbles"}):
        pass

    assert (_logged(shop), _logged(other)) == (1, 1)
    with scope(shop.id):
        (kept,) = queries.failed(shop.id, 10)
    assert (kept.reason, kept.stage) == ("fault_KeyError", "process")
