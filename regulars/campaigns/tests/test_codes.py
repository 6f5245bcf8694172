"""Codes that a campaign gives: one for each receiver, however often it is planned."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from regulars.campaigns import actions, queries, tasks
from regulars.campaigns.actions import launching
from regulars.campaigns.pure import codes as pure
from regulars.campaigns.pure.drafts import content_hash
from regulars.campaigns.records import Draft, State
from regulars.campaigns.tests.shop import (
    IN_KYIV,
    arms,
    draft,
    found,
    launched,
    messages,
    moved_clock,
    prepare_sender,
    send,
    shop,
    take_job,
    work,
)
from regulars.campaigns.tests.test_api import Api
from regulars.campaigns.tests.test_pages import member_of, text_of, url
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound, Refused
from regulars.loyalty.actions import issuing
from regulars.loyalty.actions import series as series_actions
from regulars.loyalty.actions.series import Terms
from regulars.loyalty.pure.codes import grouped
from regulars.loyalty.queries import series as series_queries
from regulars.messaging import actions as messaging
from regulars.messaging import placeholders
from regulars.messaging.records import Asked, letter_key
from regulars.messaging.tests.peers import aiosmtpd_peer
from regulars.messaging.tests.sending import sending, wait_for
from regulars.store.scope import cursor, scope

pytestmark = pytest.mark.usefixtures("as_engine")
LETTER = "<html><body>Hello {{ customer.first_name }}: [{{ loyalty.code }}]</body></html>"
CODE = re.compile(r"\[([^\]]*)\]")


@pytest.fixture
def bakery(as_engine, lake):
    made = shop()
    lake()
    return made


def series_of(workspace, kind="personal", pool=0, **terms):
    with scope(workspace.id):
        made = series_actions.create_series(
            workspace.id, Terms(name="Spring", promotion_slug="spring", **terms), kind=kind
        )
        fill(workspace, made, pool)
    return made


def fill(workspace, series, count, start=0):
    for number in range(start, start + count):
        series_actions.add_code(workspace.id, series.public_id, f"SPRING {number:03}")


def given(bakery):
    """Customer → key and code, and the events that tell of them."""
    with scope(bakery.bakery.id):
        raw = cursor()
        raw.execute(
            "SELECT customer_id, issue_key, coalesce(shown, code) FROM loyalty_code"
            " WHERE workspace_id = %s AND issued_at IS NOT NULL",
            [bakery.bakery.id],
        )
        rows = raw.fetchall()
        raw.execute(
            "SELECT count(*) FROM events_event WHERE workspace_id = %s AND kind = 'code.issued'",
            [bakery.bakery.id],
        )
        (told,) = raw.fetchone()
    assert told == len(rows) == len({row[0] for row in rows}), "one code each"
    return {customer: (key, code) for customer, key, code in rows}


def asked_of(one, customer):
    return Asked(customer, "m", letter_key(one.occurrence, customer))


def test_everybody_contacted_is_given_one_code_and_nobody_else(bakery):
    one = launched(bakery, code_series_id=series_of(bakery.bakery).id, control_share=0.3)

    codes, contacted = given(bakery), set(messages(bakery.bakery.id))
    held_back = {c for c, arm in arms(bakery.bakery.id).items() if arm == "control"}
    assert set(codes) == contacted
    assert held_back and len(contacted) + len(held_back) == len(bakery.willing)
    assert {key for key, _ in codes.values()} == {letter_key(one.occurrence, c) for c in contacted}
    assert len({code for _, code in codes.values()}) == len(contacted)
    assert one.state is State.SENDING


@pytest.mark.parametrize("kind", ["personal", "unique"])
@pytest.mark.parametrize("parts_before", [0, 1, 3])
def test_a_crash_in_the_middle_gives_nobody_two(bakery, monkeypatch, kind, parts_before):
    monkeypatch.setattr(launching, "PART_CUSTOMERS", 10)
    series = series_of(bakery.bakery, kind, pool=60 if kind == "unique" else 0)
    one = draft(bakery, code_series_id=series.id, control_share=0)
    send(bakery, one)
    plan, passed = launching._plan, []

    def dying(row, part):
        plan(row, part)
        if len(passed) == parts_before:
            raise KeyboardInterrupt
        passed.append(part)

    job = take_job(bakery.bakery.id)
    with monkeypatch.context() as patched:
        patched.setattr(launching, "_plan", dying)
        with pytest.raises(KeyboardInterrupt):
            tasks.launch(job)
    assert set(given(bakery)) == set(messages(bakery.bakery.id))
    assert len(given(bakery)) <= parts_before * 10

    tasks.launch(job)

    assert set(given(bakery)) == set(messages(bakery.bakery.id)) == set(bakery.willing)


def test_planned_twice_it_gives_the_same_codes(bakery):
    one = launched(bakery, code_series_id=series_of(bakery.bakery).id)
    before = given(bakery)
    with scope(bakery.bakery.id):
        raw = cursor()
        raw.execute("UPDATE campaigns_part SET planned_at = NULL WHERE campaign_id = %s", [one.id])
        raw.execute("UPDATE campaigns_campaign SET state = 'launching' WHERE id = %s", [one.id])

        launching.plan_part(bakery.bakery.id, one.id, one.launch_number)

    assert before and given(bakery) == before


def test_a_pool_with_too_few_codes_is_refused_before_the_start(bakery):
    series = series_of(bakery.bakery, "unique", pool=59)
    one = draft(bakery, code_series_id=series.id, control_share=0)

    with scope(bakery.bakery.id):
        review = queries.review(bakery.bakery.id, one)
    for start in (
        lambda: send(bakery, one),
        lambda: schedule(bakery, one, clock.now() + timedelta(hours=1)),
    ):
        with pytest.raises(Refused) as caught:
            start()
        assert caught.value.code == "codes_short"
        assert (caught.value.details["free"], caught.value.details["wanted"]) == (59, 60)

    assert review.lacks == (pure.CODES_SHORT,) and not review.may_send
    assert found(bakery, one).state is State.DRAFT
    assert (messages(bakery.bakery.id), given(bakery)) == ({}, {})
    with scope(bakery.bakery.id):
        fill(bakery.bakery, series, 1, start=59)
    send(bakery, one)
    send(bakery, one)
    work(bakery.bakery.id)
    codes = {code for _, code in given(bakery).values()}
    assert codes == {f"SPRING {number:03}" for number in range(60)}
    # Asked again with the same key when the pool is empty: it has begun, so nothing is counted.
    assert send(bakery, one).state is State.SENDING


def schedule(bakery, one, at):
    with scope(bakery.bakery.id):
        return actions.schedule(bakery.bakery.id, one.public_id, at=at, key="later")


def test_codes_that_go_before_a_scheduled_start_pause_it_until_there_are_enough(
    bakery, monkeypatch
):
    series = series_of(bakery.bakery, "unique", pool=60)
    one = draft(bakery, code_series_id=series.id, control_share=0)
    at = clock.now() + timedelta(hours=1)
    schedule(bakery, one, at)
    with scope(bakery.bakery.id):
        issuing.issue_codes(bakery.bakery.id, series, [(bakery.lviv, "a reward")])

    with moved_clock(monkeypatch, lambda: at + timedelta(minutes=1)):
        with pytest.raises(Refused):
            work(bakery.bakery.id)
        stopped = found(bakery, one)
        owner = member_of(bakery.bakery)
        page = text_of(owner.get(url("review", one)))
        with scope(bakery.bakery.id):
            fill(bakery.bakery, series, 1, start=60)
        owner.post(url("resume", one))
        work(bakery.bakery.id)

    assert stopped.state is State.PAUSED and not stopped.is_launched
    assert "fewer free codes" in stopped.reason
    assert "fewer free codes" in page and 'id="resume"' in page
    assert found(bakery, one).state is State.SENDING
    assert set(given(bakery)) == {*bakery.willing, bakery.lviv}


def test_a_pool_that_runs_out_pauses_the_campaign_and_it_goes_on_with_more(bakery, monkeypatch):
    monkeypatch.setattr(launching, "PART_CUSTOMERS", 16)
    series = series_of(bakery.bakery, "unique", pool=60)
    one = draft(bakery, code_series_id=series.id, control_share=0)
    send(bakery, one)
    plan, parts = launching._plan, []

    def with_a_rival(row, part):
        plan(row, part)
        parts.append(part)
        if len(parts) == 2:
            issuing.issue_codes(bakery.bakery.id, series, [(bakery.lviv, "a reward")])

    with monkeypatch.context() as patched:
        patched.setattr(launching, "_plan", with_a_rival)
        with pytest.raises(Refused) as caught:
            work(bakery.bakery.id)
    half, planned, codes = found(bakery, one), messages(bakery.bakery.id), given(bakery)

    assert caught.value.code == "codes_run_out"
    assert half.state is State.PAUSED and "no more codes to give" in half.reason
    assert len(parts) == 3 and set(codes) == {*planned, bakery.lviv}
    assert len(planned) == half.contacted_count < 60
    with scope(bakery.bakery.id):
        fill(bakery.bakery, series, 1, start=60)
        actions.resume(bakery.bakery.id, one.public_id)
    work(bakery.bakery.id)
    assert set(messages(bakery.bakery.id)) == set(bakery.willing)
    after = given(bakery)
    assert set(after) == {*bakery.willing, bakery.lviv}
    assert {c: after[c] for c in codes} == codes


def test_a_series_that_is_blocked_or_over_starts_nothing(bakery):
    blocked = series_of(bakery.bakery)
    over = series_of(bakery.bakery, ends_at=clock.now() + timedelta(days=1))
    with scope(bakery.bakery.id):
        series_actions.block_series(bakery.bakery.id, blocked.public_id)
        cursor().execute(
            "UPDATE loyalty_codeseries SET ends_at = now() - interval '1 day' WHERE id = %s",
            [over.id],
        )

    for series, code in ((blocked, "series_blocked"), (over, "series_over")):
        one = draft(bakery, code_series_id=series.id)
        with pytest.raises(Refused) as caught:
            send(bakery, one)
        assert caught.value.code == code
        assert found(bakery, one).state is State.DRAFT
    assert (messages(bakery.bakery.id), given(bakery)) == ({}, {})


def test_a_shared_series_and_one_of_another_workspace_are_not_taken(bakery):
    shared, foreign = series_of(bakery.bakery, "shared"), series_of(bakery.other)

    with pytest.raises(Invalid) as caught:
        draft(bakery, code_series_id=shared.id)
    assert caught.value.code == "series_shared"
    with pytest.raises(NotFound):
        draft(bakery, code_series_id=foreign.id)
    one = draft(bakery)
    with scope(bakery.bakery.id), pytest.raises(NotFound):
        actions.update(
            bakery.bakery.id, one.public_id, Draft(name="Bread", code_series_id=foreign.id)
        )

    api = Api(bakery.bakery.id)
    body = {"name": "Bread", "code_series": foreign.public_id}
    assert api("POST", "", body, status=404)["code"] == "series_unknown"
    page = member_of(bakery.bakery).post(
        url("message", one),
        {"subject": "Bread", "source": LETTER, "code_series": foreign.public_id},
    )
    assert page.status_code == 422
    with scope(bakery.bakery.id):
        assert [row.code_series_id for row in queries.campaigns(bakery.bakery.id)] == [None]


def test_the_letter_prints_the_code_it_gives_whatever_came_after(bakery):
    series = series_of(bakery.bakery)
    with aiosmtpd_peer() as (sink, controller):
        with scope(bakery.bakery.id):
            prepare_sender(bakery.bakery.id, controller.port)
        one = launched(bakery, code_series_id=series.id, source=LETTER)
        codes = {customer: grouped(code) for customer, (_, code) in given(bakery).items()}
        later = series_of(bakery.bakery)
        with scope(bakery.bakery.id):
            newer = issuing.issue_codes(bakery.bakery.id, later, [(c, f"later:{c}") for c in codes])
        with sending():
            wait_for(lambda: set(messages(bakery.bakery.id).values()) == {"accepted"})

    read = [message_from_bytes(raw, policy=policy.default) for _, _, raw in sink.letters]
    printed = [CODE.search(one.get_body(("html",)).get_content())[1] for one in read]
    assert sorted(printed) == sorted(codes.values())
    assert not set(newer) & set(printed)
    with scope(bakery.bakery.id):
        ((told,), (other,)) = (
            placeholders.values_for(bakery.bakery.id, {"loyalty.code"}, [asked])
            for asked in (asked_of(one, min(codes)), Asked(min(codes)))
        )
    assert told["loyalty"]["code"] == codes[min(codes)]
    assert told["loyalty"]["codes"] == {"spring": codes[min(codes)]}
    assert other["loyalty"]["code"] in newer


def test_previews_and_tests_print_a_sample_and_give_nothing(bakery):
    series = series_of(bakery.bakery)
    with aiosmtpd_peer() as (sink, controller):
        with scope(bakery.bakery.id):
            prepare_sender(bakery.bakery.id, controller.port)
        one = draft(bakery, code_series_id=series.id, source=LETTER)
        with scope(bakery.bakery.id):
            shown = queries.preview(bakery.bakery.id, one, bakery.willing[0])
            review = queries.review(bakery.bakery.id, one)
            messaging.send_test(
                bakery.bakery.id, subject="Bread", source=LETTER, customer_id=bakery.willing[0],
                address="anna@example.com", samples=queries.samples(bakery.bakery.id, one),
            )  # fmt: skip

    sample = series_queries.sample(series)
    ((_, _, raw),) = sink.letters
    assert sample == "XXXX-XXXX-XXXXX"
    assert f"[{sample}]" in shown.html and sample.encode() in raw
    assert shown.missing == () and review.letter.missing == ()
    assert given(bakery) == {}


def test_an_author_chooses_the_series_and_the_review_tells_how_many_codes_are_free(bakery):
    owner = member_of(bakery.bakery)
    one = draft(bakery, control_share=0)
    assert 'name="code_series"' not in text_of(owner.get(url("message", one)))
    series = series_of(bakery.bakery, "unique", pool=61)

    assert 'name="code_series"' in text_of(owner.get(url("message", one)))
    typed = {"subject": "Bread", "source": "<p>Hello</p>", "code_series": series.public_id}
    owner.post(url("message", one), typed)
    silent = text_of(owner.get(url("review", one)))
    owner.post(url("message", one), {**typed, "source": LETTER})
    review = text_of(owner.get(url("review", one)))
    frame = owner.get(url("preview", one)).content.decode()
    sent = owner.post(url("send", one), {"key": "abc", "at": ""})
    work(bakery.bakery.id)
    report = text_of(owner.get(url("report", one)))

    assert "does not say the code" in silent and "{{ loyalty.code }}" in silent
    assert "does not say the code" not in review
    assert "Spring" in review and "61 free codes" in review
    assert "[XXXX-XXXX-XXXXX]" in frame
    assert sent["location"] == url("campaign", one)
    assert len(given(bakery)) == 60
    assert "Given a code of the series" in report and "1 free code<" in report


def test_a_program_gives_codes_too(bakery):
    series = series_of(bakery.bakery, "unique", pool=60)
    api = Api(bakery.bakery.id)
    body = {"name": "Bread", "rule": IN_KYIV, "subject": "Bread", "source": LETTER,
            "control_share": 0, "code_series": series.public_id}  # fmt: skip

    made = api("POST", "", body, key="draft", status=201)
    again = api("POST", "", body, key="draft", status=201)
    reach = api("GET", f"/{made['id']}/reach")
    with scope(bakery.bakery.id):
        issuing.issue_codes(bakery.bakery.id, series, [(bakery.lviv, "a reward")])
    refused = api("POST", f"/{made['id']}/launch", key="go", status=403)

    assert made == again and made["code_series"] == series.public_id
    assert (reach["contacted"], reach["codes_free"]) == (60, 60)
    assert refused["code"] == "codes_short"


def test_a_copy_gives_codes_of_the_same_series_anew(bakery):
    series = series_of(bakery.bakery)
    one = launched(bakery, code_series_id=series.id, control_share=0)
    with scope(bakery.bakery.id):
        second = actions.copy_draft(bakery.bakery.id, one.public_id, name="Bread again")
    send(bakery, second)
    job = take_job(bakery.bakery.id)
    tasks.launch(job)

    with scope(bakery.bakery.id):
        raw = cursor()
        raw.execute(
            "SELECT split_part(issue_key, ':', 2)::bigint, count(*), count(DISTINCT customer_id)"
            " FROM loyalty_code WHERE workspace_id = %s GROUP BY 1 ORDER BY 1",
            [bakery.bakery.id],
        )
        assert raw.fetchall() == [(one.id, 60, 60), (second.id, 60, 60)]


def test_a_draft_without_codes_keeps_the_hash_it_had():
    content = {"name": "Bread", "topic": ""}

    assert content_hash({**content, "code_series_id": None}) == content_hash(content)
    assert content_hash({**content, "code_series_id": 7}) != content_hash(content)
