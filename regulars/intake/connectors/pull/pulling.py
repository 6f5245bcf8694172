"""Pulling files by the clock: one at a time, each news once, failures with growing pauses."""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as installation

from regulars.intake.connectors import actions, queries
from regulars.intake.connectors.models import Connection, PulledFile
from regulars.intake.connectors.pull.known import Told, is_known, remember
from regulars.intake.connectors.pull.settings import back_off, next_due
from regulars.intake.connectors.pull.stock import read_stock, write_stock
from regulars.intake.connectors.records import ConnectionKind, ConnectionRecord, Outcome
from regulars.intake.costs.bringing import bring_in_file
from regulars.intake.importers.run import run_import
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, Outside, RegularsError
from regulars.outside.egress import HostRefused, checked_address
from regulars.outside.fetch import fetch
from regulars.store import place
from regulars.store.faults import is_transient
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces

log = logging.getLogger(__name__)

JOB = "intake.pull"
FILE_BYTES_MAX = 1 << 30
FILES_LOOKED_AT_MAX = 10_000
FOLDER = "pulls"
COSTS, STOCK = "costs", "stock"
# Kept beside what a person sets, so that an unchanged file is not sent again.
MARKS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


def plan(workspace_id: int, connection_id: int) -> None:
    """See to it that the pull comes round; one job a connection, whoever asks."""
    payload = {"connection_id": connection_id}
    job_id = jobs.enqueue_anew(
        workspace_id, JOB, payload, key=f"pull:{connection_id}", every=timedelta(0)
    )
    jobs.hasten(workspace_id, job_id)


def forget_failed(workspace_id: int, connection_id: int) -> int:
    """Let files that could not be read be fetched and tried again; returns how many."""
    connection = queries.connection_by_id(workspace_id, connection_id)
    actions.change_connection(workspace_id, connection.public_id, settings={"marks": {}})
    count, _ = PulledFile.objects.filter(
        workspace_id=workspace_id, connection_id=connection_id, outcome=Outcome.FAILED.value
    ).delete()
    return count


def run(job: JobRecord) -> None:
    """Pull once and come back when it is due; the lease keeps a second one away."""
    connection = _connection(job)
    if connection is None or not connection.is_on:
        return
    try:
        counts = _pull(job.workspace_id, connection)
    except Exception as error:
        if is_transient(error):
            raise
        due_at = _failed(job, connection, error)
    else:
        due_at = _done(job, connection, counts)
    with scope(job.workspace_id):
        Connection.objects.filter(workspace_id=job.workspace_id, id=connection.id).update(
            due_at=due_at
        )
        jobs.put_back(job, due_at)


def gave_up(job: JobRecord, reason: str) -> None:
    """Tell on the connection's page that its pull kills workers; it waits for a person."""
    with scope(job.workspace_id):
        actions.tell_failure(
            job.workspace_id, int(job.payload["connection_id"]), "pull_fault", reason
        )


def _connection(job: JobRecord) -> ConnectionRecord | None:
    with scope(job.workspace_id):
        try:
            found = queries.connection_by_id(job.workspace_id, int(job.payload["connection_id"]))
        except NotFound:
            return None
    return found if found.kind is ConnectionKind.PULL else None


def _pull(workspace_id: int, connection: ConnectionRecord) -> int:
    """How many files were brought in."""
    folder = place.data_folder() / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    count = 0
    with tempfile.TemporaryDirectory(dir=folder, prefix="pull-") as scratch:
        for name, path, modified_ns, marks in _files(connection, Path(scratch)):
            told = Told(name, _hash_of(path), modified_ns)
            count += _bring_in(workspace_id, connection, told, path)
            # Only now: a file that could not be brought in must be sent again.
            if marks:
                with scope(workspace_id):
                    actions.change_connection(
                        workspace_id, connection.public_id, settings={"marks": marks}
                    )
    return count


def _files(
    connection: ConnectionRecord, scratch: Path
) -> Iterator[tuple[str, Path, int | None, dict[str, str]]]:
    if connection.settings.get("where") == "folder":
        for path in folder_files(connection.settings):
            target = scratch / "file"
            yield path.name, target, _copy(path, target), {}
        return
    url = str(connection.settings.get("url"))
    target = scratch / "file"
    found = fetch(url, target, headers=_headers(connection), bytes_max=FILE_BYTES_MAX)
    if found.status != 304:
        marks = {name: found.headers[name] for name in MARKS if name in found.headers}
        name = url.rpartition("/")[2].partition("?")[0] or "file"
        yield name, target, None, {"url": url, **marks}


def _headers(connection: ConnectionRecord) -> dict[str, str]:
    settings = connection.settings
    found = {"User-Agent": "Regulars"}
    marks = settings.get("marks") or {}
    if marks.get("url") == settings.get("url"):
        found |= {MARKS[name]: value for name, value in marks.items() if name in MARKS}
    secret = actions.open_secrets(connection).get("secret", "")
    if settings.get("auth") == "basic":
        pair = f"{settings.get('user', '')}:{secret}".encode()
        found["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    elif settings.get("auth") == "bearer":
        found["Authorization"] = f"Bearer {secret}"
    if not all(value.isprintable() for value in found.values()):
        raise Invalid("pull_secret", "A user name or a token is printable text.")
    return found


def check_place(settings: Mapping[str, Any]) -> None:
    """Nothing when the folder lies inside an allowed one, and the host is none of our network.

    It is judged again whenever it is fetched.
    raises  Invalid(pull_folder | host_private)
    """
    if settings.get("where") == "folder":
        _root_of(str(settings.get("folder", "")))
        return
    parts = urlsplit(str(settings.get("url", "")))
    try:
        checked_address(parts.hostname or "", parts.port or 443)
    except HostRefused as error:
        # A name that leads nowhere today may lead somewhere tomorrow.
        if error.is_permanent:
            raise Invalid(error.code, error.message) from error


def _root_of(folder: str) -> Path:
    wanted = Path(folder)
    for allowed in installation.PULL_FOLDERS:
        root = Path(allowed).resolve()
        found = (wanted if wanted.is_absolute() else root / wanted).resolve()
        # Resolved first: a link inside the folder must not lead out of it.
        if found == root or root in found.parents:
            return found
    raise Invalid(
        "pull_folder",
        "The operator allows no such folder; the variable REGULARS_PULL_FOLDERS names those.",
    )


def folder_files(settings: Mapping[str, Any]) -> list[Path]:
    """Files of the folder that the pattern names, the oldest first.

    raises  Invalid(pull_folder), Outside(pull_folder_gone)
    """
    root = _root_of(str(settings.get("folder", "")))
    pattern = str(settings.get("pattern", ""))
    found: list[tuple[int, str, Path]] = []
    try:
        with os.scandir(root) as entries:
            for number, entry in enumerate(entries):
                if number >= FILES_LOOKED_AT_MAX:
                    break
                if fnmatchcase(entry.name, pattern) and entry.is_file(follow_symlinks=False):
                    found.append((entry.stat().st_mtime_ns, entry.name, root / entry.name))
    except OSError as error:
        raise Outside("pull_folder_gone", "The folder cannot be read.") from error
    return [path for _, _, path in sorted(found)]


def _copy(path: Path, target: Path) -> int:
    """Into our own folder, so that a file still being written there is read whole or again.

    Gives when what was copied had been written.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as stream, target.open("wb") as out:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise Outside("pull_folder_gone", "The folder cannot be read.")
            while block := stream.read(1 << 16):
                out.write(block)
                if out.tell() > FILE_BYTES_MAX:
                    raise Invalid("file_too_big", "The file is larger than allowed.")
            return found.st_mtime_ns
    except OSError as error:
        raise Outside("pull_folder_gone", "The folder cannot be read.") from error


def _bring_in(workspace_id: int, connection: ConnectionRecord, told: Told, path: Path) -> int:
    with scope(workspace_id):
        if is_known(workspace_id, connection.id, told):
            return 0
    received_at = clock.now()
    try:
        counts = _import(workspace_id, connection, told.name, path)
    except Invalid as error:
        # It would fail again the same way: its neighbours go on, and a corrected one is another.
        _tell(workspace_id, connection, told, Outcome.FAILED, received_at,
              reason=error.code, detail=error.message)  # fmt: skip
        return 0
    _tell(workspace_id, connection, told, Outcome.TAKEN, received_at, counts=counts)
    return 1


def _import(
    workspace_id: int, connection: ConnectionRecord, name: str, path: Path
) -> dict[str, int]:
    settings = connection.settings
    columns = settings.get("columns") or {}
    source = str(settings.get("source") or "")
    if settings.get("layout") == COSTS:
        told = {"source": source, "account": settings.get("account"), "columns": columns}
        made = bring_in_file(workspace_id, path, told)
        return {"rows": made.rows, "taken": made.added + made.changed, "repeated": made.same}
    if settings.get("layout") == STOCK:
        decimal = str(settings.get("decimal") or "")
        counted, rows = read_stock(path, columns, connection.name, decimal)
        with scope(workspace_id):
            return {"rows": rows, "stock": write_stock(workspace_id, counted)}
    mapping: dict[str, Any] | None = None
    if columns:
        mapping = {"columns": columns, "source": source or connection.source}
    named = path.with_name(f"{hashlib.sha256(name.encode()).hexdigest()[:8]}-{_plain(name)}")
    path.rename(named)
    outcome = run_import(
        workspace_id, str(settings.get("layout")), named, mapping, actor=connection.name
    )
    return {
        "rows": outcome.rows, "taken": outcome.taken, "repeated": outcome.repeated,
        "rejected": outcome.rejected,
    }  # fmt: skip


def _plain(name: str) -> str:
    kept = "".join(letter for letter in name if letter.isalnum() or letter in "._-")
    return kept[-80:].lstrip(".") or "file"


def _hash_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 16):
            digest.update(block)
    return digest.hexdigest()


def _tell(
    workspace_id: int,
    connection: ConnectionRecord,
    told: Told,
    outcome: Outcome,
    received_at: datetime,
    *,
    counts: Mapping[str, int] | None = None,
    reason: str = "",
    detail: str = "",
) -> None:
    with scope(workspace_id):
        remember(workspace_id, connection.id, told, outcome)
        actions.log_delivery(
            workspace_id,
            connection,
            key=told.digest,
            topic=told.name,
            received_at=received_at,
            outcome=outcome,
            reason=reason,
            detail=detail,
            counts=counts,
        )


def _failed(job: JobRecord, connection: ConnectionRecord, error: Exception) -> datetime:
    code, message = "pull_fault", "Something broke on our side; try once more."
    if isinstance(error, RegularsError):
        code, message = error.code, error.message
    else:
        log.exception("the pull of connection %s failed", connection.id)
    with scope(job.workspace_id):
        actions.log_delivery(
            job.workspace_id,
            connection,
            key="",
            topic="",
            received_at=clock.now(),
            outcome=Outcome.FAILED,
            reason=code,
            detail=message,
        )
        failures = queries.connection_by_id(job.workspace_id, connection.id).failures
    return clock.now() + back_off(failures)


def _done(job: JobRecord, connection: ConnectionRecord, count: int) -> datetime:
    with scope(job.workspace_id):
        if not count:
            # Nothing new is a success too; files that failed have told of themselves.
            actions.tell_looked(job.workspace_id, connection.id)
        zone = workspaces.workspace(job.workspace_id).time_zone
    return next_due(connection.settings, clock.now(), zone)
