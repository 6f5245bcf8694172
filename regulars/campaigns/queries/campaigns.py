"""Campaigns, one and many."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from regulars.campaigns.models import Campaign
from regulars.campaigns.records import CampaignRecord, ListRow, State
from regulars.kernel.errors import NotFound
from regulars.messaging import queries as messaging
from regulars.segments import queries as segments
from regulars.segments.records import Use, Used

LIST_ROWS_MAX = 500


def campaign(workspace_id: int, public_id: str) -> CampaignRecord:
    """The campaign of this public id. raises NotFound(campaign_unknown)"""
    row = Campaign.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("campaign_unknown", _("There is no such campaign."))
    return record_of(row)


def campaign_by_id(workspace_id: int, campaign_id: int) -> CampaignRecord:
    """The campaign of this id. raises NotFound(campaign_unknown)"""
    row = Campaign.objects.filter(workspace_id=workspace_id, id=campaign_id).first()
    if row is None:
        raise NotFound("campaign_unknown", _("There is no such campaign."))
    return record_of(row)


def campaigns(workspace_id: int) -> list[CampaignRecord]:
    """The newest LIST_ROWS_MAX campaigns, newest first."""
    rows = Campaign.objects.filter(workspace_id=workspace_id).order_by("-id")[:LIST_ROWS_MAX]
    return [record_of(row) for row in rows]


def windows(workspace_id: int) -> dict[int, int]:
    """Campaign id → its attribution window in days, of every launched campaign."""
    rows = Campaign.objects.filter(workspace_id=workspace_id, launched_at__isnull=False)
    return dict(rows.values_list("id", "window_days"))


def find_created(workspace_id: int, key: str) -> tuple[CampaignRecord, str] | None:
    """The campaign that was created under this key, and the hash of what it was created from."""
    row = Campaign.objects.filter(workspace_id=workspace_id, create_key=key).first()
    return None if row is None else (record_of(row), row.create_hash)


# A campaign that is over keeps its own account of whom it reached.
OVER = (State.SENT.value, State.CANCELLED.value)


def uses_of_segment(workspace_id: int, used: Used) -> list[Use]:
    """Campaigns still to be sent whose recipients the segment or the list decides."""
    rows = Campaign.objects.filter(workspace_id=workspace_id).exclude(state__in=OVER)
    return [
        Use("campaign", row.public_id, row.name)
        for row in rows.order_by("name", "id")
        if (used.kind == "segment" and row.segment_id == used.id)
        or (row.segment_id is None and row.rule and segments.names(workspace_id, row.rule, used))
    ]


def list_rows(workspace_id: int) -> list[ListRow]:
    """Campaigns with the names of their segments and their messages by state, newest first."""
    found = campaigns(workspace_id)
    names = {segment.id: segment.name for segment in segments.segments(workspace_id)}
    launched = [one.id for one in found if one.is_launched]
    counts = messaging.counts_of_campaigns(workspace_id, launched) if launched else {}
    return [
        ListRow(
            campaign=one,
            segment_name=names.get(one.segment_id or 0, ""),
            messages=counts.get(one.id, {}),
        )
        for one in found
    ]


def record_of(row: Campaign) -> CampaignRecord:
    """The record of a row."""
    return CampaignRecord(
        id=row.id,
        public_id=row.public_id,
        name=row.name,
        state=State(row.state),
        segment_id=row.segment_id,
        rule=row.rule,
        subject=row.subject,
        source=row.source,
        control_share=row.control_share,
        window_days=row.window_days,
        pace_per_hour=row.pace_per_hour,
        topic=row.topic,
        scheduled_at=row.scheduled_at,
        launch_number=row.launch_number,
        launched_at=row.launched_at,
        template_version_id=row.template_version_id,
        audience_count=row.audience_count,
        contacted_count=row.contacted_count,
        control_count=row.control_count,
        excluded_count=row.excluded_count,
        finished_at=row.finished_at,
        reason=row.reason,
        created_at=row.created_at,
        updated_at=row.updated_at,
        code_series_id=row.code_series_id,
    )
