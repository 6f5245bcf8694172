"""Files that came by a page: kept under their workspace by a name of ours, read, never served."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from regulars.kernel.errors import Invalid
from regulars.kernel.ids import new_public_id
from regulars.store import place

FOLDER = "uploads"
# Where imports and pulls unfold files for the time of their work.
SCRATCH = ("imports", "pulls")
UPLOAD_BYTES_MAX = 256 << 20
# What a form adds around its file.
FORM_BYTES_MAX = 64 << 10
FOLDER_MODE = 0o700
FILE_MODE = 0o600


def keep(workspace_public_id: str, chunks: Iterable[bytes]) -> str:
    """Write the file and give the name to find it by. raises Invalid(file_too_big | file_empty)

    Nothing of the name the browser sent becomes a path.
    """
    name = f"{workspace_public_id}/{new_public_id()}"
    target = path_of(name)
    target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    size = 0
    try:
        with target.open("xb") as stream:
            target.chmod(FILE_MODE)
            for chunk in chunks:
                size += len(chunk)
                if size > UPLOAD_BYTES_MAX:
                    raise too_big()
                stream.write(chunk)
        if size == 0:
            raise Invalid("file_empty", "The file is empty.")
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return name


def too_big() -> Invalid:
    """What to say of a file over the limit."""
    limit_mb = UPLOAD_BYTES_MAX >> 20
    return Invalid(
        "file_too_big",
        f"The file is over {limit_mb} MB; split it, or bring it in with `regulars import`.",
    )


def path_of(name: str) -> Path:
    """Where the file of this name is."""
    return place.data_folder() / FOLDER / name


def forget(name: str) -> None:
    """Remove the file; one that is gone is no fault."""
    if name:
        path_of(name).unlink(missing_ok=True)


def older_than(before: datetime) -> list[str]:
    """The names of files that were last written before then."""
    root = place.data_folder() / FOLDER
    return sorted(
        path.relative_to(root).as_posix()
        for path in root.glob("*/*")
        if path.is_file() and path.stat().st_mtime < before.timestamp()
    )


def forget_leavings(before: datetime) -> int:
    """Remove what workers that were killed left of their work since then; returns how many."""
    gone = 0
    for folder in SCRATCH:
        for path in (place.data_folder() / folder).glob("*/"):
            times = [path.stat().st_mtime, *(one.stat().st_mtime for one in path.rglob("*"))]
            if max(times) < before.timestamp():
                shutil.rmtree(path, ignore_errors=True)
                gone += 1
    return gone
