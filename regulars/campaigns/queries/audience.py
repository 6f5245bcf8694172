"""Who a campaign is for, and how many of them it would reach now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.campaigns.pure.drafts import lacks
from regulars.campaigns.pure.letters import LetterCheck, Seen, check_letters
from regulars.campaigns.pure.reach import REACH_SQL, SAMPLE_SQL, Reach, reach_of
from regulars.campaigns.records import CHANNEL, PURPOSE, CampaignRecord
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.lake import engine
from regulars.messaging import queries as messaging
from regulars.segments import queries as segments

SAMPLE_CUSTOMERS = 10


@dataclass(frozen=True, slots=True)
class Review:
    """All that its author should see before sending.

    lacks  codes of what is still missing
    """

    reach: Reach
    letter: LetterCheck
    lacks: tuple[str, ...]
    has_sender: bool

    @property
    def may_send(self) -> bool:
        """True when nothing stands in the way."""
        is_written = not self.lacks and not self.letter.fault
        return is_written and self.has_sender and self.reach.contacted > 0


def audience_rule(workspace_id: int, campaign: CampaignRecord) -> Mapping[str, Any]:
    """The rule that finds the recipients, that of the segment as it is now.

    raises  Refused(recipients_missing), NotFound when the segment is gone
    """
    if campaign.segment_id is not None:
        return segments.segment(workspace_id, campaign.segment_id).rule
    if campaign.rule is None:
        raise Refused("recipients_missing", "Choose who the campaign is for.")
    return campaign.rule


def audience(workspace_id: int, rule: Mapping[str, Any], at: datetime) -> Sequence[int]:
    """The customers of the rule at the instant, from the lake. raises Invalid"""
    question = segments.compiled(workspace_id, rule, at)
    found: list[int] = engine.customer_set(workspace_id, question.sql, question.params).to_pylist()
    return found


def review(workspace_id: int, campaign: CampaignRecord) -> Review:
    """What sending the campaign now would mean."""
    missing = lacks(campaign.draft())
    has_rule = campaign.segment_id is not None or campaign.rule is not None
    return Review(
        reach=campaign_reach(workspace_id, campaign) if has_rule else Reach(),
        letter=letter_check(workspace_id, campaign) if has_rule else LetterCheck(),
        lacks=missing,
        has_sender=has_sender(workspace_id),
    )


def campaign_reach(workspace_id: int, campaign: CampaignRecord) -> Reach:
    """How many would receive the campaign now, be held back, or be left out and why."""
    rule = audience_rule(workspace_id, campaign)
    return reach(workspace_id, rule, salt=campaign.public_id, share=campaign.control_share)


def reach(workspace_id: int, rule: Mapping[str, Any], *, salt: str, share: float) -> Reach:
    """How far a message to the customers of the rule would reach now.

    salt, share  decide who would be held back
    """
    question = segments.compiled(workspace_id, rule, clock.now())
    params = {
        **question.params,
        "reach_channel": CHANNEL,
        "reach_purpose": PURPOSE,
        "reach_salt": salt,
        "reach_share": share,
    }
    table = engine.query(workspace_id, REACH_SQL.format(audience=question.sql), params)
    return reach_of(table.to_pylist())


def sample(workspace_id: int, campaign: CampaignRecord) -> list[int]:
    """A few customers of the audience who have an address."""
    question = segments.compiled(workspace_id, audience_rule(workspace_id, campaign), clock.now())
    sql = SAMPLE_SQL.format(audience=question.sql, limit=SAMPLE_CUSTOMERS)
    found: list[int] = engine.query(workspace_id, sql, question.params)["customer"].to_pylist()
    return found


def letter_check(workspace_id: int, campaign: CampaignRecord) -> LetterCheck:
    """The letter written for a few of its receivers and looked at."""
    if not campaign.source.strip():
        return LetterCheck()
    try:
        return check_letters(
            [_seen(workspace_id, campaign, one) for one in sample(workspace_id, campaign)]
        )
    except Invalid as error:
        return LetterCheck(fault=error.message)


def has_sender(workspace_id: int) -> bool:
    """True when the workspace's mail can leave."""
    try:
        return messaging.sender(workspace_id).is_enabled
    except NotFound:
        return False


def _seen(workspace_id: int, campaign: CampaignRecord, customer_id: int) -> Seen:
    shown = messaging.preview(
        workspace_id, customer_id, subject=campaign.subject, source=campaign.source, text=""
    )
    return Seen(shown.html, shown.missing, shown.unknown, shown.has_unsubscribe)
