"""The past mailings: campaigns, arms, letters and what their readers did, as rows and events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from regulars.campaigns import actions as campaigns
from regulars.campaigns.records import CampaignRecord, Draft
from regulars.customers import actions as customers
from regulars.customers.records import ConsentState, NewConsent, Purpose
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.experiments import actions as experiments
from regulars.experiments.records import Arms, experiment_of_campaign
from regulars.kernel.shares import share_of
from regulars.messaging import actions as messaging
from regulars.messaging.records import PastMessage
from regulars.project.demo.history import Sent, Shop
from regulars.project.demo.records import Floats, Ints, Mailing, Plan
from regulars.project.demo.writing import CHUNK_EVENTS, ORIGIN, Progress, chunks
from regulars.store.scope import scope

LETTER = """\
<mjml><mj-body background-color="#f6f1ea"><mj-section background-color="#ffffff"><mj-column>
<mj-text font-size="22px">{heading}</mj-text>
<mj-text>Hello {{{{ customer.first_name | default: "friend" }}}},</mj-text>
<mj-text>{text}</mj-text>
<mj-button href="https://tea-and-bean.example/shop">To the shop</mj-button>
<mj-text font-size="12px"><a href="{{{{ unsubscribe_url }}}}">Unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
"""
TEXTS = {
    "win-back": "We kept your favourites on the shelf. Your next order is 15% off this week.",
    "new-harvest": "The first bags of the new harvest are roasted: bergamot, peach and honey.",
}
LINK = "https://tea-and-bean.example/shop"


def draft_of(mailing: Mailing) -> Draft:
    """What its author wrote."""
    return Draft(
        name=mailing.name,
        rule=audience_rule(mailing),
        subject=mailing.subject,
        source=LETTER.format(heading=mailing.name, text=TEXTS[mailing.key]),
        control_share=mailing.control_share,
        window_days=mailing.window_days,
    )


def audience_rule(mailing: Mailing) -> dict[str, object]:
    """The audience in the rule language: bought, agreed to e-mail, silent long enough."""
    raise NotImplementedError


def write_mailing(
    workspace_id: int, shop: Shop, mailing: Mailing, ids: Sequence[int], progress: Progress
) -> Sent:
    """The mailing as it went out; orders it brought are in the answer and not yet written."""
    plan = shop.plan
    audience = shop.audience(mailing)
    with scope(workspace_id):
        campaign = _campaign(workspace_id, plan, mailing, [ids[n] for n in audience])
        arms = _assign(workspace_id, plan, mailing, campaign, [ids[n] for n in audience])
    contacted = set(arms.contacted)
    picked = np.array([n for n in audience if ids[n] in contacted], dtype=np.int64)
    sent = shop.send(mailing, picked, len(arms.control))
    progress(0.2)
    people = [ids[n] for n in picked]
    with scope(workspace_id):
        message_ids = _messages(workspace_id, plan, campaign, sent, people)
    progress(0.4)
    rows = [*_events(plan, campaign, sent, people, message_ids)]
    for _, chunk in chunks(rows, CHUNK_EVENTS):
        with scope(workspace_id):
            events.record_many(workspace_id, chunk)
    progress(0.8)
    with scope(workspace_id):
        _take_back_consents(workspace_id, plan, sent, people)
        _suppress(workspace_id, shop, sent, people)
    progress(1.0)
    return sent
