"""A till names the quote it showed, by its hash, by its id, or by both."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.loyalty.tests.counter import Shop, at, cart, line, new_id, shop


@pytest.fixture
def tea(db: None) -> Shop:
    return shop()


def quoted(place: Shop, asked: dict[str, Any]) -> dict[str, Any]:
    status, quote = place.call("calculate", asked)
    assert status == 200, quote
    return quote


@pytest.mark.parametrize("name", ["hold", "confirm"])
@pytest.mark.parametrize("names", [("quote_id",), ("quote_hash",), ("quote_id", "quote_hash")])
def test_a_quote_that_still_holds_is_taken(tea: Shop, name: str, names: tuple[str, ...]) -> None:
    asked = cart(member=tea.member())
    quote = quoted(tea, asked)

    expect = {one: quote[one] for one in names}

    assert tea.call(name, {**asked, "expect": expect})[0] == 200


@pytest.mark.parametrize("name", ["hold", "confirm"])
def test_the_id_of_a_quote_over_other_money_is_refused(tea: Shop, name: str) -> None:
    asked = cart(member=tea.member())
    before = quoted(tea, asked)
    more = {**asked, "lines": [line(qty="3")]}

    status, refusal = tea.call(name, {**more, "expect": {"quote_id": before["quote_id"]}})

    assert (status, refusal["code"]) == (409, "quote_changed")
    assert refusal["details"]["quote"]["quote_id"] == quoted(tea, more)["quote_id"]
    assert tea.count("loyalty_purchase") == 0


def test_the_id_of_another_purchases_quote_is_refused_though_the_money_is_the_same(
    tea: Shop,
) -> None:
    asked = cart(member=tea.member())
    other = quoted(tea, {**asked, "purchase_id": new_id()})
    own = quoted(tea, asked)
    assert other["quote_hash"] == own["quote_hash"] and other["quote_id"] != own["quote_id"]

    expect = {"quote_id": other["quote_id"], "quote_hash": other["quote_hash"]}
    status, refusal = tea.call("hold", {**asked, "expect": expect})

    assert (status, refusal["code"]) == (409, "quote_changed")
    assert refusal["details"]["quote"]["quote_id"] == own["quote_id"]
    assert tea.call("hold", {**asked, "expect": {"quote_hash": other["quote_hash"]}})[0] == 200


def test_an_expectation_of_nothing_is_a_mistake(tea: Shop) -> None:
    for expect in ({}, {"quote_id": ""}, {"quote_hash": ""}):
        status, refusal = tea.call("hold", cart(expect=expect))
        assert (status, refusal["code"]) == (422, "expect_empty")
    assert tea.count("loyalty_purchase") == 0


def test_a_confirmation_of_a_hold_is_held_to_the_hold(tea: Shop) -> None:
    asked = cart(member=tea.member())
    tea.call("hold", asked)

    body = {"purchase_id": asked["purchase_id"], "occurred_at": at()}
    status, told = tea.call("confirm", {**body, "expect": {"quote_id": "of something else"}})

    assert (status, told["state"]) == (200, "confirmed")
