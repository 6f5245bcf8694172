"""The page behind a letter's foot: topics, frequency, pause, language, the wish to be erased."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.test import Client

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.customers.records import CHANNELS_SHOWN, Identity
from regulars.kernel import clock
from regulars.messaging import queries
from regulars.messaging.pure import tokens
from regulars.messaging.pure.tokens import Purpose
from regulars.messaging.tests.sending import plan, ready_town
from regulars.store.scope import cursor, scope
from tests.town import Town

pytestmark = pytest.mark.usefixtures("db")
NEWS, OFFERS = "email marketing:news", "email marketing:offers"


@pytest.fixture
def town(db: None) -> Town:
    made, version = ready_town(2525)
    plan(made.bakery.id, version, [made.mira])
    with scope(made.bakery.id):
        customers.save_topic(made.bakery.id, "news", {"en": "News", "uk": "Новини"})
        customers.save_topic(made.bakery.id, "offers", {"en": "Offers", "uk": "Знижки"})
    return made


def link(town: Town) -> str:
    with scope(town.bakery.id):
        message = queries.messages_of(town.bakery.id, town.mira)[-1]
    secret = town.bakery.secret.encode()
    token = tokens.seal(secret, Purpose.UNSUBSCRIBE, town.bakery.id, message.public_id)
    return f"/u/{token}"


def send(town: Town, action: str, wanted: Iterable[str] = (), **fields: str) -> str:
    answer = Client(enforce_csrf_checks=True).post(
        link(town), {"action": action, "wanted": list(wanted), **fields}
    )
    assert answer.status_code == 200
    return answer.content.decode()


def reasons(town: Town, channel: str = "email") -> list[str | None]:
    with scope(town.bakery.id):
        return [
            customer_queries.may_contact(town.bakery.id, [town.mira], channel, purpose)[town.mira]
            for purpose in ("marketing", "marketing:news", "marketing:offers")
        ]


def test_topics_are_ticked_and_unticked_and_only_changes_are_written(town: Town) -> None:
    page = Client().get(link(town)).content.decode()
    assert page.count(" checked") == 2

    send(town, "save", [NEWS])
    send(town, "save", [NEWS])

    assert reasons(town) == [None, None, "topic_left"]
    with scope(town.bakery.id):
        history = customer_queries.card(town.bakery.id, town.mira).history
    assert [(e.purpose, e.state.value, e.source, e.actor) for e in history][:-1] == [
        ("marketing:offers", "withdrawn", "preferences", "customer")
    ]
    send(town, "save", [NEWS, OFFERS])
    assert reasons(town) == [None, None, None]


def test_nothing_ticked_leaves_the_channel_as_a_whole(town: Town) -> None:
    page = send(town, "save")

    assert 'id="subscribe"' in page
    assert reasons(town) == ["consent_withdrawn"] * 3


def test_one_topic_can_be_chosen_after_leaving_all(town: Town) -> None:
    send(town, "unsubscribe")
    send(town, "save", [NEWS])

    assert reasons(town) == ["consent_withdrawn", None, "consent_withdrawn"]


def test_made_up_channels_topics_and_frequencies_are_not_taken(town: Town) -> None:
    send(
        town, "save",
        [NEWS, OFFERS, "email marketing:secret", "sms marketing:news", "x", "email profiling"],
        **{"gap-email": "1", "gap-fax": "7", "language": "xx"},
    )  # fmt: skip

    with scope(town.bakery.id):
        card = customer_queries.card(town.bakery.id, town.mira)
        chosen = customer_queries.preferences(town.bakery.id, town.mira)
    assert [(e.channel, e.purpose) for e in card.history] == [("email", "marketing")]
    assert (dict(chosen.gap_days), card.profile.language) == ({}, None)


def test_channels_that_were_asked_about_before_are_offered_too(town: Town) -> None:
    with scope(town.bakery.id):
        customers.give_consent(
            town.bakery.id, town.mira, channel="sms", purpose="marketing", source="till"
        )

    page = Client().get(link(town)).content.decode()
    send(town, "save", [NEWS, OFFERS])

    shown = [name for name in CHANNELS_SHOWN if f'id="gap-{name}"' in page]
    assert shown == ["email", "sms"]
    assert reasons(town, "sms") == ["consent_withdrawn"] * 3
    assert reasons(town) == [None, None, None]


def test_frequency_and_language_are_kept_and_shown(town: Town) -> None:
    page = send(town, "save", [NEWS, OFFERS], **{"gap-email": "30", "language": "uk"})

    assert '<option value="30" selected>' in page
    assert "Знижки" in page
    with scope(town.bakery.id):
        chosen = customer_queries.preferences(town.bakery.id, town.mira)
        profile = customer_queries.profiles(town.bakery.id, [town.mira])[town.mira]
    assert (dict(chosen.gap_days), profile.language) == ({"email": 30}, "uk")


def test_a_pause_of_thirty_days_and_its_end(town: Town) -> None:
    page = send(town, "pause")
    with scope(town.bakery.id):
        until = customer_queries.preferences(town.bakery.id, town.mira).paused_until
    assert until is not None and 29 <= (until - clock.now()).days <= 30
    assert 'id="wake"' in page and 'id="pause"' not in page
    assert reasons(town) == ["paused"] * 3

    assert 'id="pause"' in send(town, "wake")
    assert reasons(town) == [None] * 3


def test_delete_me_needs_a_tick_stops_letters_and_waits_for_a_person(town: Town) -> None:
    send(town, "erase")
    with scope(town.bakery.id):
        assert customer_queries.erasure_requests(town.bakery.id, is_open=True) == []
    assert reasons(town) == [None] * 3

    send(town, "erase", sure="1")
    page = send(town, "erase", sure="1")

    assert 'id="erase"' not in page
    with scope(town.bakery.id):
        (request,) = customer_queries.erasure_requests(town.bakery.id, is_open=True)
    assert request.customer_id == town.mira
    assert reasons(town) == ["consent_withdrawn"] * 3


def test_looking_changes_nothing_and_tells_no_more_than_a_masked_address(town: Town) -> None:
    with scope(town.bakery.id):
        customers.change_profile(
            town.bakery.id, town.mira, {"last_name": "Koval", "city": "Kyiv"}, actor="anna"
        )
        before = customer_queries.card(town.bakery.id, town.mira)
    client = Client()
    for query in ("", "?action=unsubscribe", "?action=erase&sure=1", "?action=pause"):
        assert client.get(link(town) + query).status_code == 200
        assert client.head(link(town) + query).status_code == 200

    page = client.get(link(town)).content.decode()
    with scope(town.bakery.id):
        assert customer_queries.card(town.bakery.id, town.mira) == before
        assert customer_queries.erasure_requests(town.bakery.id, is_open=True) == []
    assert "m…@example.com" in page
    for secret in ("mira@example.com", "+380671234567", "Koval", "Mira", "Kyiv"):
        assert secret not in page
    policy = client.get(link(town))["Content-Security-Policy"]
    assert "unsafe" not in policy and "style=" not in page and "onclick" not in page


def test_whoever_holds_a_letter_to_an_old_address_can_only_stop_it(town: Town) -> None:
    with scope(town.bakery.id):
        (old,) = customer_queries.address_hashes(
            town.bakery.id, ["mira@example.com"], channel="email"
        )
        cursor().execute(
            "UPDATE messaging_message SET address_hash = %s WHERE customer_id = %s",
            [old, town.mira],
        )
        customers.change_profile(
            town.bakery.id, town.mira, {"email": "fresh@example.com"}, actor="anna"
        )
    page = Client().get(link(town)).content.decode()
    assert "fresh@" not in page and "f…@" not in page
    for action in ("pause", "erase", "save", "subscribe"):
        send(town, action, [NEWS], sure="1", language="uk")
    assert reasons(town) == [None] * 3
    with scope(town.bakery.id):
        assert customer_queries.erasure_requests(town.bakery.id, is_open=True) == []

    send(town, "unsubscribe")
    assert reasons(town) == ["consent_withdrawn"] * 3


def test_a_letter_to_an_address_that_was_split_off_again_opens_nothing(town: Town) -> None:
    with scope(town.bakery.id):
        (written,) = customer_queries.address_hashes(
            town.bakery.id, ["oleg@example.com"], channel="email"
        )
        cursor().execute(
            "UPDATE messaging_message SET address_hash = %s WHERE customer_id = %s",
            [written, town.mira],
        )
        customers.change_profile(town.bakery.id, town.mira, {"email": None}, actor="anna")

    assert 'name="wanted"' not in Client().get(link(town)).content.decode()
    for action in ("pause", "erase", "save", "subscribe"):
        send(town, action, [NEWS], sure="1")
    with scope(town.bakery.id):
        assert customer_queries.erasure_requests(town.bakery.id, is_open=True) == []
        assert customer_queries.preferences(town.bakery.id, town.mira).paused_until is None


def test_an_address_without_a_person_chooses_like_anybody(town: Town) -> None:
    with scope(town.bakery.id):
        (somebody,) = customers.identify_many(
            town.bakery.id, [Identity(email="just@address.example")]
        )
        customers.give_consent(
            town.bakery.id, somebody, channel="email", purpose="marketing", source="form"
        )
        raw = cursor()
        raw.execute("UPDATE messaging_message SET customer_id = %s", [somebody])
        message = queries.messages_of(town.bakery.id, somebody)[0]
    secret = town.bakery.secret.encode()
    token = tokens.seal(secret, Purpose.UNSUBSCRIBE, town.bakery.id, message.public_id)

    page = Client().post(f"/u/{token}", {"action": "save", "wanted": [NEWS]}).content.decode()

    assert "j…@address.example" in page
    with scope(town.bakery.id):
        assert customer_queries.may_contact(
            town.bakery.id, [somebody], "email", "marketing:offers"
        ) == {somebody: "topic_left"}
