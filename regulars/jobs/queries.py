"""Reads of the queue."""

from __future__ import annotations

from regulars.jobs.actions import COLUMNS
from regulars.jobs.records import JobRecord
from regulars.store.scope import cursor


def job(workspace_id: int, job_id: int) -> JobRecord | None:
    """The job, or None."""
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM jobs_job WHERE workspace_id = %s AND id = %s",
        [workspace_id, job_id],
    )
    row = raw.fetchone()
    return None if row is None else JobRecord(*row)
