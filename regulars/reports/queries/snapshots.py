"""Kept answers."""

from __future__ import annotations

from regulars.reports.models import Snapshot
from regulars.reports.records import Answer


def snapshot(workspace_id: int, name: str) -> Answer | None:
    """The kept answer to the question, or nothing when it is quick enough to ask anew."""
    row = Snapshot.objects.filter(workspace_id=workspace_id, name=name).first()
    return None if row is None else Answer(row.rows, row.at, row.took_ms)
