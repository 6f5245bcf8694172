"""Reading committed rows of a source table as Arrow, in the order of their transactions.

A row is read once its transaction and all earlier ones have ended (xid below the oldest running
one), so a cursor (xid, id) never jumps over a row that commits later.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from regulars.lake.relations import IS_GONE, PRICE, TIME, TWIN_SUFFIX, XID, Relation

CHUNK_ROWS_MAX = 50_000
CHUNK_BYTES_MAX = 64 * 1024 * 1024
WORKSPACE = "workspace_id"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far a relation was read: everything up to and including this (xid, id)."""

    xid: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows after one position up to another, with their workspace, id and xid."""

    rows: pa.Table
    upto: Position
    is_full: bool


# A value the lake cannot hold becomes null: one absurd row must not stop the feed for everybody.
_CASTS = {
    pa.string(): "{c}::text",
    pa.int64(): "{c}::bigint",
    pa.int32(): "{c}::integer",
    pa.bool_(): "{c}::boolean",
    pa.float64(): "case when abs({c}) < 1e300 then {c}::float8 end",
    PRICE: "case when abs({c}) < 1e12 - 1 then {c}::numeric(18, 6) end",
    pa.date32(): "case when {c} between '0001-01-01' and '9000-01-01' then {c}::date end",
    TIME: (
        "case when {c} >= '0001-01-02 00:00Z' and {c} < '9000-01-01 00:00Z'"
        " then timezone('UTC', {c}) end"
    ),
}


def read_chunk(
    connection: psycopg.Connection,
    relation: Relation,
    after: Position,
    *,
    upto: Position | None = None,
    workspace_id: int | None = None,
    rows_max: int = CHUNK_ROWS_MAX,
) -> Chunk:
    """The next rows after a position, at most rows_max and about CHUNK_BYTES_MAX of text.

    upto          nothing beyond this position; None: up to the oldest running transaction
    workspace_id  only this workspace; None: all
    """
    while True:
        sql = _copy_sql(relation, after, upto, workspace_id, rows_max)
        # A single row always passes, however long it is.
        data, size = _copy_out(connection, sql, CHUNK_BYTES_MAX if rows_max > 1 else None)
        if data is not None:
            rows = _parse(relation, data)
            return Chunk(rows, _last(rows, after), is_full=rows.num_rows >= rows_max)
        rows_max = max(1, rows_max * CHUNK_BYTES_MAX // size)


def has_more(connection: psycopg.Connection, relation: Relation, after: Position) -> bool:
    """Whether a committed row waits behind the position, readable yet or not."""
    sql = f"select 1 from ({relation.select_sql}) r where {_after(after)} limit 1"
    return connection.execute(sql.encode()).fetchone() is not None


def _copy_sql(
    relation: Relation,
    after: Position,
    upto: Position | None,
    workspace_id: int | None,
    rows_max: int,
) -> str:
    wanted = [f"r.{WORKSPACE}", "r.xid", "r.id"]
    for field in relation.columns:
        if field.name != "id":
            wanted.append(_CASTS[field.type].format(c=f"r.{field.name}"))
    if relation.gone:
        wanted.append(f"r.{relation.gone}::boolean")
    where = [_after(after), "r.xid < pg_snapshot_xmin(pg_current_snapshot())"]
    if upto is not None:
        where.append(f"(r.xid, r.id) <= ('{upto.xid:d}'::xid8, {upto.id:d})")
    if workspace_id is not None:
        where.append(f"r.{WORKSPACE} = {workspace_id:d}")
    return (
        f"copy (select {', '.join(wanted)} from ({relation.select_sql}) r"
        f" where {' and '.join(where)} order by r.xid, r.id limit {rows_max:d})"
        " to stdout (format csv, encoding 'UTF8')"
    )


def _after(position: Position) -> str:
    return f"(r.xid, r.id) > ('{position.xid:d}'::xid8, {position.id:d})"


def _copy_out(
    connection: psycopg.Connection, sql: str, bytes_max: int | None
) -> tuple[bytes | None, int]:
    """The text and its size; no text when it is more than bytes_max."""
    buffer, size = io.BytesIO(), 0
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("set local datestyle = 'ISO'")
        with cursor.copy(sql.encode()) as copy:
            for block in copy:
                size += len(block)
                if bytes_max is None or size <= bytes_max:
                    buffer.write(block)
    is_too_much = bytes_max is not None and size > bytes_max
    return (None if is_too_much else buffer.getvalue()), size


_POSITION = ((WORKSPACE, pa.int64()), (XID, pa.uint64()))


def _parse(
    relation: Relation, data: bytes, before: Sequence[tuple[str, pa.DataType]] = _POSITION
) -> pa.Table:
    types = {**dict(before), "id": pa.int64()}
    types |= {field.name: field.type for field in relation.columns if field.name != "id"}
    if relation.gone:
        types[IS_GONE] = pa.bool_()
    if not data:
        return _finished(relation, pa.schema(types.items()).empty_table())
    table = pa_csv.read_csv(
        pa.BufferReader(data),
        # One block: a value of any length fits, and rows cannot straddle.
        read_options=pa_csv.ReadOptions(
            column_names=list(types), block_size=len(data) + 1, use_threads=False
        ),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pa_csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return _finished(relation, table)


def _finished(relation: Relation, table: pa.Table) -> pa.Table:
    """The table with twins, version and gone mark, in the order of the relation's tail file."""
    for name in relation.lowered:
        table = table.append_column(name + TWIN_SUFFIX, lower_exactly(table[name]))
    if relation.key == "keyed" and relation.gone is None:
        table = table.append_column(IS_GONE, pa.repeat(False, table.num_rows))
    elif relation.gone:
        table = table.set_column(
            table.schema.get_field_index(IS_GONE), IS_GONE, pc.fill_null(table[IS_GONE], False)
        )
    names = dict.fromkeys([WORKSPACE, XID, *relation.tail_schema.names])
    known = set(table.column_names)
    return table.select([name for name in names if name in known]).combine_chunks()


def lower_exactly(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Each text as `str.lower` gives it, which Arrow and DuckDB do not do for every letter."""
    if pc.all(pc.string_is_ascii(column)).as_py() in (True, None):
        return pc.ascii_lower(column)
    encoded = column.combine_chunks().dictionary_encode()
    lowered = pa.array([text.lower() for text in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([lowered.take(encoded.indices)])


def _last(rows: pa.Table, after: Position) -> Position:
    if not rows.num_rows:
        return after
    return Position(rows[XID][-1].as_py(), rows["id"][-1].as_py())


def read_rows(
    cursor: psycopg.Cursor[Any],
    relation: Relation,
    workspace_id: int,
    column: str,
    ids: Sequence[int],
    *,
    also: str = "",
) -> pa.Table:
    """Rows as they stand now whose column holds one of these ids, as the lake would have them.

    Read in the cursor's own transaction. `also` is a further condition, written by the product.
    returns  the visible columns of the relation, without rows that are gone
    """
    wanted = ["r.id"]
    for field in relation.columns:
        if field.name != "id":
            wanted.append(_CASTS[field.type].format(c=f"r.{field.name}"))
    if relation.gone:
        wanted.append(f"r.{relation.gone}::boolean")
    given = ",".join(str(int(one)) for one in dict.fromkeys(ids))
    # A join: a list of thousands is planned anew for every partition and searched in each.
    sql = (
        f"copy (select {', '.join(wanted)} from unnest('{{{given}}}'::bigint[]) as given (one)"
        f" join ({relation.select_sql}) r on r.{column} = given.one"
        f" where r.{WORKSPACE} = {workspace_id:d}{f' and {also}' if also else ''})"
        " to stdout (format csv, encoding 'UTF8')"
    )
    buffer = io.BytesIO()
    with cursor.copy(sql.encode()) as copy:
        for block in copy:
            buffer.write(block)
    found = _parse(relation, buffer.getvalue(), before=())
    if IS_GONE in found.column_names:
        found = found.filter(pc.invert(found[IS_GONE]))
    return found.select(relation.visible.names)
