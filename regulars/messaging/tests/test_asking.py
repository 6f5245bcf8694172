from __future__ import annotations

import email
import email.policy
import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from regulars.customers import actions as customers
from regulars.customers import queries as customer_queries
from regulars.customers.records import ConsentState
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.messaging import actions, queries
from regulars.messaging.actions.asking import ASKED_MAX, TTL
from regulars.messaging.pure import tokens
from regulars.messaging.pure.tokens import Purpose
from regulars.messaging.records import MessageRecord
from regulars.messaging.tests.peers import StrictPeer
from regulars.messaging.tests.sending import ready_town, running, sending, states, wait_for
from regulars.store.scope import cursor, scope
from tests.town import Town

pytestmark = pytest.mark.usefixtures("db")


def ask(town: Town, key: str = "form:1", **changes: object) -> None:
    given: dict[str, object] = {
        "channel": "email",
        "address": "oleg@example.com",
        "purpose": "marketing",
        "text_version": "form-7",
        "source": "landing form",
        "key": key,
    }
    with scope(town.bakery.id):
        actions.ask_double_opt_in(town.bakery.id, town.oleg, **(given | changes))  # type: ignore[arg-type]


def letters(town: Town) -> list[MessageRecord]:
    with scope(town.bakery.id):
        return queries.messages_of(town.bakery.id, town.oleg)


def confirm_url(town: Town, message: MessageRecord) -> str:
    secret = town.bakery.secret.encode()
    token = tokens.seal(secret, Purpose.UNSUBSCRIBE, town.bakery.id, message.public_id)
    return f"/u/{token}/confirm"


def said(town: Town) -> list[tuple[str, str, str, str, str]]:
    with scope(town.bakery.id):
        card = customer_queries.card(town.bakery.id, town.oleg)
    return [(e.purpose, e.state.value, e.source, e.text_version, e.basis) for e in card.history]


def pass_time(town: Town, gone: timedelta) -> None:
    with scope(town.bakery.id):
        cursor().execute(
            "UPDATE messaging_question SET asked_at = asked_at - %s, expires_at = expires_at - %s",
            [gone, gone],
        )


@pytest.mark.usefixtures("as_engine")
def test_the_letter_goes_out_and_its_link_confirms_by_a_button_alone() -> None:
    peer = StrictPeer()
    with running(peer):
        town, _ = ready_town(peer.port)
        ask(town)
        with sending():
            wait_for(lambda: states(town.bakery.id).get(town.oleg) == "accepted")
    letter = email.message_from_bytes(peer.letters[0], policy=email.policy.default)
    text = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    (link,) = re.findall(r"https?://\S+?(/u/\S+/confirm)", text)
    client = Client(enforce_csrf_checks=True)

    assert letter["List-Unsubscribe"] is None
    page = client.get(link)
    assert (page.status_code, client.head(link).status_code) == (200, 200)
    assert "o…@example.com" in page.content.decode()
    assert "oleg@example.com" not in page.content.decode()
    assert said(town) == []

    done = client.post(link, {"action": "confirm"})

    assert done.status_code == 200
    assert said(town) == [("marketing", "given", "landing form", "form-7", "consent")]
    with scope(town.bakery.id):
        (entry,) = customer_queries.card(town.bakery.id, town.oleg).history
    assert entry.actor == f"customer, letter {letters(town)[0].public_id}"


def test_confirming_twice_writes_one_line() -> None:
    town, _ = ready_town(2525)
    ask(town)
    link = confirm_url(town, letters(town)[0])

    first = Client().post(link, {"action": "confirm"})
    second = Client().post(link, {"action": "confirm"})

    assert (first.status_code, second.status_code) == (200, 200)
    assert len(said(town)) == 1


def test_a_bare_post_of_a_mail_program_confirms_nothing() -> None:
    town, _ = ready_town(2525)
    ask(town)
    link = confirm_url(town, letters(town)[0])

    Client().post(link, {"List-Unsubscribe": "One-Click"})

    assert said(town) == []


def test_the_same_key_asks_once_and_another_question_under_it_is_a_conflict() -> None:
    town, _ = ready_town(2525)

    ask(town)
    ask(town)
    with pytest.raises(Conflict) as told:
        ask(town, text_version="form-8")

    assert told.value.code == "question_key"
    assert len(letters(town)) == 1


def test_an_expired_link_says_so_and_sends_a_new_letter_by_a_button() -> None:
    town, _ = ready_town(2525)
    ask(town)
    (old,) = letters(town)
    pass_time(town, TTL)
    link = confirm_url(town, old)

    page = Client().get(link).content.decode()
    late = Client().post(link, {"action": "confirm"})
    assert 'id="again"' in page and 'id="confirm"' not in page
    assert said(town) == []
    assert late.status_code == 200 and 'id="again"' in late.content.decode()
    Client().post(link, {"action": "again"})

    assert len(letters(town)) == 2
    Client().post(confirm_url(town, letters(town)[0]), {"action": "confirm"})
    assert said(town) == [("marketing", "given", "landing form", "form-7", "consent")]


def test_an_address_is_not_asked_without_end() -> None:
    town, _ = ready_town(2525)
    for number in range(ASKED_MAX):
        ask(town, f"form:{number}")

    with pytest.raises(Refused) as told:
        ask(town, "form:last")

    assert told.value.code == "question_limit"
    assert len(letters(town)) == ASKED_MAX


def test_the_button_has_the_same_limit_and_says_so() -> None:
    town, _ = ready_town(2525)
    for number in range(ASKED_MAX):
        ask(town, f"form:{number}")
    oldest = letters(town)[-1]
    with scope(town.bakery.id):
        cursor().execute("UPDATE messaging_question SET expires_at = %s", [clock.now()])

    answer = Client().post(confirm_url(town, oldest), {"action": "again"})

    assert 'id="limit"' in answer.content.decode()
    assert len(letters(town)) == ASKED_MAX


def test_a_letter_that_went_to_another_address_confirms_nothing() -> None:
    town, _ = ready_town(2525)
    ask(town)
    (letter,) = letters(town)
    with scope(town.bakery.id):
        customers.change_profile(
            town.bakery.id, town.oleg, {"email": "new@example.com"}, actor="anna"
        )

    answer = Client().post(confirm_url(town, letter), {"action": "confirm"})

    assert answer.status_code == 200
    assert 'id="moved"' in answer.content.decode()
    assert "@example.com" not in answer.content.decode()
    assert said(town) == []


def test_who_agreed_before_is_not_asked_again() -> None:
    town, _ = ready_town(2525)
    with scope(town.bakery.id):
        customers.give_consent(
            town.bakery.id, town.oleg, channel="email", purpose="marketing", source="till"
        )

    ask(town)

    assert letters(town) == []


def test_only_the_customers_own_address_and_only_mail_can_be_asked() -> None:
    town, _ = ready_town(2525)

    with pytest.raises(Refused) as other:
        ask(town, address="mira@example.com")
    with pytest.raises(Invalid) as channel:
        ask(town, channel="sms", address="+380671234567")
    with pytest.raises(Invalid) as purpose:
        ask(town, purpose="profiling")

    assert other.value.code == "question_address"
    assert channel.value.code == "question_channel"
    assert purpose.value.code == "question_words"
    assert letters(town) == []


def test_a_topic_may_be_confirmed_alone() -> None:
    town, _ = ready_town(2525)
    with scope(town.bakery.id):
        customers.save_topic(town.bakery.id, "offers", {"en": "Offers"})
    ask(town, purpose="marketing:offers")

    page = Client().get(confirm_url(town, letters(town)[0])).content.decode()
    Client().post(confirm_url(town, letters(town)[0]), {"action": "confirm"})

    assert "Offers" in page
    with scope(town.bakery.id):
        ids, ws = [town.oleg], town.bakery.id
        everything = customer_queries.may_contact(ws, ids, "email", "marketing")
        offers = customer_queries.may_contact(ws, ids, "email", "marketing:offers")
    assert everything == {town.oleg: "consent_missing"}
    assert offers == {town.oleg: None}


def test_the_page_shows_the_very_words_that_are_agreed_to() -> None:
    town, _ = ready_town(2525)
    with scope(town.bakery.id):
        customers.add_consent_text(
            town.bakery.id, "form-7", "I want <b>news</b> of the bakery.", actor="anna"
        )
    ask(town)

    page = Client().get(confirm_url(town, letters(town)[0])).content.decode()

    assert "I want &lt;b&gt;news&lt;/b&gt; of the bakery." in page


def test_no_token_of_another_workspace_or_purpose_or_with_a_changed_byte_confirms() -> None:
    town, _ = ready_town(2525)
    ask(town)
    (letter,) = letters(town)
    secret = town.bakery.secret.encode()
    link = tokens.seal(secret, Purpose.OPEN, town.bakery.id, letter.public_id)
    foreign = tokens.seal(
        town.other.secret.encode(), Purpose.UNSUBSCRIBE, town.bakery.id, letter.public_id
    )
    good = tokens.seal(secret, Purpose.UNSUBSCRIBE, town.bakery.id, letter.public_id)
    flipped = [
        good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :] for at in range(len(good))
    ]

    answers = [
        Client().post(f"/u/{token}/confirm", {"action": "confirm"}).status_code
        for token in (link, foreign, *flipped)
    ]

    assert set(answers) == {404}
    assert said(town) == []


@pytest.mark.parametrize(
    ("language", "words"), [("uk", "Так, пишіть мені"), ("ru", "Да, пишите мне")]
)
def test_letter_and_page_speak_the_customers_language(language: str, words: str) -> None:
    town, _ = ready_town(2525)
    with scope(town.bakery.id):
        customers.change_profile(town.bakery.id, town.oleg, {"language": language}, actor="anna")
    ask(town)

    with scope(town.bakery.id):
        sources = [one.version.source for one in queries.templates(town.bakery.id)]
    page = Client().get(confirm_url(town, letters(town)[0])).content.decode()

    assert any(words in source for source in sources)
    assert words in page


def test_withdrawing_after_the_confirmation_counts() -> None:
    town, _ = ready_town(2525)
    ask(town)
    Client().post(confirm_url(town, letters(town)[0]), {"action": "confirm"})
    moment: datetime = clock.now()

    with scope(town.bakery.id):
        customers.withdraw_consent(
            town.bakery.id, town.oleg, channel="email", purpose="marketing", source="x", at=moment
        )
        card = customer_queries.card(town.bakery.id, town.oleg)

    assert [entry.state for entry in card.consents] == [ConsentState.WITHDRAWN]
