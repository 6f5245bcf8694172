"""Signing in by a one-time code, and what does not let anybody in."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from regulars.kernel import clock
from regulars.messaging.tests.peers import aiosmtpd_peer
from regulars.messaging.tests.sending import prepare, rows, sending, states, wait_for
from regulars.portal import tasks
from regulars.portal.actions import limits, signing
from regulars.portal.keys import key_of
from regulars.portal.pages.door import SESSION_COOKIE
from regulars.portal.pure.codes import code_of
from regulars.portal.tests.visits import Browser, code_in, leads_to, open_account, open_town
from regulars.store.scope import cursor, scope
from tests.town import Town

pytestmark = pytest.mark.usefixtures("as_engine")
MIRA = "mira@example.com"


@pytest.fixture
def town(as_engine: None) -> Town:
    # What other tests asked for.
    tasks.send_codes()
    return open_town()


def right_code(town: Town, challenge: str) -> str:
    with scope(town.bakery.id):
        return code_of(key_of(town.bakery.id), challenge)


def wrong_code(town: Town, challenge: str) -> str:
    return f"{(int(right_code(town, challenge)) + 1) % 1_000_000:06d}"


def test_a_letter_brings_the_code_and_the_code_lets_in() -> None:
    with aiosmtpd_peer() as (sink, controller):
        town = open_town()
        prepare(town.bakery.id, controller.port)
        browser = Browser(town.bakery)
        challenge = browser.ask(" Mira@Example.com ")
        assert tasks.send_codes() == 1
        with sending():
            wait_for(lambda: set(states(town.bakery.id).values()) == {"accepted"})

    ((_, receivers, raw),) = sink.letters
    assert receivers == [MIRA]
    answer = browser.enter(challenge, " ".join(code_in(raw)))

    assert leads_to(answer, browser, "")
    kept = answer.cookies[SESSION_COOKIE]
    assert (kept["httponly"], kept["samesite"], kept["path"]) == (True, "Lax", browser.address(""))
    assert "Mira" in browser.text()
    # The letter is about the account, so it needs no consent and has no line to unsubscribe.
    assert rows(town.bakery.id, "is_marketing, expires_at IS NOT NULL") == [(False, True)]


def test_the_code_is_kept_nowhere(town: Town) -> None:
    challenge = Browser(town.bakery).ask(MIRA)
    tasks.send_codes()
    code = right_code(town, challenge)

    with scope(town.bakery.id):
        raw = cursor()
        for table in ("portal_challenge", "messaging_message", "messaging_templateversion"):
            raw.execute(
                f"SELECT count(*) FROM {table} t WHERE workspace_id = %s"
                " AND to_jsonb(t)::text LIKE %s", [town.bakery.id, f"%{code}%"],
            )  # fmt: skip
            assert raw.fetchone() == (0,), table


def test_a_stranger_is_answered_like_a_customer_and_gets_no_letter(town: Town) -> None:
    known, unknown = Browser(town.bakery), Browser(town.bakery)
    first, second = known.ask(MIRA), unknown.ask("nobody@example.com")

    pages = [
        browser.text(f"code?asked={challenge}").replace(challenge, "")
        for browser, challenge in ((known, first), (unknown, second))
    ]
    assert pages[0] == pages[1]
    assert tasks.send_codes() == 2
    assert [customer for customer, _, _ in rows(town.bakery.id)] == [town.mira]
    refused = unknown.enter(second, right_code(town, second))
    assert refused.status_code == 422
    assert SESSION_COOKIE not in refused.cookies


def test_customers_of_another_shop_are_strangers_here(town: Town) -> None:
    challenge = Browser(town.bakery).ask("zoe@example.com")

    tasks.send_codes()

    assert rows(town.bakery.id) == []
    assert rows(town.other.id) == []
    answer = Browser(town.bakery).enter(challenge, right_code(town, challenge))
    assert answer.status_code == 422


def test_a_former_address_lets_nobody_in(town: Town) -> None:
    from regulars.customers import actions as customers

    with scope(town.bakery.id):
        customers.change_profile(
            town.bakery.id, town.mira, {"email": "new@example.com"}, actor="test"
        )
    Browser(town.bakery).ask(MIRA)
    tasks.send_codes()

    assert rows(town.bakery.id) == []


def test_five_wrong_codes_and_the_right_one_comes_too_late(town: Town) -> None:
    browser = Browser(town.bakery)
    challenge = browser.ask(MIRA)

    for _ in range(signing.TRIES_MAX):
        assert browser.enter(challenge, wrong_code(town, challenge)).status_code == 422

    assert browser.enter(challenge, right_code(town, challenge)).status_code == 422
    assert leads_to(browser.get(), browser, "sign-in")


def test_a_code_works_once_and_for_ten_minutes(town: Town) -> None:
    browser = Browser(town.bakery)
    used, old = browser.ask(MIRA), browser.ask(MIRA)
    assert browser.enter(used, right_code(town, used)).status_code == 303

    assert Browser(town.bakery).enter(used, right_code(town, used)).status_code == 422
    with time_machine.travel(clock.now() + signing.TTL, tick=False):
        assert Browser(town.bakery).enter(old, right_code(town, old)).status_code == 422


def test_a_code_of_one_shop_is_nothing_in_another(town: Town) -> None:
    challenge = Browser(town.bakery).ask(MIRA)

    answer = Browser(town.other).enter(challenge, right_code(town, challenge))

    assert answer.status_code == 422


@time_machine.travel("2026-11-22T10:00:30Z", tick=False)
def test_nobody_fills_a_mailbox(town: Town) -> None:
    browser = Browser(town.bakery)
    for _ in range(limits.ASKED_BY_ADDRESS.times_max):
        browser.ask(MIRA)

    for address in (MIRA, MIRA.upper()):
        answer = browser.post("sign-in", address=address)
        assert answer.status_code == 422
        assert "quarter of an hour" in answer.content.decode()
    assert tasks.send_codes() == limits.ASKED_BY_ADDRESS.times_max
    with time_machine.travel(clock.now() + timedelta(minutes=15), tick=False):
        browser.ask(MIRA)


@time_machine.travel("2026-11-22T10:00:30Z", tick=False)
def test_one_network_asks_and_tries_only_so_often(town: Town) -> None:
    browser = Browser(town.bakery, REMOTE_ADDR="8.8.8.8")
    with scope(town.bakery.id):
        for limit in (limits.ASKED_BY_NETWORK, limits.TRIED_BY_NETWORK):
            for _ in range(limit.times_max):
                limits.take(town.bakery.id, limit, "8.8.8.8")

    assert browser.post("sign-in", address=MIRA).status_code == 422
    elsewhere = Browser(town.bakery, REMOTE_ADDR="8.8.4.4")
    challenge = elsewhere.ask(MIRA)
    assert browser.enter(challenge, right_code(town, challenge)).status_code == 422
    assert elsewhere.enter(challenge, right_code(town, challenge)).status_code == 303


@pytest.mark.parametrize("typed", ["", "mira", "mira@", "a" * 400, "mira@example.com\nBcc: x@y.z"])
def test_what_is_no_address_is_said_at_once(town: Town, typed: str) -> None:
    answer = Browser(town.bakery).post("sign-in", address=typed)

    assert answer.status_code == 422
    assert "name@example.com" in answer.content.decode()
    assert tasks.send_codes() == 0


def test_forms_of_other_sites_are_not_taken(town: Town) -> None:
    browser = Browser(town.bakery)
    for origin in ("https://evil.example", "null", "http://testserver.evil.example"):
        assert browser.post("sign-in", origin, address=MIRA).status_code == 403
    assert browser.client.post(browser.address("sign-in"), {"address": MIRA}).status_code == 403

    assert tasks.send_codes() == 0


def test_a_closed_account_and_a_name_nobody_has_are_not_there(town: Town) -> None:
    from regulars.portal import actions

    inside = Browser(town.bakery).come_in(town.mira)
    with scope(town.bakery.id):
        actions.save_settings(town.bakery.id, is_open=False, origins=())

    assert inside.get().status_code == 404
    assert inside.client.get("/my/no-such-shop/").status_code == 404
    assert inside.client.get("/my/" + "x" * 300 + "/").status_code == 404


def test_leaving_here_and_leaving_everywhere(town: Town) -> None:
    phone, desk = (Browser(town.bakery).come_in(town.mira) for _ in range(2))

    answer = phone.post("sign-out")
    assert answer.cookies[SESSION_COOKIE].value == ""
    assert leads_to(phone.get(), phone, "sign-in")
    assert desk.get().status_code == 200

    third = Browser(town.bakery).come_in(town.mira)
    third.post("sign-out", everywhere="1")
    assert leads_to(desk.get(), desk, "sign-in")


def test_a_session_ends_by_itself_and_use_prolongs_it(town: Town) -> None:
    browser = Browser(town.bakery).come_in(town.mira)
    begun = clock.now()

    with time_machine.travel(begun + timedelta(days=80), tick=False):
        assert browser.get().status_code == 200
    with time_machine.travel(begun + timedelta(days=160), tick=False):
        assert browser.get().status_code == 200
    with time_machine.travel(begun + timedelta(days=251), tick=False):
        assert leads_to(browser.get(), browser, "sign-in")


def test_a_session_opens_its_own_shop_only(town: Town) -> None:
    browser = Browser(town.bakery).come_in(town.mira)
    elsewhere = Browser(town.other)
    elsewhere.client.cookies = browser.client.cookies

    assert leads_to(elsewhere.get(), elsewhere, "sign-in")


def test_what_is_over_is_forgotten(town: Town) -> None:
    browser = Browser(town.bakery)
    browser.ask(MIRA)
    browser.come_in(town.mira)

    with time_machine.travel(clock.now() + timedelta(days=200), tick=False):
        tasks.forget()

    with scope(town.bakery.id):
        raw = cursor()
        for table in ("portal_challenge", "portal_session", "portal_limit"):
            raw.execute(f"SELECT count(*) FROM {table} WHERE workspace_id = %s", [town.bakery.id])
            assert raw.fetchone() == (0,), table


def test_only_named_sites_may_frame_the_account(town: Town) -> None:
    shut = Browser(town.bakery).get("sign-in")
    assert "frame-ancestors 'none'" in shut["Content-Security-Policy"]
    assert shut["X-Frame-Options"] == "SAMEORIGIN"

    open_account(town.bakery, "https://bakery.example")
    shown = Browser(town.bakery).get("sign-in")

    assert "frame-ancestors 'self' https://bakery.example" in shown["Content-Security-Policy"]
    assert "X-Frame-Options" not in shown
    assert "unsafe" not in shown["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in Browser(town.other).get("sign-in")["Content-Security-Policy"]
