"""What the workspace's own data offers to the builder: events, properties, attributes, values.

Answers are kept for a few minutes in the process; a new property may take that long to show.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from regulars.kernel import clock
from regulars.lake import engine
from regulars.rules.facts import EVENT_FIELDS, LINE_FIELDS, Attr, Column, find_fact
from regulars.segments import registry

KEPT_S = 300.0
KEPT_MAX = 2_000
KINDS_MAX = 200
NAMES_MAX = 200
VALUES_MAX = 50
SAMPLE_ROWS = 50_000
VALUE_CHARS_MAX = 100
# What names one person only is no suggestion.
PERSONAL = frozenset(
    f"customer.{name}"
    for name in ("name", "first_name", "last_name", "email", "phone", "external_id")
)

_KINDS = "SELECT kind FROM events GROUP BY kind ORDER BY COUNT(*) DESC, kind LIMIT $most"
_PROPS = """
SELECT name FROM (
  SELECT UNNEST(JSON_KEYS(props)) AS name
  FROM (SELECT props FROM events WHERE kind = $kind AND JSON_TYPE(props) = 'OBJECT' LIMIT $rows)
) GROUP BY name ORDER BY COUNT(*) DESC, name LIMIT $most"""
_ATTRIBUTES = """
SELECT name FROM (
  SELECT UNNEST(JSON_KEYS(attrs)) AS name
  FROM (SELECT attrs FROM customers WHERE JSON_TYPE(attrs) = 'OBJECT' LIMIT $rows)
) GROUP BY name ORDER BY COUNT(*) DESC, name LIMIT $most"""
_VALUES = """
SELECT value FROM ({rows}) WHERE value IS NOT NULL AND LENGTH(value) BETWEEN 1 AND $chars
GROUP BY value ORDER BY COUNT(*) DESC, value LIMIT $most"""
_COLUMN = "SELECT {column} AS value FROM {relation}"
_ATTR = "SELECT JSON_EXTRACT_STRING(attrs, $pointer) AS value FROM customers LIMIT $rows"
_PROP = """
SELECT JSON_EXTRACT_STRING(props, $pointer) AS value
FROM events WHERE kind = $kind LIMIT $rows"""
_LINE = "SELECT {column} AS value FROM (SELECT {column} FROM order_lines LIMIT $rows)"

_kept: OrderedDict[tuple[object, ...], tuple[float, list[str]]] = OrderedDict()
_lock = threading.Lock()


def kinds(workspace_id: int) -> list[str]:
    """The events that were seen, the most frequent first."""
    return _asked(workspace_id, _KINDS, {"most": KINDS_MAX})


def properties(workspace_id: int, kind: str) -> list[str]:
    """The properties that an event comes with; those of the product's own are always there."""
    own = list(EVENT_FIELDS.get(kind, {}))
    params = {"kind": kind, "rows": SAMPLE_ROWS, "most": NAMES_MAX}
    found = _asked(workspace_id, _PROPS, params) if kind else []
    return own + [name for name in found if name not in own]


def attributes(workspace_id: int) -> list[str]:
    """The shop's own attributes of customers."""
    return _asked(workspace_id, _ATTRIBUTES, {"rows": SAMPLE_ROWS, "most": NAMES_MAX})


def values_of_fact(workspace_id: int, name: str) -> list[str]:
    """Frequent values of a text fact; none for what names a person."""
    fact = find_fact(name, registry.facts())
    if fact is None or name in PERSONAL or fact.type not in ("text", "untyped", "list"):
        return []
    if isinstance(fact.source, Column):
        return _values(
            workspace_id,
            _COLUMN.format(column=fact.source.column, relation=fact.source.relation),
            {},
        )
    if isinstance(fact.source, Attr):
        pointer = _pointer(fact.source.name)
        return _values(workspace_id, _ATTR, {"pointer": pointer, "rows": SAMPLE_ROWS})
    return []


def values_of_property(workspace_id: int, kind: str, prop: str) -> list[str]:
    """Frequent values of an event's property."""
    params = {"kind": kind, "pointer": _pointer(prop), "rows": SAMPLE_ROWS}
    return _values(workspace_id, _PROP, params)


def values_of_line(workspace_id: int, prop: str) -> list[str]:
    """Frequent values of a text column of order lines."""
    column, kind = LINE_FIELDS.get(prop, ("", ""))
    if kind != "text":
        return []
    return _values(workspace_id, _LINE.format(column=column), {"rows": SAMPLE_ROWS})


def _values(workspace_id: int, rows: str, params: Mapping[str, Any]) -> list[str]:
    limits = {"chars": VALUE_CHARS_MAX, "most": VALUES_MAX}
    return _asked(workspace_id, _VALUES.format(rows=rows), {**params, **limits})


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _asked(workspace_id: int, sql: str, params: Mapping[str, Any]) -> list[str]:
    key = (workspace_id, sql, *sorted(params.items()))
    now = clock.monotonic_s()
    with _lock:
        kept = _kept.get(key)
    if kept is not None and now - kept[0] < KEPT_S:
        return kept[1]
    found: list[str] = engine.query(workspace_id, sql, params)[0].to_pylist()
    with _lock:
        _kept[key] = (now, found)
        while len(_kept) > KEPT_MAX:
            _kept.popitem(last=False)
    return found
