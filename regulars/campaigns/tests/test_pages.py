"""The screens of campaigns, as members of the shop see them."""

from __future__ import annotations

import itertools
import json
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from regulars.campaigns import actions, queries
from regulars.campaigns.pages import sending
from regulars.campaigns.records import State
from regulars.campaigns.tests.shop import (
    IN_KYIV,
    SOURCE,
    draft,
    found,
    launched,
    messages,
    moved_clock,
    prepare_sender,
    settle,
    shop,
    work,
)
from regulars.kernel import clock
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.models import User
from regulars.workspaces.records import Role
from tests.stories import peer

_numbers = itertools.count(1)


@pytest.fixture
def bakery(as_engine, lake):
    made = shop()
    lake()
    return made


def member_of(workspace, role=Role.OWNER):
    user_id = workspaces.ensure_user(
        f"sender-{workspace.id}-{next(_numbers)}@example.com", "long enough"
    )
    with scope(workspace.id):
        workspaces.add_member(workspace.id, user_id, role)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    return client


@pytest.fixture
def owner(bakery):
    return member_of(bakery.bakery)


def url(name, one=None):
    return reverse(f"campaigns:{name}", args=[one.public_id] if one else [])


def text_of(response, status=200):
    html = response.content.decode()
    assert response.status_code == status, html[:2000]
    # The policy of the page forbids both.
    assert " style=" not in html
    assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>", html)
    identities = re.findall(r'\sid="([^"]+)"', html)
    assert len(identities) == len(set(identities))
    return html


def test_a_campaign_is_written_in_three_steps_and_sent(bakery, owner):
    form = text_of(owner.get(url("new"), {"rule": quoted(IN_KYIV)}))
    assert 'value="10"' in form
    key = re.search(r'name="key" value="([^"]+)"', form)[1]
    given = {"name": "Bread", "segment": "rule", "rule": quoted(IN_KYIV), "control_percent": 20,
             "window_days": 14, "pace_per_hour": 0, "key": key}  # fmt: skip
    first = owner.post(url("new"), given)
    twice = owner.post(url("new"), given)
    with scope(bakery.bakery.id):
        (one,) = queries.campaigns(bakery.bakery.id)
    assert first["location"] == twice["location"] == url("message", one)

    text_of(owner.get(url("message", one)))
    saved = owner.post(url("message", one), {"subject": "Bread today", "source": SOURCE})
    assert saved["location"] == url("review", one)
    review = text_of(owner.get(url("review", one)))
    with scope(bakery.bakery.id):
        reach = queries.campaign_reach(bakery.bakery.id, one)
    assert f"Send to {reach.contacted} customers" in review
    for words in ("Never agreed to marketing e-mail", "Has no e-mail address",
                  "Withdrew the consent", "bounced or complained"):  # fmt: skip
        assert words in review
    sent = owner.post(url("send", one), {"key": "abc", "at": ""})
    owner.post(url("send", one), {"key": "abc", "at": ""})
    work(bakery.bakery.id)

    assert sent["location"] == url("campaign", one)
    assert len(messages(bakery.bakery.id)) == reach.contacted
    assert owner.get(url("campaign", one))["location"] == url("report", one)


def quoted(rule):
    return json.dumps(rule)


def test_the_list_tells_where_each_campaign_stands(bakery, owner):
    assert "No campaigns yet" in text_of(owner.get(url("list")))
    one = launched(bakery, name="Fresh bread")
    draft(bakery, name="Old cake")
    settle(bakery.bakery.id)

    everything = text_of(owner.get(url("list")))
    drafts = text_of(owner.get(url("list"), {"show": "drafts"}))

    assert "Fresh bread" in everything and "Old cake" in everything
    assert f">{one.contacted_count}</a>" in everything
    assert "Old cake" in drafts and "Fresh bread" not in drafts


def test_a_form_that_is_wrong_comes_back_with_what_was_typed(bakery, owner):
    given = {"name": "Bread", "segment": "rule", "rule": quoted(IN_KYIV), "control_percent": 70,
             "window_days": 14, "pace_per_hour": -1}  # fmt: skip

    html = text_of(owner.post(url("new"), given), 422)

    assert 'value="70"' in html and 'aria-invalid="true"' in html
    with scope(bakery.bakery.id):
        assert queries.campaigns(bakery.bakery.id) == []


def test_the_preview_is_a_frame_that_may_do_nothing(bakery, owner):
    one = draft(bakery, source="<p>Hi {{ customer.first_name }}</p><script>alert(1)</script>")

    page = text_of(owner.get(url("message", one), {"customer": "w3@example.com"}))
    letter = owner.get(url("preview", one), {"customer": "w3@example.com"})

    assert re.search(r"<iframe[^>]* sandbox ", page)
    policy = letter.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy
    assert b"Hi W3" in letter.content


def test_a_message_can_be_saved_and_looked_at(bakery, owner):
    one = draft(bakery)
    given = {"subject": "Rye", "source": "<p>Rye for {{ customer.first_name }}</p>", "stay": "1"}

    saved = owner.post(url("message", one), given)
    page = text_of(owner.get(url("message", one)))

    assert saved["location"] == url("message", one)
    assert "Rye for {{ customer.first_name }}" in page
    assert found(bakery, one).subject == "Rye"


def test_nobody_of_another_workspace_is_previewed(bakery, owner):
    one = draft(bakery)

    page = text_of(owner.get(url("message", one), {"customer": "zoe@example.com"}))
    letter = owner.get(url("preview", one), {"customer": "zoe@example.com"})

    assert "Nobody is known by that name." in page
    assert letter.content == b""


def test_a_large_campaign_asks_to_type_its_number(bakery, owner, monkeypatch):
    monkeypatch.setattr(sending, "CONFIRM_ABOVE", 10)
    one = draft(bakery, control_share=0)

    wrong = text_of(owner.post(url("send", one), {"key": "k", "count": "59"}), 422)
    assert "Type 60" in wrong
    assert found(bakery, one).state is State.DRAFT
    right = owner.post(url("send", one), {"key": "k", "count": "60"})

    assert right.status_code == 302
    assert found(bakery, one).state is State.LAUNCHING


def test_a_time_is_read_in_the_zone_of_the_workspace(bakery, owner):
    one = draft(bakery)
    kyiv = ZoneInfo("Europe/Kyiv")
    begin = (clock.now() + timedelta(days=2)).astimezone(kyiv).replace(
        hour=9, minute=0, second=0, microsecond=0
    )  # fmt: skip

    owner.post(url("send", one), {"key": "k", "at": begin.strftime("%Y-%m-%dT%H:%M")})

    planned = found(bakery, one)
    assert (planned.state, planned.scheduled_at) == (State.SCHEDULED, begin)
    assert "09:00" in text_of(owner.get(url("review", one)))
    owner.post(url("unschedule", one))
    assert found(bakery, one).state is State.DRAFT


def test_a_time_in_the_past_is_told_beside_the_form(bakery, owner):
    one = draft(bakery)
    html = text_of(owner.post(url("send", one), {"key": "k", "at": "2020-01-01T09:00"}), 422)

    assert "Choose a time in the future" in html
    assert found(bakery, one).state is State.DRAFT


def test_what_is_missing_is_said_and_the_button_is_off(bakery, owner):
    one = draft(bakery, subject="", source="")

    html = text_of(owner.get(url("review", one)))

    assert "Write a subject." in html and "Write the message." in html
    assert re.search(r'<button[^>]*id="send" disabled', html)


def test_the_report_shows_the_way_the_groups_and_the_reasons(bakery, owner, lake):
    one = launched(bakery, control_share=0.5)
    settle(bakery.bakery.id)
    lake()

    html = text_of(owner.get(url("report", one)))

    assert "Not enough data yet" in html
    assert "Sample-ratio check: p = " in html
    for words in ("Sent", "Delivered", "Opened, confirmed", "Clicked", "Ordered within the window",
                  "Control group", "Never agreed to marketing e-mail"):  # fmt: skip
        assert words in html
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+/people[^"]*)"', html)}
    assert len(links) > 8
    for link in links:
        text_of(owner.get(link))


def test_people_answers_why_somebody_got_nothing(bakery, owner):
    one = launched(bakery)

    for name, words in (
        ("silent@example.com", "Never agreed to marketing e-mail"),
        ("addressless", "Has no e-mail address"),
        ("lviv@example.com", "Was not among the recipients"),
        ("zoe@example.com", "Nobody is known by that name."),
    ):
        assert words in text_of(owner.get(url("people", one), {"q": name}))
    left_out = text_of(owner.get(url("people", one), {"group": "excluded"}))
    assert all(name in left_out for name in ("Silent", "Withdrawn", "Addressless", "Suppressed"))


def test_pausing_resuming_and_cancelling_are_buttons(bakery, owner):
    one = launched(bakery)

    assert 'id="pause"' in text_of(owner.get(url("report", one)))
    owner.post(url("pause", one))
    paused = text_of(owner.get(url("report", one)))
    assert 'id="resume"' in paused and 'id="pause"' not in paused
    owner.post(url("resume", one))
    owner.post(url("cancel", one))

    assert found(bakery, one).state is State.CANCELLED
    assert 'id="cancel"' not in text_of(owner.get(url("report", one)))
    late = owner.post(url("pause", one), follow=True)
    assert "cannot be changed this way any more" in text_of(late)


def test_a_copy_begins_as_a_draft(bakery, owner):
    one = launched(bakery)

    owner.post(url("copy", one))

    with scope(bakery.bakery.id):
        newest = queries.campaigns(bakery.bakery.id)[0]
    assert (newest.name, newest.state) == ("Bread, copy", State.DRAFT)
    assert owner.get(url("campaign", newest))["location"] == url("recipients", newest)


@pytest.mark.parametrize("name", ["campaign", "recipients", "message", "preview", "review",
                                  "report", "people"])  # fmt: skip
def test_another_workspace_is_not_shown(bakery, name):
    one = launched(bakery)
    stranger = member_of(bakery.other)

    assert stranger.get(url(name, one)).status_code == 404


@pytest.mark.parametrize("name", ["send", "unschedule", "pause", "resume", "cancel", "copy",
                                  "test"])  # fmt: skip
def test_another_workspace_cannot_act_on_it(bakery, name):
    one = launched(bakery)
    before = found(bakery, one)
    stranger = member_of(bakery.other)

    answer = stranger.post(url(name, one), {"key": "k", "address": "a@example.com"})

    assert answer.status_code == 404
    assert found(bakery, one) == before


def test_an_analyst_looks_but_does_not_send(bakery):
    one = draft(bakery)
    analyst = member_of(bakery.bakery, Role.ANALYST)

    html = text_of(analyst.get(url("review", one)))
    refused = analyst.post(url("send", one), {"key": "k"})

    assert 'id="send"' not in html
    assert refused.status_code == 403
    assert analyst.get(url("new")).status_code == 403
    assert found(bakery, one).state is State.DRAFT


def test_a_cashier_sees_no_campaigns(bakery):
    assert member_of(bakery.bakery, Role.CASHIER).get(url("list")).status_code == 403


def test_whoever_is_not_signed_in_signs_in_first(db):
    answer = Client().get(url("list"))

    assert answer.status_code == 302 and "login" in answer["location"]


def test_the_reach_follows_the_choice(bakery, owner):
    html = text_of(
        owner.get(url("reach"), {"segment": "rule", "rule": quoted(IN_KYIV), "control_percent": 0})
    )

    assert ">60<" in html and "will receive it" in html


@pytest.mark.parametrize("given", ["\u00b2", "9" * 5000, "-1", "x"], ids=range(4))
def test_what_is_no_number_in_an_address_counts_as_none(bakery, owner, given):
    one = launched(bakery)

    asked = {"segment": "rule", "rule": quoted(IN_KYIV), "control_percent": given}
    assert ">60<" in text_of(owner.get(url("reach"), asked))
    given_page = text_of(owner.get(url("people", one), {"after": given}))
    first_page = text_of(owner.get(url("people", one)))

    links = re.findall(r'href="(/customers/[^"]+)"', first_page)
    assert len(links) > 0
    assert re.findall(r'href="(/customers/[^"]+)"', given_page) == links


def test_a_test_letter_goes_to_the_author_and_counts_for_nothing(bakery, owner):
    one = draft(bakery)
    with peer.running() as server:
        with scope(bakery.bakery.id):
            prepare_sender(bakery.bakery.id, server.port)
        told = text_of(owner.post(url("test", one), {"address": "me@bakery.example"}, follow=True))

    assert "The test was sent to me@bakery.example." in told
    (letter,) = server.letters
    assert letter.receiver == "me@bakery.example"
    assert letter.message["Subject"] == "Bread"
    assert messages(bakery.bakery.id) == {}


def test_a_test_letter_that_cannot_leave_says_why(bakery, owner):
    one = draft(bakery)

    missing = text_of(owner.post(url("test", one), {"address": ""}, follow=True))
    told = owner.post(url("test", one), {"address": "me@bakery.example"}, follow=True)

    assert "Give an address, and choose recipients first." in missing
    assert "The test was sent" not in text_of(told)


@pytest.mark.parametrize("language", ["uk", "ru"])
def test_every_page_speaks_the_language(bakery, owner, language, lake):
    one, written = launched(bakery), draft(bakery)
    lake()
    for name, campaign in (("list", None), ("new", None), ("recipients", written),
                           ("message", written), ("review", written), ("report", one),
                           ("people", one)):  # fmt: skip
        html = text_of(owner.get(url(name, campaign), headers={"accept-language": language}))
        assert f'<html lang="{language}"' in html


def test_a_scheduled_time_is_shown_in_the_zone_of_the_workspace(bakery, owner, monkeypatch):
    one = draft(bakery)
    at = datetime(2026, 12, 24, 7, 30, tzinfo=ZoneInfo("UTC"))
    with moved_clock(monkeypatch, lambda: at - timedelta(days=1)), scope(bakery.bakery.id):
        actions.schedule(bakery.bakery.id, one.public_id, at=at, key="k")

    assert "24 Dec 2026, 09:30" in text_of(owner.get(url("review", one)))
