"""The till protocol through its door: states, replays, edge cases, and what nothing may change."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.loyalty.actions import members as member_actions
from regulars.loyalty.actions import promotions
from regulars.loyalty.queries import members
from regulars.loyalty.tests.counter import Shop, at, cart, line, new_id, shop
from regulars.store.scope import cursor, scope

EMPTY = {"available": 0, "pending": 0, "reserved": 0, "debt": 0}


@pytest.fixture
def tea(db: None) -> Shop:
    return shop()


def held(place: Shop, member: dict[str, str], **fields: Any) -> dict[str, Any]:
    status, told = place.call("hold", cart(member=member, **fields))
    assert status == 200, told
    return told


def confirm(place: Shop, purchase_id: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    return place.call("confirm", {"purchase_id": purchase_id, "occurred_at": at(), **fields})


def test_a_purchase_goes_from_quote_to_sale(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    asked = cart(member=member, points={"amount": 50_00})

    status, quote = tea.call("calculate", asked)
    assert (status, quote["state"]) == (200, "quoted")
    assert quote["summary"]["base"] == 20_000
    assert quote["summary"]["points_paid"] == 5_000
    assert quote["summary"]["to_pay"] == 15_000
    assert tea.balance(member)["available"] == 50_00

    expect = {"quote_id": quote["quote_id"], "quote_hash": quote["quote_hash"]}
    status, told = tea.call("hold", {**asked, "expect": expect})
    assert (status, told["state"]) == (200, "held")
    assert told["summary"] == quote["summary"]
    assert tea.balance(member) == {**EMPTY, "reserved": 50_00}

    status, told = confirm(tea, asked["purchase_id"])
    assert (status, told["state"]) == (200, "confirmed")
    assert told["summary"]["earn_pending"] == 15_00
    assert tea.balance(member) == {**EMPTY, "available": 15_00}


def test_a_sale_without_a_member_earns_nothing(tea: Shop) -> None:
    status, told = tea.call("confirm", cart())

    assert (status, told["state"]) == (200, "confirmed")
    assert told["summary"]["earn_pending"] == 0
    assert tea.count("loyalty_txn") == 0


def test_a_cancelled_hold_leaves_everything_as_before(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    told = held(tea, member, points={"amount": "auto"})
    assert tea.balance(member)["reserved"] == 50_00

    first = tea.call("cancel", {"purchase_id": told["purchase_id"]})
    second = tea.call("cancel", {"purchase_id": told["purchase_id"]})

    assert first == second
    assert first[1]["state"] == "cancelled"
    assert tea.balance(member) == {**EMPTY, "available": 50_00}
    status, refusal = confirm(tea, told["purchase_id"])
    assert (status, refusal["code"]) == (409, "purchase_state")
    assert refusal["details"]["state"] == "cancelled"


@pytest.mark.parametrize("name", ["hold", "confirm"])
def test_a_repeat_gets_the_stored_answer_and_nothing_happens_twice(tea: Shop, name: str) -> None:
    member = tea.member()
    asked = cart(member=member)

    answers = [tea.call(name, asked) for _ in range(3)]

    assert answers[0][0] == 200
    assert answers[1] == answers[0] and answers[2] == answers[0]
    assert tea.count("loyalty_purchase") == 1
    assert tea.count("loyalty_txn") == (1 if name == "confirm" else 0)


def test_a_confirmation_repeated_after_a_return_is_still_answered_the_same(tea: Shop) -> None:
    asked = cart(member=tea.member())
    first = tea.call("confirm", asked)
    tea.call("returns", back(asked["purchase_id"]))

    assert tea.call("confirm", asked) == first


@pytest.mark.parametrize("name", ["hold", "confirm"])
def test_the_same_id_with_another_body_is_refused_and_changes_nothing(tea: Shop, name: str) -> None:
    member = tea.member()
    asked = cart(member=member)
    tea.call(name, asked)
    before = tea.balance(member)

    status, refusal = tea.call(name, {**asked, "lines": [line(qty="3")]})

    assert (status, refusal["code"]) == (409, "idempotency_mismatch")
    assert tea.balance(member) == before
    assert tea.count("loyalty_purchase") == 1


def test_a_hold_repeated_after_its_sale_tells_the_state(tea: Shop) -> None:
    asked = cart(member=tea.member())
    tea.call("hold", asked)
    confirm(tea, asked["purchase_id"])

    status, refusal = tea.call("hold", asked)

    assert (status, refusal["code"]) == (409, "purchase_state")
    assert refusal["details"]["state"] == "confirmed"


def test_a_confirmed_purchase_is_not_cancelled_but_returned(tea: Shop) -> None:
    asked = cart()
    tea.call("confirm", asked)

    status, refusal = tea.call("cancel", {"purchase_id": asked["purchase_id"]})

    assert (status, refusal["code"]) == (409, "use_return")


def test_a_hold_is_honoured_whatever_the_rules_become(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    told = held(tea, member, points={"amount": "auto"})
    tea.settle({"earning": [{"id": "tenth", "trigger": "cart", "share": "50"}]})

    status, sold = confirm(tea, told["purchase_id"])

    assert status == 200
    assert sold["summary"] == told["summary"]
    assert sold["rules_version"] == told["rules_version"]
    assert tea.balance(member)["available"] == 15_00


@pytest.mark.parametrize("name", ["hold", "confirm"])
def test_a_quote_that_no_longer_holds_is_answered_with_the_new_one(tea: Shop, name: str) -> None:
    asked = cart(member=tea.member())
    _, quote = tea.call("calculate", asked)
    tea.settle({"earning": [{"id": "tenth", "trigger": "cart", "share": "50"}]})

    expect = {"quote_hash": quote["quote_hash"]}
    status, refusal = tea.call(name, {**asked, "expect": expect})

    assert (status, refusal["code"]) == (409, "quote_changed")
    new = refusal["details"]["quote"]
    assert new["summary"]["earn_pending"] == 100_00
    assert tea.count("loyalty_purchase") == 0
    expect = {"quote_hash": new["quote_hash"]}
    assert tea.call(name, {**asked, "expect": expect})[0] == 200


def test_a_confirmation_of_other_goods_than_were_held_is_refused(tea: Shop) -> None:
    asked = cart(member=tea.member())
    tea.call("hold", asked)

    status, refusal = tea.call("confirm", {**asked, "lines": [line(qty="1")]})

    assert (status, refusal["code"]) == (409, "cart_differs")
    assert tea.call("confirm", asked)[0] == 200


def test_points_and_gift_cards_pay_after_a_hold_only(tea: Shop) -> None:
    member = tea.member(points_held=50_00)

    status, refusal = tea.call("confirm", cart(member=member, points={"amount": 100}))
    assert (status, refusal["code"]) == (403, "hold_needed")
    status, told = tea.call("confirm", cart(member=member, points={"amount": "auto"}))
    assert (status, told["summary"]["points_paid"]) == (200, 0)


# Holds that ran out.


def test_a_late_confirmation_takes_what_is_still_kept(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    told = held(tea, member, points={"amount": "auto"})
    tea.let_pass(told["purchase_id"])

    status, sold = confirm(tea, told["purchase_id"])

    assert (status, sold["flags"]) == (200, ["late"])
    assert sold["summary"]["points_paid"] == 5_000
    assert tea.balance(member) == {**EMPTY, "available": 15_00}


def test_a_late_confirmation_after_the_job_holds_again(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    told = held(tea, member, points={"amount": "auto"})
    tea.let_pass(told["purchase_id"])
    assert tea.expire(told["purchase_id"])
    assert tea.balance(member) == {**EMPTY, "available": 50_00}

    status, sold = confirm(tea, told["purchase_id"])

    assert (status, sold["flags"]) == (200, ["late"])
    assert tea.balance(member) == {**EMPTY, "available": 15_00}
    assert confirm(tea, told["purchase_id"])[0] == 409


def test_a_late_confirmation_without_the_points_stands_and_says_so(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    told = held(tea, member, points={"amount": "auto"})
    tea.let_pass(told["purchase_id"])
    tea.expire(told["purchase_id"])
    other = held(tea, member, points={"amount": "auto"})
    confirm(tea, other["purchase_id"])

    status, sold = confirm(tea, told["purchase_id"])

    assert status == 200
    assert sold["flags"] == ["late", "burn_lost"]
    assert sold["summary"]["to_pay"] == told["summary"]["to_pay"]
    assert sold["summary"]["points_paid"] == 0
    assert sold["summary"]["discount"] == 5_000
    assert sold["lines"][0]["discounts"] == [
        {"promo_id": "burn_lost", "kind": "manual", "amount": 5_000}
    ]
    assert tea.balance(member) == {**EMPTY, "available": 30_00}
    status, told = tea.call("returns", back(told["purchase_id"]))
    assert told["summary"]["points_back"] == 0
    assert told["summary"]["refund"] == 15_000


def test_a_hold_that_ran_out_is_told_as_expired_at_once(tea: Shop) -> None:
    told = held(tea, tea.member())
    tea.let_pass(told["purchase_id"])

    status, found = tea.call(f"purchases/{told['purchase_id']}")

    assert (status, found["state"]) == (200, "expired")


# Goods that come back.


def back(purchase_id: str, return_id: str = "", **fields: Any) -> dict[str, Any]:
    return {
        "purchase_id": purchase_id,
        "return_id": return_id or new_id("r"),
        "occurred_at": at(),
        **fields,
    }


def test_a_sale_and_its_full_return_leave_everything_as_before(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    told = held(tea, member, points={"amount": "auto"})
    confirm(tea, told["purchase_id"])

    status, returned = tea.call("returns", back(told["purchase_id"]))

    assert (status, returned["state"]) == (200, "returned")
    assert returned["summary"]["refund"] == 15_000
    assert returned["summary"]["points_back"] == 50_00
    assert returned["summary"]["earn_taken"] == {"points": 15_00}
    assert tea.balance(member) == {**EMPTY, "available": 50_00}


def test_parts_of_a_return_sum_to_the_whole(tea: Shop) -> None:
    member = tea.member(points_held=10_01)
    told = held(tea, member, lines=[line(qty="3", price=3_333)], points={"amount": "auto"})
    confirm(tea, told["purchase_id"])

    parts = [
        tea.call("returns", back(told["purchase_id"], lines=[{"line_id": "1", "qty": "1"}]))[1]
        for _ in range(3)
    ]

    assert [one["state"] for one in parts] == ["partly_returned", "partly_returned", "returned"]
    assert sum(one["summary"]["refund"] for one in parts) == told["summary"]["to_pay"]
    assert sum(one["summary"]["points_back"] for one in parts) == 10_01
    assert tea.balance(member) == {**EMPTY, "available": 10_01}


def test_a_return_is_done_once(tea: Shop) -> None:
    member = tea.member()
    asked = cart(member=member)
    tea.call("confirm", asked)
    one = back(asked["purchase_id"], lines=[{"line_id": "1", "qty": "1"}])

    first, second = tea.call("returns", one), tea.call("returns", one)
    status, refusal = tea.call("returns", {**one, "lines": [{"line_id": "1", "qty": "2"}]})

    assert first[0] == 200 and first == second
    assert (status, refusal["code"]) == (409, "idempotency_mismatch")
    assert tea.balance(member)["available"] == 10_00
    assert tea.count("loyalty_return") == 1


def test_more_than_was_sold_does_not_come_back(tea: Shop) -> None:
    asked = cart()
    tea.call("confirm", asked)
    tea.call("returns", back(asked["purchase_id"], lines=[{"line_id": "1", "qty": "1"}]))

    status, refusal = tea.call(
        "returns", back(asked["purchase_id"], lines=[{"line_id": "1", "qty": "1.001"}])
    )

    assert (status, refusal["code"]) == (409, "return_exceeds")
    assert refusal["details"] == {"line_id": "1", "left_milli": 1000}
    assert tea.count("loyalty_return") == 1


def test_a_return_before_its_sale_is_refused(tea: Shop) -> None:
    told = held(tea, tea.member())

    status, refusal = tea.call("returns", back(told["purchase_id"]))
    assert (status, refusal["code"]) == (409, "purchase_not_confirmed")
    status, refusal = tea.call("returns", back(new_id()))
    assert (status, refusal["code"]) == (404, "purchase_unknown")
    assert tea.count("loyalty_return") == 0


def test_what_would_come_back_is_told_without_taking_it(tea: Shop) -> None:
    asked = cart(member=tea.member())
    tea.call("confirm", asked)

    status, told = tea.call("returns/calculate", {"purchase_id": asked["purchase_id"]})

    assert (status, told["is_quote"], told["summary"]["refund"]) == (200, True, 20_000)
    assert tea.count("loyalty_return") == 0


def test_spent_points_become_a_debt_when_the_programme_says_so(tea: Shop) -> None:
    tea.settle({"returns": {"policy": "negative"}})
    member = tea.member()
    asked = cart(member=member)
    tea.call("confirm", asked)
    spent = held(tea, member, points={"amount": "auto"})
    confirm(tea, spent["purchase_id"])

    status, told = tea.call("returns", back(asked["purchase_id"]))

    assert status == 200
    assert told["summary"]["debt"] == {"points": 20_00 - 18_00}
    assert tea.balance(member) == {**EMPTY, "debt": 2_00}


def test_a_debt_may_be_taken_out_of_the_refund(tea: Shop) -> None:
    tea.settle({"returns": {"policy": "negative", "debt_from_refund": True}})
    member = tea.member()
    asked = cart(member=member)
    tea.call("confirm", asked)
    spent = held(tea, member, points={"amount": "auto"})
    confirm(tea, spent["purchase_id"])

    _, quote = tea.call("returns/calculate", {"purchase_id": asked["purchase_id"]})
    _, told = tea.call("returns", back(asked["purchase_id"]))

    assert quote["summary"] == told["summary"]
    assert told["summary"]["withheld"] == 200
    assert told["summary"]["refund"] == 20_000 - 200
    assert tea.balance(member) == EMPTY


# Other people's purchases, bad carts, bad calls.


def test_a_purchase_of_another_workspace_is_unknown(tea: Shop) -> None:
    stranger = shop()
    asked = cart()
    tea.call("confirm", asked)
    name = asked["purchase_id"]

    answers = [
        stranger.call(f"purchases/{name}"),
        stranger.call("cancel", {"purchase_id": name}),
        confirm(stranger, name),
        stranger.call("returns", back(name)),
        stranger.call("returns/calculate", {"purchase_id": name}),
    ]

    assert [(status, told["code"]) for status, told in answers] == [(404, "purchase_unknown")] * 5


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"lines": [line(price=0)]}, "price_zero"),
        ({"lines": [line(price=-100)]}, "price_negative"),
        ({"lines": [line(qty="1000000")]}, "quantity_too_large"),
        ({"lines": [line(qty="0")]}, "quantity_not_positive"),
        ({"lines": [line(qty="-1")]}, "quantity_not_positive"),
        ({"lines": [line(qty="1,5")]}, "call_invalid"),
        ({"lines": [line(qty="0.0001")]}, "call_invalid"),
        ({"lines": [line(price=1.5)]}, "call_invalid"),
        ({"lines": [line(price=10**16)]}, "call_invalid"),
        ({"lines": [line(price=10**12)]}, "price_too_large"),
        ({"lines": [line(), line()]}, "line_twice"),
        ({"lines": []}, "cart_empty"),
        ({"lines": [line(external_discount=20_001)]}, "discount_out_of_range"),
        ({"lines": [line(min_price=10_001)]}, "min_price_above_price"),
        ({"lines": [line(sku="")]}, "call_invalid"),
        ({"lines": [line(colour="green")]}, "call_invalid"),
        ({"lines": [line(str(n)) for n in range(501)]}, "call_invalid"),
        ({"currency": "EUR"}, "currency_mismatch"),
        ({"delivery": -1}, "amount_out_of_range"),
        ({"occurred_at": at(minutes=60)}, "clock_skew"),
        ({"occurred_at": at(minutes=-60)}, "clock_skew"),
        ({"occurred_at": "2026-11-22T10:00:00"}, "call_invalid"),
        ({"purchase_id": "a b"}, "call_invalid"),
        ({"points": {"amount": -1}}, "call_invalid"),
        ({"member": {}}, "member_named"),
        ({"member": {"phone": "1", "email": "a@example.com"}}, "member_named"),
        ({"surprise": 1}, "call_invalid"),
        ({"hold_s": 3600}, "hold_too_long"),
    ],
)
def test_a_bad_cart_gets_a_clear_error_and_changes_nothing(
    tea: Shop, fields: dict[str, Any], code: str
) -> None:
    status, refusal = tea.call("hold", cart(**fields))

    assert (status, refusal["code"]) == (422, code)
    assert refusal["message"]
    assert tea.count("loyalty_purchase") == 0
    assert tea.count("loyalty_txn") == 0


def test_goods_nobody_knows_are_refused_when_the_programme_says_so(tea: Shop) -> None:
    tea.settle({"pricing": {"unknown_goods": "refuse"}})

    status, refusal = tea.call("confirm", cart(lines=[{**line(), "name": "", "sku": "X-1"}]))
    assert (status, refusal["code"]) == (422, "goods_unknown")
    assert refusal["details"] == {"skus": ["X-1"]}
    assert tea.count("loyalty_purchase") == 0
    assert tea.call("confirm", cart())[0] == 200


def test_an_unknown_member_is_told_apart_from_a_wrong_cart(tea: Shop) -> None:
    status, refusal = tea.call("hold", cart(member={"phone": "+380000000000"}))

    assert (status, refusal["code"]) == (404, "member_unknown")


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("nothing", {}, 404, "call_unknown"),
        ("hold", b"{", 400, "json_malformed"),
        ("hold", b"\xff", 400, "json_malformed"),
        pytest.param("hold", b"[" * 100_000, 422, "call_invalid", id="deep"),
        pytest.param("sync", b'{"items":[' + b"[" * 100_000, 400, "json_malformed", id="deeper"),
        pytest.param("hold", b" " * (513 << 10), 422, "body_too_large", id="large"),
        ("hold", b"[]", 422, "call_invalid"),
    ],
)
def test_a_bad_call_is_told_so(tea: Shop, name: str, body: Any, status: int, code: str) -> None:
    told = tea.call(name, body)

    assert (told[0], told[1]["code"]) == (status, code)


def test_a_till_needs_its_own_key(tea: Shop) -> None:
    assert tea.call("hold", cart(), key="rg_pos_nobody")[0] == 401
    assert tea.call("hold", cart(), key="rg_intake_x")[1]["code"] == "key_unknown"
    status, refusal = tea.call("hold", cart(shop="elsewhere"))
    assert (status, refusal["code"]) == (422, "till_mismatch")


def test_a_member_is_identified_with_what_they_have(tea: Shop) -> None:
    member = tea.member(points_held=50_00)

    status, told = tea.call("identify", {"member": member})

    assert status == 200
    assert told["balances"]["points"]["available"] == 50_00
    assert told["offers"] == []
    assert tea.call("identify", {"member": {"phone": "+1"}})[0] == 404


def test_a_member_is_told_of_what_is_offered_to_them_alone(tea: Shop) -> None:
    mira, oleg = tea.member(), tea.member()
    tea.promote(
        "for-you", when={"personal": True}, effects=[{"type": "percent_off", "value": "10"}]
    )
    with scope(tea.workspace.id):
        found = members.find(
            tea.workspace.id, members.MemberKey("external_id", mira["external_id"])
        )
        assert found is not None
        promotions.offer(tea.workspace.id, "for-you", [found.id], key="one")

    offers = [tea.call("identify", {"member": one})[1]["offers"] for one in (mira, oleg)]

    assert offers == [[{"promo_id": "for-you", "title": "for-you", "until": None}], []]


def test_a_promotion_may_ask_for_the_rest_to_be_priced_alone(tea: Shop) -> None:
    least = {"field": "cart.initial_amount", "op": "gte", "value": 30_000}
    tea.promote(
        "from-300", when=least, effects=[{"type": "percent_off", "value": "10"}],
        on_return="reevaluate",
    )  # fmt: skip
    asked = cart(lines=[line(qty="3")])
    _, told = tea.call("confirm", asked)
    assert told["summary"]["to_pay"] == 27_000
    one = [{"line_id": "1", "qty": "1"}]

    _, quote = tea.call("returns/calculate", {"purchase_id": asked["purchase_id"], "lines": one})
    parts = [tea.call("returns", back(asked["purchase_id"], lines=one))[1] for _ in range(3)]

    # Two alone cost 200.00, not the 180.00 that was paid for them: 20.00 is kept, and comes
    # back as the rest does.
    assert quote["summary"]["refund"] == 7_000
    assert [part["summary"]["refund"] for part in parts] == [7_000, 10_000, 10_000]
    assert [part["summary"]["repriced"] for part in parts] == [2_000, -1_000, -1_000]


def test_who_is_blocked_earns_and_does_not_spend(tea: Shop) -> None:
    member = tea.member(points_held=50_00)
    with scope(tea.workspace.id):
        key = members.MemberKey("external_id", member["external_id"])
        found = members.find(tea.workspace.id, key)
        assert found is not None
        member_actions.block(tea.workspace.id, found.public_id)

    told = held(tea, member, points={"amount": "auto"})
    confirm(tea, told["purchase_id"])

    assert told["summary"]["points_paid"] == 0
    assert (told["points"]["max_applicable"], told["points"]["why_limited"]) == (0, ["blocked"])
    assert tea.balance(member)["available"] == 70_00
    status, refusal = tea.call("identify", {"member": member, "send_code": True})
    assert (status, refusal["code"]) == (403, "member_blocked")


def test_delivery_comes_back_with_everything_or_when_it_is_asked_for(tea: Shop) -> None:
    one, two = cart(delivery=500), cart(delivery=500)
    tea.call("confirm", one)
    tea.call("confirm", two)
    goods = [{"line_id": "1", "qty": "2"}]

    whole = tea.call("returns", back(one["purchase_id"]))[1]
    apart = tea.call("returns", back(two["purchase_id"], lines=goods))[1]
    later = tea.call("returns", back(two["purchase_id"], delivery=True))[1]

    refunds = [part["summary"]["refund"] for part in (whole, apart, later)]
    assert refunds == [20_500, 20_000, 500]


def test_what_is_not_said_counts_for_no_repeat(tea: Shop) -> None:
    asked = cart()
    first = tea.call("confirm", asked)

    again = tea.call("confirm", {**asked, "cashier": "", "codes": []})

    assert first == again


@pytest.mark.parametrize(
    "fields",
    [
        {"lines": [line(sku="T\u0000")]},
        {"lines": [line(attrs={"a": "\u0000"})]},
        {"cashier": "\u0000"},
        {"codes": ["\u0000"]},
        {"payment_kind": "\u0000"},
        {"occurred_at": "9999-12-31T23:59:59-14:00"},
        {"occurred_at": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_what_no_column_keeps_is_refused(tea: Shop, fields: dict[str, Any]) -> None:
    status, _ = tea.call("confirm", cart(**fields))

    assert status == 422
    assert tea.call("purchases/%00\u0000")[0] == 404
    assert tea.count("loyalty_purchase") == 0


def test_somebody_new_joins_at_the_till_once(tea: Shop) -> None:
    phone = {"phone": "+380671112233"}
    assert tea.call("identify", {"member": phone})[0] == 404

    answers = tea.calls([("identify", {"member": phone, "join": True})] * 4)

    assert {status for status, _ in answers} == {200}
    assert len({told["member"] for _, told in answers}) == 1
    assert tea.call("confirm", cart(member=phone))[1]["summary"]["earn_pending"] == 20_00
    assert tea.count("loyalty_member") == 1
    assert tea.call("identify", {"member": {"card": "0000"}, "join": True})[0] == 404


def test_a_hold_is_confirmed_for_its_own_member_and_payment(tea: Shop) -> None:
    mira, oleg = tea.member(points_held=50_00), tea.member()
    asked = cart(member=mira, points={"amount": 5_00})
    tea.call("hold", asked)

    others: list[dict[str, Any]] = [{"member": oleg}, {"points": {"amount": 0}}, {"member": None}]
    for other in others:
        status, refusal = tea.call("confirm", {**asked, **other})
        assert (status, refusal["code"]) == (409, "cart_differs")

    assert tea.call("confirm", asked)[0] == 200


def test_only_the_promotion_that_asks_is_looked_at_again(tea: Shop) -> None:
    least = {"field": "cart.initial_amount", "op": "gte", "value": 30_000}
    for slug, value, on_return in (("stays", "5", "keep"), ("asks", "10", "reevaluate")):
        off = [{"type": "percent_off", "value": value}]
        tea.promote(slug, when=least, effects=off, on_return=on_return)
    asked = cart(lines=[line(qty="3")])
    _, told = tea.call("confirm", asked)
    given = {one["promo_id"]: one["amount"] for one in told["lines"][0]["discounts"]}

    _, part = tea.call("returns", back(asked["purchase_id"], lines=[{"line_id": "1", "qty": "1"}]))

    assert part["summary"]["repriced"] == given["asks"] - given["asks"] // 3


def test_goods_of_somebody_who_was_erased_come_back(tea: Shop) -> None:
    told = held(tea, tea.member())
    with scope(tea.workspace.id):
        cursor().execute(
            "UPDATE loyalty_purchase SET member_id = NULL, customer_id = NULL"
            " WHERE workspace_id = %s",
            [tea.workspace.id],
        )
    confirm(tea, told["purchase_id"])

    status, returned = tea.call("returns", back(told["purchase_id"]))

    assert (status, returned["summary"]["refund"]) == (200, 20_000)


def test_a_purchase_is_found_by_an_id_that_ends_with_a_slash(tea: Shop) -> None:
    asked = cart("receipt/7/")
    tea.call("confirm", asked)

    status, told = tea.call("purchases/receipt/7/")

    assert (status, told["purchase_id"], told["state"]) == (200, "receipt/7/", "confirmed")


def test_example_45_points_of_a_return_are_those_of_what_stays(tea: Shop) -> None:
    tea.settle({
        "currencies": [{"slug": "points", "name": "Points", "is_main": True, "earn_step": 100}],
        "earning": [{"id": "base", "trigger": "cart", "points": 100, "per_minor": 30_000}],
    })  # fmt: skip
    member = tea.member()
    asked = cart(member=member, lines=[line(price=1_000_000, qty="2")])
    assert tea.call("confirm", asked)[0] == 200
    assert tea.balance(member)["available"] == 20_000 // 300 * 100

    half = {"lines": [{"line_id": "1", "qty": "1"}]}
    status, _ = tea.call("returns", back(asked["purchase_id"], "r-45", **half))

    assert status == 200
    assert tea.balance(member)["available"] == 10_000 // 300 * 100


def test_an_article_number_that_cannot_be_read_is_refused(tea: Shop) -> None:
    status, told = tea.call("confirm", cart(lines=[line(sku="\u200b\u200b")]))

    assert (status, told["code"], told["details"]["path"]) == (
        422, "line_invalid", "lines[0].sku",
    )  # fmt: skip
