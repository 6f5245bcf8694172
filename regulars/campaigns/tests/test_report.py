"""What a campaign did and brought, and the people behind each number."""

from __future__ import annotations

from datetime import timedelta

import pytest

from regulars.campaigns import queries
from regulars.campaigns.pure.reactions import Step
from regulars.campaigns.tests.shop import (
    arms,
    buy,
    draft,
    found,
    launched,
    messages,
    settle,
    shop,
)
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import NotFound, Refused
from regulars.messaging.records import MessageState
from regulars.store.scope import cursor, scope

pytestmark = pytest.mark.usefixtures("as_engine")


@pytest.fixture
def sent(as_engine, lake):
    """A campaign of which every message was accepted but one, and one came back."""
    made = shop(willing=120)
    lake()
    one = launched(made, control_share=0.5)
    settle(made.bakery.id)
    with scope(made.bakery.id):
        raw = cursor()
        raw.execute(
            "SELECT id, customer_id FROM messaging_message WHERE workspace_id = %s ORDER BY id",
            [made.bakery.id],
        )
        ids = raw.fetchall()
        raw.execute(
            "UPDATE messaging_message SET state = 'refused', reason = 'consent_withdrawn',"
            " accepted_at = NULL WHERE id = %s",
            [ids[0][0]],
        )
        raw.execute(
            "UPDATE messaging_message SET state = 'bounced', reason = 'hard 5.1.1',"
            " bounced_at = accepted_at WHERE id = %s",
            [ids[1][0]],
        )
    return made, found(made, one), ids


def touch(made, message, kind, *, at=None, **props):
    message_id, customer_id = message
    with scope(made.bakery.id):
        events.record(
            made.bakery.id,
            NewEvent(
                kind=kind,
                time=at or clock.now(),
                key=f"{kind}:{message_id}:{props}",
                customer_id=customer_id,
                subject_id=message_id,
                props=props,
            ),
        )


def test_it_counts_the_way_from_message_to_money(sent, lake):
    made, one, ids = sent
    after = clock.now()
    for message in ids[2:12]:
        touch(made, message, "message.opened", is_confirmed=True)
    for message in ids[12:15]:
        touch(made, message, "message.opened", is_confirmed=False)
    for message in ids[2:8]:
        touch(made, message, "message.clicked", at=after, is_confirmed=True)
    touch(made, ids[20], "message.clicked", at=after, is_confirmed=False)
    touch(made, ids[2], "message.unsubscribed")
    for place, (_, customer) in enumerate(ids[2:5]):
        buy(made, customer, "100", number=f"after-{place}", at=after + timedelta(seconds=1))
    buy(made, ids[2][1], "50", number="second", at=after + timedelta(seconds=1))
    buy(made, ids[6][1], "70", number="before the click", at=after - timedelta(seconds=1))
    buy(made, ids[7][1], "90", number="too late", at=after + timedelta(days=31))
    lake()

    with scope(made.bakery.id):
        told = queries.report(made.bakery.id, one.public_id, at=after + timedelta(days=40))

    counts = told.funnel.counts
    assert (told.funnel.planned, told.funnel.refused) == (len(ids), 1)
    assert (counts.sent, counts.bounced, counts.delivered) == (len(ids) - 1, 1, len(ids) - 2)
    assert (counts.opened, counts.opened_confirmed, counts.clicked) == (13, 10, 6)
    assert (counts.ordered, counts.orders, counts.revenue_minor) == (3, 4, 35_000)
    assert counts.unsubscribed == 1
    assert told.states == {
        MessageState.ACCEPTED: len(ids) - 2, MessageState.REFUSED: 1, MessageState.BOUNCED: 1,
    }  # fmt: skip
    assert told.reasons == {
        (MessageState.REFUSED, "consent_withdrawn"): 1, (MessageState.BOUNCED, "hard 5.1.1"): 1,
    }  # fmt: skip
    assert not told.is_window_open


def test_all_orders_of_both_groups_count_for_the_lift(sent, lake):
    made, one, ids = sent
    held_back = sorted(c for c, arm in arms(made.bakery.id).items() if arm == "control")
    later = one.launched_at + timedelta(days=2)
    for place, (_, customer) in enumerate(ids[:20]):
        buy(made, customer, "100", number=f"contacted-{place}", at=later)
    for place, customer in enumerate(held_back[:5]):
        buy(made, customer, "60", number=f"control-{place}", at=later)
    buy(made, held_back[5], "999", number="before", at=one.launched_at - timedelta(days=1))
    buy(made, made.lviv, "999", number="stranger", at=later)
    lake()

    with scope(made.bakery.id):
        lift = queries.report(made.bakery.id, one.public_id, at=later + timedelta(days=1)).lift

    assert (lift.contacted.customers, lift.control.customers) == (len(ids), len(held_back))
    assert (lift.contacted.buyers, lift.contacted.revenue_minor) == (20, 200_000)
    assert (lift.control.buyers, lift.control.revenue_minor) == (5, 30_000)
    assert lift.money_per_contacted == pytest.approx(200_000 / len(ids) - 30_000 / len(held_back))
    assert not lift.split.is_broken


def test_a_broken_split_silences_the_comparison(sent, lake):
    made, one, _ids = sent
    with scope(made.bakery.id):
        cursor().execute(
            "UPDATE campaigns_campaign SET control_share = 0.05 WHERE id = %s", [one.id]
        )
    lake()

    with scope(made.bakery.id):
        lift = queries.report(made.bakery.id, one.public_id).lift

    assert lift.split.is_broken
    assert lift.money_per_contacted is None


@pytest.mark.parametrize(
    ("step", "places"),
    [(Step.OPENED, range(2, 14)), (Step.OPENED_CONFIRMED, range(2, 10)),
     (Step.CLICKED, range(3, 6)), (Step.ORDERED, range(3, 4)), (Step.UNSUBSCRIBED, range(9, 10)),
     (Step.COMPLAINED, range(0))],
)  # fmt: skip
def test_every_number_of_the_funnel_opens_its_people(sent, lake, step, places):
    made, one, ids = sent
    for message in ids[2:10]:
        touch(made, message, "message.opened", is_confirmed=True)
    for message in ids[10:14]:
        touch(made, message, "message.opened", is_confirmed=False)
    for message in ids[3:6]:
        touch(made, message, "message.clicked", is_confirmed=True)
    touch(made, ids[8], "message.clicked", is_confirmed=False)
    touch(made, ids[9], "message.unsubscribed")
    buy(made, ids[3][1], "10", number="one", at=clock.now())
    buy(made, ids[8][1], "10", number="by a machine's click", at=clock.now())
    lake()

    with scope(made.bakery.id):
        people = queries.reacted(made.bakery.id, one, step)
        counts = queries.report(made.bakery.id, one.public_id).funnel.counts

    assert [person.customer_id for person in people.rows] == [ids[place][1] for place in places]
    assert len(people.rows) == getattr(counts, step.value)
    assert all(person.fate is queries.Fate.REACTED and person.step is step
               for person in people.rows)  # fmt: skip


def test_lists_of_people_come_page_by_page(sent, monkeypatch):
    made, one, ids = sent
    # The control group is drawn anew each time: a page must be shorter than any other arm.
    monkeypatch.setattr(queries.people, "PAGE_ROWS", 20)
    seen, after = [], 0
    with scope(made.bakery.id):
        while after is not None:
            page = queries.contacted(made.bakery.id, one, after=after)
            seen += [person.customer_id for person in page.rows]
            after = page.after

    assert seen == [customer for _, customer in ids]
    assert len(ids) > queries.people.PAGE_ROWS


def test_each_person_has_one_answer(sent):
    made, one, ids = sent
    held_back = min(c for c, arm in arms(made.bakery.id).items() if arm == "control")

    with scope(made.bakery.id):
        told = {
            customer: queries.person(made.bakery.id, one, customer)
            for customer in (ids[0][1], ids[1][1], held_back, made.silent, made.lviv)
        }

    assert [(person.fate, person.state, person.reason) for person in told.values()] == [
        (queries.Fate.MESSAGE, MessageState.REFUSED, "consent_withdrawn"),
        (queries.Fate.MESSAGE, MessageState.BOUNCED, "hard 5.1.1"),
        (queries.Fate.CONTROL, None, ""),
        (queries.Fate.EXCLUDED, None, "consent_missing"),
        (queries.Fate.ABSENT, None, ""),
    ]
    assert told[made.silent].name == "Silent"
    with scope(made.bakery.id):
        stranger = queries.person(made.bakery.id, one, made.zoe)
    assert (stranger.fate, stranger.public_id, stranger.name) == (queries.Fate.ABSENT, "", "")


def test_those_who_were_left_out_are_listed_by_reason(sent):
    made, one, _ = sent

    with scope(made.bakery.id):
        everyone = queries.excluded_people(made.bakery.id, one)
        suppressed = queries.excluded_people(made.bakery.id, one, reason="suppressed")

    assert {person.customer_id for person in everyone.rows} == {
        made.silent, made.withdrawn, made.addressless, made.suppressed,
    }  # fmt: skip
    assert [person.customer_id for person in suppressed.rows] == [made.suppressed]


def test_a_draft_has_no_report(as_engine, lake):
    made = shop(willing=1)
    one = draft(made)

    with scope(made.bakery.id), pytest.raises(Refused) as caught:
        queries.report(made.bakery.id, one.public_id)

    assert caught.value.code == "campaign_not_launched"


def test_another_workspace_has_no_report_of_it(sent):
    made, one, _ = sent

    with scope(made.other.id), pytest.raises(NotFound):
        queries.report(made.other.id, one.public_id)
    assert messages(made.other.id) == {}
