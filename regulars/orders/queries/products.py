"""Reads of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regulars.kernel.errors import NotFound
from regulars.orders.queries.books import PAGE_ROWS
from regulars.orders.queries.leads import like
from regulars.orders.records import CategoryRecord, ProductRecord
from regulars.store.scope import cursor

COLUMNS = (
    "sku, name, category, brand, price, sold_quantity, sold_minor, last_at, list_price, old_price,"
    " item, duration_min, category_code, url, picture_url, availability, is_stocked"
)
FOUND_MAX = 12
CATEGORIES_MAX = 5_000


def products(
    workspace_id: int,
    *,
    search: str = "",
    category: str = "",
    before: tuple[int, int] | None = None,
) -> list[tuple[int, ProductRecord]]:
    """Products by what they brought, the best first, with the id each page key needs.

    category  the code of a branch of the tree; what lies below it comes along
    """
    where, given = _where(workspace_id, search, category)
    if before is not None:
        where += " AND (-sold_minor, id) > (%s, %s)"
        given += [-before[0], before[1]]
    rows = _rows(
        f"SELECT id, {COLUMNS} FROM orders_product WHERE {where}"
        " ORDER BY sold_minor DESC, id LIMIT %s",
        [*given, PAGE_ROWS + 1],
    )
    return [(row[0], ProductRecord(*row[1:])) for row in rows]


def search_products(workspace_id: int, text: str) -> list[ProductRecord]:
    """The few best products whose name or code holds the text."""
    where, given = _where(workspace_id, text, "")
    rows = _rows(
        f"SELECT {COLUMNS} FROM orders_product WHERE {where} ORDER BY sold_minor DESC, id LIMIT %s",
        [*given, FOUND_MAX],
    )
    return [ProductRecord(*row) for row in rows]


def product(workspace_id: int, sku: str) -> ProductRecord:
    """The product of this code. raises NotFound(product_unknown)"""
    found = products_by_sku(workspace_id, [sku]).get(sku)
    if found is None:
        raise NotFound("product_unknown", "There is no such product.")
    return found


def products_by_sku(workspace_id: int, skus: Sequence[str]) -> dict[str, ProductRecord]:
    """The products of these codes; unknown ones are absent."""
    rows = _rows(
        f"SELECT {COLUMNS} FROM orders_product WHERE workspace_id = %s AND sku = ANY(%s)",
        [workspace_id, list(skus)],
    )
    return {row[0]: ProductRecord(*row) for row in rows}


def categories(workspace_id: int) -> list[CategoryRecord]:
    """The branches of the catalogue, each after the one it hangs on."""
    rows = _rows(
        "SELECT code, parent_code, name, path FROM orders_category WHERE workspace_id = %s"
        " ORDER BY path, code LIMIT %s",
        [workspace_id, CATEGORIES_MAX],
    )
    return [CategoryRecord(*row) for row in rows]


def _where(workspace_id: int, search: str, category: str) -> tuple[str, list[Any]]:
    where, given = "workspace_id = %s", [workspace_id]
    more: list[Any] = []
    if search:
        where += " AND (lower(sku) LIKE %s OR lower(name) LIKE %s)"
        more += [like(search)] * 2
    if category:
        where += (
            " AND category_code IN (WITH RECURSIVE below AS ("
            "SELECT code FROM orders_category WHERE workspace_id = %s AND code = %s UNION"
            " SELECT c.code FROM orders_category AS c JOIN below ON c.parent_code = below.code"
            " WHERE c.workspace_id = %s) SELECT code FROM below)"
        )
        more += [workspace_id, category, workspace_id]
    return where, [*given, *more]


def _rows(statement: str, given: list[Any]) -> list[tuple[Any, ...]]:
    raw = cursor()
    raw.execute(statement, given)
    return raw.fetchall()
