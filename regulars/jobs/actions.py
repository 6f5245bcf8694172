"""Putting work into the queue, claiming it, and writing its outcome."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.store.scope import cursor

# The runner renews the lease while the handler runs; a job of a dead worker is free after this.
LEASE = timedelta(seconds=30)
TRIES_MAX = 5
DELAY = timedelta(seconds=10)
# A done job is kept so long for people to look at, and so that its key still means it.
DONE_KEPT = timedelta(days=30)
PRUNED_AT_ONCE_MAX = 10_000
WORKER_DIED = "The worker died while it did this, each time it was tried."
COLUMNS = "id, workspace_id, kind, key, payload, state, due_at, token, attempts, progress, reason"


def enqueue(
    workspace_id: int,
    kind: str,
    payload: Mapping[str, Any],
    key: str,
    *,
    due_at: datetime | None = None,
) -> int:
    """The id of the job under this key, made when new; a known key changes nothing."""
    now = clock.now()
    raw = cursor()
    raw.execute(
        "INSERT INTO jobs_job (workspace_id, kind, key, payload, state, due_at, token, attempts,"
        " progress, reason, created_at)"
        " VALUES (%s, %s, %s, %s, 'waiting', %s, 0, 0, '{}', '', %s)"
        " ON CONFLICT (workspace_id, kind, key) DO UPDATE SET key = excluded.key RETURNING id",
        [workspace_id, kind, key, json.dumps(payload), due_at or now, now],
    )
    row = raw.fetchone()
    assert row is not None
    raw.execute("SELECT pg_notify('regulars_jobs', '')")
    return int(row[0])


def enqueue_anew(
    workspace_id: int, kind: str, payload: Mapping[str, Any], key: str, *, every: timedelta
) -> int:
    """The id of the job under this key, set going again when it ended at least `every` ago.

    For work that is done over and over: it has one row, however often it is asked for.
    """
    job_id = enqueue(workspace_id, kind, payload, key)
    now = clock.now()
    cursor().execute(
        "UPDATE jobs_job SET state = 'waiting', due_at = %s, attempts = 0, reason = '',"
        " finished_at = NULL WHERE workspace_id = %s AND id = %s AND finished_at <= %s",
        [now, workspace_id, job_id, now - every],
    )
    return job_id


def hasten(workspace_id: int, job_id: int) -> None:
    """Let a waiting job be due at once; one that runs is left alone."""
    raw = cursor()
    raw.execute(
        "UPDATE jobs_job SET due_at = %s WHERE workspace_id = %s AND id = %s AND state = 'waiting'",
        [clock.now(), workspace_id, job_id],
    )
    raw.execute("SELECT pg_notify('regulars_jobs', '')")


def prune() -> int:
    """Forget jobs done more than DONE_KEPT ago; returns how many. Engine only."""
    with transaction.atomic():
        raw = cursor()
        raw.execute(
            "DELETE FROM jobs_job WHERE id IN (SELECT id FROM jobs_job"
            " WHERE state = 'done' AND finished_at < %s ORDER BY id LIMIT %s)",
            [clock.now() - DONE_KEPT, PRUNED_AT_ONCE_MAX],
        )
        return raw.rowcount


def claim() -> JobRecord | None:
    """The next job that is due or whose worker died, leased to the caller; engine only."""
    now = clock.now()
    raw = cursor()
    raw.execute(
        f"UPDATE jobs_job SET state = 'running', leased_until = %s, token = token + 1,"
        f" attempts = attempts + 1 WHERE id = ("
        f" SELECT id FROM jobs_job WHERE due_at <= %s AND (state = 'waiting'"
        f" OR (state = 'running' AND leased_until < %s))"
        f" ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING {COLUMNS}",
        [now + LEASE, now, now],
    )
    row = raw.fetchone()
    return None if row is None else JobRecord(*row)


def report_progress(job: JobRecord, progress: Mapping[str, Any]) -> bool:
    """Write the progress and renew the lease; false when the job was taken over or cancelled."""
    raw = cursor()
    raw.execute(
        "UPDATE jobs_job SET progress = %s, leased_until = %s"
        " WHERE id = %s AND token = %s AND state = 'running' RETURNING 1",
        [json.dumps(progress), clock.now() + LEASE, job.id, job.token],
    )
    return raw.fetchone() is not None


def renew(job: JobRecord) -> bool:
    """Hold the job for another LEASE; false when it was taken over."""
    raw = cursor()
    raw.execute(
        "UPDATE jobs_job SET leased_until = %s"
        " WHERE id = %s AND token = %s AND state = 'running' RETURNING 1",
        [clock.now() + LEASE, job.id, job.token],
    )
    return raw.fetchone() is not None


def finish(job: JobRecord) -> None:
    """The job is done."""
    cursor().execute(
        "UPDATE jobs_job SET state = 'done', finished_at = %s, reason = ''"
        " WHERE id = %s AND token = %s",
        [clock.now(), job.id, job.token],
    )


def put_back(job: JobRecord, due_at: datetime) -> None:
    """The job has more to do later; this is not a failure."""
    cursor().execute(
        "UPDATE jobs_job SET state = 'waiting', due_at = %s, attempts = 0, leased_until = NULL"
        " WHERE id = %s AND token = %s",
        [due_at, job.id, job.token],
    )


def fail(job: JobRecord, reason: str, *, is_permanent: bool) -> None:
    """Try again later with a doubled delay, or give up and keep the reason."""
    is_over = is_permanent or job.attempts >= TRIES_MAX
    now = clock.now()
    cursor().execute(
        "UPDATE jobs_job SET state = %s, due_at = %s, reason = %s, finished_at = %s,"
        " leased_until = NULL WHERE id = %s AND token = %s",
        [
            "failed" if is_over else "waiting",
            now + DELAY * 2**job.attempts,
            reason[:300],
            now if is_over else None,
            job.id,
            job.token,
        ],
    )
