"""Imports begun on a page run here, in the worker."""

from __future__ import annotations

from regulars.intake import actions, queries, uploads
from regulars.intake.importers.run import run_import
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, RegularsError
from regulars.store.scope import scope

PROGRESS_EVERY_S = 0.7
TAKEN_OVER = "import_taken_over"


def run_import_job(job: JobRecord) -> None:
    """Run the import of the payload {"import_id", "dry_run"}; it may be run again at any point.

    What was written before a crash is found again by its keys and changes nothing.
    """
    import_id = int(job.payload["import_id"])
    is_trial = bool(job.payload["dry_run"])
    with scope(job.workspace_id):
        record = queries.import_by_id(job.workspace_id, import_id)
        actions.move_import(
            job.workspace_id,
            import_id,
            state="trying" if is_trial else "running",
            since=("trying", "waiting", "running"),
        )
    try:
        run_import(
            job.workspace_id,
            record.kind,
            uploads.path_of(record.stored_as),
            record.mapping or None,
            dry_run=is_trial,
            progress=Teller(job, import_id),
            import_id=import_id,
        )
    except Invalid:
        # The import's own page tells it; the job itself did its work.
        return
    except RegularsError as error:
        if error.code != TAKEN_OVER:
            with scope(job.workspace_id):
                actions.fail_import(job.workspace_id, import_id, error.code, error.message)
        raise
    except Exception as error:
        # Tried again it may come through; the page must not wait for a job that gave up.
        if job.attempts >= jobs.TRIES_MAX:
            with scope(job.workspace_id):
                actions.fail_import(
                    job.workspace_id, import_id, "import_fault", type(error).__name__
                )
        raise
    if not is_trial:
        # What was taken is in the books and what was not is kept row by row.
        uploads.forget(record.stored_as)


def gave_up(job: JobRecord, reason: str) -> None:
    """Show on the import's page that it was given up."""
    with scope(job.workspace_id):
        actions.fail_import(job.workspace_id, int(job.payload["import_id"]), "import_fault", reason)


class Teller:
    """Writes progress now and then, and stops a job that another worker took over."""

    def __init__(self, job: JobRecord, import_id: int) -> None:
        self.job = job
        self.import_id = import_id
        self.told_s = 0.0
        self.stage = ""

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        now_s = clock.monotonic_s()
        if stage == self.stage and now_s - self.told_s < PROGRESS_EVERY_S:
            return
        self.stage, self.told_s = stage, now_s
        with scope(self.job.workspace_id):
            actions.show_progress(self.job.workspace_id, self.import_id, stage, done, total)
            if not jobs.report_progress(self.job, {"stage": stage, "done": done}):
                raise Conflict(TAKEN_OVER, "Another worker goes on with this import.")
