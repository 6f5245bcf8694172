"""The shapes of imports that pages show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One import; state is mapping, trying, tried, waiting, running, done or failed."""

    id: int
    public_id: str
    kind: str
    file_name: str
    stored_as: str
    state: str
    mapping: Mapping[str, Any]
    stage: str
    rows_done: int
    rows_total: int | None
    counts: Mapping[str, Any]
    error_code: str
    error_text: str
    created_by: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_moving(self) -> bool:
        return self.state in ("trying", "waiting", "running")


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A row that was not taken."""

    row_no: int
    reason: str
    detail: str
    raw: Mapping[str, str | None]
