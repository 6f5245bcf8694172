"""The shapes of segments that other rooms see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

NAME_CHARS_MAX = 120
DESCRIPTION_CHARS_MAX = 1_000
SLUG_CHARS_MAX = 100
SEGMENTS_MAX = 1_000
SAMPLE_CUSTOMERS = 5


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """A saved rule.

    rule        the document of the rule language
    counted     how many customers it found at counted_at; None before the first count
    created_by  e-mail of the member, "api" or "demo"
    """

    id: int
    public_id: str
    slug: str
    name: str
    description: str
    rule: Mapping[str, Any]
    counted: int | None
    counted_at: datetime | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None

    @property
    def is_archived(self) -> bool:
        """True when it is kept only for what refers to it."""
        return self.archived_at is not None


@dataclass(frozen=True, slots=True)
class ChannelReach:
    """How many customers of an audience a marketing message of the channel would reach.

    share  the part of the audience, 0..1
    """

    channel: str
    customers: int
    share: float


@dataclass(frozen=True, slots=True)
class SampleCustomer:
    """One customer of an audience, enough to recognise them."""

    public_id: str
    name: str
    city: str
    orders: int
    spent_minor: int


@dataclass(frozen=True, slots=True)
class Count:
    """What a rule finds at an instant.

    total      customers that the rule picks
    customers  all customers of the workspace
    """

    total: int
    customers: int
    reach: tuple[ChannelReach, ...]
    sample: tuple[SampleCustomer, ...]
    at: datetime

    @property
    def share(self) -> float:
        """The part of all customers, 0..1."""
        return self.total / self.customers if self.customers else 0.0
