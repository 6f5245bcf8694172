"""Replays in the worker: a chunk of receipts at a time, kept with the place it came to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.loyalty.actions import replays
from regulars.loyalty.pure import replaying as pure
from regulars.loyalty.queries import replaying as queries
from regulars.store.scope import scope

CHUNK_RECEIPTS = 500
RECEIPTS_MAX = 100_000
# A replay gives way to other work of the worker after so long and goes on afterwards.
TURN = timedelta(seconds=20)


def run(job: JobRecord) -> None:
    """Price the receipts of one replay anew; begun again it goes on where it stood."""
    workspace_id, public_id = job.workspace_id, str(job.payload["replay"])
    with scope(workspace_id):
        asked = queries.replay(workspace_id, public_id)
        if asked.state not in ("waiting", "running"):
            return
        live = queries.rules_of(workspace_id, asked)
    stop_at = clock.now() + TURN
    while True:
        with scope(workspace_id):
            page, before = queries.receipts(workspace_id, asked, live, limit=CHUNK_RECEIPTS)
            pure.replay(asked.found, live, page)
            read = asked.found.receipts + asked.found.refused
            state = "running"
            if before is None:
                state = "done"
            elif read >= RECEIPTS_MAX:
                state = "full"
            place = (before[0].isoformat(), before[1]) if before else None
            replays.keep(workspace_id, public_id, asked.found, state=state, before=place)
            jobs.report_progress(job, {"receipts": read})
        if state != "running":
            return
        asked = replace(asked, before=before)
        if clock.now() >= stop_at:
            jobs.put_back(job, clock.now())
            return


def gave_up(job: JobRecord, reason: str) -> None:
    """Say on the replay that nothing more will come."""
    with scope(job.workspace_id):
        replays.fail(job.workspace_id, str(job.payload["replay"]))
