"""The shape of a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as its handler and its pages see it; state is waiting, running, done or failed."""

    id: int
    workspace_id: int
    kind: str
    key: str
    payload: Mapping[str, Any]
    state: str
    due_at: datetime
    token: int
    attempts: int
    progress: Mapping[str, Any]
    reason: str
