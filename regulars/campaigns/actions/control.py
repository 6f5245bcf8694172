"""Pausing, resuming and cancelling."""

from __future__ import annotations

from regulars.audit import actions as audit
from regulars.campaigns.actions.locks import locked
from regulars.campaigns.actions.starts import enqueue_launch
from regulars.campaigns.models import Campaign, Part
from regulars.campaigns.pure.states import Verb
from regulars.campaigns.queries.campaigns import record_of
from regulars.campaigns.records import CampaignRecord, State
from regulars.kernel import clock
from regulars.messaging import actions as messaging


def pause(workspace_id: int, public_id: str, *, reason: str = "") -> CampaignRecord:
    """Hold back every message that no sender has taken yet; the recipients stay the same.

    raises  NotFound, Conflict(campaign_state)
    """
    row = locked(workspace_id, public_id, Verb.PAUSE)
    row.state, row.reason, row.updated_at = State.PAUSED.value, reason, clock.now()
    row.save()
    messaging.hold_messages(workspace_id, campaign_id=row.id)
    return record_of(row)


def resume(workspace_id: int, public_id: str) -> CampaignRecord:
    """Go on where it stopped, with the same recipients. raises NotFound, Conflict"""
    row = locked(workspace_id, public_id, Verb.RESUME)
    now = clock.now()
    if row.paced_until is not None:
        # What was planned is moved by the length of the pause; what comes after it moves along.
        row.paced_until += now - row.updated_at
    row.state = (State.SENDING if _is_planned(row) else State.LAUNCHING).value
    row.launch_number += 1
    row.reason, row.updated_at = "", now
    row.save()
    messaging.release_messages(workspace_id, campaign_id=row.id)
    enqueue_launch(row, due_at=now)
    return record_of(row)


def cancel(workspace_id: int, public_id: str) -> CampaignRecord:
    """End it for good: messages that no sender has taken yet will not be sent.

    raises  NotFound, Conflict(campaign_state)
    """
    row = locked(workspace_id, public_id, Verb.CANCEL)
    row.state = State.CANCELLED.value
    row.launch_number += 1
    row.finished_at = row.updated_at = clock.now()
    row.save()
    messaging.cancel_messages(workspace_id, campaign_id=row.id)
    audit.note(workspace_id, "campaign.cancelled", "campaign", row.public_id)
    return record_of(row)


def _is_planned(row: Campaign) -> bool:
    parts = Part.objects.filter(workspace_id=row.workspace_id, campaign=row)
    return row.launched_at is not None and not parts.filter(planned_at=None).exists()
