"""Reads of the log: timelines from PostgreSQL, failed events, state of the consumers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from regulars.events.models import FailedEvent
from regulars.events.records import PARKED_TRIES_MAX, Event, FailedRecord, ParkedRecord
from regulars.store.scope import cursor

TIMELINE_PAGE_MAX = 200
TIMELINE_IDS_MAX = 200
FEED_PAGE_MAX = 200
FAILED_PAGE = 50
PARKED_SHOWN_MAX = 50
COLUMNS = (
    "id, workspace_id, customer_id, time, received_at, kind, origin, source, subject_id, props"
)


def timeline(
    workspace_id: int,
    customer_id: int,
    limit: int = 50,
    before: tuple[datetime, int] | None = None,
    kinds: Sequence[str] = (),
    but: Sequence[str] = (),
    subject_id: int | None = None,
) -> list[Event]:
    """The customer's events, newest first; `before` is the (time, id) of the last one shown.

    kinds       only these, when any are named
    but         none of these
    subject_id  only what happened to this order, segment …
    """
    return timeline_of_all(workspace_id, [customer_id], limit, before, kinds, but, subject_id)


def timeline_of_all(
    workspace_id: int,
    customer_ids: Sequence[int],
    limit: int = 50,
    before: tuple[datetime, int] | None = None,
    kinds: Sequence[str] = (),
    but: Sequence[str] = (),
    subject_id: int | None = None,
) -> list[Event]:
    """As `timeline`, of one person under several ids, at most TIMELINE_IDS_MAX of them."""
    assert len(customer_ids) <= TIMELINE_IDS_MAX
    where = "workspace_id = %s AND customer_id = asked.id"
    values: list[Any] = [workspace_id]
    if before is not None:
        where += " AND (time, id) < (%s, %s)"
        values += list(before)
    if kinds:
        where += " AND kind = ANY(%s)"
        values.append(list(kinds))
    if but:
        where += " AND kind <> ALL(%s)"
        values.append(list(but))
    if subject_id is not None:
        where += " AND subject_id = %s"
        values.append(subject_id)
    rows = min(limit, TIMELINE_PAGE_MAX)
    raw = cursor()
    # The newest of each id by its index, then the newest of these.
    raw.execute(
        f"SELECT e.* FROM unnest(%s::bigint[]) AS asked (id) CROSS JOIN LATERAL ("
        f" SELECT {COLUMNS} FROM events_event WHERE {where}"
        " ORDER BY time DESC, id DESC LIMIT %s) AS e ORDER BY e.time DESC, e.id DESC LIMIT %s",
        [list(customer_ids), *values, rows, rows],
    )
    return [Event(*row) for row in raw.fetchall()]


# What others do to a customer is no act of theirs; purchases and rewards speak for them.
NOT_THEIRS = (
    "customer.changed", "customer.conflict", "customer.merged", "customer.split", "contact.",
    "message.sent", "message.bounced", "segment.",
)  # fmt: skip
BUSINESS = ("order.", "points.", "coupon.", "promo.", "Order ")
DEEDS = """
SELECT asked.id,
       EXISTS (SELECT FROM events_event e WHERE e.workspace_id = %(workspace)s
               AND e.customer_id = asked.id AND e.kind ^@ ANY(%(business)s)),
       (SELECT e.time FROM events_event e WHERE e.workspace_id = %(workspace)s
        AND e.customer_id = asked.id AND NOT e.kind ^@ ANY(%(not_theirs)s)
        ORDER BY e.time DESC LIMIT 1)
FROM unnest(%(ids)s::bigint[]) AS asked (id)
"""


def deeds(
    workspace_id: int, customer_ids: Sequence[int]
) -> dict[int, tuple[bool, datetime | None]]:
    """For each customer whether they have orders or rewards, and when they last did anything."""
    raw = cursor()
    raw.execute(
        DEEDS,
        {
            "workspace": workspace_id,
            "ids": list(customer_ids),
            "business": list(BUSINESS),
            "not_theirs": list(NOT_THEIRS),
        },
    )
    return {row[0]: (row[1], row[2]) for row in raw.fetchall()}


def latest(workspace_id: int, limit: int = 50) -> list[Event]:
    """What came last into the workspace, newest arrival first, of the last two months."""
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM events_event WHERE workspace_id = %s"
        " AND time > now() - interval '62 days' ORDER BY xid DESC, id DESC LIMIT %s",
        [workspace_id, min(limit, FEED_PAGE_MAX)],
    )
    return [Event(*row) for row in raw.fetchall()]


def failed(
    workspace_id: int, limit: int = FAILED_PAGE, before_id: int | None = None
) -> list[FailedRecord]:
    """Failed events not replayed yet, newest first."""
    rows = FailedEvent.objects.filter(workspace_id=workspace_id, replayed_at__isnull=True)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return [
        FailedRecord(
            id=row.id,
            source=row.source,
            received_at=row.received_at,
            stage=row.stage,
            reason=row.reason,
            detail=row.detail,
            payload=bytes(row.payload),
            attempts=row.attempts,
            replayed_at=row.replayed_at,
        )
        for row in rows.order_by("-id")[:limit]
    ]


def failed_count(workspace_id: int) -> int:
    """How many failed events wait for a replay."""
    return FailedEvent.objects.filter(workspace_id=workspace_id, replayed_at__isnull=True).count()


# A customer is tried as long as one of their events may be.
PARKED = """
SELECT p.id, p.consumer, coalesce(e.kind, ''), p.event_time, p.events, p.reason, p.attempts,
       p.next_try_at, p.attempts >= %s
FROM (
    SELECT min(id) AS id, consumer, count(*)::int AS events, min(attempts) AS attempts,
           min(next_try_at) AS next_try_at,
           (array_agg(event_id ORDER BY event_xid, event_id))[1] AS event_id,
           (array_agg(event_time ORDER BY event_xid, event_id))[1] AS event_time,
           (array_agg(reason ORDER BY event_xid, event_id))[1] AS reason
    FROM events_parked WHERE workspace_id = %s
    GROUP BY consumer, coalesce(customer_id, 0)
    ORDER BY min(attempts) DESC, min(id) LIMIT %s
) AS p
LEFT JOIN events_event AS e
  ON e.workspace_id = %s AND e.id = p.event_id AND e.time = p.event_time
ORDER BY p.attempts DESC, p.id
"""


def parked(workspace_id: int) -> list[ParkedRecord]:
    """Events that wait because their handling failed, by customer and consumer, hopeless first."""
    raw = cursor()
    raw.execute(PARKED, [PARKED_TRIES_MAX, workspace_id, PARKED_SHOWN_MAX, workspace_id])
    return [ParkedRecord(*row) for row in raw.fetchall()]


def parked_count(workspace_id: int) -> int:
    """How many events are parked."""
    raw = cursor()
    raw.execute("SELECT count(*) FROM events_parked WHERE workspace_id = %s", [workspace_id])
    row = raw.fetchone()
    return int(row[0]) if row else 0


def inbox_is_empty() -> bool:
    """Whether everything received has been processed (engine only)."""
    raw = cursor()
    raw.execute("SELECT NOT EXISTS (SELECT 1 FROM events_inbox)")
    row = raw.fetchone()
    return bool(row and row[0])


def backlog() -> dict[str, float]:
    """Inbox rows and the age of the oldest in seconds (engine only)."""
    raw = cursor()
    raw.execute(
        "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(received_at)), 0)"
        " FROM events_inbox"
    )
    row = raw.fetchone()
    assert row is not None
    return {"rows": float(row[0]), "oldest_s": float(row[1])}
