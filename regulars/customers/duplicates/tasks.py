"""The worker's part: the search for duplicates, and merging many pairs that were agreed to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from regulars.customers.actions import duplicates as actions
from regulars.customers.duplicates import people, search
from regulars.customers.queries import duplicates as queries
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.errors import RegularsError
from regulars.store.scope import scope

BATCH_ROWS = 10_000
BROKEN_OFF = "search_broken_off"


def find(job: JobRecord) -> None:
    """Do a search that was asked for on the page."""

    def tell(customers: int) -> None:
        jobs.report_progress(job, {"customers": customers})

    search_in(job.workspace_id, int(job.payload["run"]), tell)


def search_in(workspace_id: int, run: int, tell: Callable[[int], None]) -> None:
    """Compare the customers of the workspace and keep the pairs that may be one person.

    Each batch is read, and the pairs are kept, in short transactions; the weighing needs none.
    tell    is called in a transaction with how many customers were read
    raises  RegularsError(search_broken_off), after the run was ended
    """
    started_at = clock.now()
    tables = []
    count, after = 0, 0
    while True:
        with scope(workspace_id):
            batch = queries.people(workspace_id, after, BATCH_ROWS)
            tell(count + len(batch))
        if not batch:
            break
        count, after = count + len(batch), batch[-1].id
        tables.append(people.table(batch))
    try:
        with tempfile.TemporaryDirectory(prefix="regulars-duplicates-") as folder:
            found = search.search(tables, Path(folder))
    except Exception as error:
        with scope(workspace_id):
            actions.end_search(workspace_id, run, reason=str(error)[:200])
        if isinstance(error, RegularsError):
            raise
        raise RegularsError(BROKEN_OFF, "The search for duplicates broke off.") from error
    with scope(workspace_id):
        kept = actions.keep_pairs(workspace_id, found.pairs, started_at)
        actions.end_search(workspace_id, run, customers=count, pairs=kept, left_out=found.left_out)


def gave_up(job: JobRecord, reason: str) -> None:
    """Say on the page that the search will not end."""
    with scope(job.workspace_id):
        actions.end_search(job.workspace_id, int(job.payload["run"]), reason=reason)


def merge_many(job: JobRecord) -> None:
    """Merge pairs of at least the agreed probability, a few in each transaction.

    A worker that dies goes on where it was: merged pairs are no longer open.
    """
    done, more = 0, True
    while more:
        with scope(job.workspace_id):
            merged = actions.merge_some(
                job.workspace_id, float(job.payload["probability"]), actor=str(job.payload["actor"])
            )
            done += merged
            # Nothing is left, or another worker goes on with it.
            more = bool(merged) and jobs.report_progress(job, {"pairs": done})
