"""Many tills at the same instant: limits hold exactly and nothing is done twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from regulars.loyalty.tests.counter import Shop, at, cart, line, new_id, shop
from regulars.store.scope import cursor, scope

TILLS = 12
LIMIT = 5


@pytest.fixture
def tea(db: None) -> Shop:
    return shop()


def confirmation(purchase_id: str) -> dict[str, Any]:
    return {"purchase_id": purchase_id, "occurred_at": at()}


def back(purchase_id: str, return_id: str = "", **fields: Any) -> dict[str, Any]:
    name = return_id or new_id("r")
    return {"purchase_id": purchase_id, "return_id": name, "occurred_at": at(), **fields}


def codes_of(answers: list[tuple[int, dict[str, Any]]]) -> Counter[str]:
    return Counter(told.get("code", told.get("state", "")) for _, told in answers)


@pytest.mark.parametrize("name", ["hold", "confirm"])
def test_twins_of_one_call_get_one_answer(tea: Shop, name: str) -> None:
    member = tea.member(points_held=50_00)
    points = {"amount": "auto"} if name == "hold" else {"amount": 0}
    asked = cart(member=member, points=points)

    answers = tea.calls([(name, asked)] * TILLS)

    assert [status for status, _ in answers] == [200] * TILLS
    assert all(told == answers[0][1] for _, told in answers)
    assert tea.count("loyalty_purchase") == 1
    assert tea.count("loyalty_txn", "purchase_id IS NOT NULL") == 1


def test_of_two_bodies_under_one_id_one_wins(tea: Shop) -> None:
    member = tea.member()
    name = new_id()
    asked = [cart(name, member=member, lines=[line(qty=str(n))]) for n in range(1, TILLS + 1)]

    answers = tea.calls([("confirm", one) for one in asked])

    assert codes_of(answers) == {"confirmed": 1, "idempotency_mismatch": TILLS - 1}
    assert tea.count("loyalty_purchase") == 1


def test_one_hold_is_confirmed_once_by_many(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    asked = cart(member=member, points={"amount": "auto"})
    tea.call("hold", asked)
    once = confirmation(asked["purchase_id"])

    answers = tea.calls([("confirm", once)] * TILLS)

    assert codes_of(answers) == {"confirmed": TILLS}
    assert tea.balance(member)["available"] == 15_00


def test_a_hold_is_either_confirmed_or_cancelled(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    asked = cart(member=member, points={"amount": "auto"})
    tea.call("hold", asked)
    name = asked["purchase_id"]

    answers = tea.calls([("confirm", confirmation(name)), ("cancel", {"purchase_id": name})] * 3)

    told = codes_of(answers)
    left = tea.balance(member)
    if told["confirmed"]:
        assert told == {"confirmed": 3, "use_return": 3}
        assert (left["available"], left["reserved"]) == (15_00, 0)
    else:
        assert told == {"cancelled": 3, "purchase_state": 3}
        assert (left["available"], left["reserved"]) == (50_00, 0)


def test_points_of_one_member_are_burnt_once_at_many_tills(tea: Shop) -> None:
    member = tea.member(points_held=100_00)

    answers = tea.calls(
        [("hold", cart(member=member, points={"amount": "auto"})) for _ in range(TILLS)]
    )

    assert [status for status, _ in answers] == [200] * TILLS
    paid = [told["summary"]["points_paid"] for _, told in answers]
    assert sorted(paid) == [0] * (TILLS - 1) + [10_000]
    assert tea.balance(member) == {"available": 0, "pending": 0, "reserved": 100_00, "debt": 0}


def test_a_code_of_a_limit_is_held_exactly_so_often(tea: Shop) -> None:
    tea.promote("ten", trigger="code", effects=[{"type": "percent_off", "value": "10"}])
    tea.code("SPRING", "ten", uses_per_code=LIMIT)

    answers = tea.calls([("hold", cart(codes=["SPRING"])) for _ in range(TILLS)])

    won = [told for status, told in answers if status == 200 and told["summary"]["discount"]]
    lost = [told for status, told in answers if status == 409]
    assert len(won) == LIMIT
    assert {told["code"] for told in lost} <= {"code_in_use"}
    assert all(told["details"]["until"] for told in lost)
    assert all(
        told["codes"][0]["status"] != "applied"
        for status, told in answers
        if status == 200 and not told["summary"]["discount"]
    )
    tea.calls([("confirm", confirmation(told["purchase_id"])) for told in won])
    assert used(tea, "loyalty_code") == (0, LIMIT)


def test_a_code_of_a_limit_is_used_exactly_so_often_without_holds(tea: Shop) -> None:
    tea.promote("ten", trigger="code", effects=[{"type": "percent_off", "value": "10"}])
    tea.code("SPRING", "ten", uses_per_code=LIMIT)

    answers = tea.calls([("confirm", cart(codes=["SPRING"])) for _ in range(TILLS)])

    won = [told for status, told in answers if status == 200 and told["summary"]["discount"]]
    assert len(won) == LIMIT
    assert used(tea, "loyalty_code") == (0, LIMIT)


def used(place: Shop, table: str) -> tuple[int, int]:
    with scope(place.workspace.id):
        raw = cursor()
        raw.execute(
            f"SELECT reserved, used FROM {table} WHERE workspace_id = %s", [place.workspace.id]
        )
        ((reserved, taken),) = raw.fetchall()
        return reserved, taken


@pytest.mark.parametrize("name", ["hold", "confirm"])
def test_a_budget_is_never_overdrawn(tea: Shop, name: str) -> None:
    budget = [{"what": "discount", "per": "total", "period": "all", "value": 7_000}]
    tea.promote("ten", effects=[{"type": "percent_off", "value": "10"}], limits=budget)

    answers = tea.calls([(name, cart()) for _ in range(TILLS)])

    assert [status for status, _ in answers] == [200] * TILLS
    discounts = sorted(told["summary"]["discount"] for _, told in answers)
    assert discounts == [0] * (TILLS - 4) + [1_000, 2_000, 2_000, 2_000]
    assert used(tea, "loyalty_usage") == ((7_000, 0) if name == "hold" else (0, 7_000))


def test_a_budget_comes_back_with_what_is_cancelled_and_returned(tea: Shop) -> None:
    budget = [{"what": "uses", "per": "total", "period": "all", "value": 3}]
    tea.promote("ten", effects=[{"type": "percent_off", "value": "10"}], limits=budget)
    held = [tea.call("hold", cart())[1]["purchase_id"] for _ in range(3)]
    assert tea.call("hold", cart())[1]["summary"]["discount"] == 0
    assert used(tea, "loyalty_usage") == (3, 0)

    tea.call("cancel", {"purchase_id": held[0]})
    tea.let_pass(held[1])
    tea.expire(held[1])
    tea.call("confirm", confirmation(held[2]))
    assert used(tea, "loyalty_usage") == (0, 1)
    tea.call("returns", back(held[2]))
    assert used(tea, "loyalty_usage") == (0, 0)


def test_a_gift_card_is_never_overdrawn(tea: Shop) -> None:
    tea.gift_card("GIFT-0001", 50_000)
    asked = [
        ("hold", cart(gift_cards=[{"code": "GIFT-0001", "amount": "auto"}])) for _ in range(TILLS)
    ]

    answers = tea.calls(asked)

    paid = sorted(told["summary"]["gift_paid"] for status, told in answers if status == 200)
    assert sum(paid) == 50_000
    for status, told in answers:
        if status == 200:
            tea.call("confirm", confirmation(told["purchase_id"]))
    with scope(tea.workspace.id):
        raw = cursor()
        raw.execute(
            "SELECT available_minor, held_minor FROM loyalty_giftcard WHERE workspace_id = %s",
            [tea.workspace.id],
        )
        assert raw.fetchone() == (0, 0)


def test_gift_money_of_a_return_goes_back_to_the_card(tea: Shop) -> None:
    tea.gift_card("GIFT-0002", 15_000)
    asked = cart(gift_cards=[{"code": "GIFT-0002", "amount": "auto"}])
    tea.call("hold", asked)
    tea.call("confirm", confirmation(asked["purchase_id"]))

    parts = [
        tea.call("returns", back(asked["purchase_id"], lines=[{"line_id": "1", "qty": "1"}]))[1]
        for _ in range(2)
    ]

    assert [one["summary"]["gift_back"] for one in parts] == [7_500, 7_500]
    assert [one["summary"]["refund"] for one in parts] == [2_500, 2_500]
    with scope(tea.workspace.id):
        raw = cursor()
        raw.execute(
            "SELECT available_minor FROM loyalty_giftcard WHERE workspace_id = %s",
            [tea.workspace.id],
        )
        assert raw.fetchone() == (15_000,)


def test_one_return_of_many_at_once_is_done_once(tea: Shop) -> None:
    member = tea.member()
    asked = cart(member=member, lines=[line(qty="1")])
    tea.call("confirm", asked)
    one = back(asked["purchase_id"])

    answers = tea.calls([("returns", one)] * TILLS)

    assert all(told == answers[0][1] for _, told in answers)
    assert tea.balance(member)["available"] == 0
    assert tea.count("loyalty_return") == 1


def test_goods_come_back_once_however_many_returns_race(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    asked = cart(member=member, points={"amount": "auto"})
    tea.call("hold", asked)
    tea.call("confirm", confirmation(asked["purchase_id"]))

    answers = tea.calls([("returns", back(asked["purchase_id"])) for _ in range(TILLS)])

    assert codes_of(answers) == {"returned": 1, "return_nothing": TILLS - 1}
    assert tea.balance(member)["available"] == 50_00


def test_a_return_id_belongs_to_one_purchase(tea: Shop) -> None:
    one, two = cart(), cart()
    tea.call("confirm", one)
    tea.call("confirm", two)

    answers = tea.calls([("returns", back(p["purchase_id"], "same")) for p in (one, two)])

    assert codes_of(answers) == {"returned": 1, "idempotency_mismatch": 1}
