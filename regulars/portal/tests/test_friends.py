"""Inviting a friend: what the inviter sees, how a friend comes in, and who does not count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from regulars.customers import queries as customers
from regulars.customers.records import Identity
from regulars.kernel import clock
from regulars.loyalty.actions import members, referrals
from regulars.loyalty.actions import programme as programmes
from regulars.loyalty.queries import referrals as queries
from regulars.loyalty.reward_records import ReferralTermsRecord
from regulars.portal import tasks
from regulars.portal.actions import limits
from regulars.portal.keys import key_of
from regulars.portal.pages.invited import CODE_COOKIE, DEVICE_COOKIE
from regulars.portal.pure.codes import code_of
from regulars.portal.tests.test_standing import SETTINGS, order
from regulars.portal.tests.visits import Browser, leads_to, open_town
from regulars.store.scope import scope
from tests.town import Town

pytestmark = pytest.mark.usefixtures("as_engine")
TERMS: dict[str, Any] = {
    "is_open": True, "currency": "points", "inviter_points": 10_000, "friend_points": 5_000,
    "cheque_minor_min": 30_000, "wait_days": 14, "invited_max": 3, "period": "month",
}  # fmt: skip
NEW = "new.friend@example.com"


@pytest.fixture
def town(as_engine: None) -> Iterator[Town]:
    made = open_town()
    with scope(made.bakery.id):
        programmes.save_settings(made.bakery.id, SETTINGS, actor="test")
        programmes.set_open(made.bakery.id, True, actor="test")
        referrals.save_terms(made.bakery.id, ReferralTermsRecord(**TERMS))
    yield made
    # Nobody's code waits for the tests that follow.
    tasks.send_codes()


def code_for(town: Town, customer_id: int) -> str:
    with scope(town.bakery.id):
        (member_id,) = members.enrol(town.bakery.id, [customer_id])
        return referrals.invite_code(town.bakery.id, member_id)


def come(town: Town, browser: Browser, challenge: str) -> Any:
    with scope(town.bakery.id):
        code = code_of(key_of(town.bakery.id), challenge)
    return browser.enter(challenge, code)


def friend_of(town: Town, email: str) -> Any:
    with scope(town.bakery.id):
        found = customers.find(town.bakery.id, Identity(email=email))
        return found and queries.of_friend(town.bakery.id, [found])


def test_an_inviter_sees_their_link_what_both_get_and_how_it_went(town: Town) -> None:
    code = code_for(town, town.mira)
    with scope(town.bakery.id):
        referrals.invite(town.bakery.id, code, town.oleg)
        referrals.take_purchase(town.bakery.id, town.oleg, "p", 40_000, clock.now())

    page = Browser(town.bakery).come_in(town.mira).text("friends")

    assert f"/my/{town.bakery.slug}/friend/{code}</code>" in page
    assert f"{code[:4]}-{code[4:]}" in page
    for said in ("+100", "+50", "Crumbs", "14 days later", "Up to 3 friends a month",
                 "Points are on their way", "points on"):  # fmt: skip
        assert said in page, said
    assert "mailto:?subject=An%20invitation" in page
    # Whoever came is not named: the account tells nobody of anybody else.
    for secret in ("Oleg", "oleg@"):
        assert secret not in page


def test_whoever_bought_is_not_asked_who_invited_them_and_the_code_stays(town: Town) -> None:
    browser = Browser(town.bakery).come_in(town.mira)
    assert "Were you invited yourself?" in browser.text("friends")
    order(town.bakery.id, town.mira, "A-1")

    assert "Were you invited yourself?" not in browser.text("friends")
    assert code_for(town, town.mira) == code_for(town, town.mira)


def test_a_stranger_comes_in_by_the_link_and_counts_once(town: Town) -> None:
    code, browser = code_for(town, town.mira), Browser(town.bakery)
    page = browser.text(f"friend/{code}")
    assert "A friend invites you to" in page
    assert "Mira" not in page

    answer = browser.post(f"friend/{code}", address=NEW)
    assert answer.cookies[CODE_COOKIE]["httponly"] is True
    assert friend_of(town, NEW) is None
    landed = come(town, browser, answer["Location"].partition("asked=")[2])

    assert landed["Location"] == f"{browser.address('')}?told=came"
    assert "The invitation counts" in browser.client.get(landed["Location"]).content.decode()
    assert landed.cookies[CODE_COOKIE].value == ""
    first = friend_of(town, NEW)
    assert first.state == "invited"
    again = browser.post(f"friend/{code}")
    assert again["Location"].endswith("told=came")
    assert friend_of(town, NEW) == first
    with scope(town.bakery.id):
        found = customers.find(town.bakery.id, Identity(email=NEW))
        assert found is not None
        assert customers.may_contact(town.bakery.id, [found], "email", "marketing")[found]


def test_a_known_address_is_answered_like_a_new_one(town: Town) -> None:
    code = code_for(town, town.mira)
    answers = [
        Browser(town.bakery).post(f"friend/{code}", address=address)
        for address in (NEW, "oleg@example.com")
    ]

    assert [answer.status_code for answer in answers] == [303, 303]
    shapes = {answer["Location"].partition("asked=")[0] for answer in answers}
    assert len(shapes) == 1


def test_two_friends_on_one_device_are_one_too_many(town: Town) -> None:
    code, browser = code_for(town, town.mira), Browser(town.bakery)
    for address in (NEW, "second@example.com"):
        answer = browser.post(f"friend/{code}", address=address)
        come(town, browser, answer["Location"].partition("asked=")[2])
        browser.post("sign-out")

    assert DEVICE_COOKIE in browser.client.cookies
    assert friend_of(town, NEW).state == "invited"
    second = friend_of(town, "second@example.com")
    assert (second.state, list(second.reasons)) == ("refused", ["same_device"])


def test_who_has_bought_and_who_invites_themselves_does_not_count(town: Town) -> None:
    code = code_for(town, town.mira)
    order(town.bakery.id, town.oleg, "A-1")
    oleg, mira = (Browser(town.bakery).come_in(one) for one in (town.oleg, town.mira))

    assert leads_to(mira.get(f"friend/{code}"), mira, "friends")
    assert "for people who are new" in oleg.text(f"friend/{code}")
    assert oleg.post(f"friend/{code}")["Location"].endswith("told=refused")
    page = mira.text("friends")
    assert "Does not count" in page
    # Why is for the shop.
    assert "bought before" not in page


def test_a_friends_code_may_be_typed_and_a_wrong_one_is_said(town: Town) -> None:
    code = code_for(town, town.mira)
    oleg = Browser(town.bakery).come_in(town.oleg)

    wrong = oleg.post("friends", code="NOPE-0000")
    assert wrong.status_code == 422
    assert "no such invitation" in wrong.content.decode()
    assert oleg.post("friends", code=f" {code.lower()} ")["Location"].endswith("told=came")
    assert "Were you invited yourself?" not in oleg.text("friends")


@time_machine.travel("2026-11-22T10:00:30Z", tick=False)
def test_nobody_tries_codes_or_addresses_without_end(town: Town) -> None:
    code = code_for(town, town.mira)
    oleg = Browser(town.bakery).come_in(town.oleg)
    with scope(town.bakery.id):
        public_id = customers.profiles(town.bakery.id, [town.oleg])[town.oleg].public_id
        for _ in range(limits.ENTERED.times_max):
            limits.take(town.bakery.id, limits.ENTERED, public_id)
        for _ in range(limits.JOINED_BY_NETWORK.times_max):
            limits.take(town.bakery.id, limits.JOINED_BY_NETWORK, "8.8.8.8")

    assert "too often" in oleg.post("friends", code=code).content.decode()
    stranger = Browser(town.bakery, REMOTE_ADDR="8.8.8.8")
    assert stranger.post(f"friend/{code}", address=NEW).status_code == 422
    assert friend_of(town, NEW) is None
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        assert stranger.post(f"friend/{code}", address=NEW).status_code == 303


def test_a_code_of_nobody_of_another_shop_or_of_closed_referrals_invites_nobody(
    town: Town,
) -> None:
    code = code_for(town, town.mira)
    assert Browser(town.bakery).get("friend/NOPE0000").status_code == 404
    assert Browser(town.other).get(f"friend/{code}").status_code == 404
    assert Browser(town.bakery).get("friend/" + "x" * 300).status_code == 404
    with scope(town.bakery.id):
        referrals.save_terms(town.bakery.id, ReferralTermsRecord())

    assert "does not work" in Browser(town.bakery).text(f"friend/{code}")
    assert "Nobody is invited" in Browser(town.bakery).come_in(town.mira).text("friends")
    assert Browser(town.bakery).post(f"friend/{code}", address=NEW).status_code == 200
    assert friend_of(town, NEW) is None


def test_what_is_no_address_is_said_and_other_sites_are_refused(town: Town) -> None:
    code, browser = code_for(town, town.mira), Browser(town.bakery)

    answer = browser.post(f"friend/{code}", address="nobody")
    assert (answer.status_code, "name@example.com" in answer.content.decode()) == (422, True)
    evil = browser.post(f"friend/{code}", "https://evil.example", address=NEW)
    assert evil.status_code == 403
    assert friend_of(town, NEW) is None
