"""Files of an exchange: pieces joined on disk, archives opened with care."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from regulars.intake.connectors.models import ExchangeFile
from regulars.intake.connectors.records import ConnectionRecord
from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.kernel.ids import new_public_id
from regulars.store import place

FOLDER = "exchange"
PIECE_BYTES_MAX = 2 << 20
FILE_BYTES_MAX = 256 << 20
EXPANDED_BYTES_MAX = 1 << 30
RATIO_MAX = 200
MEMBERS_MAX = 10_000
FILES_MAX = 200
NAME_LENGTH_MAX = 200
BLOCK_BYTES = 1 << 16
KEPT = (".xml", ".zip")
ENDED = ("done", "failed")
FOLDER_MODE = 0o700
FILE_MODE = 0o600


def path_of(stored_as: str) -> Path:
    """Where a file lies; its name is ours."""
    return place.data_folder() / FOLDER / stored_as


def forget(stored_as: str) -> None:
    """Remove a file; one that is gone is no fault."""
    if stored_as:
        path_of(stored_as).unlink(missing_ok=True)


def checked_name(name: str) -> str:
    """The name the other side gave, fit to be known by, never to be a path.

    raises  Invalid(file_name)
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    is_fit = (
        0 < len(name) <= NAME_LENGTH_MAX
        and name.isprintable()
        and ":" not in name
        and not any(part in ("..", "/") for part in parts)
    )
    if not is_fit:
        raise Invalid("file_name", "A file of the exchange has no such name.")
    return "/".join(parts)


def add_piece(
    workspace_id: int,
    connection: ConnectionRecord,
    session: str,
    kind: str,
    name: str,
    piece: bytes,
) -> ExchangeFile:
    """Join a piece to its file; it is on disk when this returns.

    raises  Invalid(file_too_big | exchange_files)
    """
    mine = ExchangeFile.objects.filter(
        workspace_id=workspace_id, connection_id=connection.id, session=session, kind=kind
    )
    row = mine.select_for_update().filter(name=name).first()
    if row is None:
        if mine.count() >= FILES_MAX:
            raise Invalid("exchange_files", f"An exchange has at most {FILES_MAX} files.")
        row = _begin(workspace_id, connection, session, kind, name)
    if row.state in ENDED:
        # Sent once more after it was read: a new file, not a tail of the old one, which is gone.
        row.size, row.hash = 0, ""
    if row.size + len(piece) > FILE_BYTES_MAX:
        raise Invalid("file_too_big", "A file of the exchange is too large.")
    _write(path_of(row.stored_as), row.size, piece)
    row.size += len(piece)
    row.state = "receiving"
    row.save(update_fields=["size", "state", "hash"])
    return row


def _begin(
    workspace_id: int, connection: ConnectionRecord, session: str, kind: str, name: str
) -> ExchangeFile:
    return ExchangeFile.objects.create(
        workspace_id=workspace_id,
        connection_id=connection.id,
        session=session,
        kind=kind,
        name=name,
        stored_as=f"{workspace_id}/{new_public_id()}",
        state="receiving",
        created_at=clock.now(),
    )


def _write(target: Path, size: int, piece: bytes) -> None:
    target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_CREAT | os.O_WRONLY, FILE_MODE)
    try:
        # A piece that was written without being acknowledged comes again.
        os.ftruncate(descriptor, size)
        os.lseek(descriptor, size, os.SEEK_SET)
        view = memoryview(piece)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unpacked(
    workspace_id: int, connection: ConnectionRecord, archive: ExchangeFile, name: str
) -> ExchangeFile | None:
    """The file of this name inside the archive, unpacked beside it; None when it is not there.

    raises  Invalid(archive_broken | archive_path | archive_big)
    """
    try:
        with zipfile.ZipFile(path_of(archive.stored_as)) as opened:
            members = opened.infolist()
            _check_members(members, archive.size)
            wanted = PurePosixPath(name).name
            found = [one for one in members if PurePosixPath(one.filename).name == wanted]
            if not found:
                return None
            row = _begin(workspace_id, connection, archive.session, archive.kind, name)
            with opened.open(found[0]) as stream:
                blocks = iter(lambda: stream.read(BLOCK_BYTES), b"")
                row.size = _copy(path_of(row.stored_as), blocks, found[0].file_size)
            row.save(update_fields=["size"])
            return row
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise Invalid("archive_broken", "The archive cannot be opened.") from error


def _check_members(members: Iterable[zipfile.ZipInfo], packed: int) -> None:
    listed = list(members)
    expanded = sum(one.file_size for one in listed)
    is_bomb = expanded > EXPANDED_BYTES_MAX or expanded > max(packed, 1) * RATIO_MAX
    if len(listed) > MEMBERS_MAX or is_bomb:
        raise Invalid("archive_big", "The archive grows too large when it is opened.")
    for one in listed:
        parts = PurePosixPath(one.filename.replace("\\", "/")).parts
        is_link = stat.S_ISLNK(one.external_attr >> 16)
        if is_link or ".." in parts or (parts and (parts[0] == "/" or ":" in parts[0])):
            raise Invalid("archive_path", "The archive points outside itself.")


def _copy(target: Path, blocks: Iterable[bytes], limit: int) -> int:
    size = 0
    target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    with target.open("wb") as stream:
        target.chmod(FILE_MODE)
        for block in blocks:
            size += len(block)
            if size > limit:
                raise Invalid("archive_big", "The archive grows too large when it is opened.")
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())
    return size


def hash_of(stored_as: str) -> str:
    """What the file's content is known by."""
    digest = hashlib.sha256()
    with path_of(stored_as).open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
