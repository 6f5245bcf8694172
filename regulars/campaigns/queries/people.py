"""Why each person of the audience did or did not get the campaign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from regulars.analytics.statements import Scope
from regulars.campaigns.models import Exclusion, Part
from regulars.campaigns.pure.reactions import Step, reactions_statement
from regulars.campaigns.queries.campaigns import windows
from regulars.campaigns.records import CampaignRecord
from regulars.customers import queries as customers
from regulars.experiments import queries as experiments
from regulars.experiments.records import ArmName, experiment_of_campaign
from regulars.kernel import clock
from regulars.lake import engine
from regulars.messaging import queries as messaging
from regulars.messaging.records import MessageRecord, MessageState
from regulars.workspaces import queries as workspaces

PAGE_ROWS = 50


class Fate(StrEnum):
    """What became of a customer in a campaign."""

    MESSAGE = "message"
    REACTED = "reacted"
    CONTROL = "control"
    EXCLUDED = "excluded"
    WAITING = "waiting"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Person:
    """One customer in a campaign.

    name    best name there is; empty for a customer who is known no more
    state   of the message, when there is one
    reason  why it was refused, came back, or the customer was left out
    step    what they did, in a list of those who did it
    """

    customer_id: int
    public_id: str
    name: str
    fate: Fate
    state: MessageState | None = None
    reason: str = ""
    at: datetime | None = None
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class People:
    """A page of them; after is the key of the next one, None at the end."""

    rows: tuple[Person, ...]
    after: int | None


@dataclass(frozen=True, slots=True)
class _Row:
    key: int
    customer_id: int
    state: MessageState | None = None
    reason: str = ""
    at: datetime | None = None
    step: Step | None = None


def contacted(
    workspace_id: int,
    campaign: CampaignRecord,
    *,
    states: Sequence[MessageState] = (),
    reason: str = "",
    after: int = 0,
) -> People:
    """Customers for whom a message was planned, a page at a time."""
    found = messaging.campaign_messages(
        workspace_id, campaign.id, states=states, reason=reason, after_id=after,
        limit=PAGE_ROWS + 1,
    )  # fmt: skip
    return _people(workspace_id, Fate.MESSAGE, [_row_of(message) for message in found])


def reacted(workspace_id: int, campaign: CampaignRecord, step: Step, *, after: int = 0) -> People:
    """Customers who did this with their message, as the report counts them, a page at a time."""
    workspace = workspaces.workspace(workspace_id)
    scope = Scope(at=clock.now(), zone=workspace.time_zone, currency=workspace.currency)
    question = reactions_statement(
        scope,
        windows(workspace_id),
        campaign=campaign.id,
        step=step,
        after=after,
        limit=PAGE_ROWS + 1,
    )
    found = engine.query(workspace_id, question.sql, dict(question.params)).to_pylist()
    rows = [
        _Row(row["id"], row["customer"], at=row["at_first"].replace(tzinfo=UTC), step=step)
        for row in found
    ]
    return _people(workspace_id, Fate.REACTED, rows)


def control(workspace_id: int, campaign: CampaignRecord, *, after: int = 0) -> People:
    """Customers who were held back, a page at a time."""
    found = experiments.customers_of_arm(
        workspace_id, experiment_of_campaign(campaign.id), ArmName.CONTROL, after_id=after,
        limit=PAGE_ROWS + 1,
    )  # fmt: skip
    rows = [_Row(key, customer_id, at=at) for key, customer_id, at in found]
    return _people(workspace_id, Fate.CONTROL, rows)


def excluded_people(
    workspace_id: int, campaign: CampaignRecord, *, reason: str = "", after: int = 0
) -> People:
    """Customers who were left out at the launch, a page at a time."""
    chosen = Exclusion.objects.filter(
        workspace_id=workspace_id, campaign_id=campaign.id, id__gt=after
    )
    if reason:
        chosen = chosen.filter(reason=reason)
    found = chosen.order_by("id")[: PAGE_ROWS + 1]
    rows = [
        _Row(row.id, row.customer_id, reason=row.reason, at=campaign.launched_at) for row in found
    ]
    return _people(workspace_id, Fate.EXCLUDED, rows)


def person(workspace_id: int, campaign: CampaignRecord, customer_id: int) -> Person:
    """What became of this customer in the campaign."""
    message = messaging.campaign_message(workspace_id, campaign.id, customer_id)
    if message is not None:
        return _person(workspace_id, Fate.MESSAGE, _row_of(message))
    experiment = experiment_of_campaign(campaign.id)
    if customer_id in experiments.arms_of(workspace_id, experiment, [customer_id]):
        return _person(workspace_id, Fate.CONTROL, _Row(0, customer_id, at=campaign.launched_at))
    left_out = Exclusion.objects.filter(
        workspace_id=workspace_id, campaign_id=campaign.id, customer_id=customer_id
    ).first()
    if left_out is not None:
        row = _Row(0, customer_id, reason=left_out.reason, at=campaign.launched_at)
        return _person(workspace_id, Fate.EXCLUDED, row)
    is_frozen = Part.objects.filter(
        workspace_id=workspace_id, campaign_id=campaign.id, customer_ids__contains=[customer_id]
    ).exists()
    fate = Fate.WAITING if is_frozen else Fate.ABSENT
    return _person(workspace_id, fate, _Row(0, customer_id))


def _row_of(message: MessageRecord) -> _Row:
    at = message.bounced_at or message.accepted_at or message.due_at
    return _Row(message.id, message.customer_id, message.state, message.reason, at)


def _people(workspace_id: int, fate: Fate, rows: list[_Row]) -> People:
    shown = rows[:PAGE_ROWS]
    profiles = customers.profiles(workspace_id, [row.customer_id for row in shown])
    people = []
    for row in shown:
        profile = profiles.get(row.customer_id)
        people.append(
            Person(
                customer_id=row.customer_id,
                public_id=profile.public_id if profile else "",
                name=profile.title if profile else "",
                fate=fate,
                state=row.state,
                reason=row.reason,
                at=row.at,
                step=row.step,
            )
        )
    return People(tuple(people), shown[-1].key if len(rows) > PAGE_ROWS else None)


def _person(workspace_id: int, fate: Fate, row: _Row) -> Person:
    return _people(workspace_id, fate, [row]).rows[0]
