"""Asking carriers where parcels are; a job of its own for each carrier of a workspace."""

from __future__ import annotations

from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel.errors import NotFound, Outside, Refused
from regulars.orders.actions import carriers
from regulars.orders.adapters import ASKED, AT_ONCE
from regulars.store.scope import scope

CALLS_MAX = 20


def poll(job: JobRecord) -> None:
    """Ask about every parcel that is due, and come back when the next one is."""
    carrier = str(job.payload["carrier"])
    for _ in range(CALLS_MAX):
        if not _ask_some(job.workspace_id, carrier):
            break
    with scope(job.workspace_id):
        due_at = carriers.next_due(job.workspace_id, carrier)
        if due_at is not None:
            jobs.put_back(job, due_at)


def _ask_some(workspace_id: int, carrier: str) -> bool:
    """One call for some parcels; false when there is nothing more to ask now."""
    with scope(workspace_id):
        due = carriers.due_parcels(workspace_id, carrier, AT_ONCE[carrier])
        if not due:
            return False
        try:
            account = carriers.account_of(workspace_id, carrier)
        except (NotFound, Refused) as error:
            carriers.plan_next(workspace_id, due, fault=error.message)
            return True
    # No transaction waits while the carrier thinks.
    try:
        told = ASKED[carrier](account, [parcel.number for parcel in due])
    except Outside as error:
        with scope(workspace_id):
            carriers.plan_next(workspace_id, due, fault=error.message)
        return True
    with scope(workspace_id):
        carriers.take_news(workspace_id, carrier, told)
        carriers.plan_next(workspace_id, due)
    return True
