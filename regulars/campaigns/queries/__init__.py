"""Reads of campaigns."""

from regulars.campaigns.queries.audience import (
    Review,
    audience,
    audience_rule,
    campaign_reach,
    has_sender,
    letter_check,
    reach,
    review,
    sample,
)
from regulars.campaigns.queries.campaigns import (
    campaign,
    campaign_by_id,
    campaigns,
    find_created,
    list_rows,
)
from regulars.campaigns.queries.people import (
    Fate,
    People,
    Person,
    contacted,
    control,
    excluded_people,
    person,
)
from regulars.campaigns.queries.report import CampaignReport, excluded, report

__all__ = [
    "CampaignReport",
    "Fate",
    "People",
    "Person",
    "Review",
    "audience",
    "audience_rule",
    "campaign",
    "campaign_by_id",
    "campaign_reach",
    "campaigns",
    "contacted",
    "control",
    "excluded",
    "excluded_people",
    "find_created",
    "has_sender",
    "letter_check",
    "list_rows",
    "person",
    "reach",
    "report",
    "review",
    "sample",
]
