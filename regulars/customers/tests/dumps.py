"""Everything a workspace keeps, so that tests can say that nothing changed."""

from __future__ import annotations

from typing import Any

from regulars.store.scope import cursor

TABLES = """
SELECT c.table_name FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND c.column_name = 'workspace_id' AND t.table_type = 'BASE TABLE'
  AND c.table_name NOT LIKE 'lake%%' AND c.table_name NOT LIKE 'audit%%'
  AND c.table_name !~ '_[0-9p]+[0-9]*$'
ORDER BY 1
"""
# What the log of merges itself says, and marks of the moment a row was written.
LOGS = ("customers_merge", "customers_mergeentry", "events_seen")
MARKS = ("xid", "updated_at")
LOGGED_KINDS = ("customer.merged", "customer.split")


def dump(workspace_id: int) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of the workspace, without marks and without rows that are gone."""
    raw = cursor()
    raw.execute(TABLES)
    tables = [row[0] for row in raw.fetchall() if row[0] not in LOGS]
    return {table: found for table in tables if (found := _rows(table, workspace_id))}


def _rows(table: str, workspace_id: int) -> list[dict[str, Any]]:
    raw = cursor()
    raw.execute(
        f"SELECT to_jsonb(t) FROM {table} t WHERE workspace_id = %s ORDER BY to_jsonb(t)::text",
        [workspace_id],
    )
    rows = [row[0] for row in raw.fetchall()]
    return [
        {key: value for key, value in row.items() if key not in MARKS}
        for row in rows
        if not row.get("is_gone") and row.get("kind") not in LOGGED_KINDS
    ]
