"""Files of an exchange are brought in here; begun again, they change nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from django.db import transaction

from regulars.intake.connectors import actions, queries
from regulars.intake.connectors.models import ExchangeFile
from regulars.intake.connectors.onec import files
from regulars.intake.connectors.onec.apply import Exchange
from regulars.intake.connectors.onec.reading import Part, parts
from regulars.intake.connectors.records import ConnectionRecord, Outcome
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries as workspaces

JOB = "intake.exchange"
BATCH_PARTS = 500
FILES_KEPT = timedelta(days=7)
EXPIRED_AT_ONCE_MAX = 1_000
SAME = "file_same"


def begin(workspace_id: int, file: ExchangeFile) -> None:
    """Let the worker bring the file in; asked again, nothing happens twice."""
    changed = ExchangeFile.objects.filter(
        workspace_id=workspace_id, id=file.id, state__in=("receiving", "failed")
    ).update(state="waiting", reason="", detail="", rows_done=0)
    if changed:
        key = f"exchange:{file.id}:{file.size}:{clock.now().timestamp()}"
        jobs.enqueue(workspace_id, JOB, {"file_id": file.id}, key=key)


def run(job: JobRecord) -> None:
    """Bring in the file of the payload {"file_id"}; it may be run again at any point."""
    file_id = int(job.payload["file_id"])
    with scope(job.workspace_id):
        file = ExchangeFile.objects.filter(workspace_id=job.workspace_id, id=file_id).first()
        if file is None:
            return
        try:
            connection = queries.connection_by_id(job.workspace_id, file.connection_id)
        except NotFound:
            return
        file.state = "running"
        file.save(update_fields=["state"])
    try:
        counts = _bring_in(job, file, connection)
    except Invalid as error:
        _fail(job.workspace_id, file, connection, error)
        return
    _finish(job.workspace_id, file, connection, counts)


def gave_up(job: JobRecord, reason: str) -> None:
    """Tell on the connection's page that the file was given up."""
    with scope(job.workspace_id):
        file_id = int(job.payload["file_id"])
        file = ExchangeFile.objects.filter(workspace_id=job.workspace_id, id=file_id).first()
        if file is not None:
            connection = queries.connection_by_id(job.workspace_id, file.connection_id)
            _fail(job.workspace_id, file, connection, Invalid("exchange_fault", reason))


def _bring_in(job: JobRecord, file: ExchangeFile, connection: ConnectionRecord) -> dict[str, int]:
    workspace_id = job.workspace_id
    try:
        digest = files.hash_of(file.stored_as)
    except FileNotFoundError:
        raise Invalid("file_gone", "The file of the exchange is gone; send it again.") from None
    with scope(workspace_id):
        if _is_same(workspace_id, file, digest):
            return {SAME: 1}
        ExchangeFile.objects.filter(workspace_id=workspace_id, id=file.id).update(hash=digest)
        currency = workspaces.workspace(workspace_id).currency
    exchange = Exchange(workspace_id, connection, currency)
    done = 0
    with files.path_of(file.stored_as).open("rb") as stream:
        for batch in _batches(parts(stream)):
            with scope(workspace_id):
                exchange.take(batch)
                done += len(batch)
                ExchangeFile.objects.filter(workspace_id=workspace_id, id=file.id).update(
                    rows_done=done
                )
                if not jobs.report_progress(job, {"parts": done}):
                    raise Conflict("exchange_taken_over", "Another worker goes on with this.")
    return dict(exchange.counts)


def _batches(found: Iterator[Part]) -> Iterator[list[Part]]:
    while batch := list(islice(found, BATCH_PARTS)):
        yield batch


def _is_same(workspace_id: int, file: ExchangeFile, digest: str) -> bool:
    """Whether the last file of this name held the same and came through.

    One that broke off has written a part: what came before it is news once more.
    """
    if file.finished_at is not None:
        # Sent again in its own exchange, or played again: what it held then is not kept.
        return False
    last = (
        ExchangeFile.objects.filter(
            workspace_id=workspace_id, connection_id=file.connection_id, kind=file.kind,
            name=file.name, finished_at__isnull=False,
        )
        .exclude(id=file.id)
        .order_by("-finished_at", "-id")
        .first()
    )  # fmt: skip
    return last is not None and last.state == "done" and last.hash == digest


def _finish(
    workspace_id: int, file: ExchangeFile, connection: ConnectionRecord, counts: dict[str, int]
) -> None:
    made = {name: count for name, count in counts.items() if count}
    is_same = SAME in made
    with scope(workspace_id):
        row = ExchangeFile.objects.get(workspace_id=workspace_id, id=file.id)
        row.state, row.counts, row.finished_at = "done", made, clock.now()
        row.hash = row.hash or files.hash_of(row.stored_as)
        row.save(update_fields=["state", "counts", "finished_at", "hash"])
        _tell(
            workspace_id, file, connection, Outcome.IGNORED if is_same else Outcome.TAKEN,
            reason=SAME if is_same else "", counts=made,
        )  # fmt: skip
    files.forget(file.stored_as)


def _fail(
    workspace_id: int, file: ExchangeFile, connection: ConnectionRecord, error: Invalid
) -> None:
    with scope(workspace_id):
        ExchangeFile.objects.filter(workspace_id=workspace_id, id=file.id).update(
            state="failed", reason=error.code, detail=error.message[:500], finished_at=clock.now()
        )
        _tell(
            workspace_id, file, connection, Outcome.FAILED, reason=error.code,
            detail=error.message,
        )  # fmt: skip


def _tell(
    workspace_id: int,
    file: ExchangeFile,
    connection: ConnectionRecord,
    outcome: Outcome,
    *,
    reason: str = "",
    detail: str = "",
    counts: dict[str, int] | None = None,
) -> None:
    actions.log_delivery(
        workspace_id,
        connection,
        key=f"{file.id}:{file.name}",
        topic=f"{file.kind} · {file.name}",
        received_at=file.created_at,
        outcome=outcome,
        reason=reason,
        detail=detail,
        counts=counts,
    )


def run_again(workspace_id: int, connection: ConnectionRecord, key: str) -> None:
    """Bring a failed file in once more. raises NotFound(failed_event_unknown)"""
    number = key.partition(":")[0]
    row = None
    if number.isdecimal() and number.isascii():
        row = ExchangeFile.objects.filter(
            workspace_id=workspace_id, connection_id=connection.id, id=int(number), state="failed"
        ).first()
    if row is None or not files.path_of(row.stored_as).exists():
        raise NotFound("failed_event_unknown", "There is nothing left to replay among these.")
    begin(workspace_id, row)


def expire() -> int:
    """Remove files of exchanges nobody went on with for FILES_KEPT; returns how many."""
    with transaction.atomic():
        raw = cursor()
        raw.execute(
            "WITH due AS (SELECT id, stored_as FROM intake_exchangefile WHERE stored_as <> ''"
            " AND state IN ('receiving', 'failed') AND created_at < %s ORDER BY id LIMIT %s"
            " FOR UPDATE SKIP LOCKED)"
            " UPDATE intake_exchangefile AS f SET stored_as = '', state = 'expired' FROM due"
            " WHERE f.id = due.id RETURNING due.stored_as",
            [clock.now() - FILES_KEPT, EXPIRED_AT_ONCE_MAX],
        )
        names = [row[0] for row in raw.fetchall()]
        # Before the commit: a worker that dies between the two finds the row again.
        for name in names:
            files.forget(name)
    return len(names)
