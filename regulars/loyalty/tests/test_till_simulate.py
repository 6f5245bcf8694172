"""Carts tried out through the door: other rules, other moments, and nothing kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from regulars.kernel import clock
from regulars.loyalty.actions.till.simulating import DRAFTS_MAX
from regulars.loyalty.tests.counter import Shop, at, cart, shop
from regulars.store.scope import scope
from regulars.workspaces.actions import create_key
from regulars.workspaces.records import KeyScope

TENTH_OFF = {"effects": [{"type": "percent_off", "value": "10"}]}


@pytest.fixture
def tea(db: None) -> Shop:
    return shop()


@pytest.fixture
def key(tea: Shop) -> str:
    with scope(tea.workspace.id):
        return create_key(tea.workspace.id, KeyScope.API)


def test_promotions_nobody_saved_are_tried_beside_those_that_are_live(tea: Shop, key: str) -> None:
    tea.promote("five", lane="line", effects=[{"type": "percent_off", "value": "5"}])
    asked = cart()

    status, live = tea.call("simulate", asked, key=key)
    _, tried = tea.call("simulate", {**asked, "draft_rules": [TENTH_OFF]}, key=key)

    assert (status, live["summary"]["to_pay"]) == (200, 19_000)
    assert tried["summary"]["discount"] > live["summary"]["discount"]
    given = {one["promo_id"] for one in tried["lines"][0]["discounts"]}
    refused = {one["promo_id"] for one in tried["not_applied"]}
    assert given | refused == {"five", "draft-1"}
    assert tea.count("loyalty_purchase") == tea.count("loyalty_answer") == 0
    _, after = tea.call("calculate", asked)
    assert after["summary"] == live["summary"]


def test_a_cart_is_tried_at_another_moment(tea: Shop, key: str) -> None:
    over = (clock.now() + timedelta(days=30)).isoformat()
    tea.promote("soon", schedule={"from": over}, **TENTH_OFF)
    later = at(clock.now() + timedelta(days=31))

    _, now = tea.call("simulate", cart(), key=key)
    _, then = tea.call("simulate", cart(occurred_at=later, now=later), key=key)

    assert (now["summary"]["to_pay"], then["summary"]["to_pay"]) == (20_000, 18_000)
    assert then["explained"]["summary"]["to_pay_minor"] == 18_000


def test_a_tills_own_key_may_not_try_carts_out(tea: Shop) -> None:
    status, told = tea.call("simulate", cart())

    assert (status, told["code"]) == (403, "key_scope")


def test_drafts_are_few_and_readable(tea: Shop, key: str) -> None:
    many = {**cart(), "draft_rules": [TENTH_OFF] * (DRAFTS_MAX + 1)}
    strange = {**cart(), "draft_rules": [{"effects": [{"type": "gold"}]}]}

    answers = [tea.call("simulate", one, key=key) for one in (many, strange)]

    assert [(status, told["code"]) for status, told in answers] == [
        (422, "too_many_drafts"), (422, "promotion_invalid"),
    ]  # fmt: skip
