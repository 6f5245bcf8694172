"""The screens of customers, as members of a shop see them."""

from __future__ import annotations

import itertools
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from regulars.customers import actions, history, queries
from regulars.customers.records import Identity
from regulars.events import actions as events
from regulars.events import queries as event_queries
from regulars.events.records import NewEvent
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.models import User
from regulars.workspaces.records import Role, WorkspaceRecord
from tests.town import Town, town

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def member_of(shop: WorkspaceRecord, role: Role = Role.OWNER) -> Client:
    user_id = workspaces.ensure_user(f"m-{shop.id}-{next(_numbers)}@example.com", "long enough")
    with scope(shop.id):
        workspaces.add_member(shop.id, user_id, role)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    return client


@pytest.fixture
def place(db: None) -> Town:
    return town()


def public_id(place: Town, customer_id: int) -> str:
    with scope(place.bakery.id):
        return queries.profiles(place.bakery.id, [customer_id])[customer_id].public_id


def get(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200, response.content.decode()[:600]
    return response.content.decode()


def names_in(html: str) -> list[str]:
    return re.findall(r'<a href="/customers/[^"]{22}/">([^<]*)</a>', html)


def test_the_list_shows_this_shop_and_nobody_else(place: Town) -> None:
    html = get(member_of(place.bakery), reverse("customers:list"))

    assert sorted(names_in(html)) == ["Mira", "Oleg"]
    assert "zoe@example.com" not in html
    assert "2 rows" in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"search": "mir"}, ["Mira"]),
        ({"search": "oleg@example"}, ["Oleg"]),
        ({"search": "067 123-45"}, ["Mira"]),
        ({"search": "MIRA"}, ["Mira"]),
        ({"search": "nobody at all"}, []),
        ({"search": "%_'\"\\"}, []),
        ({"consent": "email"}, ["Mira"]),
        ({"consent": "no_email"}, ["Oleg"]),
        ({"has": "no_phone"}, ["Oleg"]),
        ({"country": "Atlantis"}, []),
        ({"sort": "-name"}, ["Oleg", "Mira"]),
        ({"sort": "name"}, ["Mira", "Oleg"]),
        ({"sort": "nonsense; drop"}, ["Mira", "Oleg"]),
    ],
)  # fmt: skip
def test_the_list_is_searched_and_filtered(
    place: Town, query: dict[str, str], expected: list[str]
) -> None:
    html = get(member_of(place.bakery), reverse("customers:list"), **query)

    found = names_in(html)
    assert (found if "sort" in query else sorted(found)) in (expected, expected[::-1])
    if query.get("sort") in ("name", "-name"):
        assert found == expected


def test_pages_are_walked_by_key_there_and_back_without_loss(place: Town) -> None:
    shop = place.bakery
    with scope(shop.id):
        actions.identify_many(
            shop.id,
            [Identity(external_id=f"n{i:03}", seen_at=NOON) for i in range(118)],
            origin="import",
        )
    client, seen, address = member_of(shop), [], "?sort=name"
    while address:
        html = get(client, reverse("customers:list") + address)
        seen += names_in(html)
        found = re.search(r'rel="next" href="([^"]+)"', html)
        address = found.group(1).replace("&amp;", "&") if found else ""

    assert len(seen) == len(set(seen)) == 120
    assert seen == sorted(seen, key=str.lower)
    back = re.search(r'rel="prev" href="([^"]+)"', html)
    assert back is not None
    before = get(client, reverse("customers:list") + back.group(1).replace("&amp;", "&"))
    assert names_in(before) == seen[50:100]


def test_a_key_of_another_list_is_refused_clearly(place: Town) -> None:
    response = member_of(place.bakery).get(reverse("customers:list"), {"page": "a.%%%"})

    assert response.status_code == 422


def test_the_card_tells_who_it_is_and_what_was_agreed(place: Town) -> None:
    html = get(
        member_of(place.bakery), reverse("customers:card", args=[public_id(place, place.mira)])
    )

    assert "mira@example.com" in html
    assert "+380671234567" in html
    assert "Gave consent" in html
    assert html.count('class="pill good"') == 1
    assert "Has not bought anything yet." in html


def test_a_customer_of_another_shop_is_not_found(place: Town) -> None:
    with scope(place.other.id):
        zoe = queries.profiles(place.other.id, [place.zoe])[place.zoe].public_id

    response = member_of(place.bakery).get(reverse("customers:card", args=[zoe]))

    assert response.status_code == 404


def test_a_consent_is_given_and_withdrawn_by_hand_and_the_ledger_keeps_both(place: Town) -> None:
    shop, client = place.bakery, member_of(place.bakery)
    address = reverse("customers:consent", args=[public_id(place, place.oleg)])
    form = {"channel": "email", "purpose": "marketing"}

    client.post(address, form | {"state": "given", "source": "by phone"})
    client.post(address, form | {"state": "withdrawn"})

    with scope(shop.id):
        card = queries.card(shop.id, place.oleg)
        kinds = {e.kind for e in event_queries.timeline(shop.id, place.oleg)}
        assert queries.may_contact(shop.id, [place.oleg], "email", "marketing") == {
            place.oleg: "consent_withdrawn"
        }
    assert [(e.state.value, e.source) for e in card.history] == [
        ("withdrawn", "page"),
        ("given", "by phone"),
    ]
    assert all(entry.actor.endswith("@example.com") for entry in card.history)
    assert {"consent.given", "consent.withdrawn"} <= kinds


def test_a_consent_with_nonsense_is_refused_and_nothing_is_written(place: Town) -> None:
    client = member_of(place.bakery)
    address = reverse("customers:consent", args=[public_id(place, place.oleg)])

    for form in (
        {"channel": "email", "purpose": "marketing", "state": "maybe"},
        {"channel": "", "purpose": "marketing", "state": "given"},
        {"channel": "e\nmail", "purpose": "marketing", "state": "given"},
    ):
        assert client.post(address, form).status_code == 422

    with scope(place.bakery.id):
        assert queries.card(place.bakery.id, place.oleg).history == ()


def test_a_blocked_address_is_shown_and_allowed_again(place: Town) -> None:
    shop, client = place.bakery, member_of(place.bakery)
    with scope(shop.id):
        actions.suppress(shop.id, channel="email", address="mira@example.com", reason="bounce")
    mira = public_id(place, place.mira)

    assert "Blocked" in get(client, reverse("customers:card", args=[mira]))
    client.post(reverse("customers:allow", args=[mira]), {"channel": "email"})
    assert "Blocked" in get(client, reverse("customers:card", args=[mira]))
    told = {"channel": "email", "note": "She asked for it by phone"}
    client.post(reverse("customers:allow", args=[mira]), told)

    assert "Blocked" not in get(client, reverse("customers:card", args=[mira]))


def test_somebody_is_added_by_hand_and_known_at_once(place: Town) -> None:
    client = member_of(place.bakery)
    response = client.post(
        reverse("customers:new"),
        {"first_name": "Ганна", "email": " Hanna@Example.COM ", "birth_on": "1990-02-28"},
    )

    assert response.status_code == 302
    html = get(client, response["Location"])
    assert "hanna@example.com" in html
    assert "28 February 1990" in html
    assert names_in(get(client, reverse("customers:list"), search="ганна")) == ["Ганна"]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"first_name": "Nobody"}, "by something the customer must be known"),
        ({"email": "mira@example.com"}, "Another customer has this already"),
        ({"email": "not an address"}, "name@example.com"),
        ({"email": "a@b.com\nBcc: x@y.com"}, "line break"),
        ({"phone": "12"}, "not a number that can be called"),
        ({"external_id": "null"}, "stands for nobody"),
        ({"email": "x@example.com", "birth_on": "31.31.1990"}, "birth_on"),
    ],
)
def test_a_form_that_cannot_be_taken_says_why_and_adds_nobody(
    place: Town, form: dict[str, str], told: str
) -> None:
    client = member_of(place.bakery)

    response = client.post(reverse("customers:new"), form)

    assert response.status_code == 422
    assert told in response.content.decode()
    assert "2 rows" in get(client, reverse("customers:list"))


def test_a_profile_is_changed_emptied_and_the_change_is_told(place: Town) -> None:
    shop, client = place.bakery, member_of(place.bakery)
    address = reverse("customers:edit", args=[public_id(place, place.mira)])
    form = {"first_name": "Myroslava", "city": "", "email": "new@example.com",
            "phone": "+380671234567", "external_id": "mira"}  # fmt: skip

    assert client.post(address, form).status_code == 302

    with scope(shop.id):
        profile = queries.profiles(shop.id, [place.mira])[place.mira]
        told = next(
            e for e in event_queries.timeline(shop.id, place.mira) if e.kind == "customer.changed"
        )
        assert queries.find(shop.id, Identity(email="mira@example.com")) == place.mira
        assert queries.find(shop.id, Identity(email="new@example.com")) == place.mira
    assert (profile.first_name, profile.city, profile.email) == (
        "Myroslava", None, "new@example.com",
    )  # fmt: skip
    assert told.props["changes"]["city"] == {"old": "Kyiv", "new": None}


def test_an_address_of_another_customer_is_not_taken_away(place: Town) -> None:
    shop, client = place.bakery, member_of(place.bakery)

    response = client.post(
        reverse("customers:edit", args=[public_id(place, place.mira)]),
        {"first_name": "M", "email": "oleg@example.com"},
    )

    assert response.status_code == 422
    assert public_id(place, place.oleg) in response.content.decode()
    with scope(shop.id):
        assert queries.profiles(shop.id, [place.mira])[place.mira].first_name == "Mira"


def test_the_timeline_goes_on_where_it_stopped(place: Town) -> None:
    shop, client = place.bakery, member_of(place.bakery)
    with scope(shop.id):
        events.record_many(
            shop.id,
            [
                NewEvent(kind=f"Step {n:02}", time=NOON + timedelta(minutes=n // 2),
                         key=f"step {n}", customer_id=place.oleg)
                for n in range(75)
            ],
        )  # fmt: skip
    html = get(client, reverse("customers:card", args=[public_id(place, place.oleg)]))
    seen = re.findall(r"Step \d\d", html)
    while found := re.search(r'hx-get="([^"]+timeline[^"]+)"', html):
        html = get(client, found.group(1).replace("&amp;", "&"))
        seen += re.findall(r"Step \d\d", html)

    assert len(seen) == len(set(seen)) == 75


def test_the_timeline_tells_of_orders_and_visits_in_words(place: Town) -> None:
    shop, client = place.bakery, member_of(place.bakery)
    told: dict[str, dict[str, object]] = {
        "order.status_changed": {"number": "7", "status": "shipped", "eta": None, "reason": ""},
        "order.payment_received": {"number": "7", "amount": 12050, "currency": "GBP"},
        "lead.created": {"lead": "x" * 22, "status": "new", "source": "landing"},
        "Product Added": {"name": "Green tea", "price": 145, "currency": "GBP"},
        "Product Viewed": {"sku": "TEA-7"},
    }
    with scope(shop.id):
        events.record_many(
            shop.id,
            [NewEvent(kind=kind, time=NOON, key=kind, customer_id=place.oleg, props=props)
             for kind, props in told.items()],
        )  # fmt: skip

    html = get(client, reverse("customers:card", args=[public_id(place, place.oleg)]))

    for words in (
        "The status of an order changed", "Handed to the carrier · order 7", "£120.50 · order 7",
        "A lead came in", "New lead · landing", "Put a product into the cart",
        "Green tea · 145 GBP", "TEA-7",
    ):  # fmt: skip
        assert words in html
    assert "None" not in html
    assert not any(kind in html for kind in told)


def test_two_cards_made_one_are_found_under_both_ids(place: Town) -> None:
    shop, client = place.bakery, member_of(place.bakery)
    oleg, mira = public_id(place, place.oleg), public_id(place, place.mira)
    with scope(shop.id):
        events.record_many(
            shop.id, [NewEvent(kind="Tea", time=NOON, key="tea", customer_id=place.oleg)]
        )
        actions.merge(shop.id, place.oleg, place.mira)

    response = client.get(reverse("customers:card", args=[oleg]))

    assert response["Location"].endswith(f"/{mira}/")
    html = get(client, reverse("customers:card", args=[mira]))
    assert "Tea" in html
    assert "oleg@example.com" in html


def test_personal_data_is_given_as_a_file(place: Town) -> None:
    response = member_of(place.bakery).get(
        reverse("customers:data", args=[public_id(place, place.mira)])
    )

    content = json.loads(b"".join(response.streaming_content))
    assert content["holds"] == [
        "profile",
        "identifiers",
        "consents",
        "companies",
        "notes",
        "events",
    ]
    assert set(content["not_in_this_file"]) == {"order_lines", "message_texts"}
    assert response["Content-Disposition"].startswith("attachment")
    assert content["profile"]["email"] == "mira@example.com"
    assert [c["state"] for c in content["consents"]] == ["given"]
    assert "consent.given" in [e["kind"] for e in content["events"]]


def test_personal_data_holds_every_event_of_everybody_merged(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "BATCH_ROWS", 3)
    monkeypatch.setattr(history, "IDS_AT_ONCE", 1)
    cards = sys.modules["regulars.customers.queries.cards"]
    monkeypatch.setattr(cards, "HISTORY_ROWS_MAX", 1)
    monkeypatch.setattr(cards, "IDENTIFIERS_MAX", 1)
    shop = place.bakery
    with scope(shop.id):
        events.record_many(
            shop.id,
            [
                NewEvent("Tea Drunk", NOON, f"cup-{n}", customer_id=place.mira if n % 2
                         else place.oleg, props={"cup": n})
                for n in range(11)
            ],
        )  # fmt: skip
        actions.merge(shop.id, place.oleg, place.mira)
        actions.withdraw_consent(
            shop.id, place.mira, channel="email", purpose="marketing", source="card"
        )

    response = member_of(shop).get(reverse("customers:data", args=[public_id(place, place.mira)]))

    content = json.loads(b"".join(response.streaming_content))
    found = content["events"]
    assert [c["state"] for c in content["consents"]] == ["withdrawn", "given"]
    assert len(content["identifiers"]) > 1
    cups = [e["properties"]["cup"] for e in found if e["kind"] == "Tea Drunk"]
    assert sorted(cups) == list(range(11))
    assert "Zoe" not in str(found)


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.CASHIER, 403), (Role.ORDER_MANAGER, 403), (Role.SUPPORT, 200), (Role.MARKETER, 200)],
)
def test_only_some_roles_change_customers(place: Town, role: Role, status: int) -> None:
    client = member_of(place.bakery, role)

    assert client.get(reverse("customers:new")).status_code == status
    assert client.get(reverse("customers:list")).status_code == 200


def test_strangers_are_sent_to_sign_in(place: Town) -> None:
    response = Client().get(reverse("customers:list"))

    assert response.status_code == 302
    assert "login" in response["Location"]


@pytest.mark.parametrize(
    "address", ["/customers/?search=%00", "/customers/?%00=1", "/customers/a%00b/"]
)
def test_an_address_with_a_character_that_no_text_holds_is_refused(
    place: Town, address: str
) -> None:
    client = member_of(place.bakery)
    base = reverse("customers:list")

    assert client.get(address.replace("/customers/", base, 1)).status_code == 400


def test_a_form_with_a_character_that_no_text_holds_is_refused_and_changes_nothing(
    place: Town,
) -> None:
    client = member_of(place.bakery)
    address = reverse("customers:edit", args=[public_id(place, place.mira)])
    with scope(place.bakery.id):
        before = queries.card(place.bakery.id, place.mira)

    urlencoded = "application/x-www-form-urlencoded"
    assert client.post(address, "city=Ky%00iv", content_type=urlencoded).status_code == 400
    with scope(place.bakery.id):
        assert queries.card(place.bakery.id, place.mira) == before


def test_the_card_leaves_out_nothing_of_who_was_merged_many_times(
    place: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "IDS_AT_ONCE", 7)
    shop, client = place.bakery, member_of(place.bakery)
    with scope(shop.id):
        visitors = actions.identify_many(
            shop.id, [Identity(anonymous_id=f"browser-{n:04}") for n in range(25)]
        )
        for n, visitor in enumerate(visitors):
            cup = NewEvent(f"Cup {n:02}", NOON + timedelta(hours=n), f"cup:{n}", visitor)
            events.record_many(shop.id, [cup])
            actions.add_note(shop.id, visitor, text=f"note {n:02}", author_id=None, author="Anna")
            actions.merge(shop.id, loser=visitor, root=place.mira)
        mira = public_id(place, place.mira)

    titles, notes, address = [], [], f"/customers/{mira}/timeline?show=site"
    while address:
        html = get(client, address)
        titles += re.findall(r"Cup \d\d", html)
        more = re.search(r'hx-get="([^"]*before=[^"]*)"', html)
        address = unescape(more.group(1)) if more else ""
    with scope(shop.id):
        ids = history.ids_of(queries.card(shop.id, place.mira))
        notes = [note.text for note in queries.notes_of(shop.id, ids, limit=50)]

    assert titles == [f"Cup {n:02}" for n in reversed(range(25))]
    assert notes == [f"note {n:02}" for n in reversed(range(25))]
