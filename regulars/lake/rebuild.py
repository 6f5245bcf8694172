"""Making a workspace's lake again from the database, and proving that it is the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import psycopg

from regulars.kernel.errors import Conflict
from regulars.lake import feeder, files, fold, manifest, source, views
from regulars.lake.engine import Engine
from regulars.lake.manifest import LakeFile
from regulars.lake.relations import Relation
from regulars.lake.source import Position

# Between the columns of a row, and in the place of a null: neither occurs in text from PostgreSQL
# that a person typed, and a collision would only hide a difference between two equal-length sums.
_BETWEEN, _NULL = "chr(31)", "chr(30)"


def content_hash(engine: Engine, workspace_id: int, relation: str) -> str:
    """What the relation holds, whatever the order of rows and their files, merges left aside.

    It does not depend on the version of any engine: count of rows, and the sum of the lower
    halves of their MD5.
    """
    own = [file for file in engine.files_of(workspace_id) if file.relation == relation]
    declared = engine.relations[relation]
    texts = [f"coalesce({name}::varchar, {_NULL})" for name in declared.visible.names]
    row = f"concat_ws({_BETWEEN}, {', '.join(texts)})"
    body = views.raw_view(declared, own, engine.root)
    with engine.cursor() as cursor:
        found = cursor.execute(
            f"select count(*), coalesce(sum(md5_number_lower({row})::hugeint), 0)::varchar"
            f" from ({body})"
        ).fetchone()
    assert found is not None
    return f"{found[0]}:{int(found[1]) % 2**64:016x}"


def rebuild(
    engine: Engine, connection: psycopg.Connection, workspace_id: int, now: datetime
) -> None:
    """Read every relation of the workspace from the database again and swap the files.

    Ticks go on meanwhile: what they add after the start stays in place.
    raises   Conflict when a fold came in between; then call again
    """
    for relation in engine.relations.values():
        _rebuild_relation(engine, connection, workspace_id, relation, now)


def renew_due(engine: Engine, connection: psycopg.Connection, now: datetime) -> int:
    """Write one relation anew whose files an older release made, of one workspace.

    returns  1, or 0 when nothing is left to do; call again later. Until then columns that the
             files lack are null
    """
    for relation in engine.relations.values():
        for workspace_id in manifest.workspaces_with_other_shapes(
            connection, relation.name, relation.shape
        ):
            try:
                _rebuild_relation(engine, connection, workspace_id, relation, now)
            except Conflict:
                continue
            return 1
    return 0


def _rebuild_relation(
    engine: Engine,
    connection: psycopg.Connection,
    workspace_id: int,
    relation: Relation,
    now: datetime,
) -> None:
    position, old = manifest.position_and_files(connection, workspace_id, relation.name)
    # A row that changes while we read has its newest version in a later tail, which wins; an
    # appended one after the position comes by tail only, or it would be there twice.
    upto = position if relation.key == "append" else None
    staged = list(_stage(engine, connection, workspace_id, relation, upto))
    _, added = fold.merge(engine, workspace_id, relation, staged)
    manifest.swap_files(connection, old, added, now)
    for file in staged:
        (engine.root / file.path).unlink(missing_ok=True)


def _stage(
    engine: Engine,
    connection: psycopg.Connection,
    workspace_id: int,
    relation: Relation,
    upto: Position | None,
) -> Iterator[LakeFile]:
    """All rows of the workspace as tail files that no manifest knows."""
    after = Position()
    while True:
        chunk = source.read_chunk(connection, relation, after, upto=upto, workspace_id=workspace_id)
        for _, part in feeder.split_by_workspace(relation, chunk.rows):
            path = files.new_path(workspace_id, relation.name, "staged/s")
            written = files.write_table(engine.root, path, part)
            yield LakeFile(
                0, relation.name, "tail", written.path, written.rows, "", 0, relation.shape
            )
        after = chunk.upto
        if not chunk.is_full:
            return
