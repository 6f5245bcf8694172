"""The one way to change a campaign: its row is locked and must understand the verb."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from regulars.campaigns.models import Campaign
from regulars.campaigns.pure.states import Verb, may
from regulars.campaigns.records import State
from regulars.kernel.errors import Conflict, NotFound


def locked(workspace_id: int, public_id: str, verb: Verb) -> Campaign:
    """The campaign, locked until the end of the transaction.

    raises  NotFound(campaign_unknown), Conflict(campaign_state)
    """
    row = find_locked(workspace_id, public_id)
    check_verb(row, verb)
    return row


def find_locked(workspace_id: int, public_id: str) -> Campaign:
    """The campaign, locked, in whatever state. raises NotFound(campaign_unknown)"""
    rows = Campaign.objects.select_for_update()
    row = rows.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("campaign_unknown", _("There is no such campaign."))
    return row


def check_verb(row: Campaign, verb: Verb) -> None:
    """Nothing when the campaign understands the verb now. raises Conflict(campaign_state)"""
    if not may(State(row.state), verb):
        raise Conflict(
            "campaign_state",
            _("The campaign cannot be changed this way any more."),
            state=row.state,
            verb=verb.value,
        )
