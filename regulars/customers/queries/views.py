"""Saved views, and how a member likes the list."""

from __future__ import annotations

from urllib.parse import parse_qs

from regulars.customers.records import ViewRecord
from regulars.kernel.errors import NotFound
from regulars.store.scope import cursor

VIEWS_SHOWN_MAX = 100
VIEWS_PAGE = 50
COLUMNS = "id, public_id, owner_id, name, query, is_shared"


def views(workspace_id: int, user_id: int) -> list[ViewRecord]:
    """The member's own views and those the team shares, by name."""
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM customers_view WHERE workspace_id = %s"
        " AND (owner_id = %s OR is_shared) ORDER BY lower(name), id LIMIT %s",
        [workspace_id, user_id, VIEWS_SHOWN_MAX],
    )
    return [ViewRecord(*row) for row in raw.fetchall()]


def views_after(workspace_id: int, *, owner_id: int | None, after_id: int) -> list[ViewRecord]:
    """Views the team shares, and all of one owner when named, by id; one over a page."""
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM customers_view WHERE workspace_id = %s"
        " AND (is_shared OR owner_id = %s) AND id > %s ORDER BY id LIMIT %s",
        [workspace_id, owner_id, after_id, VIEWS_PAGE + 1],
    )
    return [ViewRecord(*row) for row in raw.fetchall()]


def any_view(workspace_id: int, public_id: str) -> ViewRecord:
    """A view, whoever owns it. raises NotFound(view_unknown)"""
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM customers_view WHERE workspace_id = %s AND public_id = %s",
        [workspace_id, public_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("view_unknown", "There is no such view.")
    return ViewRecord(*row)


def view(workspace_id: int, public_id: str, user_id: int) -> ViewRecord:
    """A view the member may open. raises NotFound(view_unknown)"""
    found = [one for one in views(workspace_id, user_id) if one.public_id == public_id]
    if not found:
        raise NotFound("view_unknown", "There is no such view.")
    return found[0]


def list_taste(workspace_id: int, user_id: int) -> tuple[list[str] | None, int | None]:
    """The columns the member chose, and the view their list opens with; None for the usual."""
    raw = cursor()
    raw.execute(
        "SELECT columns, view_id FROM customers_listtaste WHERE workspace_id = %s AND user_id = %s",
        [workspace_id, user_id],
    )
    row = raw.fetchone()
    return (None, None) if row is None else (row[0], row[1])


def views_naming(workspace_id: int, condition: str, value: str) -> list[tuple[str, str]]:
    """Public id and name of every view, whoever owns it, whose filter asks `condition=value`."""
    raw = cursor()
    raw.execute(
        "SELECT public_id, name, query FROM customers_view"
        " WHERE workspace_id = %s AND strpos(query, %s) > 0 ORDER BY lower(name), id",
        [workspace_id, value],
    )
    return [
        (public_id, name)
        for public_id, name, query in raw.fetchall()
        if value in parse_qs(query).get(condition, [])
    ]
