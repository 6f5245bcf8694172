"""Files of hashed audiences, in the worker: written page by page, shown whole, kept for a day."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from django.db import transaction

from regulars.customers import queries as customers
from regulars.customers.records import Profile
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.cells import csv_cell
from regulars.segments import queries
from regulars.segments.actions import audiences as actions
from regulars.segments.pure import audiences as pure
from regulars.segments.queries import hooks as reads
from regulars.segments.records import MEMBERS_PAGE_MAX, AudienceFileRecord
from regulars.store import place
from regulars.store.persons import Person
from regulars.store.scope import scope

FOLDER = "audiences"
FOLDER_MODE, FILE_MODE = 0o700, 0o600
EMAIL, PHONE = "email", "sms"


def path_of(workspace_id: int, public_id: str) -> Path:
    """Where the file lies."""
    return place.data_folder() / FOLDER / str(workspace_id) / f"{public_id}.csv"


def run(job: JobRecord) -> None:
    """Write the file to its end under another name; safe to begin again."""
    with scope(job.workspace_id):
        one = reads.audience_file(job.workspace_id, int(job.payload["file"]))
    if one.state != "waiting":
        return
    path = path_of(job.workspace_id, one.public_id)
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    try:
        members, rows = _written(job, one, partial)
        if members < 0:
            return
        with scope(job.workspace_id):
            actions.finish_audience(
                job.workspace_id, one.id, state="done", members=members, rows=rows
            )
            # In the transaction: an erasure that comes first finds no file, one that comes
            # later finds it.
            if reads.audience_file(job.workspace_id, one.id).state == "done":
                partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def gave_up(job: JobRecord, reason: str) -> None:
    """Tell the owner that nothing more will come of the file."""
    with scope(job.workspace_id):
        actions.finish_audience(job.workspace_id, int(job.payload["file"]), state="failed")


def expire() -> int:
    """Remove the files of yesterday; returns how many."""
    with transaction.atomic():
        gone = actions.expire_audiences()
        for workspace_id, public_id in gone:
            path = path_of(workspace_id, public_id)
            path.unlink(missing_ok=True)
            path.with_suffix(".partial").unlink(missing_ok=True)
    return len(gone)


def forget(person: Person) -> Mapping[str, int]:
    """Remove every audience file of the workspace: hashes tell nobody whose they are."""
    folder = place.data_folder() / FOLDER / str(person.workspace_id)
    found = [path for path in folder.glob("*") if path.is_file()] if folder.exists() else []
    for path in found:
        path.unlink(missing_ok=True)
    return {"audience_files": len(found)}


def _written(job: JobRecord, one: AudienceFileRecord, partial: Path) -> tuple[int, int]:
    """How many members there were and how many rows came of them; (-1, 0) when taken over."""
    members = rows = 0
    with partial.open("w", encoding="utf-8", newline="") as stream:
        partial.chmod(FILE_MODE)
        sheet = csv.writer(stream)
        sheet.writerow(pure.COLUMNS[one.kind])
        for count, page in _pages(job.workspace_id, one):
            for known in page:
                row = pure.row_of(one.kind, known)
                if row is not None:
                    sheet.writerow([csv_cell(cell) for cell in row])
                    rows += 1
            members += count
            with scope(job.workspace_id):
                if not jobs.report_progress(job, {"done": members}):
                    return -1, 0
    return members, rows


def _pages(workspace_id: int, one: AudienceFileRecord) -> Iterator[tuple[int, list[pure.Known]]]:
    """Members page by page, with only what they agreed to."""
    with scope(workspace_id):
        segment = queries.segment(workspace_id, one.segment_id)
        # Before the first fill there is nobody stored: the rule is asked once.
        asked = (
            queries.audience(workspace_id, segment.rule, clock.now())
            if segment.size is None
            else None
        )
    after = 0
    while True:
        with scope(workspace_id):
            if asked is None:
                found = queries.members(workspace_id, one.segment_id, after=after)
                ids = [member.customer_id for member in found]
            else:
                ids = asked[after : after + MEMBERS_PAGE_MAX]
            known = _known(workspace_id, ids, one.purpose)
        if ids:
            yield len(ids), known
        if len(ids) < MEMBERS_PAGE_MAX:
            return
        after = ids[-1] if asked is None else after + MEMBERS_PAGE_MAX


def _known(workspace_id: int, ids: list[int], purpose: str) -> list[pure.Known]:
    people = customers.profiles(workspace_id, ids)
    agreed = {
        channel: customers.may_contact(workspace_id, ids, channel, purpose)
        for channel in (EMAIL, PHONE)
    }

    def may(channel: str, customer_id: int) -> bool:
        return agreed[channel].get(customer_id, "customer_unknown") is None

    return [
        _of(people[one], may_email=may(EMAIL, one), may_phone=may(PHONE, one))
        for one in ids
        if one in people
    ]


def _of(person: Profile, *, may_email: bool, may_phone: bool) -> pure.Known:
    return pure.Known(
        email=(person.email or "") if may_email else "",
        phone=(person.phone or "") if may_phone else "",
        first_name=person.first_name or "",
        last_name=person.last_name or "",
        country=person.country or "",
        postal_code=str(person.attrs.get("postal_code") or ""),
        city=person.city or "",
        gender=person.gender or "",
        birth_on=person.birth_on,
    )
