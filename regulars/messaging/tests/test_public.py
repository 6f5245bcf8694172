from __future__ import annotations

import base64
import re

import pytest
from django.test import Client

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.customers.records import Identity
from regulars.events import queries as events
from regulars.kernel.ids import new_public_id
from regulars.messaging import queries
from regulars.messaging.pages.public import masked
from regulars.messaging.pure import tokens
from regulars.messaging.pure.tokens import Purpose
from regulars.messaging.tests.sending import plan, ready_town
from regulars.store.scope import scope
from tests.town import Town

pytestmark = pytest.mark.usefixtures("db")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def address_of(town: Town, customer_id: int, purpose: Purpose = Purpose.UNSUBSCRIBE) -> str:
    with scope(town.bakery.id):
        (message,) = queries.messages_of(town.bakery.id, customer_id)
    secret = town.bakery.secret.encode()
    return f"/u/{tokens.seal(secret, purpose, town.bakery.id, message.public_id)}"


def refusal(town: Town) -> str | None:
    with scope(town.bakery.id):
        return customer_queries.contact_refusals(
            town.bakery.id, [town.mira], channel="email", purpose="marketing"
        ).get(town.mira)


def written_to_mira() -> Town:
    town, version = ready_town(2525)
    plan(town.bakery.id, version, [town.mira])
    return town


def test_looking_at_the_page_changes_nothing_however_often() -> None:
    town = written_to_mira()
    client = Client()

    for _ in range(3):
        page = client.get(address_of(town, town.mira))
        assert page.status_code == 200
    assert client.head(address_of(town, town.mira)).status_code == 200

    assert "m…@example.com" in page.content.decode()
    assert "mira@example.com" not in page.content.decode()
    assert page["Cache-Control"] == "no-store, private"
    assert refusal(town) is None


def test_one_click_of_a_mail_program_needs_no_cookie_no_token_and_no_redirect() -> None:
    town = written_to_mira()
    client = Client(enforce_csrf_checks=True)

    answer = client.post(address_of(town, town.mira), ONE_CLICK)
    again = client.post(
        address_of(town, town.mira),
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
    )

    assert (answer.status_code, again.status_code) == (200, 200)
    assert not answer.cookies
    assert refusal(town) == "consent_withdrawn"
    with scope(town.bakery.id):
        kinds = [e.kind for e in events.timeline(town.bakery.id, town.mira, 50)]
    assert kinds.count("message.unsubscribed") == 1


def test_the_page_unsubscribes_and_takes_a_mistake_back() -> None:
    town = written_to_mira()
    client = Client(enforce_csrf_checks=True)

    gone = client.post(address_of(town, town.mira), {"action": "unsubscribe"}).content.decode()
    assert refusal(town) == "consent_withdrawn"
    back = client.post(address_of(town, town.mira), {"action": "subscribe"}).content.decode()

    assert 'id="subscribe"' in gone and 'id="unsubscribe"' not in gone
    assert 'id="unsubscribe"' in back
    assert refusal(town) is None


def test_a_post_that_says_nothing_changes_nothing() -> None:
    town = written_to_mira()

    assert Client().post(address_of(town, town.mira), {"x": "y"}).status_code == 200
    assert refusal(town) is None


@pytest.mark.parametrize("change", ["cut", "purpose", "stranger", "rubbish"])
def test_a_link_that_is_not_ours_is_refused(change: str) -> None:
    town = written_to_mira()
    address = {
        "cut": address_of(town, town.mira)[:-1],
        "purpose": address_of(town, town.mira, Purpose.OPEN),
        "stranger": "/u/" + tokens.seal(
            town.other.secret.encode(), Purpose.UNSUBSCRIBE, town.bakery.id, new_public_id()
        ),
        "rubbish": "/u/%F0%9F%8D%95",
    }[change]  # fmt: skip

    for answer in (Client().get(address), Client().post(address, ONE_CLICK)):
        assert answer.status_code == 404
        assert "message" not in answer.content.decode().lower()
    assert refusal(town) is None


def test_the_link_of_a_test_letter_works_and_changes_nothing() -> None:
    town = written_to_mira()
    secret = town.bakery.secret.encode()
    token = tokens.seal(secret, Purpose.UNSUBSCRIBE, town.bakery.id, new_public_id())

    assert "came with a test" in Client().get(f"/u/{token}").content.decode()
    assert Client().post(f"/u/{token}", ONE_CLICK).status_code == 200
    assert refusal(town) is None


@pytest.mark.parametrize(
    ("language", "words"), [("uk", "Відписатися"), ("ru", "Отписаться"), ("en", "Unsubscribe")]
)
def test_the_reader_is_spoken_to_in_their_language(language: str, words: str) -> None:
    town = written_to_mira()
    with scope(town.bakery.id):
        customers.identify_many(
            town.bakery.id, [Identity(external_id="mira", traits={"language": language})]
        )
    address = address_of(town, town.mira)

    page = Client().get(address).content.decode()
    assert re.search(r'<html lang="(\w+)"', page).group(1) == language  # type: ignore[union-attr]
    assert words in page
    chosen = Client()
    chosen.cookies["regulars_language"] = "ru"
    assert "Отписаться" in chosen.get(address).content.decode()


def test_who_was_merged_unsubscribes_as_who_they_are_now() -> None:
    town = written_to_mira()
    address = address_of(town, town.mira)
    with scope(town.bakery.id):
        customers.merge(town.bakery.id, town.mira, town.oleg)
        root = customer_queries.roots_of(town.bakery.id, [town.mira])[town.mira]

    Client().post(address, ONE_CLICK)

    with scope(town.bakery.id):
        refusals = customer_queries.contact_refusals(
            town.bakery.id, [root], channel="email", purpose="marketing"
        )
    assert refusals[root] == "consent_withdrawn"
    assert 'id="subscribe"' in Client().get(address).content.decode()


def test_an_address_is_shown_to_its_owner_only() -> None:
    assert masked("mira@example.com") == "m…@example.com"
    assert masked("") == ""


@pytest.mark.parametrize("size", [0, 1, 8])
def test_a_token_of_a_workspace_that_cannot_be_is_a_page_that_says_so(size: int) -> None:
    raw = Purpose.UNSUBSCRIBE.value + bytes([size]) + b"\xff" * size + bytes(32)
    token = base64.urlsafe_b64encode(raw).decode().rstrip("=")

    for path in (f"/u/{token}", f"/u/{token}/confirm"):
        assert Client().get(path).status_code == 404
        assert Client().post(path, ONE_CLICK).status_code == 404
