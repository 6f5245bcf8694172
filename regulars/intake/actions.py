"""Writes of imports: their state and progress, and the rows they did not take."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from regulars.audit import actions as audit
from regulars.intake.importers.records import ImportOutcome
from regulars.intake.models import Import
from regulars.kernel import clock
from regulars.kernel.errors import Conflict
from regulars.kernel.ids import new_public_id
from regulars.kernel.texts import json_without_nul
from regulars.store.scope import cursor

REJECTS_KEPT_MAX = 100_000
EXPIRED_AT_ONCE_MAX = 1_000

KEEP = """
INSERT INTO intake_rejectedrow (workspace_id, import_id, row_no, reason, detail, raw)
SELECT %s, %s, row_no, reason, detail, raw
FROM json_to_recordset(%s::json) AS r (row_no bigint, reason text, detail text, raw jsonb)
"""


def begin_import(
    workspace_id: int,
    kind: str,
    file_name: str,
    *,
    actor: str = "",
    stored_as: str = "",
    state: str = "running",
    mapping: Mapping[str, Any] | None = None,
) -> int:
    """The id of a new import; state is one of ImportRecord's."""
    now = clock.now()
    made = Import.objects.create(
        workspace_id=workspace_id,
        public_id=new_public_id(),
        kind=kind,
        file_name=file_name[:200],
        stored_as=stored_as,
        state=state,
        mapping=dict(mapping or {}),
        created_by=actor,
        created_at=now,
        started_at=now if state == "running" else None,
    )
    audit.note(workspace_id, "customers.imported", "import", made.public_id, fields=[kind])
    return made.id


def begin_upload(
    workspace_id: int,
    kind: str,
    file_name: str,
    *,
    actor: str,
    stored_as: str,
    mapping: Mapping[str, Any],
    seen: Mapping[str, Any],
) -> str:
    """The public id of a new import by a page, whose columns are to be chosen next.

    seen  {"headings", "sample_rows", "rows_total"}
    """
    import_id = begin_import(
        workspace_id, kind, file_name, actor=actor, stored_as=stored_as, state="mapping",
        mapping=mapping,
    )  # fmt: skip
    see_again(workspace_id, import_id, mapping, seen)
    return Import.objects.get(workspace_id=workspace_id, id=import_id).public_id


def see_again(
    workspace_id: int, import_id: int, mapping: Mapping[str, Any], seen: Mapping[str, Any]
) -> None:
    """Keep what the file looks like when it is read in another way."""
    Import.objects.filter(workspace_id=workspace_id, id=import_id).update(
        mapping=dict(mapping), seen=dict(seen)
    )


def move_import(workspace_id: int, import_id: int, *, state: str, since: Sequence[str]) -> None:
    """Take the import to another state. raises Conflict(import_state) unless it is in `since`"""
    changed = Import.objects.filter(
        workspace_id=workspace_id, id=import_id, state__in=since
    ).update(state=state)
    if not changed:
        raise Conflict("import_state", "The import has moved on meanwhile; look at its page.")


def set_mapping(workspace_id: int, import_id: int, mapping: Mapping[str, Any]) -> None:
    """Keep what the columns mean, before the import runs."""
    Import.objects.filter(workspace_id=workspace_id, id=import_id).update(mapping=dict(mapping))


def show_progress(
    workspace_id: int, import_id: int, stage: str, rows_done: int, rows_total: int | None
) -> None:
    """Write how far the import is."""
    Import.objects.filter(workspace_id=workspace_id, id=import_id).update(
        stage=stage, rows_done=rows_done, rows_total=rows_total
    )


def finish_import(workspace_id: int, import_id: int, outcome: ImportOutcome) -> None:
    """Write what came of the import, or of its trial."""
    Import.objects.filter(workspace_id=workspace_id, id=import_id).update(
        state="tried" if outcome.is_dry_run else "done",
        stage="",
        rows_done=outcome.rows,
        rows_total=outcome.rows,
        counts=outcome.as_json(),
        error_code="",
        error_text="",
        finished_at=clock.now(),
    )


def fail_import(workspace_id: int, import_id: int, code: str, text: str) -> None:
    """Write why the import came to nothing."""
    Import.objects.filter(workspace_id=workspace_id, id=import_id).update(
        state="failed", error_code=code, error_text=text, finished_at=clock.now()
    )


def expire_uploads(before: datetime) -> list[str]:
    """Give up imports that nobody went on with since; returns the names of their files.

    An import that a worker has, or will have, is left alone. Engine only.
    """
    raw = cursor()
    raw.execute(
        "WITH due AS (SELECT id, stored_as FROM intake_import WHERE stored_as <> ''"
        " AND state IN ('mapping', 'tried', 'failed')"
        " AND greatest(created_at, finished_at) < %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)"
        " UPDATE intake_import AS i SET state = 'expired', stored_as = '' FROM due"
        " WHERE i.id = due.id RETURNING due.stored_as",
        [before, EXPIRED_AT_ONCE_MAX],
    )
    return [row[0] for row in raw.fetchall()]


def without_import(names: Sequence[str]) -> list[str]:
    """Those of the names of files that no import has. Engine only."""
    raw = cursor()
    raw.execute(
        "SELECT name FROM unnest(%s::text[]) AS given (name) WHERE NOT EXISTS"
        " (SELECT 1 FROM intake_import WHERE stored_as = name) ORDER BY name",
        [list(names)],
    )
    return [row[0] for row in raw.fetchall()]


def forget_rejects(workspace_id: int, import_id: int) -> None:
    """Drop the rows an earlier trial of the same import did not take."""
    cursor().execute(
        "DELETE FROM intake_rejectedrow WHERE workspace_id = %s AND import_id = %s",
        [workspace_id, import_id],
    )


def keep_rejects(
    workspace_id: int, import_id: int, rows: Sequence[tuple[int, str, str, str]]
) -> None:
    """Keep rows that were not taken: (row_no, reason, detail, the row as JSON)."""
    given = [
        {"row_no": row_no, "reason": reason, "detail": detail or "", "raw": json.loads(raw)}
        for row_no, reason, detail, raw in rows
    ]
    cursor().execute(KEEP, [workspace_id, import_id, json_without_nul(json.dumps(given))])
