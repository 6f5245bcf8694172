"""Tasks of the team: given, done, opened again, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from regulars.customers.actions.present import customer_there
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

TITLE_LENGTH_MAX = 200
DUE_YEARS = range(2000, 2100)

ADD = """
INSERT INTO customers_task (workspace_id, public_id, customer_id, title, due_on, assignee_id,
                            author, created_at, done_by, key)
SELECT %s, public_id, customer_id, %s, %s, %s, %s, %s, '', key
FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS given (public_id, customer_id, key)
ON CONFLICT (workspace_id, key) DO NOTHING RETURNING public_id, customer_id
"""


def give_task(
    workspace_id: int,
    *,
    customer_id: int | None,
    title: str,
    due_on: date | None,
    assignee_id: int,
    author: str,
    key: str | None = None,
) -> str:
    """Give somebody of the team something to do; its public id, the first one's under the key.

    raises  NotFound(customer_unknown), Invalid(title_empty | title_too_long | due_year |
            assignee_unknown)
    """
    if customer_id is not None:
        customer_there(workspace_id, customer_id)
    added = give_tasks(
        workspace_id, {customer_id: key}, title=title, due_on=due_on, assignee_id=assignee_id,
        author=author,
    )  # fmt: skip
    return added.get(customer_id) or _public_id_of_key(workspace_id, key)


def give_tasks(
    workspace_id: int,
    keys: Mapping[int | None, str | None],
    *,
    title: str,
    due_on: date | None,
    assignee_id: int,
    author: str,
) -> dict[int | None, str]:
    """The same task about many customers; public ids of those given now, by customer."""
    words = clean_title(title)
    if due_on is not None and due_on.year not in DUE_YEARS:
        raise Invalid("due_year", "Give a day of this century.", field="due_on")
    if assignee_id not in {member.user_id for member in workspaces.members(workspace_id)}:
        raise Invalid("assignee_unknown", "Choose somebody of the team.", field="assignee")
    raw = cursor()
    raw.execute(
        ADD,
        [
            workspace_id, words, due_on, assignee_id, author, clock.now(),
            [new_public_id() for _ in keys], [*keys], [*keys.values()],
        ],
    )  # fmt: skip
    return {row[1]: row[0] for row in raw.fetchall()}


def finish_task(workspace_id: int, public_id: str, *, actor: str) -> bool:
    """The task is done; false when it was already. raises NotFound(task_unknown)"""
    now = clock.now()
    raw = cursor()
    raw.execute(
        "UPDATE customers_task SET done_at = %s, done_by = %s"
        " WHERE workspace_id = %s AND public_id = %s AND done_at IS NULL RETURNING customer_id",
        [now, actor, workspace_id, public_id],
    )
    row = raw.fetchone()
    if row is None:
        _there(workspace_id, public_id)
        return False
    news = NewEvent(
        kind="task.done",
        time=now,
        # A task opened again may be done again.
        key=f"task:{public_id}:done:{now.timestamp()}",
        customer_id=row[0],
        props={"task": public_id, "actor": actor},
    )
    events.record_many(workspace_id, [news])
    return True


def reopen_task(workspace_id: int, public_id: str) -> bool:
    """The task was not done after all; false when it is open. raises NotFound(task_unknown)"""
    raw = cursor()
    raw.execute(
        "UPDATE customers_task SET done_at = NULL, done_by = ''"
        " WHERE workspace_id = %s AND public_id = %s AND done_at IS NOT NULL",
        [workspace_id, public_id],
    )
    if not raw.rowcount:
        _there(workspace_id, public_id)
    return raw.rowcount > 0


def clean_title(title: str) -> str:
    """The title as it is kept. raises Invalid(title_empty | title_too_long)"""
    words = " ".join(title.replace("\x00", "").split())
    if not words:
        raise Invalid("title_empty", "Write what is to be done.", field="title")
    if len(words) > TITLE_LENGTH_MAX:
        raise Invalid(
            "title_too_long", f"A title has at most {TITLE_LENGTH_MAX} characters.", field="title"
        )
    return words


def _there(workspace_id: int, public_id: str) -> None:
    raw = cursor()
    raw.execute(
        "SELECT 1 FROM customers_task WHERE workspace_id = %s AND public_id = %s",
        [workspace_id, public_id],
    )
    if raw.fetchone() is None:
        raise NotFound("task_unknown", "There is no such task.")


def _public_id_of_key(workspace_id: int, key: str | None) -> str:
    raw = cursor()
    raw.execute(
        "SELECT public_id FROM customers_task WHERE workspace_id = %s AND key = %s",
        [workspace_id, key],
    )
    row = raw.fetchone()
    assert row is not None, "a task is written or was there under its key"
    return str(row[0])
