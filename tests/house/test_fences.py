"""Every table with rows of a workspace is fenced, forced, and shows nothing to a stranger."""

from __future__ import annotations

import psycopg
import pytest
from django.apps import apps

from regulars.store import place, roles
from regulars.store.roles import Role

TABLES = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
       (SELECT count(*) FROM pg_policy AS p WHERE p.polrelid = c.oid) > 0
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'workspace_id' AND NOT a.attisdropped
JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'public'
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY 1
"""
# Partitions are reached through their table, whose fence then holds; by name the app may not.
PARTITIONS = """
SELECT c.relname FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'public'
WHERE c.relispartition AND c.relkind = 'r' AND NOT c.relrowsecurity
  AND has_table_privilege(%s, c.oid, 'SELECT')
ORDER BY 1
"""


@pytest.fixture
def tables(database: str) -> dict[str, tuple[bool, bool]]:
    with psycopg.connect(database) as connection:
        rows = connection.execute(TABLES).fetchall()
    return {name: (is_forced, has_policy) for name, is_forced, has_policy in rows}


def test_every_table_of_a_workspace_is_fenced(tables: dict[str, tuple[bool, bool]]) -> None:
    assert [name for name, (is_forced, _) in tables.items() if not is_forced] == []
    assert [name for name, (_, has_policy) in tables.items() if not has_policy] == []


def test_no_model_of_a_workspace_is_missed(tables: dict[str, tuple[bool, bool]]) -> None:
    models = {
        model._meta.db_table
        for model in apps.get_models()
        if model.__module__.startswith("regulars.")
        and any(f.attname == "workspace_id" for f in model._meta.concrete_fields)
    }

    assert len(models) >= 5
    assert models - set(tables) == set()


def test_partitions_are_no_way_round_the_fence(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SELECT events_ensure_month('2001-01-01')")
    roles.grant_tables(database)

    with psycopg.connect(place.conninfo_for(Role.APP)) as connection:
        row = connection.execute("SELECT current_user").fetchone()
        assert row is not None
        found = connection.execute(PARTITIONS, [row[0]]).fetchall()

    assert found == []
