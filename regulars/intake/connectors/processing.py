"""Deliveries of the inbox: dropped when seen, mapped, written, logged; failures are kept."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import transaction

from regulars.events import actions as events
from regulars.events.claims import InboxRow
from regulars.events.records import Origin
from regulars.intake.connectors import actions, queries
from regulars.intake.connectors.apply import STALE, apply
from regulars.intake.connectors.providers import PROVIDERS
from regulars.intake.connectors.pure.envelope import Envelope, unpack
from regulars.intake.connectors.records import (
    ConnectionKind,
    ConnectionRecord,
    Context,
    Nothing,
    Outcome,
)
from regulars.kernel.errors import Invalid, NotFound, RegularsError
from regulars.store.faults import is_transient
from regulars.workspaces import queries as workspaces

log = logging.getLogger(__name__)

INBOX_KIND = "connector"
STAGE = "connector"
PAUSED = "connection_paused"
# Names of counts that say nothing was done.
IDLE = {STALE, "orders_same", "refunds_same", "erasures_same", "customer_unknown", "order_unknown",
        "order_cancelled", "goods_same"}  # fmt: skip


def take(workspace_id: int, rows: Sequence[InboxRow]) -> None:
    """Take deliveries in the order they came, each on its own."""
    for row in rows:
        try:
            envelope = unpack(row.body)
            connection = queries.connection(workspace_id, envelope.head.connection)
        except (Invalid, NotFound) as error:
            _keep(workspace_id, row, error.code, error.message)
            continue
        _take_one(workspace_id, row, envelope, connection)


def _take_one(
    workspace_id: int, row: InboxRow, envelope: Envelope, connection: ConnectionRecord
) -> None:
    # What is played again by hand was seen once, and failed.
    if not row.is_replay and not _is_new(workspace_id, row, envelope, connection):
        _log(workspace_id, row, envelope, connection, Outcome.REPEATED)
        return
    if not connection.is_on:
        failed_id = _keep(workspace_id, row, PAUSED, "")
        _log(workspace_id, row, envelope, connection, Outcome.KEPT, PAUSED, failed_id=failed_id)
        return
    if connection.kind is ConnectionKind.WEBHOOK:
        actions.keep_sample(workspace_id, connection.id, envelope.body)
    try:
        with transaction.atomic():
            outcome, counts = _apply(workspace_id, row, envelope, connection)
    except Exception as error:
        if is_transient(error):
            raise
        code, message = _told(error, connection)
        failed_id = _keep(workspace_id, row, code, message)
        _log(
            workspace_id, row, envelope, connection, Outcome.FAILED, code, message,
            failed_id=failed_id,
        )  # fmt: skip
    else:
        reason = "" if outcome is Outcome.TAKEN else next(iter(counts), "")
        _log(workspace_id, row, envelope, connection, outcome, reason, counts=counts)


def _is_new(
    workspace_id: int, row: InboxRow, envelope: Envelope, connection: ConnectionRecord
) -> bool:
    head = envelope.head
    if head.is_by_content:
        return actions.is_body_new(workspace_id, connection.id, head.key, row.received_at)
    seen = (f"connector:{connection.public_id}", head.key)
    return events.mark_seen(workspace_id, [seen])[0]


def _apply(
    workspace_id: int, row: InboxRow, envelope: Envelope, connection: ConnectionRecord
) -> tuple[Outcome, dict[str, int]]:
    context = Context(
        source=connection.source,
        currency=workspaces.workspace(workspace_id).currency,
        received_at=row.received_at,
        settings=connection.settings,
    )
    news = PROVIDERS[connection.kind].read(envelope.body, envelope.head.topic, context)
    origin = Origin.REPLAY if row.is_replay else Origin.LIVE
    key = envelope.head.key
    if envelope.head.is_by_content:
        # The same body may come again as something new.
        key = f"{key}:{row.received_at.timestamp():.0f}"
    counts = apply(workspace_id, connection, news, key=key, origin=origin.value)
    done = {name: count for name, count in counts.items() if count}
    idle = IDLE | {one.reason for one in news if isinstance(one, Nothing)}
    return (Outcome.TAKEN if set(done) - idle else Outcome.IGNORED), done


def _told(error: Exception, connection: ConnectionRecord) -> tuple[str, str]:
    if isinstance(error, RegularsError):
        return error.code, error.message
    log.exception("a delivery of connection %s failed", connection.id)
    return f"fault_{type(error).__name__}"[:60], ""


def _keep(workspace_id: int, row: InboxRow, reason: str, detail: str) -> int:
    (failed_id,) = events.keep_failed(
        workspace_id,
        source=row.source,
        inbox_kind=INBOX_KIND,
        received_at=row.received_at,
        stage=STAGE,
        rejects=[(reason, detail, row.body)],
    )
    return failed_id


def _log(
    workspace_id: int,
    row: InboxRow,
    envelope: Envelope,
    connection: ConnectionRecord,
    outcome: Outcome,
    reason: str = "",
    detail: str = "",
    *,
    counts: dict[str, int] | None = None,
    failed_id: int | None = None,
) -> None:
    actions.log_delivery(
        workspace_id,
        connection,
        key=envelope.head.key,
        topic=envelope.head.topic,
        received_at=row.received_at,
        outcome=outcome,
        reason=reason,
        detail=detail,
        counts=counts,
        failed_id=failed_id,
    )
