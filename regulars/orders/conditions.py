"""What the list of customers may be narrowed by, as orders know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.customers.records import ExportColumn, ListCondition
from regulars.kernel.errors import Invalid
from regulars.kernel.money import decimal_string, to_minor
from regulars.orders.queries.values import values_together
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

Part = tuple[str, list[Any]]
SOURCES_MAX = 50
MONEY_MAX = Decimal(10) ** 12

# What merged customers bought counts for the customer they are now.
VALUES = """
SELECT coalesce(g.root_id, v.customer_id) FROM orders_customervalue v
LEFT JOIN customers_merge g ON g.workspace_id = v.workspace_id AND g.loser_id = v.customer_id
 AND NOT g.is_gone
WHERE v.workspace_id = c.workspace_id
"""
SOURCES = """
WITH RECURSIVE found (word) AS (
    (SELECT source FROM orders_order WHERE workspace_id = %(workspace)s ORDER BY source LIMIT 1)
    UNION ALL
    SELECT (SELECT o.source FROM orders_order o WHERE o.workspace_id = %(workspace)s
            AND o.source > found.word ORDER BY o.source LIMIT 1)
    FROM found WHERE found.word IS NOT NULL
)
SELECT word FROM found WHERE word IS NOT NULL LIMIT %(limit)s
"""


def _of_workspace(sql: str, workspace_id: int) -> str:
    """Independent of the outer row, so that it is read once and hashed."""
    return sql.replace("c.workspace_id", str(int(workspace_id)))


def _has_orders(workspace_id: int, given: str) -> Part | None:
    if given not in ("yes", "no"):
        return None
    word = "NOT IN" if given == "no" else "IN"
    return f"c.id {word} ({_of_workspace(VALUES, workspace_id)} AND v.orders_count > 0)", []


def _summed(workspace_id: int, having: str, value: Any) -> Part:
    values = _of_workspace(VALUES, workspace_id)
    return f"c.id IN ({values} AND v.orders_count > 0 GROUP BY 1 HAVING {having})", [value]


def _spent_from(workspace_id: int, given: str) -> Part | None:
    return _summed(workspace_id, "sum(v.total_minor) >= %s", _minor(workspace_id, given))


def _spent_to(workspace_id: int, given: str) -> Part | None:
    return _summed(workspace_id, "sum(v.total_minor) <= %s", _minor(workspace_id, given))


def _last_from(workspace_id: int, given: str) -> Part | None:
    return _summed(workspace_id, "max(v.last_at) >= %s", _midnight(workspace_id, given))


def _last_to(workspace_id: int, given: str) -> Part | None:
    after = _midnight(workspace_id, given) + timedelta(days=1)
    return _summed(workspace_id, "max(v.last_at) < %s", after)


def _through(workspace_id: int, given: str) -> Part | None:
    sql = (
        "c.id IN (SELECT coalesce(g.root_id, o.customer_id) FROM orders_order o"
        " LEFT JOIN customers_merge g ON g.workspace_id = o.workspace_id"
        " AND g.loser_id = o.customer_id AND NOT g.is_gone"
        f" WHERE o.workspace_id = {int(workspace_id)} AND o.source = %s)"
    )
    return sql, [given]


def _minor(workspace_id: int, given: str) -> int:
    try:
        amount = Decimal(given.replace(",", ".").replace(" ", ""))
    except InvalidOperation as error:
        raise Invalid("money_syntax", "Write money as 1200 or 1200.50.") from error
    if not amount.is_finite() or abs(amount) > MONEY_MAX:
        raise Invalid("money_syntax", "Write money as 1200 or 1200.50.")
    return to_minor(amount, workspaces.workspace(workspace_id).currency)


def _midnight(workspace_id: int, given: str) -> datetime:
    try:
        day = date.fromisoformat(given.strip())
        zone = workspaces.workspace(workspace_id).zone
        return datetime.combine(day, time.min, zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid("day_syntax", "Write the day as 2026-12-31.") from error


def _sources(workspace_id: int) -> list[tuple[str, str]]:
    raw = cursor()
    raw.execute(SOURCES, {"workspace": workspace_id, "limit": SOURCES_MAX})
    return [(row[0], row[0]) for row in raw.fetchall()]


def _has_choices(_workspace_id: int) -> list[tuple[str, str]]:
    return [("yes", _("With orders")), ("no", _("Without orders"))]


RIGHT = "orders.view"
CONDITIONS: dict[str, ListCondition] = {
    "orders": ListCondition(gettext_lazy("Orders"), "choice", _has_orders, _has_choices, RIGHT),
    "spent_from": ListCondition(gettext_lazy("Spent from"), "number", _spent_from, right=RIGHT),
    "spent_to": ListCondition(gettext_lazy("Spent up to"), "number", _spent_to, right=RIGHT),
    "last_from": ListCondition(gettext_lazy("Last order from"), "day", _last_from, right=RIGHT),
    "last_to": ListCondition(gettext_lazy("Last order until"), "day", _last_to, right=RIGHT),
    "through": ListCondition(
        gettext_lazy("Orders came through"), "choice", _through, _sources, RIGHT
    ),
}


def _spent(workspace_id: int, customer_ids: Sequence[int]) -> Mapping[int, Any]:
    currency = workspaces.workspace(workspace_id).currency
    return {
        one: Decimal(decimal_string(value.total_minor, currency))
        for one, value in values_together(workspace_id, customer_ids).items()
    }


def _counts(workspace_id: int, customer_ids: Sequence[int]) -> Mapping[int, Any]:
    found = values_together(workspace_id, customer_ids)
    return {one: value.orders_count for one, value in found.items()}


def _last(workspace_id: int, customer_ids: Sequence[int]) -> Mapping[int, Any]:
    found = values_together(workspace_id, customer_ids)
    return {one: value.last_at for one, value in found.items() if value.last_at}


COLUMNS: dict[str, ExportColumn] = {
    "spent": ExportColumn(gettext_lazy("Spent"), _spent),
    "orders": ExportColumn(gettext_lazy("Orders"), _counts),
    "last": ExportColumn(gettext_lazy("Last order"), _last),
}
