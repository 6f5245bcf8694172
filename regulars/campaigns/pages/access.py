"""Who asks, where, and about which campaign."""

from __future__ import annotations

from django.http import HttpRequest

from regulars.campaigns import queries
from regulars.campaigns.records import CampaignRecord
from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.kernel.errors import NotFound
from regulars.workspaces.asking import member_of as member_of
from regulars.workspaces.asking import workspace_of as workspace_of
from regulars.workspaces.records import Right, WorkspaceRecord


def campaign_of(
    request: HttpRequest, right: Right, public_id: str
) -> tuple[WorkspaceRecord, CampaignRecord]:
    """The workspace and the campaign. raises Refused, NotFound"""
    workspace = workspace_of(request, right)
    return workspace, queries.campaign(workspace.id, public_id)


def customer_of(workspace_id: int, text: str) -> int | None:
    """The customer whom somebody means by an id, an e-mail address, a phone or an own number."""
    text = text.strip()
    if not text:
        return None
    try:
        return customers.customer_id_of(workspace_id, text)
    except NotFound:
        pass
    given = (
        [Identity(email=text)]
        if "@" in text
        else [Identity(external_id=text), Identity(phone=text)]
    )
    for identity in given:
        if customers.identity_faults(workspace_id, [identity]) != [None]:
            continue
        found = customers.find(workspace_id, identity)
        if found is not None:
            return found
    return None
