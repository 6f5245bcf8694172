"""Files made for one person, under their workspace by a name of ours; and the list of erasures."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from regulars.kernel.ids import new_public_id
from regulars.store import place

FOLDER = "exports"
FOLDER_MODE = 0o700
FILE_MODE = 0o600
# Outside the database, so that restoring an older one does not bring anybody back. Ids only.
ERASURES = "erasures.jsonl"


def new_name(workspace_public_id: str) -> str:
    """A name no file ever had; its folder is made."""
    name = f"{workspace_public_id}/{new_public_id()}.zip"
    path_of(name).parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return name


def path_of(name: str) -> Path:
    """Where the file of this name is."""
    return place.data_folder() / FOLDER / name


def forget(name: str) -> None:
    """Remove the file; one that is gone is no fault."""
    if name:
        path_of(name).unlink(missing_ok=True)


def note_erasure(line: Mapping[str, Any]) -> None:
    """Add a line to the list of erasures, durably; the same line twice does no harm."""
    path = place.data_folder() / ERASURES
    with path.open("a", encoding="utf-8") as stream:
        path.chmod(FILE_MODE)
        stream.write(json.dumps(line, sort_keys=True) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def erasures() -> Iterator[dict[str, Any]]:
    """Every line of the list; one that a crash cut short is skipped."""
    path = place.data_folder() / ERASURES
    if not path.exists():
        return
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            yield line
