"""Migration operations: row-level security around a table, and versions the lake can follow."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL
from django.db.migrations.operations.base import Operation


def fence(table: str, *, column: str = "workspace_id", also: str = "") -> list[Operation]:
    """Only the current workspace's rows are visible; unset means none.

    The wrapped call is evaluated once a query and can use the index. `also` is a further
    condition under which a row may be read (never written).
    """
    own = f"{column} = (SELECT regulars_workspace())"
    engine = "(SELECT regulars_is_engine())"
    readable = f"{own} OR {engine}" + (f" OR {also}" if also else "")
    return [
        RunSQL(
            f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY fence_read ON {table} FOR SELECT USING ({readable});
            CREATE POLICY fence_write ON {table} FOR ALL
                USING ({own} OR {engine}) WITH CHECK ({own} OR {engine});
            """,
            f"""
            DROP POLICY fence_read ON {table};
            DROP POLICY fence_write ON {table};
            ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
            """,
        )
    ]


def append_only(table: str, *, by_engine: bool = False) -> list[Operation]:
    """The workspace's rows are visible and may be added to; only the engine changes or removes.

    The grants of roles.grant_tables say the same once more, with an error instead of silence.
    by_engine  only the engine adds, too
    """
    own = "workspace_id = (SELECT regulars_workspace())"
    engine = "(SELECT regulars_is_engine())"
    writers = engine if by_engine else f"{own} OR {engine}"
    return [
        RunSQL(
            f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY fence_read ON {table} FOR SELECT USING ({own} OR {engine});
            CREATE POLICY fence_add ON {table} FOR INSERT WITH CHECK ({writers});
            CREATE POLICY fence_change ON {table} FOR UPDATE USING ({engine});
            CREATE POLICY fence_remove ON {table} FOR DELETE USING ({engine});
            """,
            f"""
            DROP POLICY fence_read ON {table};
            DROP POLICY fence_add ON {table};
            DROP POLICY fence_change ON {table};
            DROP POLICY fence_remove ON {table};
            ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
            """,
        )
    ]


def versioned(table: str) -> list[Operation]:
    """Each row carries the transaction that last wrote it, renewed on update and indexed."""
    return [
        RunSQL(
            f"""
            ALTER TABLE {table} ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
            CREATE INDEX {table}_version ON {table} (xid, id);
            CREATE TRIGGER {table}_version BEFORE UPDATE ON {table}
                FOR EACH ROW EXECUTE FUNCTION regulars_renew_version();
            """,
            f"""
            DROP TRIGGER {table}_version ON {table};
            DROP INDEX {table}_version;
            ALTER TABLE {table} DROP COLUMN xid;
            """,
        )
    ]
