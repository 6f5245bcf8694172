"""What is known about the workspace's fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.fields.records import CUSTOMER, FieldRecord
from regulars.kernel.errors import NotFound
from regulars.lake import engine
from regulars.store.scope import cursor

KINDS_MAX = 500
FIELDS_MAX = 500
# As many as discovery keeps.
DICTIONARY_MAX = 6_000
VALUES_MAX = 8
# A value fewer people share may tell who one of them is.
SHARED_BY_MIN = 5
SAMPLE_ROWS = 50_000
VALUE_CHARS_MAX = 80

_COLUMNS = """
kind, name, label, description, is_hidden, is_made, declared_type, types, first_at, last_at
"""
_VALUES = """
SELECT value, COUNT(*) AS rows FROM ({rows})
WHERE value IS NOT NULL AND LENGTH(value) BETWEEN 1 AND $chars
GROUP BY value HAVING COUNT(DISTINCT customer) >= $shared ORDER BY rows DESC, value LIMIT $most
"""
_OF_CUSTOMERS = """
SELECT id AS customer, JSON_EXTRACT_STRING(attrs, $pointer) AS value FROM customers LIMIT $sample
"""
_OF_EVENTS = """
SELECT customer, JSON_EXTRACT_STRING(props, $pointer) AS value FROM events
WHERE kind = $kind AND customer IS NOT NULL LIMIT $sample
"""


def attributes(workspace_id: int, *, hidden: bool = False) -> list[FieldRecord]:
    """The attributes of customers, by what people read; hidden ones only when asked for."""
    return fields_of(workspace_id, CUSTOMER, hidden=hidden)


def fields_of(workspace_id: int, kind: str, *, hidden: bool = False) -> list[FieldRecord]:
    """The properties of a kind of events (or, for "", the attributes of customers)."""
    return _fields(
        "kind = %s AND name <> '' AND (%s OR NOT is_hidden)"
        " ORDER BY lower(coalesce(nullif(label, ''), name)), name LIMIT %s",
        workspace_id,
        [kind, hidden, FIELDS_MAX],
    )


def kinds(workspace_id: int, *, hidden: bool = False) -> list[FieldRecord]:
    """The kinds of events that were seen, the latest first."""
    return _fields(
        "name = '' AND (%s OR NOT is_hidden) ORDER BY last_at DESC NULLS LAST, kind LIMIT %s",
        workspace_id,
        [hidden, KINDS_MAX],
    )


def field(workspace_id: int, kind: str, name: str) -> FieldRecord:
    """One field. raises NotFound(field_unknown)"""
    found = _fields("kind = %s AND name = %s", workspace_id, [kind, name])
    if not found:
        raise NotFound("field_unknown", "There is no such field.")
    return found[0]


def left_out(workspace_id: int) -> int:
    """How often a field found no room in the dictionary."""
    raw = cursor()
    raw.execute("SELECT left_out FROM fields_scan WHERE workspace_id = %s", [workspace_id])
    row = raw.fetchone()
    return int(row[0]) if row else 0


def properties_counted(workspace_id: int) -> Mapping[str, int]:
    """How many properties each kind of events has."""
    raw = cursor()
    raw.execute(
        "SELECT kind, count(*) FROM fields_field"
        " WHERE workspace_id = %s AND kind <> '' AND name <> '' GROUP BY kind",
        [workspace_id],
    )
    return dict(raw.fetchall())


def frequent_values(workspace_id: int, kind: str, name: str) -> list[tuple[str, int]]:
    """The most frequent values of a field with how many rows of a sample hold each.

    Only values that SHARED_BY_MIN customers have in common: the others say who somebody is.
    """
    params: dict[str, Any] = {
        "pointer": "/" + name.replace("~", "~0").replace("/", "~1"),
        "sample": SAMPLE_ROWS,
        "chars": VALUE_CHARS_MAX,
        "shared": SHARED_BY_MIN,
        "most": VALUES_MAX,
    }
    rows = _OF_CUSTOMERS
    if kind != CUSTOMER:
        rows, params["kind"] = _OF_EVENTS, kind
    table = engine.query(workspace_id, _VALUES.format(rows=rows), params)
    return list(zip(table[0].to_pylist(), table[1].to_pylist(), strict=True))


def _fields(condition: str, workspace_id: int, params: list[Any]) -> list[FieldRecord]:
    raw = cursor()
    raw.execute(
        f"SELECT {_COLUMNS} FROM fields_field WHERE workspace_id = %s AND {condition}",
        [workspace_id, *params],
    )
    return [FieldRecord(*row) for row in raw.fetchall()]


def dictionary(workspace_id: int) -> dict[tuple[str, str], FieldRecord]:
    """Every field of the workspace by its kind and name, for pages that name many of them."""
    found = _fields("true LIMIT %s", workspace_id, [DICTIONARY_MAX])
    return {(one.kind, one.name): one for one in found}
