"""Who a campaign is for, and how many of them it would reach now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from regulars.campaigns.pure.drafts import RECIPIENTS_MISSING, SEGMENT_ARCHIVED, lacks
from regulars.campaigns.pure.letters import LetterCheck, Seen, check_letters
from regulars.campaigns.pure.reach import REACH_SQL, SAMPLE_SQL, Reach, reach_of
from regulars.campaigns.queries.codes import REFUSALS, Codes, codes_given, samples
from regulars.campaigns.records import CHANNEL, PURPOSE, CampaignRecord
from regulars.customers.records import TOPIC_MARK
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.lake import engine
from regulars.messaging import queries as messaging
from regulars.messaging.records import Preview
from regulars.segments import queries as segments

SAMPLE_CUSTOMERS = 10


@dataclass(frozen=True, slots=True)
class Question:
    """A statement for the lake, with its parameters."""

    sql: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Review:
    """All that its author should see before sending.

    lacks  codes of what is still missing
    codes  what is given with each letter, if anything
    """

    reach: Reach
    letter: LetterCheck
    lacks: tuple[str, ...]
    has_sender: bool
    codes: Codes | None = None

    @property
    def may_send(self) -> bool:
        """True when nothing stands in the way."""
        is_written = not self.lacks and not self.letter.fault
        return is_written and self.has_sender and self.reach.contacted > 0


def audience_rule(workspace_id: int, campaign: CampaignRecord) -> Mapping[str, Any]:
    """The rule that finds the recipients, that of the segment as it is now.

    raises  Refused(recipients_missing | segment_archived)
    """
    if campaign.segment_id is not None:
        return _segment_rule(workspace_id, campaign.segment_id)
    if campaign.rule is None:
        raise Refused("recipients_missing", _("Choose who the campaign is for."))
    return campaign.rule


def _segment_rule(workspace_id: int, segment_id: int) -> Mapping[str, Any]:
    for segment in segments.segments(workspace_id):
        if segment.id == segment_id:
            return segment.rule
    # Nobody keeps an eye on an archived segment, so nothing is sent by it.
    raise Refused("segment_archived", _("The segment was archived; choose another one."))


def check_rule(workspace_id: int, rule: Mapping[str, Any]) -> None:
    """Nothing when the rule can be asked. raises Invalid with the place of the fault"""
    segments.compiled(workspace_id, rule, clock.now())


def audience_question(workspace_id: int, campaign: CampaignRecord, at: datetime) -> Question:
    """What finds the recipients as of the instant, ready to be asked outside any transaction.

    raises  Refused(recipients_missing | segment_archived), Invalid
    """
    found = segments.compiled(workspace_id, audience_rule(workspace_id, campaign), at)
    return Question(found.sql, found.params)


def audience(workspace_id: int, question: Question) -> Sequence[int]:
    """The customers whom the question finds in the lake."""
    found: list[int] = engine.customer_set(
        workspace_id, question.sql, dict(question.params)
    ).to_pylist()
    return found


def review(workspace_id: int, campaign: CampaignRecord) -> Review:
    """What sending the campaign now would mean."""
    missing = lacks(campaign.draft())
    if RECIPIENTS_MISSING not in missing and not has_audience(workspace_id, campaign):
        missing = (SEGMENT_ARCHIVED, *missing)
    can_ask = not {RECIPIENTS_MISSING, SEGMENT_ARCHIVED}.intersection(missing)
    found = campaign_reach(workspace_id, campaign) if can_ask else Reach()
    codes = codes_given(workspace_id, campaign)
    if codes is not None and (lack := codes.lack(wanted=found.contacted, now=clock.now())):
        missing = (*missing, lack)
    return Review(
        reach=found,
        letter=letter_check(workspace_id, campaign, found.sample) if can_ask else LetterCheck(),
        lacks=missing,
        has_sender=has_sender(workspace_id),
        codes=codes,
    )


def check_codes(workspace_id: int, campaign: CampaignRecord) -> None:
    """Nothing when everybody whom the campaign reaches now can be given a code that works.

    The lake is asked how many they are when the series has so many codes and no more.
    raises  Refused(series_blocked | series_over | codes_short), NotFound(series_unknown)
    """
    codes = codes_given(workspace_id, campaign)
    if codes is None:
        return
    wanted = 0 if codes.free is None else campaign_reach(workspace_id, campaign).contacted
    lack = codes.lack(wanted=wanted, now=clock.now())
    if lack:
        raise Refused(lack, REFUSALS[lack], free=codes.free, wanted=wanted)


def has_audience(workspace_id: int, campaign: CampaignRecord) -> bool:
    """True when there is a rule, or a segment in use, that finds recipients."""
    try:
        audience_rule(workspace_id, campaign)
    except Refused:
        return False
    return True


def campaign_reach(workspace_id: int, campaign: CampaignRecord) -> Reach:
    """How many would receive the campaign now, be held back, or be left out and why."""
    rule = audience_rule(workspace_id, campaign)
    return reach(
        workspace_id,
        rule,
        salt=campaign.public_id,
        share=campaign.control_share,
        topic=campaign.topic,
    )


def reach(
    workspace_id: int, rule: Mapping[str, Any], *, salt: str, share: float, topic: str = ""
) -> Reach:
    """How far a message to the customers of the rule would reach now.

    salt, share  decide who would be held back
    topic        key of the topic it is about
    """
    question = segments.compiled(workspace_id, rule, clock.now())
    params = {
        **question.params,
        "reach_channel": CHANNEL,
        "reach_purpose": PURPOSE,
        "reach_topic": f"{TOPIC_MARK}{topic}" if topic else "",
        "reach_salt": salt,
        "reach_share": share,
    }
    sql = REACH_SQL.format(audience=question.sql, sample=SAMPLE_CUSTOMERS)
    table = engine.query(workspace_id, sql, params)
    return reach_of(table.to_pylist())


def sample(workspace_id: int, campaign: CampaignRecord) -> list[int]:
    """A few customers of the audience who have an address."""
    question = segments.compiled(workspace_id, audience_rule(workspace_id, campaign), clock.now())
    sql = SAMPLE_SQL.format(audience=question.sql, limit=SAMPLE_CUSTOMERS)
    found: list[int] = engine.query(workspace_id, sql, question.params)["customer"].to_pylist()
    return found


def letter_check(
    workspace_id: int, campaign: CampaignRecord, receivers: Sequence[int]
) -> LetterCheck:
    """The letter written for these receivers, or a few of the audience, and looked at."""
    if not campaign.source.strip():
        return LetterCheck()
    try:
        return check_letters(
            [
                _seen(workspace_id, campaign, one)
                for one in receivers or sample(workspace_id, campaign)
            ]
        )
    except Invalid as error:
        return LetterCheck(fault=error.message)


def has_sender(workspace_id: int) -> bool:
    """True when the workspace's mail can leave."""
    try:
        return messaging.sender(workspace_id).is_enabled
    except NotFound:
        return False


def preview(workspace_id: int, campaign: CampaignRecord, customer_id: int) -> Preview:
    """The letter as this customer would get it. raises NotFound, Invalid from the template"""
    return messaging.preview(
        workspace_id, customer_id, subject=campaign.subject, source=campaign.source, text="",
        samples=samples(workspace_id, campaign),
    )  # fmt: skip


def _seen(workspace_id: int, campaign: CampaignRecord, customer_id: int) -> Seen:
    shown = preview(workspace_id, campaign, customer_id)
    return Seen(shown.html, shown.missing, shown.unknown, shown.has_unsubscribe)
