"""Reads of connections and of what became of their deliveries."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.intake.connectors.models import Connection, Delivery
from regulars.intake.connectors.records import (
    ConnectionKind,
    ConnectionRecord,
    ConnectionState,
    DeliveryRecord,
    Outcome,
)
from regulars.kernel.errors import NotFound
from regulars.orders.queries.changes import Place
from regulars.store.scope import cursor

CONNECTIONS_MAX = 100
LOG_ROWS = 50
FAILED_MAX = 1_000
MARK = "."
# Under this kind, by session, lie places in the log of orders; by itself what was taken there.
HANDED = "handed"


def workspace_of(public_id: str) -> int:
    """The workspace an address names. raises NotFound(connection_unknown)"""
    number, mark, rest = public_id.partition(MARK)
    if not (mark and rest and 0 < len(number) <= 15 and set(number) <= set("0123456789abcdef")):
        raise unknown()
    return int(number, 16)


def unknown() -> NotFound:
    """What is said of connections that do not exist or belong to somebody else."""
    return NotFound("connection_unknown", "There is no such connection.")


def connections(workspace_id: int) -> list[ConnectionRecord]:
    """Every connection, the oldest first."""
    rows = Connection.objects.filter(workspace_id=workspace_id).order_by("id")
    return [_record(row) for row in rows[:CONNECTIONS_MAX]]


def connection(workspace_id: int, public_id: str) -> ConnectionRecord:
    """The connection of this public id. raises NotFound(connection_unknown)"""
    row = Connection.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise unknown()
    return _record(row)


def connection_by_id(workspace_id: int, connection_id: int) -> ConnectionRecord:
    """The connection. raises NotFound(connection_unknown)"""
    row = Connection.objects.filter(workspace_id=workspace_id, id=connection_id).first()
    if row is None:
        raise unknown()
    return _record(row)


def deliveries(
    workspace_id: int, connection_id: int, limit: int = LOG_ROWS
) -> list[DeliveryRecord]:
    """The last deliveries, newest first."""
    rows = Delivery.objects.filter(workspace_id=workspace_id, connection_id=connection_id)
    return [
        DeliveryRecord(
            id=row.id,
            key=row.key,
            topic=row.topic,
            received_at=row.received_at,
            finished_at=row.finished_at,
            outcome=Outcome(row.outcome),
            reason=row.reason,
            detail=row.detail,
            counts=row.counts,
            failed_id=row.failed_id,
        )
        for row in rows.order_by("-id")[:limit]
    ]


def waiting_count(workspace_id: int, public_id: str) -> int:
    """How many deliveries are stored and not looked at yet."""
    raw = cursor()
    raw.execute(
        "SELECT count(*) FROM events_inbox WHERE workspace_id = %s AND kind = 'connector'"
        " AND source = %s",
        [workspace_id, public_id],
    )
    row = raw.fetchone()
    return int(row[0]) if row else 0


def failed_ids(
    workspace_id: int, connection_id: int, delivery_ids: Sequence[int] | None = None
) -> list[int]:
    """Failed events behind these deliveries, or behind all of the connection's."""
    rows = Delivery.objects.filter(
        workspace_id=workspace_id, connection_id=connection_id, failed_id__isnull=False
    )
    if delivery_ids is not None:
        rows = rows.filter(id__in=list(delivery_ids))
    found = rows.order_by("id").values_list("failed_id", flat=True)[:FAILED_MAX]
    return [id_ for id_ in found if id_ is not None]


def target_of(workspace_id: int, connection_id: int, kind: str, key: str) -> str:
    """What a thing of the other system is here; empty when it was never spoken of."""
    raw = cursor()
    raw.execute(
        "SELECT target FROM intake_subject WHERE workspace_id = %s AND connection_id = %s"
        " AND kind = %s AND key = %s",
        [workspace_id, connection_id, kind, key],
    )
    row = raw.fetchone()
    return str(row[0]) if row else ""


def handed_place(workspace_id: int, connection_id: int) -> Place:
    """Up to where orders were handed to the other side and taken there."""
    return place_of(workspace_id, connection_id, HANDED)


def place_of(workspace_id: int, connection_id: int, key: str) -> Place:
    """A place in the log of orders, remembered under a key; the beginning when there is none."""
    xid, _, id_ = target_of(workspace_id, connection_id, HANDED, key).partition(":")
    return Place(int(xid), int(id_)) if xid else Place(0, 0)


def targets_of(
    workspace_id: int, connection_id: int, kind: str, keys: Sequence[str]
) -> dict[str, str]:
    """What things of the other system are here, those that are known."""
    raw = cursor()
    raw.execute(
        "SELECT key, target FROM intake_subject WHERE workspace_id = %s AND connection_id = %s"
        " AND kind = %s AND key = ANY(%s) AND target <> ''",
        [workspace_id, connection_id, kind, list(keys)],
    )
    return {row[0]: row[1] for row in raw.fetchall()}


def _record(row: Connection) -> ConnectionRecord:
    return ConnectionRecord(
        id=row.id,
        public_id=row.public_id,
        kind=ConnectionKind(row.kind),
        name=row.name,
        source=row.source,
        state=ConnectionState(row.state),
        settings=row.settings,
        secrets=row.secrets,
        sample=row.sample,
        created_by=row.created_by,
        created_at=row.created_at,
        success_at=row.success_at,
        error_at=row.error_at,
        error_code=row.error_code,
        error_text=row.error_text,
        failures=row.failures,
        due_at=row.due_at,
    )


def keys_of(
    workspace_id: int, connection_id: int, kind: str, targets: Sequence[str]
) -> dict[str, str]:
    """How the other system calls what is ours, where it does: our name → its name."""
    raw = cursor()
    raw.execute(
        "SELECT target, min(key) FROM intake_subject WHERE workspace_id = %s"
        " AND connection_id = %s AND kind = %s AND target = ANY(%s) GROUP BY target",
        [workspace_id, connection_id, kind, list(targets)],
    )
    return {row[0]: row[1] for row in raw.fetchall()}


def delivery_key(workspace_id: int, connection_id: int, delivery_id: int) -> str:
    """How the other side calls a delivery of the log. raises NotFound(failed_event_unknown)"""
    row = Delivery.objects.filter(
        workspace_id=workspace_id, connection_id=connection_id, id=delivery_id
    ).first()
    if row is None:
        raise NotFound("failed_event_unknown", "There is nothing left to replay among these.")
    return row.key
