"""The worker's door: launching a campaign and following it to its end."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from regulars.campaigns import queries
from regulars.campaigns.actions import launching
from regulars.campaigns.records import CampaignRecord, State
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.errors import Outside, RegularsError
from regulars.store.scope import scope

FOLLOW_EVERY = timedelta(seconds=5)


def launch(job: JobRecord) -> None:
    """Carry the launch on from wherever it stands, then look now and then whether all is sent.

    Every step commits by itself and is done once; a job that was killed is simply run again.
    """
    campaign_id, number = int(job.payload["campaign"]), int(job.payload["number"])
    try:
        _carry_on(job, campaign_id, number)
    except RegularsError as error:
        is_temporary = isinstance(error, Outside) and not error.is_permanent
        if not is_temporary or job.attempts >= jobs.TRIES_MAX:
            _stop(job, campaign_id, number, error.message)
        raise
    except Exception as error:
        # The queue keeps the fault and tries again; after the last try the owner must see it.
        if job.attempts >= jobs.TRIES_MAX:
            _stop(job, campaign_id, number, type(error).__name__)
        raise


def gave_up(job: JobRecord, reason: str) -> None:
    """Pause a launch that was given up, with the reason its owner is shown."""
    _stop(job, int(job.payload["campaign"]), int(job.payload["number"]), reason)


def _carry_on(job: JobRecord, campaign_id: int, number: int) -> None:
    with scope(job.workspace_id):
        campaign = launching.begin(job.workspace_id, campaign_id, number)
    if campaign is not None and campaign.launched_at is None:
        campaign = _freeze(job, campaign)
    while campaign is not None and campaign.state is State.LAUNCHING:
        with scope(job.workspace_id):
            campaign = launching.plan_part(job.workspace_id, campaign_id, number)
        if campaign is not None and not _report(job, campaign):
            return
    if campaign is not None:
        _follow(job, campaign)


def _freeze(job: JobRecord, campaign: CampaignRecord) -> CampaignRecord | None:
    # The question is asked outside the transaction: it may take seconds and holds no lock.
    with scope(job.workspace_id):
        queries.check_codes(job.workspace_id, campaign)
        question = queries.audience_question(job.workspace_id, campaign, clock.now())
    found = queries.audience(job.workspace_id, question)
    with scope(job.workspace_id):
        return launching.freeze(job.workspace_id, campaign.id, campaign.launch_number, found)


def _report(job: JobRecord, campaign: CampaignRecord) -> bool:
    planned = campaign.contacted_count + campaign.control_count + campaign.excluded_count
    with transaction.atomic():
        return jobs.report_progress(job, {"customers": campaign.audience_count, "planned": planned})


def _follow(job: JobRecord, campaign: CampaignRecord) -> None:
    with scope(job.workspace_id):
        now = launching.follow(job.workspace_id, campaign.id, campaign.launch_number)
    if now is not None and now.state is State.SENDING:
        with transaction.atomic():
            jobs.put_back(job, clock.now() + FOLLOW_EVERY)


def _stop(job: JobRecord, campaign_id: int, number: int, reason: str) -> None:
    with scope(job.workspace_id):
        launching.stop(job.workspace_id, campaign_id, number, reason=reason)
