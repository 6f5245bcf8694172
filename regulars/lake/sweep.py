"""Taking away files that are no longer, or never were, part of the lake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

# Readers that began before a swap may still be reading the replaced files.
REPLACED_KEPT = timedelta(minutes=10)
# A writer enters its files in the manifest well within this time.
ORPHAN_AGE = timedelta(minutes=10)
BATCH_ROWS = 1000


def sweep(connection: psycopg.Connection, root: Path, now: datetime) -> int:
    """Delete files replaced long enough ago and old orphans; how many files went."""
    return _sweep_replaced(connection, root, now) + _sweep_orphans(connection, root, now)


def _sweep_replaced(connection: psycopg.Connection, root: Path, now: datetime) -> int:
    count = 0
    while True:
        found = connection.execute(
            "select id, path from lake_file where not is_live and replaced_at < %s limit %s",
            [now - REPLACED_KEPT, BATCH_ROWS],
        ).fetchall()
        for _, path in found:
            (root / path).unlink(missing_ok=True)
        # Rows go after their files: a crash between leaves a row, which the next sweep takes.
        connection.execute("delete from lake_file where id = any(%s)", [[row[0] for row in found]])
        count += len(found)
        if len(found) < BATCH_ROWS:
            return count


def _sweep_orphans(connection: psycopg.Connection, root: Path, now: datetime) -> int:
    # Files are listed before the manifest is read: one written in between is young.
    old = {str(path.relative_to(root)): path for path in _older_than(root, now - ORPHAN_AGE)}
    if not old:
        return 0
    known = connection.execute(
        "select path from lake_file where path = any(%s)", [list(old)]
    ).fetchall()
    orphans = old.keys() - {path for (path,) in known}
    for path in orphans:
        old[path].unlink(missing_ok=True)
    return len(orphans)


def _older_than(root: Path, limit: datetime) -> Iterator[Path]:
    for path in root.rglob("*.parquet"):
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) < limit:
            yield path
