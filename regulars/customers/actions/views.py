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


def save_view(workspace_id: int, *, owner_id: int, name: str, query: str, is_shared: bool) -> str:
    """Keep a filter under a name, or put another under a name one has; its public id.

    raises  Invalid(view_name | view_query), Conflict(views_too_many)
    """
    title = " ".join(name.replace("\x00", "").split())
    if not 0 < len(title) <= NAME_LENGTH_MAX:
        raise Invalid("view_name", f"Give the view a name of at most {NAME_LENGTH_MAX} characters.")
    if len(query) > QUERY_LENGTH_MAX:
        raise Invalid("view_query", "The filter is too long to be kept.")
    raw = cursor()
    raw.execute(
        "INSERT INTO customers_view (workspace_id, public_id, owner_id, name, query, is_shared,"
        " created_at) SELECT %s, %s, %s, %s, %s, %s, %s"
        " WHERE (SELECT count(*) FROM customers_view"
        " WHERE workspace_id = %s AND owner_id = %s) < %s"
        " OR EXISTS (SELECT FROM customers_view WHERE workspace_id = %s AND owner_id = %s"
        " AND name = %s)"
        " ON CONFLICT (workspace_id, owner_id, name) DO UPDATE"
        " SET query = excluded.query, is_shared = excluded.is_shared RETURNING public_id",
        [
            workspace_id, new_public_id(), owner_id, title, query, is_shared, clock.now(),
            workspace_id, owner_id, VIEWS_MAX, workspace_id, owner_id, title,
        ],
    )  # fmt: skip
    row = raw.fetchone()
    if row is None:
        raise Conflict("views_too_many", f"Keep at most {VIEWS_MAX} views; remove one first.")
    return str(row[0])


def delete_view(workspace_id: int, public_id: str, *, owner_id: int) -> None:
    """Forget one's own view. raises NotFound(view_unknown)"""
    raw = cursor()
    raw.execute(
        "DELETE FROM customers_view WHERE workspace_id = %s AND public_id = %s AND owner_id = %s"
        " RETURNING id",
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
