"""Folding: tail files become part of sorted base files, in bounded memory.

Only the periods that tail rows touch are written anew. Memory is one sorted file at a time, and
DuckDB spills beyond its limit. Nothing changes for readers until the manifest is swapped.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime

import duckdb
import psycopg

from regulars.kernel.errors import Conflict
from regulars.lake import files, layout, manifest, views
from regulars.lake.engine import Engine
from regulars.lake.layout import Period, Unit
from regulars.lake.manifest import LakeFile, NewFile
from regulars.lake.relations import XID, Relation
from regulars.lake.sql import STALE

TAILS = "fold_tails"


def fold_due(engine: Engine, connection: psycopg.Connection, now: datetime) -> int:
    """Fold or compact whatever is due in any workspace; how many relations were changed.

    Losing a race against another folder leaves that relation as the other one made it.
    """
    changed = 0
    for workspace_id, relation, own in _candidates(connection):
        if relation not in engine.relations:
            continue
        work = {"fold": fold, "compact": compact}.get(layout.due(own))
        if work is None:
            continue
        try:
            work(engine, connection, workspace_id, relation, now)
            changed += 1
        except Conflict:
            continue
    return changed


def fold(
    engine: Engine, connection: psycopg.Connection, workspace_id: int, relation: str, now: datetime
) -> None:
    """Write all tails of a relation into its base."""
    own = _live(connection, workspace_id, relation)
    base, added = merge(engine, workspace_id, engine.relations[relation], own)
    tails = [file for file in own if file.kind == "tail"]
    if tails:
        manifest.swap_files(connection, [*base, *tails], added, now)


def compact(
    engine: Engine, connection: psycopg.Connection, workspace_id: int, relation: str, now: datetime
) -> None:
    """Put the small tails of a relation together into one."""
    small = layout.small_tails(_live(connection, workspace_id, relation))
    if len(small) < 2:
        return
    declared = engine.relations[relation]
    body = _tail_rows(engine, declared, small)
    with engine.cursor() as cursor:
        columns = declared.tail_schema.names
        added = _write(engine, cursor, workspace_id, declared, "tail/c", body, columns)
    shape = _shape_from(declared, small)
    new = [NewFile(workspace_id, relation, "tail", written, shape) for written in added]
    manifest.swap_files(connection, small, new, now)


def merge(
    engine: Engine, workspace_id: int, relation: Relation, own: Sequence[LakeFile]
) -> tuple[list[LakeFile], list[NewFile]]:
    """The base files that the tails make obsolete, and the new base files, not yet in use."""
    base = [file for file in own if file.kind == "base"]
    tails = [file for file in own if file.kind == "tail"]
    if not tails:
        return [], []
    with engine.cursor() as cursor:
        cursor.execute(f"create temp view {TAILS} as {_tail_rows(engine, relation, tails)}")
        unit = _unit(engine, cursor, relation, base)
        if unit != layout.unit_of(base) or unit == "all":
            touched = base
        else:
            touched = _touched(engine, cursor, relation, unit, base)
        added: list[NewFile] = []
        for period in _periods(engine, cursor, relation, unit, touched):
            source = _inside(touched, period, unit)
            added += _write_period(engine, cursor, workspace_id, relation, period, source, tails)
            _keep_young(engine, added)
        return touched, added


def _live(connection: psycopg.Connection, workspace_id: int, relation: str) -> list[LakeFile]:
    return list(manifest.position_and_files(connection, workspace_id, relation)[1])


def _candidates(
    connection: psycopg.Connection,
) -> Iterable[tuple[int, str, list[LakeFile]]]:
    groups = connection.execute(
        "select distinct workspace_id, relation from lake_file where is_live and kind = 'tail'"
        " order by 1, 2"
    ).fetchall()
    for workspace_id, relation in groups:
        yield workspace_id, relation, _live(connection, workspace_id, relation)


def _tail_rows(engine: Engine, relation: Relation, tails: Sequence[LakeFile]) -> str:
    if relation.key == "append":
        return f"select * from {views.read(relation, tails, engine.root)}"
    return views.newest(relation, tails, engine.root)


def _shape_from(relation: Relation, sources: Sequence[LakeFile]) -> str:
    """What is made of older files still lacks what they lack."""
    return STALE if views.is_stale(relation, sources) else relation.shape


def _unit(
    engine: Engine,
    cursor: duckdb.DuckDBPyConnection,
    relation: Relation,
    base: Sequence[LakeFile],
) -> Unit:
    """The length of periods for base and tails together."""
    if relation.period is None:
        return "all"
    parts = [f"select {relation.period} as t from {TAILS}"]
    if base:
        parts.append(
            f"select {relation.period} as t from {views.read(relation, base, engine.root)}"
        )
    sql = (
        "select count(*), coalesce(date_diff('month', min(t), max(t)), 0) + 1"
        f" from ({' union all '.join(parts)})"
    )
    rows, months = _one(cursor, sql)
    return layout.unit_for(rows, months, layout.unit_of(base))


def _touched(
    engine: Engine,
    cursor: duckdb.DuckDBPyConnection,
    relation: Relation,
    unit: Unit,
    base: Sequence[LakeFile],
) -> list[LakeFile]:
    """Base files of each period that gains a row or, when keyed, loses an old version."""
    names = {period.name for period in _spans(cursor, relation, unit, f"from {TAILS}")}
    if relation.key == "keyed" and base:
        paths = {str(engine.root / file.path): file.period for file in base}
        scan = views.read(relation, base, engine.root, option=", filename = true")
        found = cursor.execute(
            f"select distinct filename from {scan} b where id in (select id from {TAILS})"
        ).fetchall()
        names |= {paths[path] for (path,) in found}
    return [file for file in base if file.period in names]


def _periods(
    engine: Engine,
    cursor: duckdb.DuckDBPyConnection,
    relation: Relation,
    unit: Unit,
    touched: Sequence[LakeFile],
) -> list[Period]:
    """The periods to be written, in order of time."""
    source = f"from {TAILS}"
    if relation.period and touched:
        scan = views.read(relation, touched, engine.root)
        source = (
            f"from (select {relation.period} from {TAILS}"
            f" union all select {relation.period} from {scan})"
        )
    return _spans(cursor, relation, unit, source)


def _spans(
    cursor: duckdb.DuckDBPyConnection, relation: Relation, unit: Unit, source: str
) -> list[Period]:
    if unit == "all":
        return [layout.period_of(None, "all")]
    sql = f"select distinct date_trunc('{unit}', {relation.period}) {source} order by 1"
    return [layout.period_of(time, unit) for (time,) in cursor.execute(sql).fetchall()]


def _inside(touched: Sequence[LakeFile], period: Period, unit: Unit) -> list[LakeFile]:
    """Base files that may hold rows of the period: its own, or all when the unit changes."""
    if layout.unit_of(touched) != unit:
        return list(touched)
    return [file for file in touched if file.period == period.name]


def _write_period(
    engine: Engine,
    cursor: duckdb.DuckDBPyConnection,
    workspace_id: int,
    relation: Relation,
    period: Period,
    base: Sequence[LakeFile],
    tails: Sequence[LakeFile],
) -> list[NewFile]:
    body = _body(engine, relation, base, tails)
    where = _within(relation, period)
    (rows,) = _one(cursor, f"select count(*) from ({body}) where {where}")
    buckets = layout.buckets_for(rows)
    shape = _shape_from(relation, [*base, *tails])
    added = []
    for bucket in range(buckets):
        # Rows of nobody are spread by their own id.
        share = f"abs(coalesce({relation.bucket}, id)) % {buckets} = {bucket}"
        chosen = f"select * from ({body}) where {where} and {share}"
        part = f"{period.name or 'all'}/b{bucket:03d}"
        columns = relation.base_schema.names
        for written in _write(engine, cursor, workspace_id, relation, part, chosen, columns):
            added.append(
                NewFile(workspace_id, relation.name, "base", written, shape, period.name, bucket)
            )
    return added


def _body(
    engine: Engine, relation: Relation, base: Sequence[LakeFile], tails: Sequence[LakeFile]
) -> str:
    """Old rows that still count and new ones, with the columns of a base file."""
    columns = ", ".join(relation.base_schema.names)
    alive = "true" if relation.key == "append" else "not is_gone"
    parts = [f"select {columns} from {TAILS} where {alive}"]
    if base:
        obsolete = tails if relation.key == "keyed" else ()
        parts.append(views.old_rows(relation, base, obsolete, engine.root))
    return " union all ".join(parts)


def _within(relation: Relation, period: Period) -> str:
    if period.name == "":
        return "true"
    if period.start is None:
        return f"{relation.period} is null"
    column = relation.period
    return f"{column} >= timestamp '{period.start}' and {column} < timestamp '{period.end}'"


def _write(
    engine: Engine,
    cursor: duckdb.DuckDBPyConnection,
    workspace_id: int,
    relation: Relation,
    part: str,
    body: str,
    columns: Sequence[str],
) -> list[files.Written]:
    """One sorted file of these rows; none when there are no rows."""
    path = files.new_path(workspace_id, relation.name, part)
    files.make_folder(engine.root, path)
    order = [*relation.sort, "id", *([XID] if XID in columns else [])]
    target = str(engine.root / path).replace("'", "''")
    (rows,) = _one(
        cursor,
        f"copy (select {', '.join(columns)} from ({body}) order by {', '.join(order)})"
        f" to '{target}' (format parquet, parquet_version v2, compression zstd,"
        f" row_group_size {files.ROW_GROUP_ROWS})",
    )
    if not rows:
        (engine.root / path).unlink()
        return []
    return [files.seal(engine.root, path, rows=rows)]


def _keep_young(engine: Engine, added: Sequence[NewFile]) -> None:
    """Refresh the age of files not yet in the manifest, for old ones are swept as orphans."""
    for file in added:
        os.utime(engine.root / file.written.path)


def _one(cursor: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    row = cursor.execute(sql).fetchone()
    assert row is not None, "an aggregate or a copy always answers with one row"
    return row
