from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import transaction

from regulars.events import actions, consumers, queries
from regulars.events.records import Consumer, Event, NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.store.scope import cursor, scope
from tests.town import workspace

# Far more than a call takes; without one the test would wait for ever.
CALL_WAIT_S = 20.0
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
taken: list[Event] = []
refused_customers: set[int] = set()


def take(workspace_id: int, events: list[Event]) -> None:
    """The handler under test: refuses customers who are in refused_customers."""
    if any(event.customer_id in refused_customers for event in events):
        raise Invalid("test_refused", "no")
    taken.extend(event for event in events if event.workspace_id == workspace_id)


def consumer(kind: str, **fields: object) -> Consumer:
    return Consumer(handler=f"{__name__}:take", kinds=(kind,), **fields)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _clean() -> None:
    taken.clear()
    refused_customers.clear()


def event(key: str, customer: int = 1, kind: str = "tea.drunk", at: datetime = NOON) -> NewEvent:
    return NewEvent(kind=kind, time=at, key=key, customer_id=customer, props={"cup": key})


def run_all(name: str, line: Consumer) -> None:
    while consumers.run_once(name, line):
        pass


def register(name: str, line: Consumer) -> None:
    with transaction.atomic():
        consumers.ensure_lanes({name: line})


def test_a_repeat_is_dropped_for_ever_and_another_workspace_is_not_concerned(db: None) -> None:
    bakery, florist = workspace(), workspace()
    with scope(bakery.id):
        first = actions.record_many(bakery.id, [event("a"), event("b"), event("a")])
        again = actions.record_many(bakery.id, [event("b"), event("c")])
        kept = queries.timeline(bakery.id, 1)
    with scope(florist.id):
        elsewhere = actions.record_many(florist.id, [event("a")])

    assert (first, again, elsewhere) == (2, 1, 1)
    assert sorted(str(e.props["cup"]) for e in kept) == ["a", "b", "c"]


def test_a_rolled_back_event_may_come_again(db: None) -> None:
    bakery = workspace()
    with scope(bakery.id):
        actions.record_many(bakery.id, [event("a", at=datetime(1999, 5, 1, tzinfo=UTC))])
        transaction.set_rollback(True)
    with scope(bakery.id):
        assert queries.timeline(bakery.id, 1) == []
        assert (
            actions.record_many(bakery.id, [event("a", at=datetime(1999, 5, 1, tzinfo=UTC))]) == 1
        )


def test_events_without_a_key_are_all_kept_beside_one_that_repeats(db: None) -> None:
    bakery = workspace()
    with scope(bakery.id):
        actions.record_many(bakery.id, [event("a")])
        rows = [replace(event("b"), key=None), event("a"), replace(event("b"), key=None)]
        new = actions.record_many(bakery.id, rows)
        kept = queries.timeline(bakery.id, 1)

    assert new == 2
    assert sorted(str(e.props["cup"]) for e in kept) == ["a", "b", "b"]


def test_a_batch_copied_in_keeps_every_letter(as_engine: None, db: None) -> None:
    bakery = workspace()
    odd = 'back\\slash\ttab\nline\rreturn "quote" \\N'
    rows = [replace(event(f"{odd}{n}"), source=odd) for n in range(actions.COPY_ROWS_MIN)]
    with scope(bakery.id):
        actions.record_many(bakery.id, [*rows, replace(rows[0], key="more", customer_id=None)])
        kept = queries.timeline(bakery.id, 1, limit=len(rows))

    assert {e.props["cup"] for e in kept} == {row.props["cup"] for row in rows}
    assert {e.source for e in kept} == {odd}


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (event("x", at=datetime(1970, 1, 1, tzinfo=UTC)), "event_time"),
        (event("x", at=NOON + timedelta(days=9000)), "event_time"),
        (event("x", kind=""), "event_kind"),
    ],
)
def test_the_log_refuses_what_it_cannot_hold(db: None, bad: NewEvent, code: str) -> None:
    bakery = workspace()
    with scope(bakery.id):
        with pytest.raises(Invalid) as caught:
            actions.record_many(bakery.id, [event("good"), bad])
        assert caught.value.code == code
        assert queries.timeline(bakery.id, 1) == []


def test_a_timeline_goes_back_in_pages_by_time_and_position(db: None) -> None:
    bakery = workspace()
    with scope(bakery.id):
        actions.record_many(bakery.id, [event(f"k{n}") for n in range(5)])
        first = queries.timeline(bakery.id, 1, limit=3)
        rest = queries.timeline(bakery.id, 1, limit=3, before=(first[-1].time, first[-1].id))

    assert [e.props["cup"] for e in first + rest] == ["k4", "k3", "k2", "k1", "k0"]


def test_a_new_consumer_starts_at_now_and_then_sees_each_event_once(
    as_engine: None, db: None
) -> None:
    bakery = workspace()
    line = consumer("now.kind")
    with scope(bakery.id):
        actions.record_many(bakery.id, [event("old", kind="now.kind")])
    register("test.now", line)
    with scope(bakery.id):
        actions.record_many(bakery.id, [event("new", kind="now.kind"), event("other")])

    run_all("test.now", line)
    run_all("test.now", line)

    assert [e.props["cup"] for e in taken] == ["new"]


def test_a_failing_customer_is_parked_with_later_events_and_neighbours_go_on(
    as_engine: None, db: None
) -> None:
    bakery = workspace()
    line = consumer("park.kind")
    register("test.park", line)
    refused_customers.add(7)
    with scope(bakery.id):
        actions.record_many(
            bakery.id,
            [event("a", 7, "park.kind"), event("b", 8, "park.kind")],
        )
    run_all("test.park", line)
    with scope(bakery.id):
        actions.record_many(bakery.id, [event("c", 7, "park.kind"), event("d", 8, "park.kind")])
    refused_customers.clear()
    run_all("test.park", line)

    assert [e.props["cup"] for e in taken] == ["b", "d"]

    cursor().execute(
        "UPDATE events_parked SET next_try_at = %s WHERE consumer = 'test.park'",
        [clock.now() - timedelta(seconds=1)],
    )
    assert consumers.retry_parked({"test.park": line}) == 2
    assert [e.props["cup"] for e in taken] == ["b", "d", "a", "c"]
    assert consumers.retry_parked({"test.park": line}) == 0


def test_live_only_consumers_pass_over_imported_history(as_engine: None, db: None) -> None:
    bakery = workspace()
    line = consumer("origin.kind", live_only=True)
    register("test.origin", line)
    imported = NewEvent(
        kind="origin.kind", time=NOON, key="i", customer_id=1, origin="import", props={"cup": "i"}
    )
    with scope(bakery.id):
        actions.record_many(bakery.id, [imported, event("l", kind="origin.kind")])

    run_all("test.origin", line)

    assert [e.props["cup"] for e in taken] == ["l"]


def test_a_failed_event_is_kept_and_replayed_once(as_engine: None, db: None) -> None:
    bakery, florist = workspace(), workspace()
    with scope(bakery.id):
        actions.keep_failed(
            bakery.id,
            source="batch",
            inbox_kind="segment",
            received_at=NOON,
            stage="decode",
            rejects=[("event_missing", "why", b'{"x": "\x00"}')],
        )
        kept = queries.failed(bakery.id)
    assert [(f.reason, f.payload, f.stage) for f in kept] == [
        ("event_missing", b'{"x": "\x00"}', "decode")
    ]
    with scope(florist.id), pytest.raises(NotFound):
        actions.replay_failed(florist.id, [kept[0].id])
    with scope(bakery.id):
        assert actions.replay_failed(bakery.id, [kept[0].id]) == 1
        with pytest.raises(NotFound):
            actions.replay_failed(bakery.id, [kept[0].id])
        raw = cursor()
        raw.execute("DELETE FROM events_inbox WHERE workspace_id = %s RETURNING body", [bakery.id])
        assert [bytes(row[0]) for row in raw.fetchall()] == [b'{"x": "\x00"}']


@pytest.mark.parametrize("count", [1, actions.COPY_ROWS_MIN])
def test_followers_are_called_once_what_was_written_is_there(
    as_engine: None, database: str, count: int
) -> None:
    bakery = workspace()
    with psycopg.connect(database, autocommit=True) as follower:
        follower.execute("LISTEN regulars_events")

        with scope(bakery.id):
            actions.record_many(bakery.id, [event(f"call-{number}") for number in range(count)])
        calls = list(follower.notifies(timeout=CALL_WAIT_S, stop_after=1))

    assert [call.channel for call in calls] == ["regulars_events"]
