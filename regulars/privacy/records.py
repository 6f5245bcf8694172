"""Shapes of the rights of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

WAITING, REMOVING, FOLDING = "waiting", "removing", "folding"
SCRUBBING, SETTLING, DONE = "scrubbing", "settling", "done"
STATES = (WAITING, REMOVING, FOLDING, SCRUBBING, SETTLING, DONE)


@dataclass(frozen=True, slots=True)
class ErasureRecord:
    """An erasure and its report: ids and counts, nothing of the person.

    counts  rows removed or emptied, by table; files by what they were
    lake    rows taken out of the lake, by relation
    late    what came in while we worked and was removed as well
    """

    id: int
    workspace_id: int
    public_id: str
    customer_id: int
    customer_public_id: str
    ids: tuple[int, ...]
    state: str
    step: int
    inbox_upto: int
    counts: dict[str, int]
    lake: dict[str, int]
    touched: tuple[str, ...]
    is_log_clean: bool | None
    late: dict[str, int]
    is_hurried: bool
    asked_by: str
    asked_at: datetime
    removed_at: datetime | None
    folded_at: datetime | None
    scrubbed_at: datetime | None
    finished_at: datetime | None

    @property
    def is_done(self) -> bool:
        """Whether nothing is left of the person, bytes included."""
        return self.state == DONE


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """A file with everything kept about a person, and how far it is."""

    id: int
    workspace_id: int
    public_id: str
    customer_id: int
    customer_public_id: str
    state: str
    stored_as: str
    size: int
    counts: dict[str, int]
    language: str
    asked_by: str
    asked_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None

    @property
    def is_ready(self) -> bool:
        """Whether it can be downloaded."""
        return self.state == "ready"
