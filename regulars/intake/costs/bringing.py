"""Files of ad costs enter the books, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from regulars.intake.costs.reading import FILE_BYTES_MAX, CostSettings, read
from regulars.kernel.errors import Invalid
from regulars.orders.actions.costs import CostOutcome, replace_costs
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces


def settings_of(workspace_id: int, told: Mapping[str, Any]) -> CostSettings:
    """What a form, a map or a pull says about a file: whose it is, currency, columns, micros."""
    currency = str(told.get("currency") or "").strip().upper()
    micros = told.get("micros")
    return CostSettings(
        currency=currency or workspaces.workspace(workspace_id).currency,
        source=str(told.get("source") or ""),
        account=str(told.get("account") or ""),
        columns={str(column): str(name) for column, name in (told.get("columns") or {}).items()},
        is_micros=None if micros in (None, "") else micros in (True, "yes", "true", "1"),
    )


def bring_in_costs(workspace_id: int, content: bytes, told: Mapping[str, Any]) -> CostOutcome:
    """Read a file and let it say what its days cost; in the caller's scope. raises Invalid"""
    found = read(content, settings_of(workspace_id, told))
    return replace_costs(workspace_id, found.rows)


def bring_in_file(workspace_id: int, path: Path, told: Mapping[str, Any]) -> CostOutcome:
    """The same for a file on disk, in a scope of its own. raises Invalid"""
    if path.stat().st_size > FILE_BYTES_MAX:
        raise Invalid("file_too_big", "The file is over 64 MB; split it by days.")
    with scope(workspace_id):
        return bring_in_costs(workspace_id, path.read_bytes(), told)
