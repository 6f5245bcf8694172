"""Customers' pasts as the evaluator in memory takes them, read from the lake."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from regulars.lake import engine
from regulars.rules.memory import (
    ConsentNow,
    History,
    ListEntry,
    PastEvent,
    PastLine,
    PastOrder,
    Pause,
)

# Pasts held at a time: some hundred events each.
PAGE_MAX = 5_000

LINE_COLUMNS = tuple(field.name for field in fields(PastLine))
ORDER_COLUMNS = tuple(field.name for field in fields(PastOrder))

Row = dict[str, Any]
Grouped = dict[int, list[Row]]


def every_history(workspace_id: int) -> Iterator[list[History]]:
    """All customers' pasts, page by page, by id. raises Outside(lake_busy)"""
    after = 0
    while True:
        sql = "select id from customers where id > $after order by id limit $page"
        params = {"after": after, "page": PAGE_MAX}
        ids = engine.query(workspace_id, sql, params)["id"].to_pylist()
        if not ids:
            return
        yield histories(workspace_id, ids)
        after = ids[-1]


def histories(workspace_id: int, customer_ids: Sequence[int]) -> list[History]:
    """The pasts of these customers, in the order of their ids; unknown ones are left out.

    A merged customer answers with all that happened to its parts.
    raises  Outside(lake_busy)
    """
    asked = _Asked(workspace_id, sorted(customer_ids))
    customers = asked.rows("customers", "*", "id")
    held = {
        "scores": asked.rows("scores", "*"),
        "loyalty": asked.rows("loyalty", "*"),
        "events": asked.rows("events", "customer, id, time, kind, props, subject"),
        "orders": asked.rows("orders", f"customer, {', '.join(ORDER_COLUMNS)}"),
        "lines": asked.rows("order_lines", f"customer, {', '.join(LINE_COLUMNS)}"),
        "consents": asked.rows("consents", "customer, channel, purpose, state, changed_at"),
        "suppressions": asked.rows("suppressions", "customer, channel"),
        "pauses": asked.rows("pauses", "customer, channel, paused_until"),
        "lists": asked.rows("list_members", "customer, list, added_at"),
    }
    return [_history(customers[one][0], held) for one in sorted(customers)]


class _Asked:
    def __init__(self, workspace_id: int, customer_ids: Sequence[int]) -> None:
        self._workspace_id = workspace_id
        self._ids = list(customer_ids)

    def rows(self, relation: str, columns: str, key: str = "customer") -> Grouped:
        """The relation's rows of the customers asked about, by customer."""
        sql = f"select {columns} from {relation} where {key} in (select unnest($ids))"
        found: Grouped = defaultdict(list)
        if self._ids:
            for row in engine.query(self._workspace_id, sql, {"ids": self._ids}).to_pylist():
                found[row[key]].append({name: _aware(value) for name, value in row.items()})
        return found


def _aware(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _history(customer: Row, held: dict[str, Grouped]) -> History:
    mine: int = customer["id"]
    own = {name: rows.get(mine, []) for name, rows in held.items()}
    return History(
        mine,
        columns=customer,
        attrs=json.loads(customer["attrs"] or "{}"),
        scores=own["scores"][0] if own["scores"] else {},
        loyalty=own["loyalty"][0] if own["loyalty"] else {},
        events=[
            PastEvent(
                row["kind"],
                row["time"],
                json.loads(row["props"] or "{}"),
                row["subject"],
                row["id"],
            )
            for row in own["events"]
        ],
        orders=[PastOrder(**{name: row[name] for name in ORDER_COLUMNS}) for row in own["orders"]],
        lines=[PastLine(**{name: row[name] for name in LINE_COLUMNS}) for row in own["lines"]],
        consents=[
            ConsentNow(row["channel"], row["purpose"], row["state"], row["changed_at"])
            for row in own["consents"]
        ],
        suppressed=frozenset(row["channel"] for row in own["suppressions"]),
        pauses=[Pause(row["channel"], row["paused_until"]) for row in own["pauses"]],
        lists=[ListEntry(row["list"], row["added_at"]) for row in own["lists"]],
    )
