"""Shapes and limits of rewards, referrals, activities and draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.kernel.errors import Refused

NAME_CHARS_MAX = 120
TEXT_CHARS_MAX = 2_000
REASON_CHARS_MAX = 300
KEY_CHARS_MAX = 200
REWARDS_MAX = 1_000
ACTIVITIES_MAX = 1_000
POINTS_MAX = 10_000_000_00
STOCK_MAX = 1_000_000_000
QUANTITY_MAX = 100
PAGE_ROWS = 50
PUBLIC_CHARS_MAX = 200
PHOTO_BYTES_MAX = 8_000_000
PHOTOS_A_DAY_MAX = 20
LIMIT_MAX = 1_000_000_000

REWARD_STEPS = {
    "ordered": frozenset({"ready", "handed_over", "cancelled"}),
    "ready": frozenset({"handed_over", "cancelled"}),
}


class RewardGone(Refused):
    """There are fewer left than asked for."""


class LimitReached(Refused):
    """The member, or everybody together, took part as often as is allowed."""


@dataclass(frozen=True, slots=True)
class RewardRecord:
    """A reward of the catalogue; points are hundredths, no stock means any number."""

    id: int
    public_id: str
    name: str
    description: str
    currency: str
    points: int
    stock: int | None
    per_member_max: int | None
    promotion_slug: str
    state: str
    starts_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """A reward somebody ordered."""

    id: int
    public_id: str
    reward_id: int
    member_id: int
    quantity: int
    currency: str
    points: int
    state: str
    code: str
    reason: str
    at: datetime
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class ReferralTermsRecord:
    """What both sides get, and what keeps it honest."""

    is_open: bool = False
    currency: str = ""
    inviter_points: int = 0
    friend_points: int = 0
    cheque_minor_min: int = 0
    wait_days: int = 14
    invited_max: int = 10
    period: str = "month"


@dataclass(frozen=True, slots=True)
class ReferralRecord:
    """One invited friend."""

    id: int
    public_id: str
    inviter_id: int
    friend_id: int
    state: str
    reasons: Sequence[str]
    purchase: str
    amount_minor: int | None
    bought_at: datetime | None
    due_at: datetime | None
    inviter_points: int
    friend_points: int
    at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ActivityRecord:
    """Something members do for points."""

    id: int
    public_id: str
    name: str
    kind: str
    state: str
    settings: Mapping[str, Any]
    currency: str
    points: int
    per_member_max: int | None
    total_max: int | None
    period: str
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EntranceRecord:
    """One time a member took part."""

    id: int
    public_id: str
    activity_id: int
    member_id: int
    state: str
    said: Mapping[str, Any]
    outcome: Mapping[str, Any]
    points: int
    at: datetime
    reason: str
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class DrawRecord:
    """A draw; the seed is empty until it is shown."""

    id: int
    public_id: str
    activity_id: int
    prizes: int
    closes_at: datetime
    seed_hash: str
    public_source: str
    public_number: str
    seed: str
    state: str
    tickets_hash: str
    tickets: int
    winners: Sequence[str]
    created_at: datetime
    drawn_at: datetime | None
