"""Saved views of the list, and how each member likes it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor

NAME_LENGTH_MAX = 60
QUERY_LENGTH_MAX = 2_000
VIEWS_MAX = 50
COLUMNS_MAX = 20


# One owner's views are written one after another, so that limit and names hold.
LOCK = "SELECT pg_advisory_xact_lock(%s, %s)"
LOCK_CLASS = 0x7677
ADD = """
INSERT INTO customers_view (workspace_id, public_id, owner_id, name, query, is_shared, created_at)
SELECT %s, %s, %s, %s, %s, %s, %s
WHERE (SELECT count(*) FROM customers_view WHERE workspace_id = %s AND owner_id = %s) < %s
RETURNING public_id
"""
NAMED = """
SELECT public_id, query, is_shared FROM customers_view
WHERE workspace_id = %s AND owner_id = %s AND name = %s
"""
CHANGE = """
UPDATE customers_view SET name = coalesce(%s, name), query = coalesce(%s, query),
  is_shared = coalesce(%s, is_shared) WHERE workspace_id = %s AND public_id = %s
"""


def save_view(workspace_id: int, *, owner_id: int, name: str, query: str, is_shared: bool) -> str:
    """Keep a filter under a name, or put another under a name one has; its public id.

    raises  Invalid(view_name | view_query), Conflict(views_too_many)
    """
    title = _title(name)
    _check_query(query)
    _lock(workspace_id, owner_id)
    known = _named(workspace_id, owner_id, title)
    if known is None:
        return _add(workspace_id, owner_id, title, query, is_shared)
    cursor().execute(CHANGE, [None, query, is_shared, workspace_id, known[0]])
    return known[0]


def add_view(workspace_id: int, *, owner_id: int, name: str, query: str, is_shared: bool) -> str:
    """Keep a filter under a new name; its public id. The same again makes no second one.

    raises  Invalid(view_name | view_query), Conflict(view_taken | views_too_many)
    """
    title = _title(name)
    _check_query(query)
    _lock(workspace_id, owner_id)
    known = _named(workspace_id, owner_id, title)
    if known is None:
        return _add(workspace_id, owner_id, title, query, is_shared)
    if known[1:] != (query, is_shared):
        raise Conflict("view_taken", "There is another view of this name.")
    return known[0]


def change_view(
    workspace_id: int,
    public_id: str,
    *,
    name: str | None = None,
    query: str | None = None,
    is_shared: bool | None = None,
) -> None:
    """Change what is given of a view, whoever owns it.

    raises  NotFound(view_unknown), Invalid(view_name | view_query), Conflict(view_taken)
    """
    title = None if name is None else _title(name)
    _check_query(query or "")
    owner_id = _owner(workspace_id, public_id)
    _lock(workspace_id, owner_id)
    known = None if title is None else _named(workspace_id, owner_id, title)
    if known is not None and known[0] != public_id:
        raise Conflict("view_taken", "There is another view of this name.")
    raw = cursor()
    raw.execute(CHANGE, [title, query, is_shared, workspace_id, public_id])
    if raw.rowcount == 0:
        raise NotFound("view_unknown", "There is no such view.")


def _lock(workspace_id: int, owner_id: int) -> None:
    cursor().execute(LOCK, [LOCK_CLASS, (workspace_id * 1_000_003 + owner_id) % (1 << 31)])


def _title(name: str) -> str:
    title = " ".join(name.replace("\x00", "").split())
    if not 0 < len(title) <= NAME_LENGTH_MAX:
        raise Invalid("view_name", f"Give the view a name of at most {NAME_LENGTH_MAX} characters.")
    return title


def _check_query(query: str) -> None:
    if len(query) > QUERY_LENGTH_MAX:
        raise Invalid("view_query", "The filter is too long to be kept.")


def _owner(workspace_id: int, public_id: str) -> int:
    raw = cursor()
    raw.execute(
        "SELECT owner_id FROM customers_view WHERE workspace_id = %s AND public_id = %s",
        [workspace_id, public_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("view_unknown", "There is no such view.")
    return int(row[0])


def _named(workspace_id: int, owner_id: int, title: str) -> tuple[str, str, bool] | None:
    raw = cursor()
    raw.execute(NAMED, [workspace_id, owner_id, title])
    row = raw.fetchone()
    return None if row is None else (row[0], row[1], row[2])


def _add(workspace_id: int, owner_id: int, title: str, query: str, is_shared: bool) -> str:
    raw = cursor()
    raw.execute(
        ADD,
        [
            workspace_id, new_public_id(), owner_id, title, query, is_shared, clock.now(),
            workspace_id, owner_id, VIEWS_MAX,
        ],
    )  # fmt: skip
    row = raw.fetchone()
    if row is None:
        raise Conflict("views_too_many", f"Keep at most {VIEWS_MAX} views; remove one first.")
    return str(row[0])


def delete_view(workspace_id: int, public_id: str, *, owner_id: int | None = None) -> None:
    """Forget a view, one's own when an owner is named. raises NotFound(view_unknown)"""
    raw = cursor()
    raw.execute(
        "DELETE FROM customers_view WHERE workspace_id = %s AND public_id = %s"
        " AND owner_id = coalesce(%s, owner_id) RETURNING id",
        [workspace_id, public_id, owner_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("view_unknown", "There is no such view of yours.")
    raw.execute(
        "UPDATE customers_listtaste SET view_id = NULL WHERE workspace_id = %s AND view_id = %s",
        [workspace_id, row[0]],
    )


def choose_view(workspace_id: int, user_id: int, view_id: int | None) -> None:
    """Let the list open with this view, or with everybody."""
    cursor().execute(
        "INSERT INTO customers_listtaste (workspace_id, user_id, view_id) VALUES (%s, %s, %s)"
        " ON CONFLICT (workspace_id, user_id) DO UPDATE SET view_id = excluded.view_id",
        [workspace_id, user_id, view_id],
    )


def choose_columns(workspace_id: int, user_id: int, columns: Sequence[str] | None) -> None:
    """Let the list show these columns in this order; None for the usual ones."""
    kept = None if columns is None else json.dumps(list(columns)[:COLUMNS_MAX])
    cursor().execute(
        "INSERT INTO customers_listtaste (workspace_id, user_id, columns) VALUES (%s, %s, %s)"
        " ON CONFLICT (workspace_id, user_id) DO UPDATE SET columns = excluded.columns",
        [workspace_id, user_id, kept],
    )
