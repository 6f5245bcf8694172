"""The past mailings: campaigns, arms, letters and what their readers did, as rows and events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
from regulars.messaging import queries as messages
from regulars.messaging.records import MessageRecord, PastMessage, TemplateRecord
from regulars.project.demo.history import Sent, Shop
from regulars.project.demo.records import Floats, Mailing, Plan
from regulars.project.demo.texts import LETTERS, LINK
from regulars.project.demo.writing import CHUNK_EVENTS, ORIGIN, Progress, chunks
from regulars.segments import actions as segments
from regulars.store.scope import scope

CHANNEL = "email"
CHUNK_LETTERS = 10_000
# Letters left one after the other, this many a second.
PACE = 40
SECOND = 1 / 86_400


@dataclass(frozen=True, slots=True)
class Posted:
    """A mailing on its way: its rows are written, the orders it brought are not.

    people    customer ids in the order of the letters
    messages  their message ids and public ids
    """

    campaign: CampaignRecord
    sent: Sent
    people: Sequence[int]
    messages: Sequence[tuple[int, str]]


def salt_of(plan: Plan, mailing: Mailing) -> str:
    """What decides who is held back; the same plan holds back the same customers."""
    return f"{plan.seed}:{mailing.key}"


def draft_of(mailing: Mailing, segment_id: int) -> Draft:
    """What its author wrote."""
    return Draft(
        name=mailing.name,
        segment_id=segment_id,
        subject=mailing.subject,
        source=LETTERS[mailing.key].source(),
        control_share=mailing.control_share,
        window_days=mailing.window_days,
    )


def audience_rule(mailing: Mailing) -> dict[str, object]:
    """The audience in the rule language: bought, agreed to e-mail, silent long enough."""
    bought: dict[str, object] = {"fact": "order.count", "op": "gte", "value": 1}
    silent: dict[str, object] = {
        "fact": "order.last_at", "op": "older_than", "value": f"{mailing.silent_days_min}d",
    }  # fmt: skip
    reachable: dict[str, object] = {"reachable": CHANNEL}
    parts = [bought, silent, reachable] if mailing.silent_days_min else [bought, reachable]
    return {"version": 1, "where": {"all": parts}}


def ensure_template(workspace_id: int, name: str, subject: str, source: str) -> TemplateRecord:
    """The template of this name, made when there is none."""
    found = [one for one in messages.templates(workspace_id) if one.name == name]
    if found:
        return found[0]
    return messaging.create_template(workspace_id, name=name, subject=subject, source=source)


def write_mailing(
    workspace_id: int,
    shop: Shop,
    mailing: Mailing,
    earlier: Sequence[Sent],
    ids: Sequence[int],
    progress: Progress,
) -> Sent:
    """The mailing as it went out; orders it brought are in the answer and not yet written."""
    posted = _post(workspace_id, shop, mailing, earlier, ids)
    progress(0.3)
    rows = [*_events(shop.plan, posted)]
    for start, chunk in chunks(rows, CHUNK_EVENTS):
        with scope(workspace_id):
            events.record_many(workspace_id, chunk)
        progress(0.3 + 0.6 * (start + len(chunk)) / len(rows))
    with scope(workspace_id):
        _take_back_consents(workspace_id, shop.plan, posted)
        _suppress(workspace_id, shop, posted)
    progress(1.0)
    return posted.sent


def _post(
    workspace_id: int, shop: Shop, mailing: Mailing, earlier: Sequence[Sent], ids: Sequence[int]
) -> Posted:
    """The campaign with its arms and its letters."""
    audience = shop.audience(mailing, earlier)
    salt = salt_of(shop.plan, mailing)
    picked = np.array(
        [n for n in audience if share_of(ids[n], salt) >= mailing.control_share], dtype=np.int64
    )
    sent = shop.send(mailing, picked, len(audience) - len(picked))
    people = [ids[n] for n in picked]
    with scope(workspace_id):
        version_id = _version(workspace_id, mailing)
        campaign = _campaign(workspace_id, shop.plan, sent, version_id)
    arms = _assign(workspace_id, campaign, salt, [ids[n] for n in audience])
    assert list(arms.contacted) == people and len(arms.control) == sent.control
    written = _messages(workspace_id, shop.plan, campaign, sent, people)
    return Posted(campaign, sent, people, written)


def _version(workspace_id: int, mailing: Mailing) -> int:
    source = LETTERS[mailing.key].source()
    return ensure_template(workspace_id, mailing.name, mailing.subject, source).version.id


def _campaign(workspace_id: int, plan: Plan, sent: Sent, version_id: int) -> CampaignRecord:
    mailing, contacted = sent.mailing, len(sent.letters.person)
    segment = segments.create_segment(
        workspace_id,
        name=mailing.segment,
        rule=audience_rule(mailing),
        slug=mailing.key,
        actor="demo",
    )
    day = mailing.day(plan)
    return campaigns.record_past(
        workspace_id,
        draft_of(mailing, segment.id),
        key=f"demo:{mailing.key}",
        launched_at=plan.instant(day),
        finished_at=plan.instant(day + contacted / PACE * SECOND),
        contacted_count=contacted,
        control_count=sent.control,
        template_version_id=version_id,
    )


def _assign(workspace_id: int, campaign: CampaignRecord, salt: str, audience: list[int]) -> Arms:
    assert campaign.launched_at is not None
    contacted: list[int] = []
    control: list[int] = []
    for _, chunk in chunks(audience, CHUNK_LETTERS):
        with scope(workspace_id):
            arms = experiments.assign(
                workspace_id,
                experiment_of_campaign(campaign.id),
                chunk,
                share=campaign.control_share,
                salt=salt,
                at=campaign.launched_at,
            )
        contacted += arms.contacted
        control += arms.control
    return Arms(tuple(contacted), tuple(control))


def _messages(
    workspace_id: int, plan: Plan, campaign: CampaignRecord, sent: Sent, people: Sequence[int]
) -> list[tuple[int, str]]:
    assert campaign.launched_at is not None and campaign.template_version_id is not None
    rows = [
        PastMessage(
            occurrence=campaign.occurrence,
            campaign_id=campaign.id,
            customer_id=customer_id,
            template_version_id=campaign.template_version_id,
            planned_at=campaign.launched_at,
            accepted_at=plan.instant(_left_day(plan, sent, place)),
            bounced_at=None if np.isnan(bounced) else plan.instant(bounced),
        )
        for place, (customer_id, bounced) in enumerate(
            zip(people, sent.letters.bounced_day, strict=True)
        )
    ]
    for _, chunk in chunks(rows, CHUNK_LETTERS):
        with scope(workspace_id):
            messaging.record_past(workspace_id, chunk)
    written = {one.customer_id: (one.id, one.public_id) for one in _written(workspace_id, campaign)}
    return [written[customer_id] for customer_id in people]


def _written(workspace_id: int, campaign: CampaignRecord) -> Iterator[MessageRecord]:
    after_id = 0
    while True:
        with scope(workspace_id):
            page = messages.campaign_messages(
                workspace_id, campaign.id, after_id=after_id, limit=CHUNK_LETTERS
            )
        if not page:
            return
        yield from page
        after_id = page[-1].id


def _left_day(plan: Plan, sent: Sent, place: int) -> float:
    return sent.mailing.day(plan) + place / PACE * SECOND


def _events(plan: Plan, posted: Posted) -> Iterator[NewEvent]:
    """Each letter's way as the sender and the tracking would have recorded it."""
    sent, letters = posted.sent, posted.sent.letters
    for place in range(len(letters.person)):
        yield _event(plan, posted, place, "sent", _left_day(plan, sent, place), channel=CHANNEL)
    for place, day in _moments(letters.bounced_day):
        yield _event(plan, posted, place, "bounced", day, is_hard=True, status="5.1.1")
    for place, day in _moments(letters.opened_day):
        is_read = not bool(letters.is_machine[place])
        yield _event(plan, posted, place, "opened", day, is_confirmed=is_read)
    for place, day in _moments(letters.clicked_day):
        yield _event(plan, posted, place, "clicked", day, url=LINK, link=0, is_confirmed=True)
    for place, day in _moments(letters.unsubscribed_day):
        yield _event(plan, posted, place, "unsubscribed", day, source="letter")


def _moments(days: Floats) -> Iterator[tuple[int, float]]:
    for place in np.flatnonzero(~np.isnan(days)):
        yield int(place), float(days[place])


def _event(
    plan: Plan, posted: Posted, place: int, word: str, day: float, **props: object
) -> NewEvent:
    message_id, public_id = posted.messages[place]
    kind = f"message.{word}"
    return NewEvent(
        kind=kind,
        time=plan.instant(day),
        key=f"{kind}:{message_id}",
        customer_id=posted.people[place],
        subject_id=message_id,
        props={
            "message": public_id,
            "campaign": posted.campaign.id,
            "channel": CHANNEL,
            **props,
        },
        origin=ORIGIN,
    )


def _take_back_consents(workspace_id: int, plan: Plan, posted: Posted) -> None:
    said = [
        NewConsent(
            customer_id=posted.people[place],
            channel=CHANNEL,
            purpose=Purpose.MARKETING.value,
            state=ConsentState.WITHDRAWN,
            source="letter",
            at=plan.instant(day),
            actor="customer",
        )
        for place, day in _moments(posted.sent.letters.unsubscribed_day)
    ]
    customers.record_consents(workspace_id, said, origin=ORIGIN)


def _suppress(workspace_id: int, shop: Shop, posted: Posted) -> None:
    letters = posted.sent.letters
    for place, day in _moments(letters.bounced_day):
        customers.suppress(
            workspace_id,
            channel=CHANNEL,
            address=shop.people[letters.person[place]].email,
            customer_id=posted.people[place],
            reason="bounce",
            at=shop.plan.instant(day),
        )
