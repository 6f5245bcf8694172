"""A launch: whom it plans, whom it never writes to, and that it happens once."""

from __future__ import annotations

import itertools
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from regulars.campaigns import actions, queries, tasks
from regulars.campaigns.actions import launching
from regulars.campaigns.records import State
from regulars.campaigns.tests.shop import (
    IN_KYIV,
    arms,
    draft,
    found,
    launched,
    messages,
    moved_clock,
    send,
    settle,
    shop,
    take_job,
    work,
)
from regulars.customers import actions as customers
from regulars.experiments.records import experiment_of_campaign
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.kernel.shares import share_of
from regulars.segments import actions as segments
from regulars.store.scope import cursor, scope

pytestmark = pytest.mark.usefixtures("as_engine")


@pytest.fixture
def bakery(as_engine, lake):
    made = shop()
    lake()
    return made


def jobs_of(workspace_id):
    with scope(workspace_id):
        raw = cursor()
        raw.execute(
            "SELECT state, due_at FROM jobs_job WHERE workspace_id = %s ORDER BY id",
            [workspace_id],
        )
        return raw.fetchall()


def test_it_plans_a_message_for_each_contacted_customer_and_for_nobody_else(bakery):
    one = launched(bakery)

    held_back = {c for c in bakery.willing if share_of(c, one.public_id) < 0.1}
    contacted = set(bakery.willing) - held_back
    assert one.state is State.SENDING
    assert messages(bakery.bakery.id) == dict.fromkeys(contacted, "planned")
    assert arms(bakery.bakery.id) == {
        **dict.fromkeys(contacted, "contacted"),
        **dict.fromkeys(held_back, "control"),
    }
    assert (one.audience_count, one.contacted_count, one.control_count, one.excluded_count) == (
        64, len(contacted), len(held_back), 4,
    )  # fmt: skip
    with scope(bakery.bakery.id):
        assert queries.excluded(bakery.bakery.id, one.id) == {
            "address_missing": 1, "consent_missing": 1, "consent_withdrawn": 1, "suppressed": 1,
        }  # fmt: skip
    assert messages(bakery.other.id) == {}


def test_the_review_before_counts_what_the_launch_then_does(bakery):
    one = draft(bakery, control_share=0.3)
    with scope(bakery.bakery.id):
        before = queries.review(bakery.bakery.id, one)

    send(bakery, one)
    work(bakery.bakery.id)

    after = found(bakery, one)
    assert before.may_send
    assert before.reach.audience == after.audience_count == 64
    assert before.reach.contacted == after.contacted_count
    assert before.reach.control == after.control_count > 0
    assert before.reach.excluded == {
        "address_missing": 1, "consent_missing": 1, "consent_withdrawn": 1, "suppressed": 1,
    }  # fmt: skip


def test_launching_twice_is_one_sending(bakery):
    one = draft(bakery)

    first = send(bakery, one, key="a click")
    again = send(bakery, one, key="a click")
    work(bakery.bakery.id)
    planned = messages(bakery.bakery.id)
    late = send(bakery, one, key="a click")

    assert again == first
    assert late.state is State.SENDING
    assert len(jobs_of(bakery.bakery.id)) == 1
    with pytest.raises(Conflict) as caught:
        send(bakery, one, key="another click")
    assert caught.value.code == "campaign_state"
    assert messages(bakery.bakery.id) == planned


def test_the_same_job_run_again_plans_nothing_more(bakery):
    one = draft(bakery)
    send(bakery, one)
    job = take_job(bakery.bakery.id)
    tasks.launch(job)
    planned, put = messages(bakery.bakery.id), arms(bakery.bakery.id)

    tasks.launch(job)

    assert (messages(bakery.bakery.id), arms(bakery.bakery.id)) == (planned, put)
    assert found(bakery, one).contacted_count == len(planned)


class KilledError(Exception):
    """The worker died here."""


@pytest.mark.parametrize("parts_before", [0, 1, 3])
def test_a_crash_in_the_middle_of_planning_changes_nothing(bakery, lake, monkeypatch, parts_before):
    monkeypatch.setattr(launching, "PART_CUSTOMERS", 10)
    one = draft(bakery)
    send(bakery, one)
    plan, passed = launching._plan, []

    def dying(row, part):
        plan(row, part)
        if len(passed) == parts_before:
            raise KilledError
        passed.append(part)

    job = take_job(bakery.bakery.id)
    with monkeypatch.context() as patched:
        patched.setattr(launching, "_plan", dying)
        with pytest.raises(KilledError):
            tasks.launch(job)
    half = found(bakery, one)
    assert half.contacted_count + half.control_count + half.excluded_count == parts_before * 10
    # Somebody comes to Kyiv in between: the audience was frozen before.
    with scope(bakery.bakery.id):
        customers.give_consent(
            bakery.bakery.id, bakery.lviv, channel="email", purpose="marketing", source="t"
        )
        cursor().execute("UPDATE customers_customer SET city = 'Kyiv' WHERE id = %s", [bakery.lviv])
    lake()

    tasks.launch(job)

    after = found(bakery, one)
    held_back = {c for c in bakery.willing if share_of(c, one.public_id) < 0.1}
    assert set(messages(bakery.bakery.id)) == set(bakery.willing) - held_back
    assert {c for c, arm in arms(bakery.bakery.id).items() if arm == "control"} == held_back
    assert (after.audience_count, after.contacted_count, after.control_count) == (
        64, len(bakery.willing) - len(held_back), len(held_back),
    )  # fmt: skip


def test_the_control_group_is_never_written_to(bakery):
    one = launched(bakery, control_share=0.5)
    held_back = {c for c, arm in arms(bakery.bakery.id).items() if arm == "control"}
    with scope(bakery.bakery.id):
        actions.pause(bakery.bakery.id, one.public_id)
        actions.resume(bakery.bakery.id, one.public_id)

    work(bakery.bakery.id)
    settle(bakery.bakery.id)

    assert held_back
    assert held_back.isdisjoint(messages(bakery.bakery.id))
    with scope(bakery.bakery.id):
        shown = queries.control(bakery.bakery.id, one)
        one_of_them = queries.person(bakery.bakery.id, one, min(held_back))
    assert {person.customer_id for person in shown.rows} == held_back
    assert one_of_them.fate is queries.Fate.CONTROL


def test_a_copy_holds_back_other_customers(bakery):
    one = launched(bakery, control_share=0.5)
    with scope(bakery.bakery.id):
        second = actions.copy_draft(bakery.bakery.id, one.public_id, name="Bread again")
    send(bakery, second)
    work(bakery.bakery.id)

    with scope(bakery.bakery.id):
        raw = cursor()
        raw.execute(
            "SELECT experiment, array_agg(customer_id ORDER BY customer_id)"
            " FROM experiments_assignment WHERE workspace_id = %s AND arm = 'control'"
            " GROUP BY experiment",
            [bakery.bakery.id],
        )
        held_back = dict(raw.fetchall())
    assert held_back[experiment_of_campaign(one.id)] != held_back[experiment_of_campaign(second.id)]


def test_another_workspace_sees_nothing_of_it(bakery):
    one = launched(bakery)

    with scope(bakery.other.id):
        assert queries.campaigns(bakery.other.id) == []
        with pytest.raises(Exception, match="no such campaign"):
            queries.campaign(bakery.other.id, one.public_id)
        with pytest.raises(Exception, match="no such campaign"):
            actions.cancel(bakery.other.id, one.public_id)
        assert queries.excluded(bakery.other.id, one.id) == {}
        assert queries.contacted(bakery.other.id, one).rows == ()
    assert bakery.zoe not in messages(bakery.bakery.id)
    assert found(bakery, one).state is State.SENDING


def test_a_scheduled_campaign_begins_at_its_time_in_the_zone_of_the_workspace(bakery, monkeypatch):
    kyiv = ZoneInfo("Europe/Kyiv")
    begin = (clock.now() + timedelta(days=1)).astimezone(kyiv).replace(
        hour=9, minute=30, second=0, microsecond=0
    )  # fmt: skip
    one = draft(bakery)
    with scope(bakery.bakery.id):
        planned = actions.schedule(bakery.bakery.id, one.public_id, at=begin, key="s")

    assert planned.state is State.SCHEDULED
    assert jobs_of(bakery.bakery.id) == [("waiting", begin.astimezone(UTC))]
    with moved_clock(monkeypatch, lambda: begin - timedelta(seconds=1)):
        assert work(bakery.bakery.id) == 0
    with moved_clock(monkeypatch, lambda: begin + timedelta(seconds=1)):
        assert work(bakery.bakery.id) == 1
    assert found(bakery, one).state is State.SENDING
    assert len(messages(bakery.bakery.id)) == found(bakery, one).contacted_count > 0


def test_a_scheduled_campaign_takes_the_recipients_of_its_moment(bakery, lake, monkeypatch):
    one = draft(bakery, control_share=0)
    begin = clock.now() + timedelta(hours=1)
    with scope(bakery.bakery.id):
        actions.schedule(bakery.bakery.id, one.public_id, at=begin, key="s")
        customers.give_consent(
            bakery.bakery.id, bakery.silent, channel="email", purpose="marketing", source="t"
        )
    lake()

    with moved_clock(monkeypatch, lambda: begin):
        work(bakery.bakery.id)

    assert bakery.silent in messages(bakery.bakery.id)


def test_a_draft_made_again_is_not_sent_at_its_old_time(bakery, monkeypatch):
    one = draft(bakery)
    begin = clock.now() + timedelta(hours=1)
    with scope(bakery.bakery.id):
        actions.schedule(bakery.bakery.id, one.public_id, at=begin, key="s")
        actions.unschedule(bakery.bakery.id, one.public_id)

    with moved_clock(monkeypatch, lambda: begin):
        work(bakery.bakery.id)

    assert found(bakery, one).state is State.DRAFT
    assert messages(bakery.bakery.id) == {}


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(seconds=-1), timedelta(days=367)])
def test_a_time_that_is_past_or_too_far_starts_nothing(bakery, ahead):
    one = draft(bakery)

    with scope(bakery.bakery.id), pytest.raises(Invalid) as caught:
        actions.schedule(bakery.bakery.id, one.public_id, at=clock.now() + ahead, key="s")

    assert caught.value.code == "schedule_time"
    assert jobs_of(bakery.bakery.id) == []


@pytest.mark.parametrize(
    ("fields", "missing"),
    [({"rule": None}, "recipients_missing"), ({"subject": " "}, "subject_missing"),
     ({"source": ""}, "message_missing")],
)  # fmt: skip
def test_what_is_not_complete_is_not_sent(bakery, fields, missing):
    one = draft(bakery, **fields)

    with scope(bakery.bakery.id), pytest.raises(Refused) as caught:
        actions.send_now(bakery.bakery.id, one.public_id, key="k")

    assert (caught.value.code, caught.value.details["missing"]) == ("campaign_incomplete", missing)
    assert jobs_of(bakery.bakery.id) == []
    assert found(bakery, one).state is State.DRAFT


def test_a_template_that_cannot_be_read_starts_nothing(bakery):
    one = draft(bakery, source="<p>{% if %}</p>")

    with scope(bakery.bakery.id), pytest.raises(Invalid):
        actions.send_now(bakery.bakery.id, one.public_id, key="k")

    assert jobs_of(bakery.bakery.id) == []
    with scope(bakery.bakery.id):
        assert not queries.review(bakery.bakery.id, one).may_send
        assert queries.review(bakery.bakery.id, one).letter.fault


def test_without_a_mail_server_nothing_starts(as_engine, lake):
    made = shop(willing=1)
    with scope(made.other.id):
        lone = actions.create_draft(made.other.id, draft(made).draft())
    lake()

    with scope(made.other.id), pytest.raises(Refused) as caught:
        actions.send_now(made.other.id, lone.public_id, key="k")

    assert caught.value.code == "sender_missing"
    assert jobs_of(made.other.id) == []


def test_pausing_and_resuming_keep_the_recipients(bakery):
    one = launched(bakery)
    before = messages(bakery.bakery.id)

    with scope(bakery.bakery.id):
        paused = actions.pause(bakery.bakery.id, one.public_id, reason="a misprint")
    assert (paused.state, paused.reason) == (State.PAUSED, "a misprint")
    work(bakery.bakery.id)
    assert found(bakery, one).state is State.PAUSED
    with scope(bakery.bakery.id):
        resumed = actions.resume(bakery.bakery.id, one.public_id)
    work(bakery.bakery.id)

    assert (resumed.state, resumed.reason) == (State.SENDING, "")
    assert messages(bakery.bakery.id) == before


def test_pausing_in_the_middle_of_planning_goes_on_where_it_stopped(bakery, monkeypatch):
    monkeypatch.setattr(launching, "PART_CUSTOMERS", 10)
    one = draft(bakery)
    send(bakery, one)
    report = tasks._report
    parts = []

    def pausing(job, campaign):
        parts.append(1)
        if len(parts) == 2:
            with scope(bakery.bakery.id):
                actions.pause(bakery.bakery.id, one.public_id)
        return report(job, campaign)

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "_report", pausing)
        work(bakery.bakery.id)
    half = found(bakery, one)
    assert half.state is State.PAUSED
    assert half.contacted_count + half.control_count + half.excluded_count == 20
    with scope(bakery.bakery.id):
        assert actions.resume(bakery.bakery.id, one.public_id).state is State.LAUNCHING

    work(bakery.bakery.id)

    whole = found(bakery, one)
    assert whole.state is State.SENDING
    assert whole.contacted_count + whole.control_count == len(bakery.willing)
    assert len(messages(bakery.bakery.id)) == whole.contacted_count


def test_cancelling_sends_nothing_more_and_cannot_be_undone(bakery):
    one = launched(bakery)

    with scope(bakery.bakery.id):
        ended = actions.cancel(bakery.bakery.id, one.public_id)

    assert ended.state is State.CANCELLED
    assert set(messages(bakery.bakery.id).values()) == {"cancelled"}
    for verb in (actions.pause, actions.resume, actions.cancel):
        with scope(bakery.bakery.id), pytest.raises(Conflict):
            verb(bakery.bakery.id, one.public_id)
    assert work(bakery.bakery.id) <= 1
    assert found(bakery, one) == ended


def test_it_is_sent_when_every_message_has_come_to_an_end(bakery, monkeypatch):
    one = launched(bakery)
    later = clock.now() + timedelta(minutes=1)
    with moved_clock(monkeypatch, lambda: later):
        work(bakery.bakery.id)
    assert found(bakery, one).state is State.SENDING

    settle(bakery.bakery.id)
    much_later = later + timedelta(minutes=1)
    with moved_clock(monkeypatch, lambda: much_later):
        work(bakery.bakery.id)

    ended = found(bakery, one)
    assert (ended.state, ended.finished_at) == (State.SENT, much_later)


def test_a_pace_spreads_the_messages_over_the_hours(bakery):
    one = launched(bakery, pace_per_hour=20, control_share=0)

    with scope(bakery.bakery.id):
        raw = cursor()
        raw.execute(
            "SELECT due_at FROM messaging_message WHERE workspace_id = %s ORDER BY due_at",
            [bakery.bakery.id],
        )
        dues = [row[0] for row in raw.fetchall()]
    assert len(dues) == one.contacted_count == 60
    assert {b - a for a, b in itertools.pairwise(dues)} == {timedelta(minutes=3)}


def test_a_launch_that_cannot_go_on_is_paused_with_its_reason(bakery, monkeypatch):
    one = draft(bakery)
    send(bakery, one)

    def broken(*_):
        raise Invalid("rule_invalid", "The rule asks for what is not there.")

    monkeypatch.setattr(queries, "audience_question", broken)
    job = take_job(bakery.bakery.id)
    with pytest.raises(Invalid):
        tasks.launch(job)

    stopped = found(bakery, one)
    assert (stopped.state, stopped.reason) == (
        State.PAUSED, "The rule asks for what is not there.",
    )  # fmt: skip
    assert messages(bakery.bakery.id) == {}


def test_the_frozen_letter_is_not_one_of_the_templates(bakery):
    from regulars.messaging import queries as letters

    one = launched(bakery)

    with scope(bakery.bakery.id):
        assert letters.templates(bakery.bakery.id) == []
        assert letters.version(bakery.bakery.id, one.template_version_id).subject == "Bread"


def test_an_empty_audience_is_sent_to_nobody_and_ends(bakery, monkeypatch):
    nobody = {**IN_KYIV, "where": {**IN_KYIV["where"], "value": "Atlantis"}}
    one = launched(bakery, rule=nobody)

    assert (one.state, one.audience_count) == (State.SENT, 0)
    assert messages(bakery.bakery.id) == {}


@pytest.fixture
def segment(bakery):
    with scope(bakery.bakery.id):
        return segments.create_segment(bakery.bakery.id, name="In Kyiv", rule=IN_KYIV)


def test_a_segment_gives_its_customers_as_it_is_at_the_launch(bakery, segment):
    one = draft(bakery, rule=None, segment_id=segment.id)
    lviv = {**IN_KYIV, "where": {**IN_KYIV["where"], "value": "Lviv"}}
    with scope(bakery.bakery.id):
        segments.change_segment(bakery.bakery.id, segment.public_id, name="In Lviv", rule=lviv)

    send(bakery, one)
    work(bakery.bakery.id)

    assert found(bakery, one).audience_count == 1
    assert set(arms(bakery.bakery.id)) == {bakery.lviv}


def test_a_segment_that_a_campaign_uses_is_not_archived(bakery, segment):
    draft(bakery, rule=None, segment_id=segment.id)
    with scope(bakery.bakery.id), pytest.raises(Refused) as caught:
        segments.archive_segment(bakery.bakery.id, segment.public_id)

    assert caught.value.code == "segment_used"
    assert [one["kind"] for one in caught.value.details["users"]] == ["campaign"]


def archive(workspace_id: int, segment_id: int) -> None:
    """As archives of older releases may be: they took in segments that campaigns used."""
    cursor().execute(
        "UPDATE segments_segment SET archived_at = now() WHERE workspace_id = %s AND id = %s",
        [workspace_id, segment_id],
    )


def test_an_archived_segment_is_not_sent_to(bakery, segment):
    one = draft(bakery, rule=None, segment_id=segment.id)
    with scope(bakery.bakery.id):
        archive(bakery.bakery.id, segment.id)

        with pytest.raises(Refused) as caught:
            actions.send_now(bakery.bakery.id, one.public_id, key="k")
        review = queries.review(bakery.bakery.id, one)

    assert caught.value.code == "segment_archived"
    assert (review.lacks, review.may_send) == (("segment_archived",), False)
    assert jobs_of(bakery.bakery.id) == []


def test_a_segment_archived_before_its_time_pauses_the_campaign(bakery, segment, monkeypatch):
    one = draft(bakery, rule=None, segment_id=segment.id)
    begin = clock.now() + timedelta(hours=1)
    with scope(bakery.bakery.id):
        actions.schedule(bakery.bakery.id, one.public_id, at=begin, key="s")
        archive(bakery.bakery.id, segment.id)

    with moved_clock(monkeypatch, lambda: begin), pytest.raises(Refused):
        work(bakery.bakery.id)

    stopped = found(bakery, one)
    assert (stopped.state, stopped.reason) == (
        State.PAUSED, "The segment was archived; choose another one.",
    )  # fmt: skip
    assert (messages(bakery.bakery.id), arms(bakery.bakery.id)) == ({}, {})
    with scope(bakery.bakery.id):
        segments.restore_segment(bakery.bakery.id, segment.public_id)
        actions.resume(bakery.bakery.id, one.public_id)
    work(bakery.bakery.id)
    assert len(arms(bakery.bakery.id)) == len(bakery.willing)
