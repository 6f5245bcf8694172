"""Everything kept about a person in one file for them: JSON by kind, and a page that explains."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.template.loader import render_to_string
from django.utils import translation

from regulars.audit import actions as audit
from regulars.customers import queries as customers
from regulars.jobs import actions as jobs
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_public_id
from regulars.privacy import files, queries
from regulars.privacy.actions.removing import named_rows
from regulars.privacy.records import ExportRecord
from regulars.privacy.registry import all_traces
from regulars.store.persons import Person, Trace
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries as workspaces

JOB = "privacy.export"
KEPT = timedelta(days=7)
LANGUAGES = ("en", "uk", "ru")
ROWS_AT_ONCE = 1_000
# Ours alone in every table.
ALWAYS_HIDDEN = ("workspace_id", "xid", "id")
VERSION = 1


def ask_export(workspace_id: int, customer_id: int, *, actor: str, key: str) -> ExportRecord:
    """Have everything about the person put together; the same key is the same file.

    raises  NotFound(customer_unknown)
    """
    person = customers.whole_person(workspace_id, customer_id)
    profile = customers.profiles(workspace_id, [person.ids[0]])[person.ids[0]]
    language = profile.language or workspaces.workspace(workspace_id).language
    raw = cursor()
    raw.execute(
        "INSERT INTO privacy_export (workspace_id, public_id, customer_id, customer_public_id,"
        " state, stored_as, size, counts, language, asked_by, asked_at, key)"
        " VALUES (%s, %s, %s, %s, 'waiting', '', 0, '{}', %s, %s, %s, %s)"
        " ON CONFLICT (workspace_id, key) DO UPDATE SET key = excluded.key"
        f" RETURNING {queries.EXPORT}, xmax = 0",
        [
            workspace_id, new_public_id(), person.ids[0], person.public_ids[0],
            language if language in LANGUAGES else "en", actor, clock.now(), key,
        ],
    )  # fmt: skip
    row = raw.fetchone()
    assert row is not None
    asked = ExportRecord(*row[:-1])
    if row[-1]:
        audit.note(workspace_id, "customer.export_asked", "customer", asked.customer_public_id)
        jobs.enqueue(workspace_id, JOB, {"export": asked.public_id}, asked.public_id)
    return asked


def build_export(workspace_id: int, public_id: str) -> None:
    """Write the file; done again it is written anew. Engine only."""
    with scope(workspace_id):
        asked = queries.export(workspace_id, public_id)
        if asked.state != "waiting":
            return
        person = customers.whole_person(workspace_id, asked.customer_id)
        workspace = workspaces.workspace(workspace_id)
        name = asked.stored_as or files.new_name(workspace.public_id)
        # Before the first byte: what a crash leaves behind is found and removed by its name.
        _write(workspace_id, asked.id, stored_as=name)
    path = files.path_of(name)
    path.parent.mkdir(mode=files.FOLDER_MODE, parents=True, exist_ok=True)
    with scope(workspace_id):
        counts = _pack(path, person, asked, workspace.name)
    path.chmod(files.FILE_MODE)
    now = clock.now()
    with scope(workspace_id):
        is_wanted = _write(
            workspace_id, asked.id, was="waiting", state="ready", size=path.stat().st_size,
            counts=json.dumps(counts), ready_at=now, expires_at=now + KEPT,
        )  # fmt: skip
        if not is_wanted:
            # The person was erased while we wrote.
            files.forget(name)
            return
        audit.note(workspace_id, "customer.exported", "customer", asked.customer_public_id)


def download(workspace_id: int, public_id: str) -> tuple[ExportRecord, BinaryIO]:
    """A finished export and its file, opened; who took it is noted.

    raises  NotFound(export_unknown | export_expired)
    """
    found = queries.export(workspace_id, public_id)
    try:
        if not found.is_ready:
            raise FileNotFoundError
        stream = files.path_of(found.stored_as).open("rb")
    except OSError as error:
        raise NotFound("export_expired", "The file is not there; make a new one.") from error
    audit.note(workspace_id, "customer.export_taken", "customer", found.customer_public_id)
    return found, stream


def expire_exports() -> int:
    """Remove files whose time is over, and those nobody finished; returns how many. Engine only."""
    count = 0
    for workspace in workspaces.all_workspaces():
        with scope(workspace.id):
            raw = cursor()
            raw.execute(
                "SELECT id, stored_as FROM privacy_export WHERE workspace_id = %s"
                " AND stored_as <> '' AND coalesce(expires_at, asked_at + %s) <= %s",
                [workspace.id, KEPT, clock.now()],
            )
            for export_id, name in raw.fetchall():
                files.forget(name)
                _write(workspace.id, export_id, state="expired", stored_as="")
                count += 1
    return count


def _pack(path: Path, person: Person, asked: ExportRecord, workspace_name: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for trace in (t for room in all_traces() for t in (*room.last, *room.rows) if t.file):
            with packed.open(f"{trace.file}.json", "w", force_zip64=True) as stream:
                counts[trace.file] = 0
                stream.write(b"[")
                for row in rows_of(trace, person):
                    text = json.dumps(row, ensure_ascii=False, indent=1)
                    stream.write(b",\n" if counts[trace.file] else b"\n")
                    stream.write(text.encode("utf-8", "replace"))
                    counts[trace.file] += 1
                stream.write(b"\n]\n")
        about = {
            "format": "regulars-person", "version": VERSION, "made_at": clock.now().isoformat(),
            "workspace": workspace_name, "customer": asked.customer_public_id, "rows": counts,
        }  # fmt: skip
        packed.writestr("about.json", json.dumps(about, ensure_ascii=False, indent=1))
        with translation.override(asked.language):
            readme = render_to_string(
                "privacy/readme.txt", {"workspace_name": workspace_name, "counts": counts.items()}
            )
        packed.writestr("README.txt", readme)
    return counts


def rows_of(trace: Trace, person: Person) -> Iterator[dict[str, Any]]:
    """What the table holds of the person, as it is given to them."""
    values = dict(person.values)
    condition = trace.mine
    if trace.text:
        values["found"] = list(named_rows(trace, person))
        condition = "id = ANY(%(found)s)"
    hidden = [*ALWAYS_HIDDEN, *trace.hidden]
    plain = f"SELECT to_jsonb({trace.table}) - %(hidden)s::text[] AS row FROM {trace.table}"
    mine = f"WHERE workspace_id = %(workspace)s AND ({condition})"
    if not trace.key:
        raw = cursor()
        raw.execute(f"{trace.select or plain} {mine}", {**values, "hidden": hidden})
        yield from (row for (row,) in raw.fetchall())
        return
    last = 0
    while True:
        raw = cursor()
        raw.execute(
            f"{(trace.select or plain).replace('SELECT ', f'SELECT {trace.key}, ', 1)}"
            f" {mine} AND {trace.key} > %(last)s ORDER BY {trace.key} LIMIT %(limit)s",
            {**values, "hidden": hidden, "last": last, "limit": ROWS_AT_ONCE},
        )
        rows = raw.fetchall()
        yield from (row for _, row in rows)
        if len(rows) < ROWS_AT_ONCE:
            return
        last = rows[-1][0]


def _write(workspace_id: int, export_id: int, *, was: str = "", **columns: object) -> bool:
    """Change the export; false when it is not in the state `was` any more."""
    sets = ", ".join(f"{name} = %({name})s" for name in columns)
    raw = cursor()
    raw.execute(
        f"UPDATE privacy_export SET {sets} WHERE workspace_id = %(workspace)s AND id = %(id)s"
        " AND %(was)s IN ('', state)",
        {**columns, "workspace": workspace_id, "id": export_id, "was": was},
    )
    return raw.rowcount > 0
