"""The shapes of imports that pages show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One import; state is mapping, trying, tried, waiting, running, done, failed or expired."""

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

    seen: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_moving(self) -> bool:
        """Whether a worker has it or will."""
        return self.state in ("trying", "waiting", "running")

    @property
    def can_be_mapped(self) -> bool:
        """Whether its columns may still be chosen: a file sent by a page, not brought in yet."""
        return bool(self.stored_as) and self.state in ("mapping", "tried", "failed")

    @property
    def headings(self) -> tuple[str, ...]:
        """The columns of the file."""
        return tuple(self.seen.get("headings") or self.counts.get("headings", ()))

    @property
    def sample_rows(self) -> tuple[tuple[str, ...], ...]:
        """Its first rows, a text for each heading."""
        return tuple(tuple(row) for row in self.seen.get("sample_rows", ()))


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A row that was not taken."""

    row_no: int
    reason: str
    detail: str
    raw: Mapping[str, str | None]
