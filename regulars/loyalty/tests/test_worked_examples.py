"""Carts and figures published in the tests of other systems, numbered as in the design.

Only facts are taken: a cart, a rule and what it comes to. Where a line's share depends on the
policy of spreading, ours is the largest remainder with ties by line order.
"""

from __future__ import annotations

import itertools

import pytest

from regulars.loyalty.pure.calculation.spreading import spread
from regulars.loyalty.pure.cart import GiftCardAsk, GiftCardState
from regulars.loyalty.tests.carts import (
    ask,
    cart,
    codes,
    line,
    live,
    member,
    off,
    offs,
    promotion,
    why,
)

TAX = 20


def percent(value: str, **fields: object) -> dict[str, object]:
    return {"type": "percent_off", "value": value, **fields}


def amount(minor: int, **fields: object) -> dict[str, object]:
    return {"type": "amount_off", "value": minor, **fields}


def test_example_1_the_cheapest_of_three_is_free() -> None:
    rules = live(promotion("three", {"type": "free_units"}, target={"pick": "cheapest", "n": 3}))

    answer = ask(rules, cart(line("A", "12.00", "3")))

    assert off(answer) == 1200


def test_example_3_spend_ten_and_the_cheapest_is_free() -> None:
    rules = live(
        promotion(
            "ten",
            {"type": "free_units"},
            when={"field": "cart.amount", "op": "gte", "value": 1000},
            target={"pick": "cheapest"},
        )
    )

    answer = ask(rules, cart(line("A", "4.00", "2"), line("B", "2.00", "2")))

    assert offs(answer) == [0, 200]


def test_example_5_four_off_three_equal_lines() -> None:
    rules = live(promotion("four", amount(400)))

    answer = ask(rules, cart(*(line(name, "2.00") for name in "ABC")))

    assert off(answer) == 400
    assert offs(answer) == [134, 133, 133]


def test_example_7_any_three_for_twenty() -> None:
    rules = live(
        promotion("twenty", {"type": "fixed_price", "value": 2000}, target={"sets": [{"qty": 3}]})
    )

    assert off(ask(rules, cart(line("A", "8.00", "4")))) == 400


def test_example_9_a_bundle_dearer_than_its_goods_takes_nothing_off() -> None:
    rules = live(
        promotion("twenty", {"type": "fixed_price", "value": 2000}, target={"sets": [{"qty": 3}]})
    )

    answer = ask(rules, cart(line("A", "6.00", "3")))

    assert off(answer) == 0
    assert why(answer, "twenty") == "nothing_to_discount"


def test_example_11_ten_over_three_equal_lines_in_any_order() -> None:
    rules = live(promotion("ten", amount(1000)))

    for names in itertools.permutations("ABC"):
        answer = ask(rules, cart(*(line(name, "50.00") for name in names)))
        assert sorted(offs(answer)) == [333, 333, 334]


def test_example_13_fifteen_over_twenty_thirty_and_a_hundred() -> None:
    rules = live(promotion("fifteen", amount(1500)))

    answer = ask(rules, cart(line("A", "20"), line("B", "30"), line("C", "100")))

    assert offs(answer) == [200, 300, 1000]


def test_example_15_fifteen_percent_below_its_cap() -> None:
    rules = live(promotion("cap", percent("15", cap=5000)))

    answer = ask(rules, cart(line("A", "12"), line("B", "23"), line("C", "10")))

    assert off(answer) == 675
    assert offs(answer) == [180, 345, 150]


def test_example_17_five_off_each_unit_of_a_whole_group_of_three() -> None:
    rules = live(promotion("groups", amount(500, per="unit"), target={"sets": [{"qty": 3}]}))

    answer = ask(rules, cart(line("A", "10", "2"), line("B", "10"), line("C", "10")))

    assert offs(answer) == [1000, 500, 0]


def test_example_19_a_larger_share_from_ten_pieces_of_apparel() -> None:
    shirts = {"where": {"field": "line.sku", "op": "eq", "value": "shirt"}}
    ten = {
        "lines": {
            "quantifier": "sum",
            "where": {"field": "line.category", "op": "eq", "value": "apparel"},
            "value": 10,
        }
    }
    best = {"group_mode": "best_for_customer"}
    rules = live(
        promotion("few", percent("10"), target=shirts, group="shirts", stack=best),
        promotion("many", percent("15"), target=shirts, group="shirts", stack=best, when=ten),
    )

    answer = ask(
        rules,
        cart(
            line("1", "50", "7", sku="shirt", category="apparel"),
            line("2", "20", "5", sku="cap", category="apparel"),
        ),
    )

    assert offs(answer) == [5250, 0]


@pytest.mark.parametrize(
    ("weights", "total", "shares"),
    [
        ([1000, 1000, 1000], 299, [100, 100, 99]),
        ([10, 20, 10, 30, 50, 20, 10, 40], 93, [5, 10, 5, 15, 24, 10, 5, 19]),
        ([10, 0], 40, [40, 0]),
        ([0, 0], 10, [5, 5]),
    ],
)
def test_example_21_spreads_by_the_largest_remainder(
    weights: list[int], total: int, shares: list[int]
) -> None:
    assert spread(total, weights) == shares


def test_example_23_half_off_sale_goods_then_fifteen_percent_of_the_order() -> None:
    sale = {"where": {"field": "line.attr.sale", "op": "eq", "value": True}}
    goods = cart(line("A", "10.00", "2", attrs={"sale": True}), line("B", "50.00"))
    half = promotion("half", percent("50"), lane="line", target=sale)

    first = ask(live(half), goods)
    both = ask(live(half, promotion("order", percent("15"), lane="cart")), goods)

    assert first.summary.to_pay_minor == 6000
    assert both.summary.to_pay_minor == 5100
    assert both.summary.to_pay_minor * (100 + TAX) // 100 == 6120


def test_example_25_ten_percent_of_the_item_then_of_the_order() -> None:
    item = promotion("item", percent("10"), lane="line")
    goods = cart(line("A", "1558.80"))

    assert ask(live(item), goods).summary.to_pay_minor == 140292
    both = live(item, promotion("order", percent("10"), lane="cart"))
    assert ask(both, goods).summary.to_pay_minor == 126263


def test_example_27_ten_percent_line_by_line_or_of_the_total() -> None:
    goods = cart(line("A", "1.06"), line("B", "2.06"), line("C", "3.06"), line("D", "4.06"))

    by_line = ask(live(promotion("ten", percent("10", spread="each_line"))), goods)
    by_total = ask(live(promotion("ten", percent("10"))), goods)

    assert offs(by_line) == [11, 21, 31, 41]
    assert off(by_line) == 104
    assert off(by_total) == 102


def test_example_29_a_voucher_for_the_cheapest_goods() -> None:
    cheapest = {"pick": "cheapest"}

    share = ask(
        live(promotion("share", percent("15"), target=cheapest)),
        cart(line("A", "19.99"), line("B", "109.99")),
    )
    fixed = ask(
        live(promotion("fixed", amount(444), target=cheapest)),
        cart(line("A", "13.33"), line("B", "16.66")),
    )

    assert offs(share) == [300, 0]
    assert offs(fixed) == [444, 0]


def test_example_31_a_gift_card_pays_part_of_goods_with_delivery() -> None:
    answer = ask(
        live(),
        cart(line("A", "9.99", "4"), delivery_minor=1000, gift_cards=(GiftCardAsk("CARD"),)),
        cards=[GiftCardState("CARD", "usable", 2500)],
    )

    assert answer.summary.gift_paid_minor == 2500
    assert answer.summary.to_pay_minor == 2496


def test_example_33_buy_two_and_get_two_of_the_same() -> None:
    rules = live(
        promotion(
            "two",
            {"type": "free_units"},
            target={"sets": [{"qty": 2, "side": "buy"}, {"qty": 2, "side": "get"}]},
        )
    )

    assert off(ask(rules, cart(line("A", "250", "4")))) == 50000
    three = ask(rules, cart(line("A", "250", "3")))
    assert off(three) == 0
    missing = three.not_applied[0].missing
    assert missing is not None
    assert (missing.what, missing.value) == ("quantity_milli", 1000)


@pytest.mark.parametrize(("units", "to_pay"), [("14", 148680), ("17", 160480), ("20", 188800)])
def test_example_35_the_best_of_four_shares_by_the_amount(units: str, to_pay: int) -> None:
    steps = (("1500", "10"), ("1750", "15"), ("2000", "20"), ("2500", "25"))
    rules = live(
        *(
            promotion(
                f"from-{least}",
                percent(share),
                group="steps",
                stack={"group_mode": "best_for_customer"},
                when={"field": "cart.amount", "op": "gte", "value": int(least) * 100},
            )
            for least, share in steps
        )
    )

    answer = ask(rules, cart(line("A", "118", units)))

    assert answer.summary.to_pay_minor == to_pay


@pytest.mark.parametrize(
    ("units", "to_pay", "applied"), [("10", 6500, 1), ("15", 4750, 2), ("5", 8250, 0)]
)
def test_example_37_two_codes_that_each_need_a_hundred_left(
    units: str, to_pay: int, applied: int
) -> None:
    left = {"field": "cart.amount", "op": "gte", "value": 10000}
    rules = live(
        promotion("first", amount(10000), trigger="code", when=left),
        promotion("second", amount(10000), trigger="code", when=left),
    )

    for typed in (("F", "S"), ("S", "F")):
        answer = ask(
            rules,
            cart(line("A", "16.5", units), codes=typed),
            typed=codes(F="first", S="second"),
        )
        assert answer.summary.to_pay_minor == to_pay
        assert sum(code.status == "applied" for code in answer.codes) == applied
        refused = {code.reason for code in answer.codes if code.status != "applied"}
        assert refused <= {"amount_low"}


def test_example_39_a_quarter_off_chairs_and_desks_or_chairs_alone() -> None:
    goods = cart(line("A", "16.5", "4", category="chairs"), line("B", "25", "2", category="desks"))
    kinds = {"field": "line.category", "op": "in", "value": ["chairs", "desks"]}
    chairs = {"field": "line.category", "op": "eq", "value": "chairs"}

    both = ask(live(promotion("both", percent("25"), target={"where": kinds})), goods)
    one = ask(live(promotion("one", percent("25"), target={"where": chairs})), goods)

    assert both.summary.to_pay_minor == 8700
    assert one.summary.to_pay_minor == 9950


def test_example_41_points_are_earned_on_what_is_paid() -> None:
    rules = live(
        promotion("ten", percent("10")),
        programme={"earning": [{"id": "base", "points": 100, "per_minor": 100}]},
    )

    answer = ask(rules, cart(line("A", "100")), by=member())

    assert answer.summary.earn == 90_00


@pytest.mark.parametrize(
    "goods",
    [
        [("5.60", "1"), ("8.92", "1"), ("44.91", "1"), ("217.26", "1"), ("2400.00", "1")],
        [("6.44", "1"), ("10.26", "1"), ("51.65", "1"), ("249.85", "1"), ("2760.00", "1")],
        [("11.50", "2")],
        [("9.99", "2")],
        [("11.99", "2")],
    ],
)
def test_example_43_all_off_leaves_nothing_to_the_coin(goods: list[tuple[str, str]]) -> None:
    rules = live(promotion("all", percent("100")))

    answer = ask(rules, cart(*(line(str(at), *one) for at, one in enumerate(goods))))

    assert answer.summary.to_pay_minor == 0
    assert {one.to_pay_minor for one in answer.lines} == {0}


def test_example_45_points_of_a_return_are_those_of_what_stays() -> None:
    rules = live(
        programme={
            "currencies": [{"slug": "points", "name": "Points", "is_main": True,
                            "earn_step": 100}],
            "earning": [{"id": "base", "points": 100, "per_minor": 30000}],
        }
    )  # fmt: skip

    sold = ask(rules, cart(line("A", "10000", "2")), by=member())
    stays = ask(rules, cart(line("A", "10000", "1")), by=member())

    assert sold.summary.earn == 20000 // 300 * 100
    assert stays.summary.earn == 10000 // 300 * 100


def test_example_47_a_gift_card_is_no_discount_whenever_it_is_given() -> None:
    rules = live(
        promotion(
            "code",
            amount(50),
            trigger="code",
            when={
                "all": [
                    {"field": "cart.amount", "op": "gt", "value": 1000},
                    {"field": "cart.initial_amount", "op": "lt", "value": 1100},
                ]
            },
        )
    )

    answer = ask(
        rules,
        cart(line("A", "10.50"), codes=("C",), gift_cards=(GiftCardAsk("CARD"),)),
        typed=codes(C="code"),
        cards=[GiftCardState("CARD", "usable", 100)],
    )

    assert answer.codes[0].status == "applied"
    assert answer.summary.to_pay_minor == 1050 - 50 - 100
