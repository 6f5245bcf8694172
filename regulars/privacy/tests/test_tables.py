"""No table is forgotten: each is given and erased, or it is said why not."""

from __future__ import annotations

import psycopg
import pytest

from regulars.privacy.registry import all_traces
from regulars.privacy.tests.canary import traces
from regulars.project import lake

TABLES = """
SELECT c.relname FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'public'
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""


@pytest.fixture
def tables(database: str) -> set[str]:
    with psycopg.connect(database) as connection:
        return {name for (name,) in connection.execute(TABLES).fetchall()}


def traced() -> set[str]:
    return {trace.table for trace in traces()}


def reasons() -> dict[str, str]:
    return {name: why for room in all_traces() for name, why in (room.none or {}).items()}


def test_every_table_is_traced_or_named_with_a_reason(tables: set[str]) -> None:
    assert tables - traced() - set(reasons()) == set()
    assert all(reasons().values())


def test_nothing_is_said_of_a_table_that_is_not_there(tables: set[str]) -> None:
    assert (traced() | set(reasons())) - tables == set()
    # A campaign's part is emptied by a step of its own.
    assert traced() & set(reasons()) == set()


def test_what_is_not_given_has_a_reason() -> None:
    assert [t.table for t in traces() if not t.file and not t.reason] == []


def test_what_is_given_has_a_file_of_its_own() -> None:
    names = [trace.file for trace in traces() if trace.file]

    assert len(names) == len(set(names))
    assert len(names) >= 30


def test_the_lake_finds_a_person_in_every_relation_of_a_traced_table() -> None:
    about_nobody = {
        relation.name
        for relation in lake.relations()
        if not relation.person_columns
        and any(f"from {table}" in " ".join(relation.select_sql.split()) for table in traced())
    }

    assert about_nobody == set()
