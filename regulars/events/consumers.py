"""Consumers: each reads the log by its cursor; effects and cursor are one transaction.

A failing event is parked with its reason, and with it the later events of the same customer for
the same consumer, so that a return never overtakes its order. Neighbours go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from itertools import groupby
from typing import Any

from django.db import transaction

from regulars.events.queries import COLUMNS
from regulars.events.records import (
    ALL_KINDS,
    PARKED_TRIES_MAX,
    PARTITIONS,
    Consumer,
    Event,
    Origin,
)
from regulars.kernel import clock
from regulars.kernel.errors import RegularsError
from regulars.store.faults import is_transient
from regulars.store.scope import cursor, scope

log = logging.getLogger(__name__)

BATCH_ROWS = 5_000
PARKED_BATCH = 200
PARKED_DELAY = timedelta(seconds=5)
PARKED_DELAY_MAX = timedelta(hours=1)
REASON_LENGTH_MAX = 300

Handler = Callable[[int, Sequence[Event]], None]


def handler_of(consumer: Consumer) -> Handler:
    """The function a wiring line names."""
    module, _, name = consumer.handler.partition(":")
    found: Handler = getattr(import_module(module), name)
    return found


def ensure_lanes(consumers: Mapping[str, Consumer]) -> None:
    """Give each new consumer a cursor: at now, or at the start where its line says so."""
    raw = cursor()
    for name, consumer in consumers.items():
        raw.execute(
            "INSERT INTO events_lane (consumer, lane_from, lane_to, cursor_xid, cursor_id)"
            " VALUES (%s, 0, %s, CASE WHEN %s THEN '0'::xid8"
            " ELSE pg_snapshot_xmin(pg_current_snapshot()) END, 0)"
            " ON CONFLICT DO NOTHING",
            [name, PARTITIONS - 1, consumer.from_start],
        )


def run_once(name: str, consumer: Consumer) -> int:
    """Read and act on one batch of one lane; returns how many log rows were passed."""
    with transaction.atomic():
        lane = _claim_lane(name)
        if lane is None:
            return 0
        rows, scanned, last = _read(lane, consumer)
        if last is None:
            return 0
        _act(name, consumer, rows)
        cursor().execute(
            "UPDATE events_lane SET cursor_xid = %s::text::xid8, cursor_id = %s"
            " WHERE consumer = %s AND lane_from = %s",
            [last[0], last[1], name, lane[0]],
        )
    return scanned


def _claim_lane(name: str) -> tuple[Any, ...] | None:
    raw = cursor()
    raw.execute(
        "SELECT lane_from, lane_to, cursor_xid::text, cursor_id FROM events_lane"
        " WHERE consumer = %s ORDER BY cursor_xid, cursor_id LIMIT 1 FOR UPDATE SKIP LOCKED",
        [name],
    )
    return raw.fetchone()


def _read(
    lane: tuple[Any, ...], consumer: Consumer
) -> tuple[list[Event], int, tuple[str, int] | None]:
    lane_from, lane_to, xid, last_id = lane
    lane_filter = (
        ""
        if lane_to - lane_from == PARTITIONS - 1
        else f" AND coalesce(customer_id, 0) % {PARTITIONS}"
        f" BETWEEN {int(lane_from)} AND {int(lane_to)}"
    )
    raw = cursor()
    raw.execute(
        f"WITH read AS MATERIALIZED ("
        # Of most rows a consumer wants no more than their place: these come from the index alone.
        f" SELECT xid, id FROM events_event"
        f" WHERE (xid, id) > (%s::text::xid8, %s)"
        f" AND xid < pg_snapshot_xmin(pg_current_snapshot()){lane_filter}"
        f" ORDER BY xid, id LIMIT {BATCH_ROWS}),"
        f" last AS (SELECT xid, id FROM read ORDER BY xid DESC, id DESC LIMIT 1)"
        f" SELECT (SELECT count(*) FROM read), (SELECT xid::text FROM last),"
        f" (SELECT id FROM last)",
        [xid, last_id],
    )
    counted = raw.fetchone()
    assert counted is not None
    scanned, last_xid, last_row = counted
    if not scanned:
        return [], 0, None
    origins = [Origin.LIVE.value] if consumer.live_only else [one.value for one in Origin]
    raw.execute(
        f"SELECT {COLUMNS} FROM events_event"
        f" WHERE (xid, id) > (%s::text::xid8, %s) AND (xid, id) <= (%s::text::xid8, %s)"
        f" AND (kind = ANY(%s) OR %s) AND origin = ANY(%s){lane_filter} ORDER BY xid, id",
        [
            xid, last_id, last_xid, last_row, list(consumer.kinds), ALL_KINDS in consumer.kinds,
            origins,
        ],
    )  # fmt: skip
    now = clock.now()
    events = [
        event
        for event in (Event(*row) for row in raw.fetchall())
        if not (consumer.max_age is not None and event.time < now - consumer.max_age)
    ]
    return events, int(scanned), (last_xid, last_row)


def _act(name: str, consumer: Consumer, rows: Sequence[Event]) -> None:
    handler = handler_of(consumer)
    by_workspace = sorted(rows, key=lambda event: event.workspace_id)
    for workspace_id, group in groupby(by_workspace, key=lambda event: event.workspace_id):
        events = list(group)
        events = _behind_parked(name, workspace_id, events)
        if not events or _try(handler, workspace_id, events) is None:
            continue
        # Somebody in the batch fails: go customer by customer, so that only theirs wait.
        ordered = sorted(events, key=lambda event: event.customer_id or 0)
        for _, own in groupby(ordered, key=lambda event: event.customer_id or 0):
            own_events = list(own)
            reason = _try(handler, workspace_id, own_events)
            if reason is not None:
                _park(name, workspace_id, own_events, reason)


def _try(handler: Handler, workspace_id: int, events: Sequence[Event]) -> str | None:
    """None when the handler took the events, else the reason; a failure leaves no trace."""
    try:
        with transaction.atomic(), scope(workspace_id):
            handler(workspace_id, events)
    except RegularsError as error:
        return error.code
    except Exception as error:
        if is_transient(error):
            raise
        # Any fault of a handler must not stop the log; it is kept where the owner sees it.
        log.exception("a consumer failed")
        return type(error).__name__
    return None


def _behind_parked(name: str, workspace_id: int, events: list[Event]) -> list[Event]:
    raw = cursor()
    raw.execute(
        "SELECT DISTINCT coalesce(customer_id, 0) FROM events_parked"
        " WHERE consumer = %s AND workspace_id = %s",
        [name, workspace_id],
    )
    waiting = {row[0] for row in raw.fetchall()}
    if not waiting:
        return events
    behind = [event for event in events if (event.customer_id or 0) in waiting]
    if behind:
        _park(name, workspace_id, behind, "behind_parked")
    return [event for event in events if (event.customer_id or 0) not in waiting]


def _park(name: str, workspace_id: int, events: Sequence[Event], reason: str) -> None:
    cursor().execute(
        "INSERT INTO events_parked (workspace_id, consumer, customer_id, event_id, event_xid,"
        " event_time, next_try_at, reason)"
        " SELECT workspace_id, %s, customer_id, id, xid, time, %s, %s FROM events_event"
        " WHERE workspace_id = %s AND id = ANY(%s) AND time = ANY(%s)"
        " ON CONFLICT (consumer, event_id) DO NOTHING",
        [
            name,
            clock.now() + PARKED_DELAY,
            reason[:REASON_LENGTH_MAX],
            workspace_id,
            [event.id for event in events],
            [event.time for event in events],
        ],
    )


def retry_parked(consumers: Mapping[str, Consumer]) -> int:
    """Try customers whose parked events are due, in their order; returns events taken."""
    taken = 0
    for consumer_name, workspace_id, customer in _due():
        consumer = consumers.get(consumer_name)
        if consumer is not None:
            taken += _retry_customer(consumer_name, consumer, workspace_id, customer)
    return taken


def _due() -> list[tuple[str, int, int]]:
    raw = cursor()
    raw.execute(
        "SELECT DISTINCT consumer, workspace_id, coalesce(customer_id, 0) FROM events_parked"
        " WHERE next_try_at <= %s AND attempts < %s ORDER BY 1, 2, 3 LIMIT %s",
        [clock.now(), PARKED_TRIES_MAX, PARKED_BATCH],
    )
    return [(str(row[0]), int(row[1]), int(row[2])) for row in raw.fetchall()]


def _retry_customer(name: str, consumer: Consumer, workspace_id: int, customer: int) -> int:
    own = "consumer = %s AND workspace_id = %s AND coalesce(customer_id, 0) = %s"
    values = [name, workspace_id, customer]
    with transaction.atomic():
        raw = cursor()
        raw.execute(
            f"SELECT event_id, event_time FROM events_parked WHERE {own}"
            " ORDER BY event_xid, event_id FOR UPDATE SKIP LOCKED",
            values,
        )
        parked = raw.fetchall()
        if not parked:
            return 0
        raw.execute(
            f"SELECT {COLUMNS} FROM events_event WHERE workspace_id = %s AND id = ANY(%s)"
            " AND time = ANY(%s) ORDER BY xid, id",
            [workspace_id, [row[0] for row in parked], [row[1] for row in parked]],
        )
        events = [Event(*row) for row in raw.fetchall()]
        reason = _try(handler_of(consumer), workspace_id, events)
        if reason is None:
            raw.execute(f"DELETE FROM events_parked WHERE {own}", values)
            return len(events)
        raw.execute(
            "UPDATE events_parked SET attempts = attempts + 1, reason = %s,"
            " next_try_at = %s + least(%s * power(2, attempts), %s)"
            f" WHERE {own}",
            [reason[:REASON_LENGTH_MAX], clock.now(), PARKED_DELAY, PARKED_DELAY_MAX, *values],
        )
    return 0
