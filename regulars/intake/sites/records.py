"""The shapes of sites that pages and the collector see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ConsentMode(StrEnum):
    """When the snippet begins to know a visitor."""

    ASK = "ask"
    ON = "on"


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """A site with its public key, and what was last heard of it."""

    id: int
    public_id: str
    name: str
    key: str
    domains: tuple[str, ...]
    consent_mode: ConsentMode
    promises_stock: bool
    created_at: datetime
    closed_at: datetime | None
    loaded_at: datetime | None
    event_at: datetime | None
    event_kind: str
    refused_at: datetime | None
    refused_origin: str
