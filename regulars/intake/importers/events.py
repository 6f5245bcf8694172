"""Events of a file: read, checked, identified and appended set by set."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from regulars.customers import actions as customers
from regulars.customers.records import Identity
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.intake.importers import persons
from regulars.intake.importers.stage import Progress, Stage
from regulars.intake.importers.tally import Tally
from regulars.store.scope import scope
from regulars.workspaces.records import WorkspaceRecord

CHUNK_ROWS = 10_000
FIELD_LENGTH_MAX = 8_000
KIND_LENGTH_MAX = 200
ORIGIN = "import"
PROP_PREFIX = "prop."
PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?\Z")

FAULTS = f"""
    WHEN is_broken THEN 'row_encoding'
    WHEN is_long OR length(message_id) > {FIELD_LENGTH_MAX} THEN 'row_length'
    WHEN event IS NULL OR length(event) > {KIND_LENGTH_MAX} THEN 'event_name'
    WHEN time IS NULL OR time < TIMESTAMP '1990-01-01' OR time > $latest THEN 'event_time'
    WHEN person_key IS NULL THEN 'identity_missing'
    WHEN p.reason IS NOT NULL THEN p.reason"""
# Rows without an id of their own are known by all they say and by which such row they are, so
# that the same file brings nothing twice and equal rows of one file are all kept.
KEYED = f"""
    CREATE TABLE ready AS SELECT *, (row_number() OVER (ORDER BY row_no) - 1) // {CHUNK_ROWS}
        AS chunk FROM (
        SELECT *, coalesce(message_id, 'row:' || body || ':' || CAST(row_number() OVER (
            PARTITION BY body ORDER BY row_no) AS VARCHAR)) AS key
        FROM (SELECT *, md5(concat_ws(chr(31), event, CAST(time AS VARCHAR), person_key,
                  CAST(props AS VARCHAR))) AS body
              FROM event_row WHERE row_no NOT IN (SELECT row_no FROM bad)))
    ORDER BY row_no"""


def prepare(stage: Stage, workspace: WorkspaceRecord) -> None:
    """Read the cells, find what cannot be taken, and give each of the rest its key."""
    stage.con.execute(
        f"""CREATE TABLE event_row AS
            SELECT *, {persons.key_sql(stage)} AS person_key FROM (SELECT row_no,
            {stage.text("event")} AS event, {stage.time("time")} AS time,
            {stage.exact("message_id")} AS message_id, {_props(stage)} AS props,
            {persons.columns_sql(stage)},
            {stage.broken()} AS is_broken, {stage.too_long(FIELD_LENGTH_MAX)} AS is_long
            FROM raw)"""
    )
    persons.check(stage, "event_row", workspace.id)
    stage.con.execute("CREATE TABLE bad (row_no BIGINT, reason VARCHAR, detail VARCHAR)")
    stage.con.execute(
        f"""INSERT INTO bad SELECT row_no, reason, '' FROM (
            SELECT row_no, CASE {FAULTS} END AS reason
            FROM event_row LEFT JOIN person AS p USING (person_key)) WHERE reason IS NOT NULL""",
        {"latest": stage.latest},
    )
    stage.reject_rows("SELECT row_no, reason, detail FROM bad")
    stage.con.execute(KEYED)


def _props(stage: Stage) -> str:
    names = [target for target in stage.place if target.startswith(PROP_PREFIX)]
    if not names:
        return "CAST(NULL AS VARCHAR)"
    parts = ", ".join(
        f'"{name.removeprefix(PROP_PREFIX).replace(chr(34), chr(34) * 2)}": {stage.exact(name)}'
        for name in names
    )
    return f"CAST(to_json({{{parts}}}) AS VARCHAR)"


def look_up(stage: Stage, workspace: WorkspaceRecord, tally: Tally) -> None:
    """Count what writing would do, and write nothing; what was brought before is not told."""
    tally.taken = stage.count("SELECT count(*) FROM ready")
    tally.counts["events"] = tally.taken
    tally.counts["customers"] = stage.count("SELECT count(DISTINCT person_key) FROM ready")


def write(stage: Stage, workspace: WorkspaceRecord, tally: Tally, progress: Progress) -> None:
    """Append the events, some thousand a transaction, in the order of the file."""
    done = 0
    for chunk in range(stage.count("SELECT coalesce(max(chunk) + 1, 0) FROM ready")):
        rows = stage.con.execute(
            f"""SELECT person_key, external_id, email, phone, anonymous_id, time,
                       {", ".join(persons.TOLD)}, event, key, props
                FROM ready WHERE chunk = ? ORDER BY row_no""",
            [chunk],
        ).fetchall()
        with scope(workspace.id):
            fresh, found = _append(workspace.id, rows, stage.columns.source)
        tally.customers.update(found)
        tally.taken += fresh
        tally.repeated += len(rows) - fresh
        tally.counts["events"] += fresh
        done += len(rows)
        progress("writing", done, stage.rows)


def _append(
    workspace_id: int, rows: Sequence[tuple[Any, ...]], source: str
) -> tuple[int, list[int]]:
    identities: list[Identity] = [persons.identity(row[:-3]) for row in rows]
    found = customers.identify_many(workspace_id, identities, origin=ORIGIN, only_missing=True)
    fresh = events.record_many(
        workspace_id,
        [
            NewEvent(
                kind=row[-3],
                time=row[5].replace(tzinfo=UTC),
                key=row[-2],
                customer_id=customer_id,
                props=props_of(row[-1]),
                origin=ORIGIN,
                source=source,
            )
            for row, customer_id in zip(rows, found, strict=True)
        ],
    )
    return fresh, found


def props_of(text: str | None) -> dict[str, Any]:
    """The properties of a row: empty cells left out, plain numbers as numbers."""
    given: dict[str, str | None] = json.loads(text) if text else {}
    return {name: _value(value) for name, value in given.items() if value is not None}


def _value(text: str) -> str | int | float | bool:
    if text in ("true", "false"):
        return text == "true"
    # 007 and 1e5 are codes, not numbers; what a float would not give back stays text.
    if len(text) <= 17 and PLAIN_NUMBER.match(text):
        return float(text) if "." in text else int(text)
    return text
