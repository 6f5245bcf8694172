from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NoReturn

import psycopg
import pytest

from regulars.events import actions as events
from regulars.events import queries
from regulars.events.claims import InboxRow
from regulars.intake import processor
from regulars.intake.segment import Incoming
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord
from tests.town import workspace

from .test_processor import RECEIVED, process, receive, track

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


def test_a_spoilt_message_leaves_its_neighbours_in_the_log(as_engine: None, db: None) -> None:
    process()
    shop = workspace()
    deep = "[" * 5_000 + "]" * 5_000
    spoilt = [
        track("nul-in-name", event="a\x00b"),
        {**track("far-apart", timestamp="0001-01-01T00:00:00Z"), "sentAt": "9999-12-31T23:59:59Z"},
    ]
    good = [track("first"), track("spelt", properties={"note": r"\u0000", "nul": "a\x00b"})]
    receive(shop, {"batch": [good[0], *spoilt, good[1]]})
    nested = json.dumps({"batch": [track("neighbour"), track("nested", properties={"d": "HERE"})]})
    receive(shop, nested.replace('"HERE"', deep).encode())

    process()

    raw = cursor()
    raw.execute("SELECT props FROM events_event WHERE workspace_id = %s ORDER BY id", [shop.id])
    assert [row[0] for row in raw.fetchall()] == [{}, {"note": r"\u0000", "nul": "ab"}]
    with scope(shop.id):
        kept = queries.failed(shop.id, 10)
    assert sorted(one.reason for one in kept) == ["event_kind", "json_malformed", "time_malformed"]


def test_what_only_the_database_refuses_is_kept_alone(
    as_engine: None, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    process()
    shop = workspace()
    append = processor._append

    def refuses(workspace_id: int, items: Sequence[tuple[InboxRow, Incoming]]) -> None:
        if any(item.key == "bad" for _, item in items):
            raise psycopg.errors.NumericValueOutOfRange
        append(workspace_id, items)

    monkeypatch.setattr(processor, "_append", refuses)
    receive(shop, {"batch": [track("one"), track("bad"), track("two")]})
    process()

    assert _logged(shop) == 2
    with scope(shop.id):
        (kept,) = queries.failed(shop.id, 10)
    assert kept.reason == "fault_NumericValueOutOfRange"
    assert json.loads(kept.payload)["batch"][0]["messageId"] == "bad"


def test_what_is_replayed_is_told_from_what_has_just_come(as_engine: None, db: None) -> None:
    process()
    shop = workspace()
    receive(shop, {"batch": [track("live")]})
    with scope(shop.id):
        events.keep_failed(
            shop.id,
            source="batch",
            inbox_kind="segment",
            received_at=RECEIVED,
            stage="decode",
            rejects=[("event_kind", "", json.dumps({"batch": [track("mended")]}).encode())],
        )
        events.replay_failed(shop.id, [one.id for one in queries.failed(shop.id, 10)])

    process()

    raw = cursor()
    raw.execute("SELECT origin FROM events_event WHERE workspace_id = %s ORDER BY id", [shop.id])
    assert [row[0] for row in raw.fetchall()] == ["live", "replay"]
