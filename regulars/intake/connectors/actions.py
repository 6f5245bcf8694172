"""Writes of connections: making, changing, pausing, deleting them, and their log."""

from __future__ import annotations

import base64
import secrets as randomness
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction

from regulars.events import actions as events
from regulars.intake.connectors import queries
from regulars.intake.connectors.models import (
    Connection,
    Delivery,
    ExchangeFile,
    PulledFile,
    Subject,
)
from regulars.intake.connectors.onec import files
from regulars.intake.connectors.pure.signatures import SECRET_PREFIX
from regulars.intake.connectors.records import (
    ConnectionKind,
    ConnectionRecord,
    ConnectionState,
    Outcome,
)
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.kernel.ids import new_public_id
from regulars.outside.vault import open_secret, seal_secret
from regulars.store.scope import cursor

NAME_LENGTH_MAX = 100
DETAIL_LENGTH_MAX = 500
SAMPLE_LENGTH_MAX = 64 << 10
SECRET_BYTES = 32
SECRET_LENGTH_MAX = 500
LOG_KEPT = timedelta(days=30)
PRUNED_AT_ONCE_MAX = 10_000
# Longer than the senders we know go on trying (Standard Webhooks 28 hours, Stripe three days).
SAME_BODY_FOR = timedelta(days=3)
REPLAYED_AT_ONCE_MAX = 100
BODY = """
INSERT INTO intake_subject AS s (workspace_id, connection_id, kind, key, told_at, target)
VALUES (%s, %s, 'body', %s, %s, '')
ON CONFLICT (workspace_id, connection_id, kind, key) DO UPDATE SET told_at = excluded.told_at
WHERE s.told_at < excluded.told_at - %s::interval RETURNING 1
"""
# In the order of keys, so that two deliveries about the same things wait in turn.
TOUCH = """
INSERT INTO intake_subject AS s (workspace_id, connection_id, kind, key, told_at, target)
VALUES (%s, %s, %s, %s, %s, '')
ON CONFLICT (workspace_id, connection_id, kind, key) DO UPDATE SET told_at = excluded.told_at
WHERE s.told_at IS NULL OR s.told_at <= excluded.told_at RETURNING target
"""


def create_connection(
    workspace_id: int,
    kind: ConnectionKind,
    name: str,
    *,
    actor: str,
    settings: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> ConnectionRecord:
    """A new connection, on at once. raises Invalid(connection_name), Refused(connection_limit)

    secrets  in plain; they are sealed here
    """
    name = _checked_name(name)
    if Connection.objects.filter(workspace_id=workspace_id).count() >= queries.CONNECTIONS_MAX:
        raise Refused("connection_limit", "A workspace has at most 100 connections.")
    for number in range(1, queries.CONNECTIONS_MAX * 2):
        source = kind.value if number == 1 else f"{kind.value}-{number}"
        try:
            with transaction.atomic():
                row = Connection.objects.create(
                    workspace_id=workspace_id,
                    public_id=f"{workspace_id:x}{queries.MARK}{new_public_id()}",
                    kind=kind.value,
                    name=name,
                    source=source,
                    state=ConnectionState.ON.value,
                    settings=dict(settings or {}),
                    secrets={key: seal_secret(text) for key, text in (secrets or {}).items()},
                    created_by=actor,
                    created_at=clock.now(),
                )
        except IntegrityError:
            continue
        return queries.connection_by_id(workspace_id, row.id)
    raise Refused("connection_limit", "A workspace has at most 100 connections.")


def new_secret(kind: ConnectionKind) -> str:
    """A secret for the other side, in the form it expects."""
    raw = randomness.token_bytes(SECRET_BYTES)
    if kind is ConnectionKind.WEBHOOK:
        return SECRET_PREFIX + base64.b64encode(raw).decode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def open_secrets(connection: ConnectionRecord) -> dict[str, str]:
    """The secrets in plain. raises SecretUnreadable"""
    return {name: open_secret(sealed) for name, sealed in connection.secrets.items()}


def change_connection(
    workspace_id: int,
    public_id: str,
    *,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> None:
    """Keep what was changed; settings and secrets not named stay.

    raises  NotFound(connection_unknown), Invalid(connection_name | connection_secret)
    """
    row = _locked(workspace_id, public_id)
    if name is not None:
        row.name = _checked_name(name)
    if settings is not None:
        row.settings = {**row.settings, **settings}
    for key, text in (secrets or {}).items():
        if len(text) > SECRET_LENGTH_MAX:
            raise Invalid("connection_secret", "A secret has at most 500 characters.")
        row.secrets = {**row.secrets, key: seal_secret(text)}
    row.save(update_fields=["name", "settings", "secrets"])


def set_state(workspace_id: int, public_id: str, state: ConnectionState) -> None:
    """Pause the connection or let it go on. raises NotFound(connection_unknown)"""
    changed = Connection.objects.filter(workspace_id=workspace_id, public_id=public_id).update(
        state=state.value
    )
    if not changed:
        raise queries.unknown()


def delete_connection(workspace_id: int, public_id: str) -> ConnectionRecord:
    """Forget the connection and its log; what it brought stays. raises NotFound"""
    record = queries.connection(workspace_id, public_id)
    mine = ExchangeFile.objects.filter(workspace_id=workspace_id, connection_id=record.id)
    names = list(mine.values_list("stored_as", flat=True))
    # No row would lead to them any more.
    for name in names:
        transaction.on_commit(partial(files.forget, name))
    for table in (Delivery, Subject, ExchangeFile, PulledFile):
        table.objects.filter(workspace_id=workspace_id, connection_id=record.id).delete()
    Connection.objects.filter(workspace_id=workspace_id, id=record.id).delete()
    return record


def _locked(workspace_id: int, public_id: str) -> Connection:
    row = (
        Connection.objects.select_for_update()
        .filter(workspace_id=workspace_id, public_id=public_id)
        .first()
    )
    if row is None:
        raise queries.unknown()
    return row


def _checked_name(name: str) -> str:
    found = " ".join(name.split())
    if not 0 < len(found) <= NAME_LENGTH_MAX or not found.isprintable():
        raise Invalid("connection_name", "Give the connection a name of 1 to 100 characters.")
    return found


def receive(workspace_id: int, public_id: str, stored: bytes) -> None:
    """Put a delivery into the inbox; it is on disk when the transaction is over."""
    raw = cursor()
    raw.execute(
        "INSERT INTO events_inbox (workspace_id, kind, source, is_gzip, body)"
        " VALUES (%s, 'connector', %s, false, %s)",
        [workspace_id, public_id, stored],
    )
    raw.execute("SELECT pg_notify('regulars_inbox', '')")


def log_delivery(
    workspace_id: int,
    connection: ConnectionRecord,
    *,
    key: str,
    topic: str,
    received_at: datetime,
    outcome: Outcome,
    reason: str = "",
    detail: str = "",
    counts: Mapping[str, int] | None = None,
    failed_id: int | None = None,
) -> None:
    """Write what became of a delivery, here and on its connection."""
    now = clock.now()
    Delivery.objects.create(
        workspace_id=workspace_id,
        connection_id=connection.id,
        key=key[:300],
        topic=topic[:100],
        received_at=received_at,
        finished_at=now,
        outcome=outcome.value,
        reason=reason[:100],
        detail=detail[:DETAIL_LENGTH_MAX].replace("\x00", ""),
        counts=dict(counts or {}),
        failed_id=failed_id,
    )
    if outcome is Outcome.FAILED:
        tell_failure(workspace_id, connection.id, reason, detail)
    elif outcome in (Outcome.TAKEN, Outcome.IGNORED):
        tell_success(workspace_id, connection.id)


def tell_success(workspace_id: int, connection_id: int) -> None:
    """The connection works."""
    Connection.objects.filter(workspace_id=workspace_id, id=connection_id).update(
        success_at=clock.now(), failures=0
    )


def tell_failure(workspace_id: int, connection_id: int, code: str, text: str) -> int:
    """The connection failed; returns how often in a row."""
    raw = cursor()
    raw.execute(
        "UPDATE intake_connection SET error_at = %s, error_code = %s, error_text = %s,"
        " failures = failures + 1 WHERE workspace_id = %s AND id = %s RETURNING failures",
        [clock.now(), code[:100], text[:DETAIL_LENGTH_MAX].replace("\x00", ""), workspace_id,
         connection_id],
    )  # fmt: skip
    row = raw.fetchone()
    return int(row[0]) if row else 0


def keep_sample(workspace_id: int, connection_id: int, body: bytes) -> None:
    """Keep the last body for whoever says what its parts mean; a long one is not kept."""
    if len(body) > SAMPLE_LENGTH_MAX:
        return
    text = body.decode("utf-8", "replace").replace("\x00", "")
    Connection.objects.filter(workspace_id=workspace_id, id=connection_id).update(
        sample={"text": text}
    )


def touch(
    workspace_id: int, connection_id: int, kind: str, key: str, told_at: datetime
) -> tuple[bool, str]:
    """Whether these are the newest news of a thing, and what it is here.

    From now on older news of it are refused; its row is locked until the transaction ends.
    """
    raw = cursor()
    raw.execute(TOUCH, [workspace_id, connection_id, kind, key[:300], told_at])
    row = raw.fetchone()
    return (row is not None, str(row[0]) if row else "")


def is_body_new(workspace_id: int, connection_id: int, key: str, received_at: datetime) -> bool:
    """Whether a body without an id did not come within SAME_BODY_FOR before; it counts from now.

    The time runs from the first of equal bodies, so that a sender that always says the same is
    heard again.
    """
    raw = cursor()
    raw.execute(BODY, [workspace_id, connection_id, key[:300], received_at, SAME_BODY_FOR])
    return raw.fetchone() is not None


def replay_waiting(workspace_id: int, connection: ConnectionRecord, detail: str) -> int:
    """Let refunds be taken that came before their order and were kept with this detail."""
    failed = Delivery.objects.filter(
        workspace_id=workspace_id, connection_id=connection.id, reason="order_unknown",
        failed_id__isnull=False, detail=detail,
    ).values_list("failed_id", flat=True)[:REPLAYED_AT_ONCE_MAX]  # fmt: skip
    ids = [failed_id for failed_id in failed if failed_id is not None]
    if not ids:
        return 0
    count = events.replay_failed(workspace_id, ids)
    Delivery.objects.filter(
        workspace_id=workspace_id, connection_id=connection.id, failed_id__in=ids
    ).update(failed_id=None)
    return count


def point(workspace_id: int, connection_id: int, kind: str, key: str, target: str) -> None:
    """Write what a thing of the other system is here."""
    point_many(workspace_id, connection_id, kind, {key: target})


def point_many(
    workspace_id: int, connection_id: int, kind: str, targets: Mapping[str, str]
) -> None:
    """Write what things of the other system are here; those that stay write nothing."""
    keys = sorted(targets)
    cursor().execute(
        "INSERT INTO intake_subject AS s (workspace_id, connection_id, kind, key, target)"
        " SELECT %s, %s, %s, key, target FROM unnest(%s::text[], %s::text[]) AS g (key, target)"
        " ON CONFLICT (workspace_id, connection_id, kind, key)"
        " DO UPDATE SET target = excluded.target WHERE s.target <> excluded.target",
        [
            workspace_id, connection_id, kind, [key[:300] for key in keys],
            [targets[key] for key in keys],
        ],
    )  # fmt: skip


def replay(workspace_id: int, connection: ConnectionRecord, delivery_id: int | None = None) -> int:
    """Let failed deliveries be taken again, one or all; returns how many.

    raises  NotFound(failed_event_unknown) when none is left
    """
    chosen = None if delivery_id is None else [delivery_id]
    failed = queries.failed_ids(workspace_id, connection.id, chosen)
    if not failed:
        raise NotFound("failed_event_unknown", "There is nothing left to replay among these.")
    count = events.replay_failed(workspace_id, failed)
    Delivery.objects.filter(
        workspace_id=workspace_id, connection_id=connection.id, failed_id__in=failed
    ).update(failed_id=None)
    cursor().execute("SELECT pg_notify('regulars_inbox', '')")
    return count


def prune() -> int:
    """Forget lines of the log older than LOG_KEPT, and bodies that would count as new again.

    Engine only; returns how many.
    """
    raw = cursor()
    raw.execute(
        "DELETE FROM intake_delivery WHERE id IN (SELECT id FROM intake_delivery"
        " WHERE finished_at < %s AND failed_id IS NULL ORDER BY finished_at LIMIT %s)",
        [clock.now() - LOG_KEPT, PRUNED_AT_ONCE_MAX],
    )
    gone = raw.rowcount
    raw.execute(
        "DELETE FROM intake_subject WHERE id IN (SELECT id FROM intake_subject"
        " WHERE kind = 'body' AND told_at < %s ORDER BY told_at LIMIT %s)",
        [clock.now() - SAME_BODY_FOR, PRUNED_AT_ONCE_MAX],
    )
    return gone + raw.rowcount


def tell_looked(workspace_id: int, connection_id: int) -> None:
    """The connection was asked and had nothing new; failures of its files stay told."""
    Connection.objects.filter(workspace_id=workspace_id, id=connection_id).update(
        success_at=clock.now()
    )
