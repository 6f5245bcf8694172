"""What customers see of the programme in their account, and nothing of anybody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from regulars.customers import actions as customers
from regulars.kernel import clock
from regulars.loyalty.actions import members, points, promotions
from regulars.loyalty.actions import programme as programmes
from regulars.loyalty.point_records import Grant, Hold
from regulars.orders import actions as orders
from regulars.orders.records import NewLine, NewOrder, Stage
from regulars.portal.tests.visits import Browser, leads_to, open_town
from regulars.store.scope import scope
from tests.town import Town

pytestmark = pytest.mark.usefixtures("as_engine")
SETTINGS: dict[str, Any] = {
    "currencies": [{"slug": "points", "name": "Crumbs", "is_main": True}],
    "tiers": {
        "basis": "spend",
        "tiers": [
            {"slug": "start", "name": "Guest"},
            {"slug": "gold", "name": "Gold", "least": 100_000, "benefits": ["Free coffee"]},
        ],
    },
}


@pytest.fixture
def town(as_engine: None) -> Town:
    made = open_town()
    with scope(made.bakery.id):
        programmes.save_settings(made.bakery.id, SETTINGS, actor="test")
        programmes.set_open(made.bakery.id, True, actor="test")
    return made


def give(town: Town, amount: int, key: str, **given: Any) -> int:
    with scope(town.bakery.id):
        (member_id,) = members.enrol(town.bakery.id, [town.mira])
        points.grant(town.bakery.id, Grant(member_id, "points", amount, key, **given))
        return member_id


def test_home_says_what_there_is_and_what_burns(town: Town) -> None:
    give(town, 124_050, "a", expires_at=clock.now() + timedelta(days=9))
    give(town, 8_000, "b", activates_at=clock.now() + timedelta(days=9))

    page = Browser(town.bakery).come_in(town.mira).text()

    assert "1,240.50" in page
    assert "Crumbs" in page
    assert "80 more will be active soon" in page
    assert "1,240.50 burn on" in page
    assert "Buy for UAH\u00a01,000.00 more and you reach Gold." in page.replace("₴", "UAH\u00a0")


def test_history_is_said_in_plain_words_and_holds_are_not_told(town: Town) -> None:
    member_id = give(town, 10_000, "a")
    with scope(town.bakery.id):
        points.hold(town.bakery.id, Hold(member_id, "points", 4_000, "h", "p1"))
        points.capture(town.bakery.id, "h", "c")

    page = Browser(town.bakery).come_in(town.mira).text("points")

    assert "For a purchase" in page
    assert "Paid with points" in page
    assert "−40" in page
    assert "hold" not in page


def test_the_card_has_a_changing_code_and_a_lasting_number(town: Town) -> None:
    browser = Browser(town.bakery).come_in(town.mira)

    page, again = browser.text("card"), browser.text("card")
    code = browser.get("card/code")

    number = page.partition('id="card-number">')[2].partition("<")[0]
    assert len(number.replace(" ", "")) >= 8
    assert number in again
    assert code["Content-Type"] == "image/svg+xml"
    assert code.content.startswith(b"<svg")
    assert leads_to(Browser(town.bakery).get("card/code"), browser, "sign-in")


def test_offers_are_said_and_personal_ones_are_their_own(town: Town) -> None:
    with scope(town.bakery.id):
        for slug, when in (("all", {}), ("mine", {"personal": True})):
            promotions.create_promotion(
                town.bakery.id, name=f"Promotion {slug}", slug=slug,
                definition={"effects": [{"type": "percent_off", "value": "10"}], "when": when},
            )  # fmt: skip
            promotions.set_state(town.bakery.id, slug, "live")
        mira, _oleg = members.enrol(town.bakery.id, [town.mira, town.oleg])
        promotions.offer(town.bakery.id, "mine", [mira], key="k")

    own = Browser(town.bakery).come_in(town.mira).text("offers")
    other = Browser(town.bakery).come_in(town.oleg).text("offers")

    assert "10 % off the whole cart." in own
    assert ("Promotion mine" in own, "For you" in own) == (True, True)
    assert ("Promotion all" in other, "Promotion mine" in other) == (True, False)


def test_offers_are_said_by_their_own_sentences_to_those_they_are_for(town: Town) -> None:
    definitions: dict[str, dict[str, Any]] = {
        "third": {"target": {"pick": "cheapest", "n": 3},
                  "effects": [{"type": "percent_off", "value": "100"}]},
        "gold": {"when": {"all": [
                     {"field": "member.tier", "op": "eq", "value": "gold"},
                     {"field": "cart.amount", "op": "gte", "value": 50_000}]},
                 "effects": [{"type": "amount_off", "value": 5_000}]},
        "guests": {"when": {"all": [
                       {"not": {"field": "member.tier", "op": "eq", "value": "gold"}},
                       {"field": "cart.amount", "op": "gte", "value": 70_000}]},
                   "limits": [{"what": "uses", "per": "total", "period": "all", "value": 77},
                              {"what": "uses", "per": "member", "period": "day", "value": 1}],
                   "effects": [{"type": "amount_off", "value": 7_000},
                               {"type": "message", "to": "cashier", "text": {"en": "Bow"}}]},
    }  # fmt: skip
    with scope(town.bakery.id):
        for slug, definition in definitions.items():
            promotions.create_promotion(town.bakery.id, name=slug, slug=slug, definition=definition)
            promotions.set_state(town.bakery.id, slug, "live")
    browser = Browser(town.bakery).come_in(town.mira)

    page = browser.text("offers")

    assert "The cheapest of every 3 of any goods for nothing." in page
    assert (
        "If the cart after discounts is at least 700.00 UAH, then 70.00 UAH off the whole cart."
        " Uses for one customer a day: at most 1."
    ) in page
    # What is for others, and what is between the shop and its tills, is not told.
    for other in ("500.00 UAH", "77", "Bow", "tier"):
        assert other not in page.partition("What runs now")[2], other
    browser.post("language", language="uk")
    assert "Найдешевший із кожних 3 (будь-які товари) безкоштовно." in browser.text("offers")


def test_a_closed_programme_gives_nothing_and_the_account_still_opens(town: Town) -> None:
    with scope(town.bakery.id):
        programmes.set_open(town.bakery.id, False, actor="test")
    browser = Browser(town.bakery).come_in(town.mira)

    assert "Crumbs" not in browser.text()
    for page in ("card", "points"):
        assert "gives no points for now" in browser.text(page)
    assert browser.get("card/code").status_code == 404
    browser.text("offers")


def order(workspace_id: int, customer_id: int, number: str) -> str:
    from decimal import Decimal

    with scope(workspace_id):
        (made,) = orders.record_orders_many(
            workspace_id,
            [NewOrder(number, clock.now(), "UAH", (NewLine("bun", Decimal(2), Decimal(30)),),
                      customer_id=customer_id)],
        )  # fmt: skip
    return made.public_id


def test_own_orders_are_shown_and_those_of_others_are_not_there(town: Town) -> None:
    mine = order(town.bakery.id, town.mira, "A-1")
    olegs = order(town.bakery.id, town.oleg, "A-2")
    zoes = order(town.other.id, town.zoe, "Z-1")
    browser = Browser(town.bakery).come_in(town.mira)

    assert "A-1" in browser.text("orders")
    assert "A-2" not in browser.text("orders")
    assert "bun" in browser.text(f"orders/{mine}")
    for foreign in (olegs, zoes, "x" * 22):
        assert browser.get(f"orders/{foreign}").status_code == 404


def test_an_order_says_where_it_is_and_how_it_got_there(town: Town) -> None:
    from regulars.orders import queries as order_queries

    mine = order(town.bakery.id, town.mira, "A-1")
    with scope(town.bakery.id):
        found = order_queries.order(town.bakery.id, mine)
        orders.move(town.bakery.id, found.id, Stage.SHIPPED)
        orders.move(town.bakery.id, found.id, Stage.ARRIVED)
    browser = Browser(town.bakery).come_in(town.mira)

    page = browser.text(f"orders/{mine}")

    assert "Where your order is" in page
    assert page.index("On its way") < page.rindex("Waits for you")
    assert "arrived_at_branch" not in page + browser.text("orders") + browser.text()
    assert "Waits for you" in browser.text("orders")


def test_own_data_is_changed_by_its_owner_and_a_birthday_once(town: Town) -> None:
    from regulars.customers import queries as customer_queries

    browser = Browser(town.bakery).come_in(town.mira)
    form = {"first_name": "Myroslava", "last_name": "K", "city": "Lviv"}
    assert browser.post("me", **form, birth_on="1990-05-01").status_code == 303
    assert browser.post("me", **form, birth_on="1991-06-02").status_code == 303
    assert browser.post("me", **form, birth_on="1991-06-02").status_code == 303

    with scope(town.bakery.id):
        profile = customer_queries.profiles(town.bakery.id, [town.mira])[town.mira]
    assert (profile.first_name, profile.city, str(profile.birth_on)) == (
        "Myroslava", "Lviv", "1990-05-01",
    )  # fmt: skip
    with scope(town.bakery.id):
        sources = customer_queries.sources_of(town.bakery.id, town.mira)
    assert sources["city"][0] == "preferences"
    assert Browser(town.bakery).come_in(town.oleg).post(
        "me", first_name="O", birth_on="2999-01-01"
    ).status_code == 422  # fmt: skip


def test_letters_are_chosen_in_the_account(town: Town) -> None:
    from regulars.customers import queries as customer_queries

    browser = Browser(town.bakery).come_in(town.mira)

    def reason() -> str | None:
        with scope(town.bakery.id):
            return customer_queries.may_contact(
                town.bakery.id, [town.mira], "email", "marketing"
            )[town.mira]  # fmt: skip

    assert reason() is None
    browser.post("me/letters", action="save")
    assert reason() == "consent_withdrawn"
    browser.post("me/letters", action="save", wanted="email marketing", language="uk")
    assert reason() is None
    assert "Наші листи" in browser.text("me/letters")
    browser.post("me/letters", action="pause")
    assert reason() == "paused"
    browser.post("me/letters", action="wake")
    assert reason() is None


def test_own_data_is_asked_for_and_nobody_else_gets_the_file(town: Town) -> None:
    from regulars.privacy import queries as privacy

    mira = Browser(town.bakery).come_in(town.mira)
    mira.post("me/data", key="k1")
    with scope(town.bakery.id):
        (asked,) = privacy.exports_of(town.bakery.id, town.mira)

    assert asked.asked_by.startswith("customer:")
    for browser in (Browser(town.bakery).come_in(town.oleg), Browser(town.other).come_in(town.zoe)):
        assert browser.get(f"me/data/{asked.public_id}").status_code == 404
    for number in range(4):
        mira.post("me/data", key=f"n{number}")
    with scope(town.bakery.id):
        assert len(privacy.exports_of(town.bakery.id, town.mira)) == 3


def test_the_wish_to_be_erased_has_to_be_meant(town: Town) -> None:
    from regulars.customers import queries as customer_queries

    browser = Browser(town.bakery).come_in(town.mira)
    browser.post("me/erase")
    with scope(town.bakery.id):
        assert not customer_queries.has_asked_erasure(town.bakery.id, town.mira)
    browser.post("me/erase", sure="1")
    with scope(town.bakery.id):
        assert customer_queries.has_asked_erasure(town.bakery.id, town.mira)


def test_an_own_device_is_ended_and_a_strangers_is_not(town: Town) -> None:
    from regulars.portal import queries

    desk, phone = (Browser(town.bakery).come_in(town.mira) for _ in range(2))
    oleg = Browser(town.bakery).come_in(town.oleg)
    with scope(town.bakery.id):
        sessions = queries.sessions_of(town.bakery.id, town.mira)
    oleg.post("me/devices", device=sessions[0].public_id)
    assert phone.get().status_code == 200

    for one in sessions:
        desk.post("me/devices", device=one.public_id)
    assert leads_to(phone.get(), phone, "sign-in")


def test_languages_are_switched_on_every_page(town: Town) -> None:
    browser = Browser(town.bakery)
    answer = browser.post("language", language="uk", back=browser.address("sign-in"))
    assert answer.status_code == 303
    assert 'lang="uk"' in browser.text("sign-in")
    for back in ("https://evil.example/", "//evil.example", browser.address("") + "\\evil"):
        assert browser.post("language", language="ru", back=back)["Location"] == browser.address("")


def test_a_merged_customer_goes_on_as_who_they_are_now(town: Town) -> None:
    browser = Browser(town.bakery).come_in(town.oleg)
    with scope(town.bakery.id):
        customers.merge_two(town.bakery.id, town.mira, town.oleg, actor="test")

    assert "Mira" in browser.text()


def test_a_prize_is_ordered_once_and_only_with_enough_points(town: Town) -> None:
    from regulars.loyalty.actions import rewards
    from regulars.loyalty.actions.rewards import RewardTerms
    from regulars.loyalty.queries import rewards as shelf

    give(town, 10_000, "a")
    with scope(town.bakery.id):
        near = rewards.create_reward(
            town.bakery.id, RewardTerms(name="A mug", currency="points", points=6_000)
        )
        far = rewards.create_reward(
            town.bakery.id, RewardTerms(name="An oven", currency="points", points=900_000)
        )
        for one in (near, far):
            rewards.show_reward(town.bakery.id, one.public_id, is_shown=True)
    browser = Browser(town.bakery).come_in(town.mira)
    page = browser.text("prizes")
    assert ("A mug" in page, "8,900 points to go" in page) == (True, True)

    for _ in range(2):
        assert browser.post("prizes", reward=near.public_id, key="k").status_code == 303
    refused = browser.post("prizes", reward=far.public_id, key="f")

    assert refused.status_code == 422
    assert "not enough points" in refused.content.decode()
    assert browser.post("prizes", reward="x" * 22, key="u").status_code == 422
    assert Browser(town.other).come_in(town.zoe).get("prizes").status_code == 200
    with scope(town.bakery.id):
        (member_id,) = members.enrol(town.bakery.id, [town.mira])
        assert len(shelf.orders_of_member(town.bakery.id, member_id)) == 1
    assert "To spend: 40" in browser.text("prizes")
