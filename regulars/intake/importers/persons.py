"""The people in a file: distinct names of customers, checked once each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import pyarrow as pa

from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.intake.importers.pure.words import NOBODY
from regulars.intake.importers.stage import Stage
from regulars.store.scope import scope

CHECK_BATCH_ROWS = 10_000
NAMED_BY = ("external_id", "email", "phone", "anonymous_id")
TOLD = ("name", "first_name", "last_name", "city", "country", "language")

# Programs that keep a column of whole numbers with gaps as floats write 17850.0 for 17850.
WHOLE_FLOAT = r"^(\d+)\.0$"

# What the source called its customer, as orders keep it.
CALLED = """coalesce('external:' || external_id, 'email:' || email, 'phone:' || phone,
                     'anonymous:' || anonymous_id)"""


def key_sql(stage: Stage) -> str:
    """SQL for what a row calls its customer, nothing for a guest."""
    marks = {"external_id": "x", "email": "e", "phone": "p", "anonymous_id": "a"}
    parts = ", ".join(f"'{mark}' || {name}" for name, mark in marks.items() if stage.has(name))
    return f"nullif(concat_ws(chr(31), {parts}), '')" if parts else "CAST(NULL AS VARCHAR)"


def columns_sql(stage: Stage) -> str:
    """SQL for the columns of a row that name and describe its customer."""
    external = f"regexp_replace({stage.exact('external_id')}, '{WHOLE_FLOAT}', '\\1')"
    nobody = ", ".join(f"'{word}'" for word in NOBODY)
    named = [f"CASE WHEN lower({external}) NOT IN ({nobody}) THEN {external} END AS external_id"]
    named += [f"{stage.exact(name)} AS {name}" for name in NAMED_BY[1:]]
    return ", ".join(named + [f"{stage.text(name)} AS {name}" for name in TOLD])


def check(stage: Stage, table: str, workspace_id: int) -> None:
    """Make table person(person_key, reason) of everybody named in `table`.

    reason  a code where an identifier cannot be read, else nothing
    """
    stage.con.execute("CREATE TABLE person (person_key VARCHAR, reason VARCHAR)")
    found = stage.con.cursor().execute(
        f"SELECT person_key, any_value(external_id), any_value(email), any_value(phone),"
        f" any_value(anonymous_id) FROM {table} WHERE person_key IS NOT NULL GROUP BY person_key"
    )
    while rows := found.fetchmany(CHECK_BATCH_ROWS):
        with scope(workspace_id):
            reasons = customers.identity_faults(workspace_id, [Identity(*row[1:]) for row in rows])
        stage.insert(
            "person",
            pa.table(
                {
                    "k": pa.array([row[0] for row in rows], pa.string()),
                    "r": pa.array(reasons, pa.string()),
                }
            ),
        )


def identity(row: Sequence[Any]) -> Identity:
    """The identity in a row of (key, four identifiers, first time, what is told)."""
    _, external_id, email, phone, anonymous_id, seen_at, *told = row
    return Identity(
        external_id=external_id,
        email=email,
        phone=phone,
        anonymous_id=anonymous_id,
        traits={name: value for name, value in zip(TOLD, told, strict=True) if value is not None},
        seen_at=seen_at.replace(tzinfo=UTC) if seen_at else None,
    )
