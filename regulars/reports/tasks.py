"""Work of reports in the worker."""

from __future__ import annotations

from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.reports import actions
from regulars.store.scope import scope


def renew(job: JobRecord) -> None:
    """Renew the kept answer to one question."""
    with scope(job.workspace_id):
        is_kept = bool(job.payload.get("is_kept"))
        actions.renew(job.workspace_id, str(job.payload["name"]), clock.now(), is_kept=is_kept)
