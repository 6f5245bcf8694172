"""Writing Parquet files so that they outlive a power cut, and naming them.

A file has a name of its own, is written once and belongs to the lake only when the manifest says
so; therefore no rename is needed and a file that a crash left behind is merely an orphan.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from regulars.kernel import ids

# Small row groups keep the pages of one kind together and prune well; see benchmarks.
ROW_GROUP_ROWS = 32_768
# A text column gets a dictionary when its values come this often on average.
REPEATS_MIN = 4
HASH_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file: its path below the lake's root, and what is in it."""

    path: str
    rows: int
    bytes: int
    content_hash: str


def new_path(workspace_id: int, relation: str, part: str) -> str:
    """A path below the root that no other file ever had."""
    return f"{workspace_id}/{relation}/{part}-{ids.new_public_id()}.parquet"


def write_table(root: Path, path: str, table: pa.Table) -> Written:
    """Write a table durably."""
    make_folder(root, path)
    repetitive, encodings = _encodings(table)
    pq.write_table(
        table,
        root / path,
        compression="lz4",
        row_group_size=ROW_GROUP_ROWS,
        version="2.6",
        use_dictionary=repetitive,
        column_encoding=encodings,
    )
    return seal(root, path, rows=table.num_rows)


def _encodings(table: pa.Table) -> tuple[list[str], dict[str, str]]:
    """Text columns worth a dictionary, and how to write the others: tails are read by every query.

    With a dictionary for everything, reading properties takes twice as long.
    """
    repetitive, encodings = [], {}
    for field in table.schema:
        if pa.types.is_integer(field.type) or pa.types.is_timestamp(field.type):
            encodings[field.name] = "DELTA_BINARY_PACKED"
        elif pa.types.is_string(field.type):
            is_varied = pc.count_distinct(table[field.name]).as_py() > table.num_rows / REPEATS_MIN
            if is_varied:
                encodings[field.name] = "DELTA_LENGTH_BYTE_ARRAY"
            else:
                repetitive.append(field.name)
    return repetitive, encodings


def make_folder(root: Path, path: str) -> None:
    """Create the folders of a path, each entered durably in its parent."""
    folder = (root / path).parent
    missing = [folder, *folder.parents]
    missing = [step for step in missing if not step.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for step in missing:
        sync(step.parent)


def seal(root: Path, path: str, *, rows: int) -> Written:
    """Bring a written file and its name to the disk and describe it."""
    full = root / path
    digest = hashlib.blake2b(digest_size=16)
    with full.open("rb") as file:
        os.fsync(file.fileno())
        while block := file.read(HASH_BLOCK_BYTES):
            digest.update(block)
        size = file.tell()
    sync(full.parent)
    return Written(path, rows, size, digest.hexdigest())


def sync(folder: Path) -> None:
    """Bring a folder's entries to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
