"""What leaves the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of one question and the instant they are true for."""

    rows: Sequence[Row]
    at: datetime
    took_ms: int
