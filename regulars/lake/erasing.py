"""Taking persons out of the lake: hidden at once, then out of every file.

A file is never changed: it is written anew without their rows and replaced in the manifest, and
the sweep takes the old one away ten minutes later, as it does after any fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from regulars.kernel.errors import Conflict
from regulars.lake import files, manifest, views
from regulars.lake.engine import Engine
from regulars.lake.manifest import LakeFile, NewFile
from regulars.lake.relations import Relation

TRIES_MAX = 5


def hide(
    connection: psycopg.Connection | psycopg.Cursor[Any],
    workspace_id: int,
    customers: Sequence[int],
    now: datetime,
) -> None:
    """From the commit on, no question to the lake is answered with these customers."""
    connection.execute(
        "insert into lake_tombstone (workspace_id, customer, at)"
        " select %s, unnest(%s::bigint[]), %s on conflict (workspace_id, customer) do update"
        " set is_settled = false",
        [workspace_id, list(customers), now],
    )


def settle(
    connection: psycopg.Connection | psycopg.Cursor[Any],
    workspace_id: int,
    customers: Sequence[int],
) -> None:
    """No file holds these customers any more: nothing needs to be hidden."""
    connection.execute(
        "update lake_tombstone set is_settled = true"
        " where workspace_id = %s and customer = any(%s)",
        [workspace_id, list(customers)],
    )


def hidden(
    connection: psycopg.Connection | psycopg.Cursor[Any], workspace_id: int
) -> tuple[int, ...]:
    """Customers whose rows may still be in files and must not be seen."""
    found = connection.execute(
        "select customer from lake_tombstone where workspace_id = %s and not is_settled order by 1",
        [workspace_id],
    )
    return tuple(row[0] for row in found.fetchall())


def remove(
    engine: Engine,
    connection: psycopg.Connection,
    workspace_id: int,
    customers: Sequence[int],
    now: datetime,
) -> dict[str, int]:
    """Write every file that names these customers anew without them; rows taken out, by relation.

    Nothing is written when none does. Files that a fold replaced meanwhile are looked at again.
    raises  Conflict when folds come in between again and again
    """
    removed: dict[str, int] = {}
    for relation in engine.relations.values():
        if not relation.person_columns:
            continue
        for left in reversed(range(TRIES_MAX)):
            try:
                rows = _clean(engine, connection, workspace_id, relation, customers, now)
            except Conflict:
                if not left:
                    raise
                continue
            if rows:
                removed[relation.name] = rows
            break
    return removed


def holding(
    engine: Engine, workspace_id: int, relation: Relation, customers: Sequence[int]
) -> list[tuple[LakeFile, int]]:
    """Live files of the relation with rows of these customers, and how many rows."""
    own = [f for f in engine.files_of(workspace_id) if f.relation == relation.name]
    if not own:
        return []
    by_path = {str(engine.root / file.path): file for file in own}
    scan = views.read(relation, own, engine.root, option=", filename = true")
    with engine.cursor() as cursor:
        found = cursor.execute(
            f"select filename, count(*) from {scan}"
            f" where {views.is_of(relation, customers)} group by 1 order by 1"
        ).fetchall()
    return [(by_path[path], rows) for path, rows in found]


def _clean(
    engine: Engine,
    connection: psycopg.Connection,
    workspace_id: int,
    relation: Relation,
    customers: Sequence[int],
    now: datetime,
) -> int:
    removed = 0
    for file, rows in holding(engine, workspace_id, relation, customers):
        written = _without(engine, workspace_id, relation, file, customers)
        added = [
            NewFile(
                workspace_id, relation.name, file.kind, one, file.shape, file.period, file.bucket
            )
            for one in written
        ]
        manifest.swap_files(connection, [file], added, now)
        removed += rows
    return removed


def _without(
    engine: Engine,
    workspace_id: int,
    relation: Relation,
    file: LakeFile,
    customers: Sequence[int],
) -> list[files.Written]:
    part = "tail/e" if file.kind == "tail" else f"{file.period or 'all'}/e{file.bucket:03d}"
    names = (relation.tail_schema if file.kind == "tail" else relation.base_schema).names
    body = (
        f"select {', '.join(names)} from {views.read(relation, [file], engine.root)}"
        f" where not {views.is_of(relation, customers)}"
    )
    path = files.new_path(workspace_id, relation.name, part)
    files.make_folder(engine.root, path)
    target = str(engine.root / path).replace("'", "''")
    with engine.cursor() as cursor:
        row = cursor.execute(
            f"copy ({body} order by {', '.join([*relation.sort, 'id'])}) to '{target}'"
            " (format parquet, parquet_version v2, compression zstd,"
            f" row_group_size {files.ROW_GROUP_ROWS})"
        ).fetchone()
    assert row is not None
    if not row[0]:
        (engine.root / path).unlink()
        return []
    return [files.seal(engine.root, path, rows=row[0])]


def leftovers(
    connection: psycopg.Connection, root: Path, workspace_id: int, before: datetime
) -> int:
    """Files of the workspace from before this instant that are no part of its lake any more.

    Replaced ones that the sweep has not taken yet, and orphans of crashes.
    """
    live = {file.path for file in manifest.live_files(connection, workspace_id)}
    folder = root / str(workspace_id)
    count = 0
    for path in folder.rglob("*.parquet") if folder.exists() else ():
        try:
            is_old = datetime.fromtimestamp(path.stat().st_mtime, UTC) <= before
        except FileNotFoundError:
            # Taken away while we looked.
            continue
        count += is_old and str(path.relative_to(root)) not in live
    return count
