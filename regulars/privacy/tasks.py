"""Erasures and exports in the worker."""

from __future__ import annotations

from django.db import transaction

from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.privacy import actions


def erase(job: JobRecord) -> None:
    """Carry an erasure on as far as it goes now, and come back when it has to wait."""
    pause = actions.advance(job.workspace_id, str(job.payload["erasure"]))
    if pause is not None:
        with transaction.atomic():
            jobs.put_back(job, pause.until)


def export(job: JobRecord) -> None:
    """Put everything about a person together."""
    actions.build_export(job.workspace_id, str(job.payload["export"]))


def expire_exports() -> int:
    """Remove files of persons whose time is over."""
    return actions.expire_exports()
