"""The campaigns that reports are about."""

from __future__ import annotations

from regulars.campaigns import queries as campaigns
from regulars.campaigns.records import CampaignRecord
from regulars.experiments.records import experiment_of_campaign


def launched_campaigns(workspace_id: int) -> list[CampaignRecord]:
    """Campaigns that have been sent or are being sent, the newest first."""
    launched = [one for one in campaigns.campaigns(workspace_id) if one.launched_at is not None]
    return sorted(launched, key=lambda one: (one.launched_at, one.id), reverse=True)


def windows(workspace_id: int) -> dict[int, int]:
    """Campaign id → its attribution window in days, of every campaign that was launched.

    Of all, not of those a page lists: an order goes to the last click, whoever's it was, and the
    campaign's own report counts the same.
    """
    return campaigns.windows(workspace_id)


def experiment_windows(workspace_id: int, newest: int | None = None) -> dict[str, int]:
    """Experiment → its campaign's window in days, of all campaigns or of some newest ones."""
    shown = launched_campaigns(workspace_id)[:newest]
    return {experiment_of_campaign(one.id): one.window_days for one in shown}
