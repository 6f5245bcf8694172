"""What this room's tables and files hold of a person, for their export and their erasure."""

from __future__ import annotations

import codecs
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq

from regulars.intake import uploads
from regulars.intake.connectors.onec import files
from regulars.intake.importers.pure import text
from regulars.kernel.errors import Outside
from regulars.kernel.mentions import is_named, names_of
from regulars.store import place
from regulars.store.persons import Fate, Person, Trace, Traces
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

CHUNK_BYTES = 1 << 20
# Longer than any address: a name cut by the end of a chunk is whole in the next one.
OVERLAP_CHARS = 400
PARQUET_ROWS = 10_000


def forget_uploads(person: Person) -> Mapping[str, int]:
    """Remove files of imports that name them; an import that was not begun has to come again.

    raises  Outside(import_running) while an import runs, whose file may name them
    """
    raw = cursor()
    raw.execute(
        "SELECT count(*) FROM intake_import WHERE workspace_id = %s"
        " AND state IN ('trying', 'waiting', 'running')",
        [person.workspace_id],
    )
    if raw.fetchone() != (0,):
        raise Outside("import_running", "An import is running; erasing goes on after it.")
    folder = uploads.path_of(workspaces.workspace(person.workspace_id).public_id)
    names, count = names_of(person.identifiers), 0
    for path in sorted(folder.rglob("*")) if folder.exists() else ():
        if path.is_file() and any(is_named(names, part) for part in _texts(path)):
            _forget(person.workspace_id, path, str(path.relative_to(folder.parent)))
            count += 1
    return {"upload_files": count}


def forget_exchanges(person: Person) -> Mapping[str, int]:
    """Remove files of exchanges that name them; orders of 1C name their buyers.

    raises  Outside(import_running) while one is read, which may name them
    """
    raw = cursor()
    raw.execute(
        "SELECT count(*) FROM intake_exchangefile WHERE workspace_id = %s"
        " AND state IN ('waiting', 'running')",
        [person.workspace_id],
    )
    if raw.fetchone() != (0,):
        raise Outside("import_running", "An import is running; erasing goes on after it.")
    # The folder is looked through, not the rows: a file may lie there that no row knows.
    folder = place.data_folder() / files.FOLDER / str(person.workspace_id)
    names, count = names_of(person.identifiers), 0
    for path in sorted(folder.rglob("*")) if folder.exists() else ():
        if path.is_file() and any(is_named(names, part) for part in _texts(path)):
            raw.execute(
                "UPDATE intake_exchangefile SET stored_as = '', state = 'expired'"
                " WHERE workspace_id = %s AND stored_as = %s",
                [person.workspace_id, str(path.relative_to(folder.parent))],
            )
            path.unlink(missing_ok=True)
            count += 1
    return {"exchange_files": count}


def _forget(workspace_id: int, path: Path, name: str) -> None:
    cursor().execute(
        "UPDATE intake_import SET stored_as = '', seen = '{}',"
        " state = CASE WHEN state IN ('mapping', 'tried', 'failed') THEN 'expired' ELSE state END"
        " WHERE workspace_id = %s AND stored_as = %s",
        [workspace_id, name],
    )
    path.unlink(missing_ok=True)


def _texts(path: Path) -> Iterator[str]:
    """The file's text, piece by piece, whatever it is packed in."""
    try:
        if zipfile.is_zipfile(path):
            yield from _texts_of_zip(path)
            return
        if path.open("rb").read(4) == b"PAR1":
            for batch in pq.ParquetFile(path).iter_batches(PARQUET_ROWS):
                yield "\n".join(str(row) for row in batch.to_pylist())
            return
    except (zipfile.BadZipFile, ValueError, OSError):
        # What cannot be opened is looked through as it is.
        pass
    with path.open("rb") as stream:
        encoding = text.detect_encoding(stream.read(CHUNK_BYTES))
        stream.seek(0)
        yield from _chunks(stream.read, encoding)


def _texts_of_zip(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as packed:
        for member in packed.infolist():
            with packed.open(member) as stream:
                yield from _chunks(stream.read)


def _chunks(read: Callable[[int], bytes], encoding: str = "utf-8") -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    before = ""
    while chunk := read(CHUNK_BYTES):
        found = before + decoder.decode(chunk)
        yield found
        before = found[-OVERLAP_CHARS:]


TRACES = Traces(
    files=(forget_uploads, forget_exchanges),
    rows=(
        Trace(
            "intake_rejectedrow",
            text="concat_ws(' ', detail, raw::text)",
            file="rejected_rows",
            hidden=("import_id",),
        ),
        Trace(
            "intake_import",
            text="concat_ws(' ', file_name, seen::text, error_text)",
            fate=Fate.EMPTY,
            sets="file_name = 'erased', seen = '{}', error_text = ''",
            reason="A file of many people; rows of it are given where they came to.",
        ),
        Trace(
            "intake_connection",
            text="sample::text",
            fate=Fate.EMPTY,
            sets="sample = NULL",
            reason="The last body another system sent, kept to say what its parts mean.",
        ),
        Trace(
            "intake_delivery",
            text="concat_ws(' ', key, detail)",
            fate=Fate.EMPTY,
            sets="detail = ''",
            reason="What became of a delivery; what it brought is given where it came to.",
        ),
        Trace(
            "intake_subject",
            text="CASE WHEN kind LIKE 'customer%%' THEN jsonb_build_object('id', key)::text"
            " ELSE '' END",
            reason="The person's id in another system is among the identifiers.",
        ),
        Trace("intake_session", "visitor = ANY(%(visitors)s)", file="visits"),
    ),
    none={
        "intake_site": "Sites of the shop.",
        "intake_form": "Forms of the shop.",
        "intake_signintry": "Wrong passwords by a hash of the address, for a quarter of an hour.",
        "intake_exchangefile": "Names of files; a step removes those that name the person.",
        "intake_pulledfile": "Names and hashes of files.",
    },
)
