"""Every statement about the manifest: live files, cursors, and how both change together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg

from regulars.kernel.errors import Conflict
from regulars.lake.files import Written
from regulars.lake.source import Position

Kind = Literal["base", "tail"]


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One live file of one relation of one workspace; the path is below the lake's root.

    shape  of the relation when the file was written; "" where nobody wrote it down
    """

    id: int
    relation: str
    kind: Kind
    path: str
    rows: int
    period: str
    bucket: int
    shape: str = ""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A written file on its way into the manifest."""

    workspace_id: int
    relation: str
    kind: Kind
    written: Written
    shape: str
    period: str = ""
    bucket: int = 0


_LIVE = "id, relation, kind, path, rows, period, bucket, shape"


def live_files(
    connection: psycopg.Connection | psycopg.Cursor[Any], workspace_id: int
) -> tuple[LakeFile, ...]:
    """The files that are the workspace's lake at this moment, in one consistent answer."""
    found = connection.execute(
        f"select {_LIVE} from lake_file where workspace_id = %s and is_live order by id",
        [workspace_id],
    )
    return tuple(LakeFile(*row) for row in found.fetchall())


def position_of(connection: psycopg.Connection, relation: str) -> Position:
    """How far the relation was read; a relation never read starts before everything."""
    row = connection.execute(
        "select xid::text::bigint, id from lake_cursor where relation = %s", [relation]
    ).fetchone()
    return Position(*row) if row else Position()


def position_and_files(
    connection: psycopg.Connection, workspace_id: int, relation: str
) -> tuple[Position, tuple[LakeFile, ...]]:
    """Cursor and live files of one relation, both of the same instant."""
    rows = connection.execute(
        f"select c.xid::text::bigint, c.id, {', '.join('f.' + n for n in _LIVE.split(', '))}"
        " from (select 1) one"
        " left join lake_cursor c on c.relation = %(relation)s"
        " left join lake_file f on f.workspace_id = %(workspace)s and f.is_live"
        " and f.relation = %(relation)s order by f.id",
        {"relation": relation, "workspace": workspace_id},
    ).fetchall()
    files = tuple(LakeFile(*row[2:]) for row in rows if row[2] is not None)
    return Position(rows[0][0] or 0, rows[0][1] or 0), files


def add_files(connection: psycopg.Connection, files: Iterable[NewFile], now: datetime) -> None:
    """Enter new live files."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into lake_file (workspace_id, relation, kind, path, rows, bytes,"
            " content_hash, period, bucket, shape, created_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    file.workspace_id, file.relation, file.kind, file.written.path,
                    file.written.rows, file.written.bytes, file.written.content_hash,
                    file.period, file.bucket, file.shape, now,
                )
                for file in files
            ],
        )  # fmt: skip


def move_cursor(
    connection: psycopg.Connection, relation: str, before: Position, after: Position
) -> None:
    """Move a relation's cursor; another feeder having moved it meanwhile is a conflict."""
    moved = connection.execute(
        "insert into lake_cursor as c (relation, xid, id)"
        " values (%(relation)s, %(xid)s::text::xid8, %(id)s)"
        " on conflict (relation) do update set xid = excluded.xid, id = excluded.id"
        " where (c.xid, c.id) = (%(old_xid)s::text::xid8, %(old_id)s)",
        {
            "relation": relation, "xid": after.xid, "id": after.id,
            "old_xid": before.xid, "old_id": before.id,
        },
    )  # fmt: skip
    if moved.rowcount != 1:
        raise Conflict("lake_cursor_moved", "Another feeder has read these rows already.")


def swap_files(
    connection: psycopg.Connection,
    retired: Sequence[LakeFile],
    added: Sequence[NewFile],
    now: datetime,
) -> None:
    """Put new files in the place of old ones, all at once; lost races change nothing."""
    with connection.transaction():
        gone = connection.execute(
            "update lake_file set is_live = false, replaced_at = %s where id = any(%s) and is_live",
            [now, [file.id for file in retired]],
        )
        if gone.rowcount != len(retired):
            raise Conflict("lake_file_replaced", "Another process has replaced these files.")
        add_files(connection, added, now)


def workspaces_with_other_shapes(
    connection: psycopg.Connection, relation: str, shape: str
) -> list[int]:
    """Workspaces in which some live file of the relation was made in another way."""
    found = connection.execute(
        "select distinct workspace_id from lake_file"
        " where relation = %s and shape <> %s and is_live order by 1",
        [relation, shape],
    )
    return [workspace_id for (workspace_id,) in found.fetchall()]


def mark_drained(connection: psycopg.Connection, relations: Sequence[str], now: datetime) -> None:
    """Remember that everything committed before this instant is in the lake."""
    with connection.transaction():
        # Losing this in a crash only makes the lag look longer.
        connection.execute("set local synchronous_commit = off")
        connection.execute(
            "insert into lake_cursor (relation, drained_at) select unnest(%s::text[]), %s"
            " on conflict (relation) do update set drained_at = excluded.drained_at",
            [list(relations), now],
        )


def drained_at(connection: psycopg.Connection, relation: str) -> datetime | None:
    """When the relation was last known to be read to its end."""
    row = connection.execute(
        "select drained_at from lake_cursor where relation = %s", [relation]
    ).fetchone()
    return row[0] if row else None
