"""Pages of promotions: list, form, sentence and meetings, a cart to try, receipts replayed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from regulars.jobs import actions as jobs
from regulars.kernel import clock
from regulars.loyalty import replay_tasks
from regulars.loyalty.actions import members
from regulars.loyalty.actions import promotions as actions
from regulars.loyalty.queries import promotions as queries
from regulars.loyalty.queries import replaying
from regulars.loyalty.tests.test_book_pages import post, signed_in, text
from regulars.orders import actions as orders
from regulars.orders.records import NewLine, NewOrder
from regulars.store.scope import scope
from regulars.workspaces.records import Role
from tests.town import Town, town

pytestmark = pytest.mark.usefixtures("as_engine")
TEN = {"effects": [{"type": "percent_off", "value": "10"}]}
FORM = {
    "name": "Tea week", "gives": "percent_off", "value": "15", "goods": "line.category",
    "goods_list": "Tea, Herbs", "pick": "all", "cart_least": "300", "days": ["1", "2"],
    "hour_from": "10:00", "hour_to": "12:00", "uses_member": "1", "lane": "line",
    "priority": "50", "group_mode": "all",
}  # fmt: skip


@pytest.fixture
def place(as_engine: None) -> Town:
    return town()


@pytest.fixture
def owner(place: Town) -> Client:
    return signed_in(place)


def test_a_promotion_is_made_by_a_form_said_started_and_paused(place: Town, owner: Client) -> None:
    assert "No promotions yet" in text(owner, "promotions")
    said = post(owner, "promotions/new", **FORM, action="check")
    assert "If the cart after discounts is at least 300.00 UAH, then 15 % off goods" in (
        said.content.decode()
    )

    made = post(owner, "promotions/new", **FORM)

    assert (made.status_code, made.url) == (302, "/loyalty/promotions/tea-week")
    with scope(place.bakery.id):
        found = queries.promotion(place.bakery.id, "tea-week")
    assert found.definition == {
        "lane": "line",
        "trigger": "cart",
        "priority": 50,
        "effects": [{"type": "percent_off", "value": "15"}],
        "schedule": {"weekly": [{"days": [1, 2], "from": "10:00", "to": "12:00"}]},
        "when": {"all": [{"field": "cart.amount", "op": "gte", "value": 30000}]},
        "target": {"where": {"field": "line.category", "op": "in", "value": ["Tea", "Herbs"]}},
        "limits": [{"what": "uses", "per": "member", "period": "all", "value": 1}],
    }
    assert post(owner, "promotions/tea-week/move", move="start").status_code == 302
    assert "Tea week" in text(owner, "promotions?state=live")
    assert "Live" in text(owner, "promotions/tea-week")
    post(owner, "promotions/tea-week/move", move="pause")
    assert "Paused" in text(owner, "promotions/tea-week")


def test_the_form_opens_with_what_was_saved_and_refuses_an_old_version(
    place: Town, owner: Client
) -> None:
    post(owner, "promotions/new", **FORM)

    page = text(owner, "promotions/tea-week/edit")

    assert 'value="Tea, Herbs"' in page
    assert 'name="rules"' not in page
    first = post(owner, "promotions/tea-week/edit", **{**FORM, "value": "20", "version": "1"})
    again = post(owner, "promotions/tea-week/edit", **{**FORM, "value": "30", "version": "1"})
    assert first.status_code == 302
    assert again.status_code == 422
    with scope(place.bakery.id):
        found = queries.promotion(place.bakery.id, "tea-week")
    assert found.definition["effects"][0]["value"] == "20"


def test_rules_that_the_fields_cannot_say_are_shown_as_json(place: Town, owner: Client) -> None:
    odd = {**TEN, "when": {"not": {"field": "context.hour", "op": "gte", "value": 12}}}
    with scope(place.bakery.id):
        actions.create_promotion(place.bakery.id, name="Odd", definition=odd)

    page = text(owner, "promotions/odd/edit")
    wrong = post(owner, "promotions/odd/edit", name="Odd", rules='{"effects": [{}]}')
    fields = {"name": "Odd", "as": "json", "rules": '{"effects": [{"type": "?"}]}'}
    refused = post(owner, "promotions/odd/edit", **fields)

    assert 'name="rules"' in page
    assert wrong.status_code == 422
    assert "effects[0].type: one of percent_off" in refused.content.decode()


def test_a_condition_outside_a_group_is_shown_in_the_fields(place: Town, owner: Client) -> None:
    bare = {**TEN, "when": {"field": "cart.amount", "op": "gte", "value": 30000}}
    with scope(place.bakery.id):
        actions.create_promotion(place.bakery.id, name="Bare", definition=bare)

    page = text(owner, "promotions/bare/edit")

    assert 'name="rules"' not in page
    assert 'name="cart_least" value="300' in page


def test_a_form_says_what_is_missing(owner: Client) -> None:
    sent = {**FORM, "value": "", "goods_list": "", "pick": "sets"}
    refused = post(owner, "promotions/new", **sent)

    page = refused.content.decode()
    assert refused.status_code == 422
    for words in ("Say how much.", "Name at least one.", "how many units of a set"):
        assert words in page


def test_live_promotions_of_the_same_goods_are_named_with_how_low_it_goes(
    place: Town, owner: Client
) -> None:
    shop = place.bakery.id
    half = {"effects": [{"type": "percent_off", "value": "80"}]}
    alone = {**TEN, "stack": {"exclusive": True}}
    with scope(shop):
        for name, rules in (("Half", half), ("Alone", alone)):
            actions.create_promotion(shop, name=name, definition=rules)
            actions.set_state(shop, name.lower(), "live")
        actions.create_promotion(shop, name="Ten", definition=TEN)

    page = text(owner, "promotions/ten")

    assert "Both apply to the same goods" in page
    assert "one of them stands alone" in page
    assert "can leave 18 % of the price" in page


def test_a_tried_cart_explains_every_rule(place: Town, owner: Client) -> None:
    shop = place.bakery.id
    large = {**TEN, "when": {"field": "cart.amount", "op": "gte", "value": 50000}}
    with scope(shop):
        members.enrol(shop, [place.mira])
        actions.create_promotion(shop, name="Ten", definition=TEN)
        actions.set_state(shop, "ten", "live")
        actions.create_promotion(shop, name="Large", definition=large)

    asked = "try?try=1&sku1=tea&price1=100&qty1=1.5&kind=email&member=mira@example.com"
    page = text(owner, asked)
    drafted = text(owner, f"{asked}&draft=large")

    assert "135" in page
    assert "Large" not in page.split('id="answer"')[1]
    assert "The cart is too small." in drafted
    assert "Add 350.00 UAH more." in drafted
    assert "There is no such code." in text(owner, f"{asked}&codes=NOPE")
    bad = text(owner, "try?try=1&sku1=tea&price1=-1")
    assert "Row 1: A price cannot be below 0." in bad
    assert "This is no number: many" in text(owner, "try?try=1&sku1=tea&price1=many")
    assert "No member is known by this." in text(owner, "try?try=1&sku1=a&price1=1&member=x")


def test_past_receipts_are_priced_anew(place: Town, owner: Client) -> None:
    shop, now = place.bakery.id, clock.now()
    with scope(shop):
        actions.create_promotion(shop, name="Ten", definition=TEN)
        orders.record_orders_many(
            shop,
            [
                NewOrder(
                    number=str(number),
                    placed_at=now - timedelta(days=number),
                    currency="UAH",
                    lines=(NewLine("bun", Decimal(2), Decimal("50")),),
                )
                for number in (1, 2, 400)
            ],
        )
    started = post(
        owner, "replays/start", promotion=["ten"], key="k",
        since=f"{now - timedelta(days=30):%Y-%m-%d}", until=f"{now:%Y-%m-%d}",
    )  # fmt: skip
    assert started.status_code == 302
    with scope(shop):
        (replay,) = replaying.replays(shop)
    job = jobs.claim()
    while job is not None and job.payload.get("replay") != replay.public_id:
        jobs.finish(job)
        job = jobs.claim()
    assert job is not None
    replay_tasks.run(job)

    with scope(shop):
        found = replaying.replay(shop, replay.public_id)
    assert found.state == "done"
    assert found.found.receipts == 2
    assert (found.found.sold_minor, found.found.would_minor) == (20000, 18000)
    assert found.found.promotions["ten"].discount_minor == 2000
    page = text(owner, f"replays/{replay.public_id}")
    assert "Ten" in page
    assert "Done" in page


def test_who_may_only_look_changes_nothing(place: Town) -> None:
    viewer = signed_in(place, Role.ANALYST, "vera")

    assert viewer.get("/loyalty/promotions").status_code in (200, 403)
    assert post(viewer, "promotions/new", **FORM).status_code == 403
    with scope(place.bakery.id):
        assert queries.how_many(place.bakery.id) == 0


def test_another_workspace_answers_not_found(place: Town, owner: Client) -> None:
    with scope(place.other.id):
        actions.create_promotion(place.other.id, name="Theirs", definition=TEN)

    for page in ("promotions/theirs", "promotions/theirs/edit", "replays/nowhere"):
        assert owner.get(f"/loyalty/{page}").status_code == 404
    assert post(owner, "promotions/theirs/move", move="start").status_code == 404
