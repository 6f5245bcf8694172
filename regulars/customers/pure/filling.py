"""What is shown of a customer others were merged into, and how that is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

# One person's names stand together: half of one and half of another is nobody's.
NAMES = ("name", "first_name", "last_name")
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Row:
    """A customer as stored; sources tells who told what, by the names of columns and attributes."""

    columns: dict[str, Any]
    attrs: dict[str, Any]
    first_seen_at: datetime
    sources: dict[str, Any] = field(default_factory=dict)


def filled(row: Row, more: Row) -> Row:
    """The row with what only the other one knows; the earlier first day counts."""
    kept = NAMES if any(row.columns.get(name) for name in NAMES) else ()
    columns = {
        k: more.columns.get(k) if v is None and k not in kept else v for k, v in row.columns.items()
    }
    return Row(
        columns,
        more.attrs | row.attrs,
        min(row.first_seen_at, more.first_seen_at),
        more.sources | row.sources,
    )


def taken_back(shown: Row, own: Row, left: Sequence[Row]) -> Row:
    """What is shown when only the rows of `left` still fill it.

    shown  with what those who go now had filled
    own    what was told of the customer alone; where both are equal nothing was filled
    """
    expected = own
    for row in left:
        expected = filled(expected, row)
    return Row(
        _again(shown.columns, own.columns, expected.columns),
        _again(shown.attrs, own.attrs, expected.attrs),
        own.first_seen_at if shown.first_seen_at == own.first_seen_at else expected.first_seen_at,
        _again(shown.sources, own.sources, expected.sources),
    )


def _again(
    shown: Mapping[str, Any], own: Mapping[str, Any], expected: Mapping[str, Any]
) -> dict[str, Any]:
    chosen = {
        key: value if value == own.get(key, _MISSING) else expected.get(key, _MISSING)
        for key, value in shown.items()
    }
    return {key: value for key, value in chosen.items() if value is not _MISSING}


def without(
    row: Row, contacts: Mapping[str, set[str]], following: Mapping[str, str] = MappingProxyType({})
) -> Row:
    """The row without these contacts (column → values), with the following ones in their place."""
    columns = {
        k: following.get(k) if v in contacts.get(k, ()) else v for k, v in row.columns.items()
    }
    return Row(columns, row.attrs, row.first_seen_at, row.sources)


def packed(row: Row) -> dict[str, Any]:
    """The row as JSON keeps it, what is unknown left out."""
    return {
        "columns": {k: v for k, v in row.columns.items() if v is not None},
        "attrs": row.attrs,
        "first_seen_at": row.first_seen_at,
        "sources": row.sources,
    }


def unpacked(told: Mapping[str, Any], names: Sequence[str]) -> Row:
    """The row that `packed` gave, with these columns."""
    columns = dict.fromkeys(names) | told["columns"]
    if isinstance(columns.get("birth_on"), str):
        columns["birth_on"] = date.fromisoformat(columns["birth_on"])
    at = told["first_seen_at"]
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return Row(columns, told["attrs"], at, told.get("sources", {}))
