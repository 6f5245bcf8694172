"""Making sure that what was deleted is in no file of the database any more.

PostgreSQL leaves the bytes of a deleted row in its page, in the pages of the indexes, in the
statistics of the planner and in the write-ahead log. A table written anew has none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import errors, sql

from regulars.kernel.errors import Outside
from regulars.store import place
from regulars.store.roles import Role

# Readers of a table wait while it is written anew; we wait for them no longer than this.
LOCK_WAIT_S = 10
LOCK_CLASS = 0x7363
# The planner remembers frequent values and the bounds of histograms.
STATISTICS = "pg_catalog.pg_statistic"


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What was done.

    tables        written anew
    is_log_clean  whether the write-ahead log was cut too; only our own server lets us do it
    """

    tables: int
    is_log_clean: bool


def size_of(tables: Sequence[str]) -> int:
    """Bytes of these tables with their indexes."""
    with psycopg.connect(place.conninfo_for(Role.OWNER), autocommit=True) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::bigint"
            " FROM unnest(%s::text[]) AS name",
            [list(tables)],
        ).fetchone()
    return int(row[0]) if row else 0


def scrub(tables: Sequence[str]) -> Scrubbed:
    """Write the tables anew, and cut the write-ahead log where that is ours to do.

    raises  Outside(scrub_busy) when another scrub runs, an older reader holds old rows, or a
            table is in use for longer than LOCK_WAIT_S; try again later
    """
    with psycopg.connect(place.conninfo_for(Role.OWNER), autocommit=True) as connection:
        locked = connection.execute("SELECT pg_try_advisory_lock(%s, 0)", [LOCK_CLASS]).fetchone()
        if locked != (True,):
            raise _busy()
        _refuse_old_readers(connection)
        connection.execute(f"SET lock_timeout = '{LOCK_WAIT_S}s'")
        try:
            _forget_statistics(connection, tables)
            for name in tables:
                if _exists(connection, name):
                    connection.execute(
                        sql.SQL("VACUUM (FULL, ANALYZE) {}").format(_identifier(name))
                    )
            _rewrite_statistics(connection)
        except errors.LockNotAvailable as error:
            raise _busy() from error
        return Scrubbed(len(tables), _cut_log(connection))


def _busy() -> Outside:
    return Outside("scrub_busy", "The tables are in use; it is tried again soon.")


def _refuse_old_readers(connection: psycopg.Connection) -> None:
    # Rows that an open snapshot may still see would be copied to the new table.
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND datname = current_database() AND backend_type = 'client backend'"
        " AND backend_xmin IS NOT NULL AND xact_start < now() - interval '1 second'"
    ).fetchone()
    if row is not None and row[0]:
        raise _busy()


def _exists(connection: psycopg.Connection, name: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [name]).fetchone()
    return row == (True,)


def _identifier(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def _forget_statistics(connection: psycopg.Connection, tables: Sequence[str]) -> None:
    # ANALYZE leaves what it knew of a table that is empty now; parents of partitions are asked
    # for apart from their parts.
    try:
        connection.execute(
            "DELETE FROM pg_catalog.pg_statistic WHERE starelid IN ("
            " SELECT to_regclass(name) FROM unnest(%(names)s::text[]) AS name"
            " UNION SELECT inhparent FROM pg_inherits WHERE inhrelid IN ("
            "   SELECT to_regclass(name) FROM unnest(%(names)s::text[]) AS name))",
            {"names": list(tables)},
        )
    except errors.InsufficientPrivilege:
        # A managed server keeps its catalogue to itself; docs/security tells what stays there.
        return


def _rewrite_statistics(connection: psycopg.Connection) -> None:
    try:
        connection.execute(sql.SQL("VACUUM (FULL) {}").format(_identifier(STATISTICS)))
    except errors.InsufficientPrivilege:
        return


def _cut_log(connection: psycopg.Connection) -> bool:
    """Begin a new segment and let the old ones be removed; wal_recycle is off on our server."""
    try:
        for _ in range(2):
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("CHECKPOINT")
        row = connection.execute("SELECT current_setting('wal_recycle')").fetchone()
    except errors.InsufficientPrivilege:
        return False
    return row == ("off",)
