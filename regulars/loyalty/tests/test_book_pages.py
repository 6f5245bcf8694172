"""The programme's pages: sentences, forms, ledger, liability, signs of fraud, changes by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from regulars.customers import queries as customers
from regulars.kernel import clock
from regulars.loyalty.actions import members, points, standings
from regulars.loyalty.actions import programme as programmes
from regulars.loyalty.point_records import Grant, Hold
from regulars.loyalty.queries import balances
from regulars.loyalty.queries import programme as queries
from regulars.portal.tests.visits import Browser, open_account
from regulars.store.scope import scope
from regulars.workspaces import actions as workspaces
from regulars.workspaces.models import User
from regulars.workspaces.records import Role
from tests.browser.payloads import PAYLOADS
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("as_engine")
PAGES = (
    "programme", "programme/points", "programme/waiting", "programme/burning", "programme/returns",
    "programme/earning/new", "tiers", "tiers/rules", "tiers/new", "ledger", "ledger/by-hand",
    "liability", "signs-of-fraud",
)  # fmt: skip


def signed_in(place: Town, role: Role = Role.OWNER, name: str = "anna") -> Client:
    email = f"{name}@{place.bakery.slug}.example"
    user_id = workspaces.ensure_user(email, "warm-bread-every-day")
    with scope(place.bakery.id):
        workspaces.add_member(place.bakery.id, user_id, role)
    client = Client()
    client.force_login(User.objects.get(id=user_id))
    return client


@pytest.fixture
def place(as_engine: None) -> Town:
    return town()


@pytest.fixture
def owner(place: Town) -> Client:
    return signed_in(place)


def text(client: Client, page: str, status: int = 200) -> str:
    answer = client.get(f"/loyalty/{page}")
    assert answer.status_code == status, (page, answer.status_code)
    return str(answer.content.decode())


def post(client: Client, page: str, **form: Any) -> Any:
    return client.post(f"/loyalty/{page}", form)


def give(place: Town, amount: int, key: str, **given: Any) -> int:
    with scope(place.bakery.id):
        (member_id,) = members.enrol(place.bakery.id, [place.mira])
        points.grant(place.bakery.id, Grant(member_id, "points", amount, key, **given))
        return member_id


def public_id(place: Town, customer_id: int) -> str:
    with scope(place.bakery.id):
        return customers.profiles(place.bakery.id, [customer_id])[customer_id].public_id


@pytest.mark.parametrize("language", ["en", "uk", "ru"])
def test_every_page_opens_empty_and_filled_in_every_language(
    place: Town, owner: Client, language: str
) -> None:
    owner.cookies["regulars_language"] = language
    for page in PAGES:
        text(owner, page)
    member_id = give(place, 50_000, "a", reason="test", expires_at=clock.now() + timedelta(9))
    with scope(place.bakery.id):
        points.hold(place.bakery.id, Hold(member_id, "points", 4_000, "h", "p1"))
    for page in PAGES:
        text(owner, page)


def test_the_programme_is_said_in_sentences_and_changed_by_forms(
    place: Town, owner: Client
) -> None:
    rule = {"name": "Every purchase", "trigger": "cart", "gives": "per", "points": "1",
            "per": "20", "once_per": "event", "is_on": "on", "version": "0"}  # fmt: skip
    assert post(owner, "programme/earning/new", **rule).status_code == 302
    assert post(
        owner, "programme/waiting", pending="period", pending_number="14", pending_unit="d",
        expiry="calendar", expiry_dates="12-31",
    ).status_code == 302  # fmt: skip
    assert post(
        owner, "programme/burning", is_on="on", worth="0.50", share="30", least="10", step="0.01"
    ).status_code == 302  # fmt: skip
    post(owner, "programme/returns", policy="negative", restored_days="7")

    page = " ".join(text(owner, "programme").split())

    assert "If a customer buys something, then they get 1 point for every 20 UAH paid." in page
    assert "If points are earned, then they can be spent after 14 days." in page
    assert "If a customer pays with points, then one point is worth 0.5 UAH." in page
    assert "Points pay at most 30% of a purchase." in page
    with scope(place.bakery.id):
        found = queries.programme(place.bakery.id).programme
    assert [(one.id, one.points, one.per_minor) for one in found.earning] == [
        ("every-purchase", 100, 2000)
    ]
    assert found.burning.share == 3_000
    # Debt and points that burn do not go together.
    assert found.returns.policy == "within_balance"


def test_a_rule_is_changed_and_removed_and_keeps_what_the_form_does_not_show(
    place: Town, owner: Client
) -> None:
    settings = {
        "currencies": [{"slug": "points", "name": "Points", "is_main": True}],
        "earning": [{"id": "tea", "points": 100, "per_minor": 1000,
                     "where": {"field": "line.category", "op": "eq", "value": "tea"}}],
    }  # fmt: skip
    with scope(place.bakery.id):
        programmes.save_settings(place.bakery.id, settings)
    form = {"name": "Tea", "trigger": "cart", "gives": "share", "share": "5", "once_per": "event"}
    assert post(owner, "programme/earning/tea", **form).status_code == 302
    with scope(place.bakery.id):
        (kept,) = queries.programme(place.bakery.id).settings["earning"]
    assert kept["where"] == settings["earning"][0]["where"]  # type: ignore[index]
    assert (kept["share"], kept["is_on"]) == ("5", False)

    post(owner, "programme/earning/tea", action="delete")
    with scope(place.bakery.id):
        assert queries.programme(place.bakery.id).programme.earning == ()


def test_two_who_change_it_at_once_do_not_overwrite_one_another(place: Town, owner: Client) -> None:
    tier = {"name": "Gold", "least": "1000", "discount": "5", "earn": "2", "benefits": "Coffee"}
    assert post(owner, "tiers/new", **tier).status_code == 302
    with scope(place.bakery.id):
        version = queries.programme(place.bakery.id).version
    assert post(owner, "tiers/new", **{**tier, "name": "Platinum", "least": "9000"},
                version=str(version)).status_code == 302  # fmt: skip

    late = post(owner, "tiers/gold", **{**tier, "name": "Old"}, version=str(version))

    assert late.status_code == 422
    assert "meanwhile" in late.content.decode()
    page = text(owner, "tiers")
    assert ("Gold" in page, "Platinum" in page, "1000 UAH" in page) == (True, True, True)


def test_the_ledger_finds_by_person_kind_and_purchase(place: Town, owner: Client) -> None:
    member_id = give(place, 50_000, "a", purchase_id="till-77")
    with scope(place.bakery.id):
        points.hold(place.bakery.id, Hold(member_id, "points", 4_000, "h", "p1"))

    assert "Mira" in text(owner, "ledger?q=mira@example.com")
    assert "Nobody is known by that" in text(owner, "ledger?q=zoe@example.com")
    assert "till-77" in text(owner, "ledger?purchase=till-77")
    assert "till-77" not in text(owner, "ledger?kind=hold")
    assert "Nothing fits" in text(owner, "ledger?kind=expire")
    for odd in ("before=x", "before=99999999999999999999", "since=nonsense", "since=2026-13-45"):
        text(owner, f"ledger?{odd}")


def test_a_transaction_shows_its_entries_and_anothers_is_not_there(
    place: Town, owner: Client
) -> None:
    give(place, 50_000, "a", reason="a present")
    page = text(owner, "ledger")
    number = page.partition("/loyalty/ledger/")[2]
    numbers = [part.partition('"')[0] for part in page.split("/loyalty/ledger/")[1:]]
    number = next(one for one in numbers if one.isdigit())

    shown = text(owner, f"ledger/{number}")

    assert ("a present" in shown, "+500" in shown, "−500" in shown) == (True, True, True)
    text(owner, "ledger/999999999", status=404)
    stranger = Client()
    email = f"zed@{place.other.slug}.example"
    user_id = workspaces.ensure_user(email, "warm-bread-every-day")
    with scope(place.other.id):
        workspaces.add_member(place.other.id, user_id, Role.OWNER)
    stranger.force_login(User.objects.get(id=user_id))
    text(stranger, f"ledger/{number}", status=404)
    assert "Mira" not in text(stranger, "ledger")


def test_points_are_changed_by_hand_and_above_the_limit_by_two(place: Town, owner: Client) -> None:
    whom = public_id(place, place.mira)
    form = {"way": "give", "points": "12,50", "reason": "Late delivery", "key": "k1"}
    assert post(owner, f"members/{whom}/adjust", **form).status_code == 302
    assert post(owner, f"members/{whom}/adjust", **form).status_code == 302
    with scope(place.bakery.id):
        (member_id,) = members.enrol(place.bakery.id, [place.mira])
        own = balances.balances(place.bakery.id, [member_id])[member_id]["points"]
    assert own.available == 1_250

    big = {"way": "give", "points": "5000", "reason": "Big", "key": "k2"}
    assert post(owner, f"members/{whom}/adjust", **big)["Location"] == "/loyalty/ledger/by-hand"
    page = text(owner, "ledger/by-hand")
    assert "Withdraw" in page
    adjustment = page.partition("by-hand/")[2].partition("/decide")[0]
    post(owner, f"ledger/by-hand/{adjustment}/decide", act="approve")
    assert "Withdraw" in text(owner, "ledger/by-hand")
    second = signed_in(place, name="boris")
    post(second, f"ledger/by-hand/{adjustment}/decide", act="approve")
    with scope(place.bakery.id):
        own = balances.balances(place.bakery.id, [member_id])[member_id]["points"]
    assert own.available == 501_250


@pytest.mark.parametrize(
    "wrong", [{"points": "x"}, {"points": "-5"}, {"points": "1.234"}, {"reason": "  "},
              {"points": "NaN"}, {"way": "take", "points": "100"}],
)  # fmt: skip
def test_a_wrong_change_by_hand_writes_nothing(
    place: Town, owner: Client, wrong: dict[str, str]
) -> None:
    form = {"way": "give", "points": "5", "reason": "x", "key": "k", **wrong}
    whom = public_id(place, place.mira)

    assert post(owner, f"members/{whom}/adjust", **form).status_code == 422
    assert "No points have moved yet" in text(owner, "ledger")


def test_rights_are_asked_for(place: Town, owner: Client) -> None:
    cashier = signed_in(place, Role.CASHIER, "cash")
    for page in PAGES:
        assert cashier.get(f"/loyalty/{page}").status_code == 403, page
    analyst = signed_in(place, Role.ANALYST, "ann")
    assert "New rule" not in text(analyst, "programme")
    for page in ("programme/points", "tiers/new", "programme/earning/new"):
        assert analyst.get(f"/loyalty/{page}").status_code == 403, page


def test_the_customers_card_tells_what_they_have(place: Town, owner: Client) -> None:
    give(place, 50_000, "a", reason="a present")

    page = owner.get(f"/customers/{public_id(place, place.mira)}/").content.decode()

    assert ('id="loyalty"' in page, "a present" in page, ">500<" in page) == (True, True, True)


def test_liability_adds_up(place: Town, owner: Client) -> None:
    give(place, 50_000, "a", expires_at=clock.now() + timedelta(days=40))
    give(place, 10_000, "b", activates_at=clock.now() + timedelta(days=5))

    page = text(owner, "liability")

    assert (">600<" in page, ">500<" in page, ">100<" in page) == (True, True, True)


def test_what_people_write_is_shown_as_text_on_every_page(place: Town, owner: Client) -> None:
    whom = public_id(place, place.mira)
    open_account(place.bakery)
    with scope(place.bakery.id):
        programmes.set_open(place.bakery.id, True)
    account = Browser(place.bakery).come_in(place.mira)
    for number, payload in enumerate(PAYLOADS):
        post(owner, f"members/{whom}/adjust", way="give", points="1", reason=payload, key=number)
        post(owner, "programme/points", name=payload[:60], approval="1000")
        post(owner, "programme/earning/new", name=payload[:60], trigger="event", event=payload[:90],
             gives="fixed", points="5", once_per="event", is_on="on")  # fmt: skip
        post(owner, "tiers/new", name=payload[:60], least=str(number), benefits=payload)

    shown = [text(owner, page) for page in PAGES]
    shown += [owner.get(f"/customers/{whom}/").content.decode()]
    shown += [text(owner, f"members/{whom}/adjust"), text(owner, "ledger?q=" + quote(PAYLOADS[11]))]
    shown += [account.text(page) for page in ("", "points", "card", "me", "offers")]

    tags = [one for one in PAYLOADS if one.lstrip("\"'`-]> ").startswith("<")]
    assert [one for one in tags for page in shown if one in page] == []
    assert any("&lt;script&gt;alert(1)" in page for page in shown)


def test_every_count_leads_to_its_customers(place: Town, owner: Client) -> None:
    with scope(place.bakery.id):
        programmes.save_settings(
            place.bakery.id,
            {"currencies": [{"slug": "points", "name": "Points", "is_main": True}],
             "tiers": {"tiers": [{"slug": "gold", "name": "Gold", "least": 100}]}},
        )  # fmt: skip
    give(place, 50_000, "a")
    with scope(place.bakery.id):
        standings.refresh(place.bakery.id, [place.mira, place.oleg])

    for asked, seen in (("loyalty=points", True), ("loyalty=debt", False),
                        ("loyalty_tier=none", True), ("loyalty_tier=gold", False)):  # fmt: skip
        page = owner.get(f"/customers/?{asked}").content.decode()
        assert ("mira@example.com" in page, "oleg@example.com" in page) == (seen, False), asked
    assert "?loyalty=points" in text(owner, "liability")
    assert "?loyalty_tier=gold" in text(owner, "tiers")
