"""Who asks, where, and about which campaign."""

from __future__ import annotations

from django.http import HttpRequest

from regulars.campaigns import queries
from regulars.campaigns.records import CampaignRecord
from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.kernel.errors import NotFound
from regulars.workspaces import queries as workspaces
from regulars.workspaces.records import Member, Right, WorkspaceRecord


def workspace_of(request: HttpRequest, right: Right) -> WorkspaceRecord:
    """The workspace, when the member has the right there. raises Refused(right_missing)"""
    workspaces.require(member_of(request), right)
    workspace: WorkspaceRecord = request.workspace  # type: ignore[attr-defined]
    return workspace


def member_of(request: HttpRequest) -> Member:
    """The signed-in member."""
    member: Member = request.member  # type: ignore[attr-defined]
    return member


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
