"""What the list may be narrowed by besides the customer's own columns, said by other rooms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.customers.records import ExportColumn, ListCondition

_known: dict[str, ListCondition] = {}
_columns: dict[str, ExportColumn] = {}


def declare(conditions: Mapping[str, ListCondition]) -> None:
    """Make conditions of other rooms known; said once at start-up by wiring."""
    _known.update(conditions)


def known() -> Mapping[str, ListCondition]:
    """The conditions by the names of their parameters, in the order they are shown."""
    return _known


def declare_columns(columns: Mapping[str, ExportColumn]) -> None:
    """Make columns of other rooms known for the file of customers; said once at start-up."""
    _columns.update(columns)


def columns() -> Mapping[str, ExportColumn]:
    """The columns other rooms add."""
    return _columns


def narrowing(workspace_id: int, name: str, given: str) -> tuple[str, list[Any]] | None:
    """The SQL about customers c, with its values; None when the condition does not say anything.

    raises  Invalid of the condition
    """
    condition = _known.get(name)
    return condition.narrow(workspace_id, given) if condition and given else None
