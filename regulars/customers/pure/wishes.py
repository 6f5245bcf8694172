"""What customers said about marketing, and whether a letter may go: topics, pauses, gaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from regulars.customers.records import TOPIC_MARK, Purpose

TOPIC_KEY_LENGTH_MAX = 40
PAUSE = timedelta(days=30)
# Offered to customers: as often as we write, once a week, once in two weeks, once a month.
GAPS_DAYS = (0, 7, 14, 30)


@dataclass(frozen=True, slots=True)
class Said:
    """The newest word about a channel and a purpose."""

    is_given: bool
    at: datetime


def topic_of(purpose: str) -> str:
    """The key of the topic a purpose stands for; empty for marketing as a whole and others."""
    return purpose.removeprefix(TOPIC_MARK) if purpose.startswith(TOPIC_MARK) else ""


def general_purpose(purpose: str) -> str:
    """The purpose a topic belongs to; any other purpose is its own."""
    return Purpose.MARKETING.value if purpose.startswith(TOPIC_MARK) else purpose


def refusal(general: Said | None, topic: Said | None) -> str | None:
    """Why a letter may not go by what was said, None when it may.

    general  about the purpose as a whole
    topic    about the letter's topic, None also for a letter without one
    A topic that was left stays left until it is chosen again, whatever is said about marketing
    as a whole. A topic that was chosen counts by itself, unless all was refused at that moment
    or later.
    """
    if topic is not None and not topic.is_given:
        return "topic_left"
    if topic is not None:
        is_revoked = general is not None and not general.is_given and general.at >= topic.at
        return "consent_withdrawn" if is_revoked else None
    if general is None:
        return "consent_missing"
    return None if general.is_given else "consent_withdrawn"


def is_paused(paused_until: datetime | None, now: datetime) -> bool:
    """Whether a pause lasts; it ends by itself."""
    return paused_until is not None and paused_until > now
