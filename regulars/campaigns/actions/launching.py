"""The launch, step by step; each step is one transaction and may be done again after a crash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regulars.campaigns.models import Campaign, Exclusion, Part
from regulars.campaigns.pure import pacing
from regulars.campaigns.queries.campaigns import record_of
from regulars.campaigns.queries.codes import REFUSALS
from regulars.campaigns.records import CHANNEL, CampaignRecord, State
from regulars.customers import queries as customers
from regulars.experiments import actions as experiments
from regulars.experiments.records import Arms, experiment_of_campaign
from regulars.kernel import clock
from regulars.kernel.errors import Refused
from regulars.loyalty.actions import issuing
from regulars.loyalty.queries import series
from regulars.messaging import actions as messaging
from regulars.messaging import queries as letters
from regulars.messaging.records import FINAL_STATES, letter_key

# A second or two of one transaction, far below what would hold back the readers of the log.
PART_CUSTOMERS = 10_000
INSERT_ROWS = 2_000


def begin(workspace_id: int, campaign_id: int, number: int) -> CampaignRecord | None:
    """The campaign if this launch is still wanted, a scheduled one now launching; else None."""
    row = _locked(workspace_id, campaign_id, number)
    if row is None:
        return None
    if row.state == State.SCHEDULED:
        row.state, row.updated_at = State.LAUNCHING.value, clock.now()
        row.save(update_fields=["state", "updated_at"])
    is_under_way = row.state in (State.LAUNCHING, State.SENDING)
    return record_of(row) if is_under_way else None


def freeze(
    workspace_id: int, campaign_id: int, number: int, customer_ids: Sequence[int]
) -> CampaignRecord | None:
    """Write down who the audience is, once for ever; a second audience is not looked at."""
    row = _locked(workspace_id, campaign_id, number)
    if row is None or row.state != State.LAUNCHING:
        return None
    if row.launched_at is not None:
        return record_of(row)
    once = sorted(set(customer_ids))
    Part.objects.bulk_create(
        Part(workspace_id=workspace_id, campaign=row, number=place, customer_ids=list(ids))
        for place, ids in enumerate(_slices(once, PART_CUSTOMERS), start=1)
    )
    row.launched_at = row.updated_at = clock.now()
    row.audience_count = len(once)
    row.save(update_fields=["launched_at", "updated_at", "audience_count"])
    return record_of(row)


def plan_part(workspace_id: int, campaign_id: int, number: int) -> CampaignRecord | None:
    """Plan the messages of the next slice of the audience; without one the campaign is sending.

    Customers who may not be written to are left out before the arms are drawn, so that both
    arms are people whom the message could have reached.
    """
    row = _locked(workspace_id, campaign_id, number)
    if row is None or row.state != State.LAUNCHING:
        return None
    parts = Part.objects.filter(workspace_id=workspace_id, campaign=row, planned_at=None)
    part = parts.order_by("number").first()
    if part is None:
        row.state = State.SENDING.value
    else:
        _plan(row, part)
    row.updated_at = clock.now()
    row.save()
    return record_of(row)


def follow(workspace_id: int, campaign_id: int, number: int) -> CampaignRecord | None:
    """The campaign, sent when each of its messages has come to an end."""
    row = _locked(workspace_id, campaign_id, number)
    if row is None or row.state != State.SENDING:
        return None
    if FINAL_STATES.issuperset(letters.counts_by_state(workspace_id, campaign_id)):
        row.state = State.SENT.value
        row.finished_at = row.updated_at = clock.now()
        row.save(update_fields=["state", "finished_at", "updated_at"])
    return record_of(row)


def stop(workspace_id: int, campaign_id: int, number: int, *, reason: str) -> None:
    """Pause a launch that cannot go on, with the reason its owner is shown."""
    row = _locked(workspace_id, campaign_id, number)
    if row is None or row.state not in (State.SCHEDULED, State.LAUNCHING, State.SENDING):
        return
    row.state, row.reason, row.updated_at = State.PAUSED.value, reason, clock.now()
    row.save(update_fields=["state", "reason", "updated_at"])
    messaging.hold_messages(workspace_id, campaign_id=row.id)


def _locked(workspace_id: int, campaign_id: int, number: int) -> Campaign | None:
    rows = Campaign.objects.select_for_update()
    return rows.filter(
        workspace_id=workspace_id, id=campaign_id, launch_number=number
    ).first()  # fmt: skip


def _plan(row: Campaign, part: Part) -> None:
    campaign = record_of(row)
    assert campaign.launched_at is not None
    refusals = customers.contact_refusals(
        row.workspace_id, part.customer_ids, channel=CHANNEL, purpose=campaign.purpose
    )
    arms = experiments.assign(
        row.workspace_id,
        experiment_of_campaign(row.id),
        [customer for customer in part.customer_ids if customer not in refusals],
        share=campaign.control_share,
        salt=campaign.public_id,
        at=campaign.launched_at,
    )
    _exclude(row, refusals)
    _give_codes(row, campaign, arms)
    _plan_messages(row, campaign, arms)
    row.contacted_count += len(arms.contacted)
    row.control_count += len(arms.control)
    row.excluded_count += len(refusals)
    part.planned_at = clock.now()
    part.save(update_fields=["planned_at"])


def _exclude(row: Campaign, refusals: Mapping[int, str]) -> None:
    Exclusion.objects.bulk_create(
        (
            Exclusion(
                workspace_id=row.workspace_id, campaign=row, customer_id=customer, reason=reason
            )
            for customer, reason in sorted(refusals.items())
        ),
        batch_size=INSERT_ROWS,
        ignore_conflicts=True,
    )


def _give_codes(row: Campaign, campaign: CampaignRecord, arms: Arms) -> None:
    """A code of their own for everyone contacted, under the key by which the letter finds it.

    raises  Refused when the series cannot give them, with the reason the owner is shown
    """
    if campaign.code_series_id is None:
        return
    one = series.series_by_id(row.workspace_id, campaign.code_series_id)
    for customers_now in _slices(arms.contacted, issuing.OCCASION_CODES_MAX):
        wanted = [(who, letter_key(campaign.occurrence, who)) for who in customers_now]
        try:
            issuing.issue_for_occasion(row.workspace_id, one, campaign.occurrence, wanted)
        except Refused as error:
            reason = REFUSALS.get(error.code, error.message)
            raise Refused(error.code, reason, series=one.slug) from error


def _plan_messages(row: Campaign, campaign: CampaignRecord, arms: Arms) -> None:
    count, pace = len(arms.contacted), campaign.pace_per_hour
    # After a pause the clock is ahead of the pace; what was missed is not caught up in a burst.
    start = max(row.paced_until or clock.now(), clock.now())
    assert campaign.template_version_id is not None
    messaging.plan_messages(
        row.workspace_id,
        occurrence=campaign.occurrence,
        campaign_id=row.id,
        template_version_id=campaign.template_version_id,
        customer_ids=arms.contacted,
        due_at=pacing.due_times(count, start=start, per_hour=pace),
        channel=CHANNEL,
        is_marketing=True,
        topic=campaign.topic,
    )
    row.paced_until = pacing.next_start(start=start, count=count, per_hour=pace)


def _slices(customer_ids: Sequence[int], size: int) -> list[tuple[int, ...]]:
    return [tuple(customer_ids[at : at + size]) for at in range(0, len(customer_ids), size)]
