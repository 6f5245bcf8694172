"""Reads of leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.kernel.errors import NotFound
from regulars.orders.pure.leads import read_items
from regulars.orders.queries.books import COUNT_MAX, PAGE_ROWS
from regulars.orders.records import LeadRecord
from regulars.store.scope import cursor

COLUMNS = (
    "id, public_id, status, lost_reason, source, customer_id, name, phone, email, comment, items,"
    " page_url, utm, responsible_id, order_id, created_at, updated_at"
)
ITEMS_PLACE = 10


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads a list shows; an empty field asks nothing. Days are instants by then."""

    status: str = ""
    source: str = ""
    text: str = ""
    responsible_id: int | None = None
    is_free: bool = False
    since: datetime | None = None
    until: datetime | None = None


def lead(workspace_id: int, public_id: str, *, is_locked: bool = False) -> LeadRecord:
    """The lead of this public id. raises NotFound(lead_unknown)"""
    return _one(workspace_id, "public_id = %s", public_id, is_locked=is_locked)


def lead_by_id(workspace_id: int, lead_id: int) -> LeadRecord:
    """The lead of this id. raises NotFound(lead_unknown)"""
    return _one(workspace_id, "id = %s", lead_id)


def leads(
    workspace_id: int, chosen: LeadFilter, *, before: tuple[datetime, int] | None = None
) -> list[LeadRecord]:
    """The newest leads of the filter, one more than a page to tell whether there is another."""
    where, given = _where(workspace_id, chosen)
    if before is not None:
        where += " AND (created_at, id) < (%s, %s)"
        given += before
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS} FROM orders_lead WHERE {where}"
        " ORDER BY created_at DESC, id DESC LIMIT %s",
        [*given, PAGE_ROWS + 1],
    )
    return [_record(row) for row in raw.fetchall()]


def leads_count(workspace_id: int, chosen: LeadFilter) -> int:
    """How many leads the filter has, COUNT_MAX + 1 standing for more."""
    where, given = _where(workspace_id, chosen)
    raw = cursor()
    raw.execute(
        f"SELECT count(*) FROM (SELECT FROM orders_lead WHERE {where} LIMIT %s) AS few",
        [*given, COUNT_MAX + 1],
    )
    row = raw.fetchone()
    return row[0] if row else 0


def _where(workspace_id: int, chosen: LeadFilter) -> tuple[str, list[Any]]:
    parts, given = ["workspace_id = %s"], [workspace_id]
    asked: list[tuple[str, Any]] = [
        ("status = %s", chosen.status), ("source = %s", chosen.source),
        ("responsible_id = %s", chosen.responsible_id),
        ("created_at >= %s", chosen.since), ("created_at < %s", chosen.until),
    ]  # fmt: skip
    more: list[Any] = []
    for condition, value in asked:
        if value:
            parts.append(condition)
            more.append(value)
    if chosen.is_free:
        parts.append("responsible_id IS NULL")
    if chosen.text:
        parts.append(
            "(lower(name) LIKE %s OR lower(email) LIKE %s OR lower(comment) LIKE %s"
            " OR translate(phone, ' ()-.', '') LIKE %s)"
        )
        more += [like(chosen.text)] * 3 + [like(chosen.text.translate(_PHONE_SIGNS))]
    return " AND ".join(parts), [*given, *more]


_PHONE_SIGNS = str.maketrans("", "", " ()-.")


def like(text: str) -> str:
    """A pattern that finds the text anywhere, whatever signs are in it."""
    plain = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"


def _one(workspace_id: int, condition: str, value: Any, *, is_locked: bool = False) -> LeadRecord:
    raw = cursor()
    lock = " FOR UPDATE" if is_locked else ""
    raw.execute(
        f"SELECT {COLUMNS} FROM orders_lead WHERE workspace_id = %s AND {condition}{lock}",
        [workspace_id, value],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("lead_unknown", "There is no such lead.")
    return _record(row)


def _record(row: Sequence[Any]) -> LeadRecord:
    values = list(row)
    values[ITEMS_PLACE] = read_items(values[ITEMS_PLACE])
    return LeadRecord(*values)
