"""`python -m regulars.project.restored`: makes a restored database readable again.

Rows carry the transaction that wrote them, and readers remember the last one they saw. Both are
numbers of the server that was dumped; on another server they mean nothing, and what is written
there would be taken for old. Everything dumped is declared read, and the lake is copied anew.
"""

from __future__ import annotations

import os

import psycopg

from regulars.kernel.errors import Conflict
from regulars.store import place
from regulars.store.roles import Role

# Tables whose rows are versioned by a trigger: any update gives them a version of this server.
VERSIONED = """
SELECT c.relname FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'xid' AND NOT a.attisdropped
JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'public'
WHERE c.relkind = 'r' AND NOT c.relispartition AND c.relname NOT LIKE 'lake%' ORDER BY 1
"""
# 1C remembers how far it was given orders, and would never see those of this server's low numbers.
NOT_HANDED = """
SELECT DISTINCT o.id FROM orders_order AS o JOIN intake_subject AS s
  ON s.workspace_id = o.workspace_id AND s.kind = 'handed' AND s.key = 'handed'
WHERE (o.xid, o.id)
    > (split_part(s.target, ':', 1)::xid8, split_part(s.target, ':', 2)::bigint) ORDER BY 1
"""
FORGET_VISITS = "DELETE FROM intake_subject WHERE kind = 'handed' AND key <> 'handed'"
ALL_HANDED = """
UPDATE intake_subject SET target = pg_current_xact_id()::text || ':'
  || (SELECT coalesce(max(id), 0) FROM orders_order) WHERE kind = 'handed'
"""
OTHERS_CONNECTED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'regulars' AND pid <> pg_backend_pid()
"""


def settle() -> dict[str, int]:
    """Give every row a version of this server; returns rows by table.

    Run it once, on a database just restored, before anything else uses it.
    raises  Conflict(database_in_use) while a server or worker is connected
    """
    done = {}
    with psycopg.connect(place.conninfo_for(Role.ENGINE)) as connection:
        row = connection.execute(OTHERS_CONNECTED).fetchone()
        if row is not None and row[0]:
            raise Conflict("database_in_use", "Stop the server and its workers first.")
        connection.execute("DELETE FROM lake_file")
        connection.execute("DELETE FROM lake_cursor")
        # Zero is older than every transaction of every server.
        done["events_event"] = connection.execute("UPDATE events_event SET xid = '0'").rowcount
        connection.execute("UPDATE events_parked SET event_xid = '0'")
        connection.execute(
            "UPDATE events_lane SET cursor_xid = '0',"
            " cursor_id = (SELECT coalesce(max(id), 0) FROM events_event)"
        )
        waiting = [row[0] for row in connection.execute(NOT_HANDED).fetchall()]
        connection.execute(FORGET_VISITS)
        connection.execute(ALL_HANDED)
        # Members are computed anew from the lake's next state; the follower begins at now.
        connection.execute("DELETE FROM segments_cursor")
        connection.execute(
            "UPDATE segments_segment SET stale_at = now(), stale_why = 'import'"
            " WHERE kept IS NOT NULL"
        )
        for (table,) in connection.execute(VERSIONED).fetchall():
            done[table] = connection.execute(f"UPDATE {table} SET xid = xid").rowcount
        # What 1C had not taken yet gets a later version than everything else.
        connection.commit()
        connection.execute("UPDATE orders_order SET xid = xid WHERE id = ANY(%s)", [waiting])
    return done


def forget_again() -> dict[str, int]:
    """Erase again who was erased after the backup was made; persons by workspace.

    The list of erasures lies beside the database, in the data folder, and holds ids only.
    """
    os.environ["REGULARS_ROLE"] = Role.ENGINE.value
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    import django

    django.setup()
    from regulars.project import lake, rights, start

    start.wire()
    lake.open_engine(lake.COMMAND_MEMORY_MB)
    return rights.erase_again()


def main() -> int:
    """Settle and say what was done."""
    for name, rows in settle().items():
        print(f"{name}: {rows:,} rows")
    for slug, people in forget_again().items():
        print(f"{slug}: {people:,} erased again")
    print("Start the server now; it copies everything to the lake again.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
