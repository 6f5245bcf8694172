"""Starting a campaign, now or later, once however often it is asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_noop as _

from regulars.audit import actions as audit
from regulars.campaigns.actions.locks import check_verb, find_locked, locked
from regulars.campaigns.models import Campaign
from regulars.campaigns.pure import drafts
from regulars.campaigns.pure.states import Verb, may
from regulars.campaigns.queries import audience_rule, check_codes, has_sender
from regulars.campaigns.queries.campaigns import record_of
from regulars.campaigns.records import CampaignRecord, State
from regulars.jobs import actions as jobs
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.messaging import actions as messaging

JOB_KIND = "campaigns.launch"
SCHEDULE_AHEAD_MAX = timedelta(days=366)


def send_now(workspace_id: int, public_id: str, *, key: str) -> CampaignRecord:
    """Begin to send; the same key again, or a double click, launches nothing a second time.

    raises  NotFound, Refused(campaign_incomplete | segment_archived | sender_missing |
            series_blocked | series_over | codes_short), Invalid from the template,
            Conflict(campaign_state | idempotency_mismatch)
    """
    _check_codes(workspace_id, public_id, key)
    row = find_locked(workspace_id, public_id)
    if _is_repeat(row, key, None):
        return record_of(row)
    check_verb(row, Verb.LAUNCH)
    _freeze_content(row)
    row.state, row.scheduled_at = State.LAUNCHING.value, None
    audit.note(workspace_id, "campaign.launched", "campaign", row.public_id)
    return _start(row, key, due_at=clock.now())


def schedule(workspace_id: int, public_id: str, *, at: datetime, key: str) -> CampaignRecord:
    """Let the campaign begin by itself; its recipients are those of that moment.

    raises  as send_now, and Invalid(schedule_time)
    """
    _check_codes(workspace_id, public_id, key)
    row = find_locked(workspace_id, public_id)
    if _is_repeat(row, key, at):
        return record_of(row)
    check_verb(row, Verb.SCHEDULE)
    now = clock.now()
    if not now < at <= now + SCHEDULE_AHEAD_MAX:
        raise Invalid("schedule_time", _("Choose a time in the future, within a year."), path="at")
    _freeze_content(row)
    row.state, row.scheduled_at = State.SCHEDULED.value, at
    audit.note(workspace_id, "campaign.scheduled", "campaign", row.public_id)
    return _start(row, key, due_at=at)


def unschedule(workspace_id: int, public_id: str) -> CampaignRecord:
    """A draft again. raises NotFound, Conflict(campaign_state)"""
    row = locked(workspace_id, public_id, Verb.UNSCHEDULE)
    row.state, row.scheduled_at, row.launch_key = State.DRAFT.value, None, ""
    # The job that waits finds another number and does nothing.
    row.launch_number += 1
    row.updated_at = clock.now()
    row.save()
    return record_of(row)


def enqueue_launch(row: Campaign, *, due_at: datetime) -> None:
    """The job that carries on with this campaign's current launch."""
    jobs.enqueue(
        row.workspace_id,
        JOB_KIND,
        {"campaign": row.id, "number": row.launch_number},
        f"{row.id}:{row.launch_number}",
        due_at=due_at,
    )


def _check_codes(workspace_id: int, public_id: str, key: str) -> None:
    """The codes of a campaign that this key would start, before its row is locked.

    Counting receivers may take seconds. What changes meanwhile is noticed when the job starts.
    """
    rows = Campaign.objects.filter(workspace_id=workspace_id, public_id=public_id)
    row = rows.exclude(launch_key=key).first()
    if row is None or row.code_series_id is None or not may(State(row.state), Verb.SCHEDULE):
        return
    one = record_of(row)
    if not drafts.lacks(one.draft()):
        check_codes(workspace_id, one)


def _is_repeat(row: Campaign, key: str, at: datetime | None) -> bool:
    if not key:
        raise Invalid("idempotency_key_missing", _("A launch needs an idempotency key."))
    if row.launch_key != key:
        return False
    if row.scheduled_at != at:
        raise Conflict(
            "idempotency_mismatch",
            _("This key was already used for another start; take a new one."),
        )
    return True


def _freeze_content(row: Campaign) -> None:
    """Write the message down for good, as it is now, after checking that it can be sent."""
    missing = drafts.lacks(record_of(row).draft())
    if missing:
        raise Refused(
            "campaign_incomplete",
            _("The campaign is not complete: see its review."),
            missing=", ".join(missing),
        )
    # Raises when the segment was archived since it was chosen.
    audience_rule(row.workspace_id, record_of(row))
    if not has_sender(row.workspace_id):
        raise Refused("sender_missing", _("Enter the mail server in the sender settings first."))
    letter = messaging.create_template(
        row.workspace_id, name=row.name, subject=row.subject, source=row.source
    )
    # Kept for its messages only: it is not one of the templates people choose from.
    messaging.archive_template(row.workspace_id, letter.public_id)
    row.template_version_id = letter.version.id


def _start(row: Campaign, key: str, *, due_at: datetime) -> CampaignRecord:
    row.launch_key = key
    row.launch_number += 1
    row.reason = ""
    row.updated_at = clock.now()
    row.save()
    enqueue_launch(row, due_at=due_at)
    return record_of(row)
