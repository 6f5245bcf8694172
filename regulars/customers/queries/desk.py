"""Notes about a customer, and tasks of the team."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from regulars.customers.records import NoteRecord, TaskRecord
from regulars.kernel.errors import NotFound
from regulars.store.scope import cursor

NOTES_PAGE = 20
TASKS_OF_CUSTOMER_MAX = 20
TASKS_PAGE = 50
DUE_COUNT_MAX = 99

NOTE_COLUMNS = (
    "id, public_id, customer_id, author_id, author, text, is_pinned, created_at, edited_at"
)
TASKS = """
SELECT t.id, t.public_id, c.id, c.public_id,
       coalesce(nullif(c.name, ''), nullif(concat_ws(' ', c.first_name, c.last_name), ''), c.email,
                c.phone, c.external_id),
       t.title, t.due_on, t.assignee_id, t.author, t.created_at, t.done_at, t.done_by
FROM customers_task t
LEFT JOIN customers_customer was
  ON was.workspace_id = t.workspace_id AND was.id = t.customer_id
LEFT JOIN customers_customer c
  ON c.workspace_id = t.workspace_id AND c.id = coalesce(was.merged_into, was.id)
WHERE t.workspace_id = %s
"""


def notes_of(
    workspace_id: int,
    customer_ids: Sequence[int],
    *,
    before_id: int | None = None,
    limit: int = NOTES_PAGE,
) -> list[NoteRecord]:
    """Notes about the customer under every id of theirs, the newest first, one over the limit.

    The first page begins with the pinned ones, which are few; the others come by id.
    """
    raw = cursor()
    asked = (
        f"SELECT {NOTE_COLUMNS} FROM customers_note WHERE workspace_id = %s"
        " AND customer_id = ANY(%s)"
    )
    pinned: list[NoteRecord] = []
    if before_id is None:
        raw.execute(
            f"{asked} AND is_pinned ORDER BY id DESC LIMIT %s",
            [workspace_id, list(customer_ids), limit],
        )
        pinned = [NoteRecord(*row) for row in raw.fetchall()]
    bound = "" if before_id is None else " AND id < %s"
    raw.execute(
        f"{asked} AND NOT is_pinned{bound} ORDER BY id DESC LIMIT %s",
        [
            workspace_id,
            list(customer_ids),
            *([] if before_id is None else [before_id]),
            limit + 1 - len(pinned),
        ],
    )
    return [*pinned, *(NoteRecord(*row) for row in raw.fetchall())]


def every_note(workspace_id: int, customer_ids: Sequence[int]) -> list[NoteRecord]:
    """All notes about the customer, the oldest first; for the file a person asks for."""
    raw = cursor()
    raw.execute(
        f"SELECT {NOTE_COLUMNS} FROM customers_note WHERE workspace_id = %s"
        " AND customer_id = ANY(%s) ORDER BY id",
        [workspace_id, list(customer_ids)],
    )
    return [NoteRecord(*row) for row in raw.fetchall()]


def note(workspace_id: int, public_id: str) -> NoteRecord:
    """The note. raises NotFound(note_unknown)"""
    raw = cursor()
    raw.execute(
        f"SELECT {NOTE_COLUMNS} FROM customers_note WHERE workspace_id = %s AND public_id = %s",
        [workspace_id, public_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("note_unknown", "There is no such note.")
    return NoteRecord(*row)


def task(workspace_id: int, public_id: str) -> TaskRecord:
    """The task. raises NotFound(task_unknown)"""
    raw = cursor()
    raw.execute(f"{TASKS} AND t.public_id = %s", [workspace_id, public_id])
    row = raw.fetchone()
    if row is None:
        raise NotFound("task_unknown", "There is no such task.")
    return TaskRecord(*row)


def tasks_of(workspace_id: int, customer_ids: Sequence[int]) -> list[TaskRecord]:
    """Tasks about the customer under every id of theirs: open ones by day, then the newest done."""
    raw = cursor()
    raw.execute(
        f"{TASKS} AND t.customer_id = ANY(%s)"
        " ORDER BY t.done_at IS NOT NULL, CASE WHEN t.done_at IS NULL THEN t.due_on END NULLS LAST,"
        " t.id DESC LIMIT %s",
        [workspace_id, list(customer_ids), TASKS_OF_CUSTOMER_MAX],
    )
    return [TaskRecord(*row) for row in raw.fetchall()]


def open_tasks(
    workspace_id: int, assignee_id: int | None, *, after: tuple[date, int] | None = None
) -> list[TaskRecord]:
    """Open tasks by day, the most overdue first, those without a day last; one over a page.

    assignee_id  None means everybody's
    after        day and id of the last one shown; a task without a day counts as date.max
    """
    where, values = "", [workspace_id]
    if assignee_id is not None:
        where += " AND t.assignee_id = %s"
        values.append(assignee_id)
    if after is not None:
        where += " AND (coalesce(t.due_on, 'infinity'), t.id) > (%s, %s)"
        values += ["infinity" if after[0] == date.max else after[0], after[1]]  # type: ignore[list-item]
    raw = cursor()
    raw.execute(
        f"{TASKS} AND t.done_at IS NULL{where}"
        " ORDER BY coalesce(t.due_on, 'infinity'), t.id LIMIT %s",
        [*values, TASKS_PAGE + 1],
    )
    return [TaskRecord(*row) for row in raw.fetchall()]


def done_tasks(workspace_id: int, assignee_id: int | None) -> list[TaskRecord]:
    """What was done lately."""
    where = "" if assignee_id is None else " AND t.assignee_id = %s"
    raw = cursor()
    raw.execute(
        f"{TASKS} AND t.done_at IS NOT NULL{where} ORDER BY t.done_at DESC, t.id DESC LIMIT %s",
        [workspace_id, *([] if assignee_id is None else [assignee_id]), TASKS_PAGE],
    )
    return [TaskRecord(*row) for row in raw.fetchall()]


def due_count(workspace_id: int, assignee_id: int, today: date) -> int:
    """How many of the member's tasks are due today or overdue, DUE_COUNT_MAX + 1 for more."""
    raw = cursor()
    raw.execute(
        "SELECT count(*) FROM (SELECT FROM customers_task WHERE workspace_id = %s"
        " AND assignee_id = %s AND done_at IS NULL AND due_on <= %s LIMIT %s) AS few",
        [workspace_id, assignee_id, today, DUE_COUNT_MAX + 1],
    )
    row = raw.fetchone()
    return row[0] if row else 0
