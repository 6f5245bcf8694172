"""Batches in the worker, and the files of exports: written in chunks, kept for a day."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation

from regulars.customers import actions, asked, conditions, queries, words
from regulars.customers.records import BatchRecord, Profile
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.ids import new_public_id
from regulars.kernel.sheets import sheet
from regulars.store.scope import cursor, scope

EXPORT_ROWS = 2_000
EXPORT_KEPT = timedelta(days=1)
EXPIRED_AT_ONCE_MAX = 1_000
EXPORTED = (
    "public_id", "external_id", "name", "first_name", "last_name", "email", "phone", "city",
    "country", "language", "gender", "birth_on",
)  # fmt: skip


def run_job(job: JobRecord) -> None:
    """Do a batch to its end, each chunk in a transaction of its own; safe to begin again."""
    batch_id = int(job.payload["batch"])
    with scope(job.workspace_id):
        batch = queries.batch(job.workspace_id, batch_id)
    if batch.is_over:
        return
    if batch.act == "export":
        _export(job, batch)
        return
    while not batch.is_over:
        with scope(job.workspace_id):
            batch = actions.step_batch(job.workspace_id, batch_id)
            if not jobs.report_progress(job, {"done": batch.done + batch.skipped}):
                return


def gave_up(job: JobRecord, reason: str) -> None:
    """Tell the owner that nothing more will come of the batch."""
    with scope(job.workspace_id):
        actions.fail_batch(job.workspace_id, int(job.payload["batch"]), reason)


def path_of(batch: BatchRecord) -> Path:
    """Where the file of an export lies."""
    return folder() / f"{batch.public_id}.{batch.given['format']}"


def folder() -> Path:
    """Where the files of exports lie."""
    return Path(settings.MEDIA_ROOT) / "exports"


def files_of(public_ids: Collection[str]) -> list[Path]:
    """The files of these exports that lie in the folder, those never finished too."""
    return [path for path in _files() if path.name.split(".")[0] in public_ids]


def _files() -> list[Path]:
    found = folder().iterdir() if folder().is_dir() else ()
    return sorted(path for path in found if path.is_file())


def expire_exports() -> int:
    """Remove files of exports older than EXPORT_KEPT; returns how many exports went. Engine only.

    What a killed worker left unfinished goes by its age, whatever its row says.
    """
    before = clock.now() - EXPORT_KEPT
    with transaction.atomic():
        raw = cursor()
        raw.execute(
            "UPDATE customers_batch SET state = 'gone' WHERE id IN (SELECT id FROM customers_batch"
            " WHERE act = 'export' AND created_at < %s AND state <> 'gone' ORDER BY id LIMIT %s)"
            " RETURNING public_id",
            [before, EXPIRED_AT_ONCE_MAX],
        )
        gone = {row[0] for row in raw.fetchall()}
        # Before the commit: a worker that dies between the two finds the row again.
        for path in files_of(gone):
            path.unlink(missing_ok=True)
    for path in _files():
        with suppress(FileNotFoundError):
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                path.unlink()
    return len(gone)


def _export(job: JobRecord, batch: BatchRecord) -> None:
    """Write the file anew under another name, and show it when it is whole."""
    path = path_of(batch)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: a worker that lost the job must not take away the file of the next one.
    partial = path.with_name(f"{batch.public_id}.{new_public_id()}.partial")
    try:
        _write(job, batch, partial)
    finally:
        partial.unlink(missing_ok=True)


def _write(job: JobRecord, batch: BatchRecord, partial: Path) -> None:
    with translation.override(str(batch.given.get("language") or "en")), partial.open("wb") as file:
        made = sheet(file, str(batch.given["format"]), _headings())
        done = last_id = 0
        for profiles, cells in _chunks(job.workspace_id, batch):
            for profile, row in zip(profiles, cells, strict=True):
                made.row(row)
                last_id = profile.id
            done += len(profiles)
            with scope(job.workspace_id):
                actions.move_export(
                    job.workspace_id, batch.id, last_id=last_id, done=done, is_last=False
                )
                if not jobs.report_progress(job, {"done": done}):
                    return
        made.close()
    partial.replace(path_of(batch))
    with scope(job.workspace_id):
        actions.move_export(job.workspace_id, batch.id, last_id=last_id, done=done, is_last=True)


def _chunks(
    workspace_id: int, batch: BatchRecord
) -> Iterator[tuple[list[Profile], list[list[Any]]]]:
    chosen = asked.filter_of_query(batch.query)
    last_id = 0
    while True:
        with scope(workspace_id):
            ids = queries.ids_after(workspace_id, chosen, last_id, EXPORT_ROWS, batch.chosen)
            found = queries.profiles(workspace_id, ids)
            profiles = [found[one] for one in ids if one in found]
            cells = _cells(workspace_id, profiles)
        if profiles:
            yield profiles, cells
        if len(ids) < EXPORT_ROWS:
            return
        last_id = ids[-1]


def _headings() -> list[str]:
    own = [words.column(name) for name in EXPORTED]
    return [*own, words.column("tags"), words.column("first_seen_at"), words.column("channels"),
            *(str(column.label) for column in conditions.columns().values())]  # fmt: skip


def _cells(workspace_id: int, profiles: Sequence[Profile]) -> list[list[Any]]:
    ids = [profile.id for profile in profiles]
    agreed = queries.marketing_channels(workspace_id, ids)
    more = [column.values(workspace_id, ids) for column in conditions.columns().values()]
    return [
        [
            *(getattr(profile, name) for name in EXPORTED),
            ", ".join(str(tag) for tag in profile.attrs.get("tags") or ()),
            profile.first_seen_at,
            ", ".join(sorted(agreed.get(profile.id, ()))),
            *(values.get(profile.id, "") for values in more),
        ]
        for profile in profiles
    ]
