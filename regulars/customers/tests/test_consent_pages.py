"""Pages and API of topics, texts, consents and requests of erasure."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from regulars.customers import actions, queries
from regulars.customers.records import Basis
from regulars.customers.tests.test_pages import member_of, public_id
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.records import KeyScope, Role
from tests.town import Town, town


@pytest.fixture
def place(db: None) -> Town:
    return town()


def ask(place: Town, method: str, path: str, body: Any = None, **headers: str) -> Any:
    with scope(place.bakery.id):
        key = workspaces.create_key(place.bakery.id, KeyScope.API, name="test")
    return Client().generic(
        method,
        f"/api/v1{path}",
        json.dumps(body) if body is not None else "",
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}", **headers},
    )


def test_a_topic_is_made_changed_and_put_away_on_its_page(place: Town) -> None:
    client = member_of(place.bakery)
    made = client.post(
        reverse("customers:save_topic"), {"key": "offers", "name-en": "Offers", "name-uk": "Знижки"}
    )
    wrong = client.post(reverse("customers:save_topic"), {"key": "A B", "name-en": "x"})
    client.post(reverse("customers:add_text"), {"version": "v1", "words": "<i>I agree</i>"})
    other = client.post(reverse("customers:add_text"), {"version": "v1", "words": "else"})
    page = client.get(reverse("customers:topics")).content.decode()

    assert (made.status_code, wrong.status_code, other.status_code) == (302, 422, 422)
    assert "Знижки" in page and "&lt;i&gt;I agree" in page
    client.post(reverse("customers:archive_topic"), {"key": "offers"})
    with scope(place.bakery.id):
        assert [t.is_archived for t in queries.topics(place.bakery.id, with_archived=True)] == [
            True
        ]


def test_who_may_not_edit_sees_no_forms_and_is_refused(place: Town) -> None:
    analyst = member_of(place.bakery, Role.ANALYST)
    page = analyst.get(reverse("customers:topics"))

    assert page.status_code == 200 and 'id="add-topic"' not in page.content.decode()
    refused = analyst.post(reverse("customers:save_topic"), {"key": "x", "name-en": "x"})
    assert refused.status_code == 403
    assert analyst.post(reverse("customers:settle_erasure", args=["x"])).status_code == 403


def test_a_request_of_erasure_is_seen_and_answered(place: Town) -> None:
    shop, client = place.bakery, member_of(place.bakery)
    with scope(shop.id):
        actions.ask_erasure(shop.id, place.mira, source="preferences")
        (request,) = queries.erasure_requests(shop.id, is_open=True)
    page = client.get(reverse("customers:erasures")).content.decode()
    assert "Mira" in page and "preference page" in page

    url = reverse("customers:settle_erasure", args=[request.public_id])
    client.post(url, {"state": "done", "note": ""})
    with scope(shop.id):
        assert len(queries.erasure_requests(shop.id, is_open=True)) == 1
    client.post(url, {"state": "declined", "note": "Wrong person"})

    assert "Wrong person" in client.get(reverse("customers:erasures")).content.decode()
    stranger = member_of(place.other)
    assert stranger.post(url, {"state": "done", "note": "x"}).status_code == 404


def test_consents_over_the_api_tell_and_take_the_ground(place: Town) -> None:
    mira = public_id(place, place.mira)
    made = ask(place, "PUT", "/customers/topics/news", {"en": "News"})
    assert made.json() == {
        "key": "news", "purpose": "marketing:news", "names": {"en": "News"}, "is_archived": False,
    }  # fmt: skip

    told = ask(
        place, "POST", f"/customers/{mira}/consents",
        {"channel": "email", "purpose": "marketing:news", "state": "given", "source": "till",
         "text_version": "v2", "basis": "existing_customer"},
    )  # fmt: skip
    wrong = ask(
        place, "POST", f"/customers/{mira}/consents",
        {"channel": "email", "state": "given", "basis": "because"},
    )  # fmt: skip
    found = ask(place, "GET", f"/customers/{mira}/consents").json()

    assert (told.status_code, wrong.status_code) == (200, 422)
    first = {k: v for k, v in found["ledger"][0].items() if k != "at"}
    assert first == {
        "channel": "email", "purpose": "marketing:news", "state": "given", "source": "till",
        "actor": "api", "text_version": "v2", "basis": "existing_customer",
    }  # fmt: skip
    assert [(s["purpose"], s["state"]) for s in found["states"]] == [
        ("marketing", "given"), ("marketing:news", "given"),
    ]  # fmt: skip
    assert (found["paused_until"], found["gap_days"]) == (None, {})
    zoe_id = public_id(Town(place.other, place.bakery, place.zoe, 0, 0), place.zoe)
    assert ask(place, "GET", f"/customers/{zoe_id}/consents").status_code == 404
    assert [t["key"] for t in ask(place, "GET", "/customers/topics").json()["topics"]] == ["news"]


def test_an_address_alone_subscribes_over_the_api_and_is_asked_once(place: Town) -> None:
    body = {"email": " Just@Пошта.example ", "text_version": "v1", "language": "uk"}
    first = ask(place, "POST", "/subscriptions", body, **{"Idempotency-Key": "k1"})
    again = ask(place, "POST", "/subscriptions", body, **{"Idempotency-Key": "k1"})
    other = ask(
        place, "POST", "/subscriptions", body | {"text_version": "v2"}, **{"Idempotency-Key": "k1"}
    )
    bare = ask(place, "POST", "/subscriptions", body)
    wrong = ask(place, "POST", "/subscriptions", body | {"topic": "x"}, **{"Idempotency-Key": "k2"})

    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 409)
    assert (bare.status_code, wrong.status_code) == (400, 400) or bare.status_code == 422
    assert first.json() == again.json()
    with scope(place.bakery.id):
        somebody = queries.customer_id_of(place.bakery.id, first.json()["customer"])
        profile = queries.profiles(place.bakery.id, [somebody])[somebody]
        card = queries.card(place.bakery.id, somebody)
    assert (profile.email, profile.title) == (profile.email, profile.email)
    assert card.history == ()


def test_a_consent_by_hand_names_topic_ground_and_version(place: Town) -> None:
    client, mira = member_of(place.bakery), public_id(place, place.mira)
    with scope(place.bakery.id):
        actions.save_topic(place.bakery.id, "offers", {"en": "Offers"})
    said = {"channel": "sms", "purpose": "marketing:offers", "state": "given", "source": "shop"}

    page = client.get(reverse("customers:card", args=[mira])).content.decode()
    wrong = client.post(reverse("customers:consent", args=[mira]), said | {"basis": "because"})
    client.post(
        reverse("customers:consent", args=[mira]),
        said | {"basis": "contract", "text_version": "paper-3"},
    )

    assert '<option value="marketing:offers">Offers</option>' in page
    assert wrong.status_code in (400, 422)
    with scope(place.bakery.id):
        line = queries.card(place.bakery.id, place.mira).history[0]
    assert (line.channel, line.purpose, line.basis, line.text_version) == (
        "sms", "marketing:offers", "contract", "paper-3",
    )  # fmt: skip


def test_the_ledger_on_the_card_tells_the_legal_ground(place: Town) -> None:
    with scope(place.bakery.id):
        actions.give_consent(
            place.bakery.id, place.mira, channel="sms", purpose="marketing", source="till",
            basis=Basis.EXISTING_CUSTOMER,
        )  # fmt: skip

    page = member_of(place.bakery).get(
        reverse("customers:card", args=[public_id(place, place.mira)])
    )

    assert "Legal ground: existing customer" in page.content.decode()
