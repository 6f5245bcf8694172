"""Shapes of promotions that leave the room, and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.loyalty.pure.promotions.model import Promotion, State

PROMOTIONS_MAX = 10_000
LIVE_MAX = 1_000
NAME_CHARS_MAX = 200
NOTE_CHARS_MAX = 2_000
OFFERED_AT_ONCE_MAX = 10_000


@dataclass(frozen=True, slots=True)
class PromotionRecord:
    """A promotion as it stands."""

    slug: str
    name: str
    note: str
    state: State
    version: int
    definition: Mapping[str, Any]
    promotion: Promotion
    created_by: str
    created_at: datetime
    updated_at: datetime
