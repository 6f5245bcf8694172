"""Tokens of public order pages: 128 random bits behind the number of the workspace."""

from __future__ import annotations

from regulars.kernel.errors import NotFound
from regulars.kernel.ids import new_public_id
from regulars.orders.queries.books import order
from regulars.store.scope import cursor

MARK = "."


def new_token(workspace_id: int) -> str:
    """An address nobody can guess; it begins with where to look."""
    return f"{workspace_id:x}{MARK}{new_public_id()}"


def workspace_of(token: str) -> int:
    """The workspace a token names. raises NotFound(page_unknown)"""
    place, mark, rest = token.partition(MARK)
    if not (mark and rest and len(place) <= 15 and place.isalnum() and token.isascii()) or (
        not token.isprintable()
    ):
        raise NotFound("page_unknown", "There is no such page.")
    try:
        return int(place, 16)
    except ValueError:
        raise NotFound("page_unknown", "There is no such page.") from None


def open_page(workspace_id: int, public_id: str) -> str:
    """The token of the order's public page, made when there is none. raises NotFound"""
    found = order(workspace_id, public_id)
    raw = cursor()
    raw.execute(
        "UPDATE orders_order SET token = coalesce(token, %s) WHERE workspace_id = %s AND id = %s"
        " RETURNING token",
        [new_token(workspace_id), workspace_id, found.id],
    )
    row = raw.fetchone()
    assert row is not None
    return str(row[0])
