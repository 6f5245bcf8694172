"""What other rooms and the pages may know about campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from regulars.customers.records import TOPIC_MARK
from regulars.messaging.records import MessageState

CHANNEL = "email"
PURPOSE = "marketing"

CONTROL_SHARE = 0.1
CONTROL_SHARE_MAX = 0.5
WINDOW_DAYS = 30
WINDOW_DAYS_MAX = 365
PACE_PER_HOUR_MAX = 10_000_000


class State(StrEnum):
    """How far a campaign has come."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    LAUNCHING = "launching"
    SENDING = "sending"
    SENT = "sent"
    CANCELLED = "cancelled"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Draft:
    """What the author of a campaign decides.

    segment_id, rule  the recipients: one of the two, the segment first
    source            MJML or HTML with Liquid
    control_share     part of the recipients that is held back, 0..0.5
    window_days       days in which an order after a click counts as the campaign's
    pace_per_hour     messages an hour; 0 sends as fast as the server takes them
    topic             key of the topic it is about; only who wants that topic gets it
    code_series_id    the series of which every receiver is given a code of their own
    """

    name: str
    segment_id: int | None = None
    rule: Mapping[str, Any] | None = None
    subject: str = ""
    source: str = ""
    control_share: float = CONTROL_SHARE
    window_days: int = WINDOW_DAYS
    pace_per_hour: int = 0
    topic: str = ""
    code_series_id: int | None = None


@dataclass(frozen=True, slots=True)
class CampaignRecord:
    """A campaign; counts are those of its launch, zero before.

    audience_count = contacted_count + control_count + excluded_count once it is planned
    launched_at    when its audience was frozen: windows of the control group open here
    """

    id: int
    public_id: str
    name: str
    state: State
    segment_id: int | None
    rule: Mapping[str, Any] | None
    subject: str
    source: str
    control_share: float
    window_days: int
    pace_per_hour: int
    topic: str
    scheduled_at: datetime | None
    launch_number: int
    launched_at: datetime | None
    template_version_id: int | None
    audience_count: int
    contacted_count: int
    control_count: int
    excluded_count: int
    finished_at: datetime | None
    reason: str
    created_at: datetime
    updated_at: datetime
    code_series_id: int | None = None

    @property
    def occurrence(self) -> str:
        """The name under which each customer gets at most one message of this campaign."""
        return f"campaign:{self.id}"

    @property
    def purpose(self) -> str:
        """What its receivers must have agreed to."""
        return f"{TOPIC_MARK}{self.topic}" if self.topic else PURPOSE

    @property
    def is_editable(self) -> bool:
        """True while the author may change what is sent and to whom."""
        return self.state is State.DRAFT

    @property
    def is_launched(self) -> bool:
        """True once there are recipients to report on."""
        return self.launched_at is not None

    def draft(self) -> Draft:
        """What its author decided."""
        return Draft(
            name=self.name,
            segment_id=self.segment_id,
            rule=self.rule,
            subject=self.subject,
            source=self.source,
            control_share=self.control_share,
            window_days=self.window_days,
            pace_per_hour=self.pace_per_hour,
            topic=self.topic,
            code_series_id=self.code_series_id,
        )


@dataclass(frozen=True, slots=True)
class ListRow:
    """A campaign in the list; messages by state."""

    campaign: CampaignRecord
    segment_name: str
    messages: Mapping[MessageState, int] = field(default_factory=dict)
