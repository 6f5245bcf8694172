"""What a campaign brought: its messages to money, its customers against those held back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_noop as _

from regulars.analytics.campaigns import (
    Funnel,
    arms_of,
    arms_statement,
    funnel_statement,
    funnels_of,
)
from regulars.analytics.lift import Lift, read_lift
from regulars.analytics.messages import MessageCounts
from regulars.analytics.statements import Scope, Statement
from regulars.campaigns.models import Exclusion
from regulars.campaigns.queries.campaigns import campaign, windows
from regulars.campaigns.records import CampaignRecord
from regulars.experiments.records import experiment_of_campaign
from regulars.kernel import clock
from regulars.kernel.errors import Refused
from regulars.lake import engine
from regulars.messaging import queries as messaging
from regulars.messaging.records import MessageState
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

NOTHING = Funnel(planned=0, refused=0, unknown=0, counts=MessageCounts())


@dataclass(frozen=True, slots=True)
class CampaignReport:
    """A campaign's figures as of an instant; money in minor units of the currency.

    states    messages by where they stand now
    reasons   (state, reason) → messages that were refused, rejected or came back
    excluded  reason → customers of the audience who were left out at the launch
    funnel    messages planned → accepted → … → ordered after a click within the window
    lift      all orders of contacted and control customers within the window of the launch
    """

    campaign: CampaignRecord
    at: datetime
    currency: str
    states: Mapping[MessageState, int]
    reasons: Mapping[tuple[MessageState, str], int]
    excluded: Mapping[str, int]
    funnel: Funnel
    lift: Lift

    @property
    def is_window_open(self) -> bool:
        """True while orders may still be added to the comparison of the arms."""
        assert self.campaign.launched_at is not None
        return (self.at - self.campaign.launched_at).days < self.campaign.window_days


def report(workspace_id: int, public_id: str, *, at: datetime | None = None) -> CampaignReport:
    """The report of a launched campaign.

    at      orders and events before it count; now when none is given
    raises  NotFound(campaign_unknown), Refused(campaign_not_launched)
    """
    one = campaign(workspace_id, public_id)
    if not one.is_launched:
        raise Refused(
            "campaign_not_launched", _("There is a report once the campaign is launched.")
        )
    instant = at or clock.now()
    workspace = workspaces.workspace(workspace_id)
    scope = Scope(at=instant, zone=workspace.time_zone, currency=workspace.currency)
    return CampaignReport(
        campaign=one,
        at=instant,
        currency=workspace.currency,
        states=messaging.counts_by_state(workspace_id, one.id),
        reasons=messaging.reasons(workspace_id, one.id),
        excluded=excluded(workspace_id, one.id),
        funnel=_funnel(workspace_id, one, scope),
        lift=_lift(workspace_id, one, scope),
    )


def excluded(workspace_id: int, campaign_id: int) -> dict[str, int]:
    """Reason → customers who were left out at the launch, the most frequent first."""
    raw = cursor()
    raw.execute(
        f"SELECT reason, count(*) FROM {Exclusion._meta.db_table}"
        " WHERE workspace_id = %s AND campaign_id = %s GROUP BY reason ORDER BY 2 DESC, 1",
        [workspace_id, campaign_id],
    )
    return dict(raw.fetchall())


def _funnel(workspace_id: int, one: CampaignRecord, scope: Scope) -> Funnel:
    # Every campaign is asked about: an order belongs to the last click, whoever's it was.
    rows = _rows(workspace_id, funnel_statement(scope, windows(workspace_id)))
    return funnels_of(rows).get(one.id, NOTHING)


def _lift(workspace_id: int, one: CampaignRecord, scope: Scope) -> Lift:
    question = arms_statement(scope, experiment_of_campaign(one.id), window_days=one.window_days)
    contacted, control = arms_of(_rows(workspace_id, question))
    return read_lift(contacted, control, control_share=one.control_share)


def _rows(workspace_id: int, question: Statement) -> list[dict[str, int]]:
    found: list[dict[str, int]] = engine.query(
        workspace_id, question.sql, dict(question.params)
    ).to_pylist()
    return found
