"""What promotions, points, codes and limits do to one cart, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from regulars.kernel.errors import Invalid
from regulars.loyalty.pure.answers import Answer
from regulars.loyalty.pure.cart import (
    Balance,
    Bought,
    Cart,
    CodeState,
    GiftCardAsk,
    GiftCardState,
    Line,
    PointsAsk,
)
from regulars.loyalty.tests.carts import (
    NOW,
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

TEN = {"type": "percent_off", "value": "10"}
HUNDRED = cart(line("A", "100"))
POINTS = {"earning": [{"id": "base", "points": 100, "per_minor": 100}]}


def paid(answer: Answer) -> int:
    return answer.summary.to_pay_minor


@pytest.mark.parametrize(
    ("lines", "fields", "code", "path"),
    [
        ((), {}, "cart_empty", None),
        ((line("A", "1"),), {"currency": "EUR"}, "currency_mismatch", None),
        ((line("A", "0"),), {}, "price_zero", "lines[0].price"),
        ((line("A", "-1"),), {}, "price_negative", "lines[0].price"),
        ((line("A", "1", "0"),), {}, "quantity_not_positive", "lines[0].qty"),
        ((line("A", "1", "1000000"),), {}, "quantity_too_large", "lines[0].qty"),
        ((line("A", "10000000000"), line("B", "1")), {}, None, None),
        ((line("A", "1"), line("A", "2")), {}, "line_twice", "lines[1].line_id"),
        ((replace(line("A", "1"), sku=""),), {}, "goods_unknown", "lines[0].sku"),
        (
            (line("A", "1", external_discount_minor=101),),
            {},
            "discount_out_of_range",
            "lines[0].external_discount",
        ),
        ((line("A", "1", min_price_minor=101),), {}, "min_price_above_price", "lines[0].min_price"),
        ((replace(line("A", "1"), base_minor=7),), {}, "line_invalid", "lines[0].price"),
        ((line("A", "1"),), {"delivery_minor": -1}, "amount_out_of_range", None),
        ((line("A", "1"),), {"codes": tuple("ABCDEFGHIJKLMNOPQRSTU")}, "cart_too_long", None),
        (
            (line("A", "1"),),
            {"gift_cards": (GiftCardAsk("C"), GiftCardAsk("C"))},
            "gift_card_twice",
            None,
        ),
    ],
)
def test_a_cart_nobody_can_mean_is_refused_by_its_field(
    lines: tuple[Line, ...], fields: dict[str, object], code: str | None, path: str | None
) -> None:
    asked = cart(*lines, **fields)
    if code is None:
        assert paid(ask(live(), asked)) > 0
        return

    with pytest.raises(Invalid) as refused:
        ask(live(), asked)

    assert refused.value.code == code
    assert refused.value.details.get("path") == path


def test_a_gift_line_at_no_price_takes_no_part_of_a_discount() -> None:
    rules = live(promotion("ten", {"type": "amount_off", "value": 100}))
    gift = line("G", "0", attrs={"gift": True})

    assert offs(ask(rules, cart(gift, line("A", "5"), line("B", "5")))) == [0, 50, 50]


def test_a_discount_stops_at_the_floor_and_says_what_it_wanted() -> None:
    rules = live(promotion("all", {"type": "amount_off", "value": 100_00}))

    answer = ask(rules, cart(line("A", "30", min_price_minor=1000), line("B", "20")))

    assert [one.to_pay_minor for one in answer.lines] == [1000, 0]
    (applied,) = answer.applied
    assert (applied.desired_minor, applied.discount_minor, applied.why_cut) == (
        10000,
        4000,
        "floor",
    )


def test_the_programme_keeps_a_lowest_price_of_each_unit() -> None:
    rules = live(
        promotion("all", {"type": "percent_off", "value": "100"}),
        programme={"pricing": {"floor_minor": 1}},
    )

    assert paid(ask(rules, cart(line("A", "30", "3"), line("B", "20")))) == 4


def test_prices_of_units_are_split_for_the_receipt() -> None:
    rules = live(promotion("one", {"type": "amount_off", "value": 100}))

    (whole,) = ask(rules, cart(line("A", "10", "3"))).lines
    (weighed,) = ask(rules, cart(line("B", "9.99", "0.347"))).lines

    assert [(one.quantity_milli, one.unit_price_minor) for one in whole.units] == [
        (2000, 967),
        (1000, 966),
    ]
    assert sum(one.quantity_milli * one.unit_price_minor for one in weighed.units) == (
        weighed.to_pay_minor * 1000
    )


def test_a_total_is_rounded_down_to_its_step_as_a_discount_of_its_own() -> None:
    answer = ask(live(), cart(line("A", "10.57"), line("B", "1.06"), total_round_step_minor=100))

    assert paid(answer) == 1100
    kinds = {one.kind for found in answer.lines for one in found.discounts}
    assert kinds == {"rounding"}


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (datetime(2026, 11, 20, 8, 0, tzinfo=UTC), ""),  # Friday, 10:00 in Kyiv
        (datetime(2026, 11, 20, 7, 59, tzinfo=UTC), "outside_hours"),
        (datetime(2026, 11, 20, 9, 59, 59, tzinfo=UTC), ""),
        (datetime(2026, 11, 20, 10, 0, tzinfo=UTC), "outside_hours"),
        (datetime(2026, 11, 21, 8, 0, tzinfo=UTC), "outside_hours"),
        # Summer time: 10:00 in Kyiv is 07:00 UTC.
        (datetime(2026, 7, 3, 7, 0, tzinfo=UTC), ""),
    ],
)
def test_happy_hours_go_by_the_clock_of_the_shop(at: datetime, reason: str) -> None:
    weekly = [{"days": [1, 2, 3, 4, 5], "from": "10:00", "to": "12:00"}]
    rules = live(promotion("happy", TEN, schedule={"weekly": weekly}))

    answer = ask(rules, replace(HUNDRED, occurred_at=at), now=at)

    assert (why(answer, "happy") if answer.not_applied else "") == reason


def test_a_night_belongs_to_the_day_it_began_on() -> None:
    weekly = [{"days": [5], "from": "22:00", "to": "02:00"}]
    rules = live(promotion("night", TEN, schedule={"weekly": weekly}))
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # Saturday 01:30 in Kyiv
    thursday = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)  # Friday 01:30

    assert ask(rules, replace(HUNDRED, occurred_at=late)).applied
    assert not ask(rules, replace(HUNDRED, occurred_at=thursday)).applied


def test_a_shop_may_have_a_zone_of_its_own() -> None:
    weekly = [{"days": [5], "from": "12:00", "to": "13:00"}]
    rules = live(
        promotion("noon", TEN, schedule={"weekly": weekly}),
        programme={"shop_zones": {"lisbon": "Europe/Lisbon"}},
    )

    assert ask(rules, replace(HUNDRED, shop="lisbon")).applied
    assert not ask(rules, replace(HUNDRED, shop="kyiv")).applied


def test_from_and_to_go_by_the_clock_of_the_server() -> None:
    dates = {"from": "2026-11-20T12:00:00+00:00", "to": "2026-11-21T12:00:00+00:00"}
    rules = live(promotion("day", TEN, schedule=dates))
    yesterday = replace(HUNDRED, occurred_at=NOW - timedelta(days=1))

    assert ask(rules, yesterday, now=NOW).applied
    assert why(ask(rules, HUNDRED, now=NOW - timedelta(seconds=1)), "day") == "not_yet"
    assert why(ask(rules, HUNDRED, now=NOW + timedelta(days=1)), "day") == "over"


@pytest.mark.parametrize(
    ("weeks_ago", "in_a_row", "applies", "left"),
    [
        ((1, 2), False, True, 0),
        ((1, 3), False, True, 0),
        ((1, 3), True, False, 1),
        ((1, 2), True, True, 0),
        ((1, 1), False, False, 1),
        ((5, 6), False, False, 2),
    ],
)
def test_a_challenge_counts_weeks_with_a_purchase(
    weeks_ago: tuple[int, ...], in_a_row: bool, applies: bool, left: int
) -> None:
    challenge = {"of": "week", "value": 3, "within_days": 28, "in_a_row": in_a_row}
    rules = live(promotion("weeks", TEN, when={"challenge": challenge}))
    history = tuple(Bought(NOW - timedelta(weeks=ago), 1000) for ago in weeks_ago)

    answer = ask(rules, HUNDRED, by=member(history=history))

    assert bool(answer.applied) == applies
    if not applies:
        (refused,) = answer.not_applied
        assert refused.reason == "challenge"
        assert refused.missing is not None
        assert (refused.missing.what, refused.missing.value) == ("weeks", left)


def test_what_is_missing_is_said_in_three_languages() -> None:
    large = {"field": "cart.amount", "op": "gte", "value": 45000}
    rules = live(promotion("large", TEN, when={"all": [large]}))

    (refused,) = ask(rules, HUNDRED).not_applied

    assert refused.missing is not None
    assert (refused.reason, refused.missing.value) == ("amount_low", 35000)
    assert refused.missing.text == {
        "en": "Add 350.00 UAH more.",
        "uk": "Додайте товарів ще на 350.00 UAH.",
        "ru": "Добавьте товаров ещё на 350.00 UAH.",
    }


def test_nobody_is_told_to_buy_more_when_that_would_not_help() -> None:
    both = {"all": [{"field": "cart.amount", "op": "gte", "value": 45000}, {"segment": "vip"}]}
    rules = live(promotion("vip", TEN, when=both))

    (refused,) = ask(rules, HUNDRED, by=member()).not_applied

    assert (refused.reason, refused.missing) == ("segment", None)


def test_an_exclusive_promotion_stands_alone_when_it_is_the_better() -> None:
    alone = {"stack": {"exclusive": True}, "trigger": "code"}
    rules = live(
        promotion("auto", TEN),
        promotion("weak", {"type": "percent_off", "value": "5"}, **alone),
        promotion("strong", {"type": "percent_off", "value": "30"}, **alone),
    )

    def tried(*typed: str) -> Answer:
        given = codes(WEAK="weak", STRONG="strong")
        return ask(rules, replace(HUNDRED, codes=typed), typed=given)

    assert paid(tried("WEAK")) == 9000
    assert tried("WEAK").codes[0].reason == "others_better"
    assert paid(tried("STRONG")) == 7000
    assert why(tried("STRONG"), "auto") == "excluded"
    assert paid(tried("WEAK", "STRONG")) == paid(tried("STRONG", "WEAK")) == 7000


@pytest.mark.parametrize(
    ("mode", "to_pay"),
    [("all", 7200), ("first", 9000), ("best_for_customer", 8000), ("lowest", 9000)],
)
def test_groups_take_all_the_first_the_best_or_the_lowest(mode: str, to_pay: int) -> None:
    stack = {"group_mode": mode}
    rules = live(
        promotion("a", TEN, group="g", stack=stack),
        promotion("b", {"type": "percent_off", "value": "20"}, group="g", stack=stack),
    )

    assert paid(ask(rules, HUNDRED)) == to_pay


def test_two_that_exclude_each_other_never_meet() -> None:
    rules = live(promotion("a", TEN, priority=1), promotion("b", TEN, stack={"not_with": ["a"]}))

    answer = ask(rules, HUNDRED)

    assert paid(answer) == 9000
    (refused,) = answer.not_applied
    assert (refused.promotion_id, refused.reason, refused.by) == ("b", "excluded", "a")


def test_a_percent_may_be_taken_of_the_price_before_discounts() -> None:
    first = promotion("first", {"type": "percent_off", "value": "40"}, lane="line")
    of_left = promotion("code", {"type": "percent_off", "value": "70"}, lane="cart")
    of_all = promotion("code", {"type": "percent_off", "value": "70", "base": "initial"})

    assert paid(ask(live(first, of_left), HUNDRED)) == 1800
    assert paid(ask(live(first, of_all), HUNDRED)) == 0


def test_the_best_of_tier_card_and_cumulative_discount_is_taken_first() -> None:
    programme = {
        "tiers": {"tiers": [{"slug": "gold", "name": "Gold", "discount": "5"}]},
        "pricing": {"cumulative": [{"least_minor": 100_000, "discount": "7"}]},
    }
    rules = live(promotion("ten", TEN), programme=programme)

    def to_pay(**fields: object) -> int:
        return paid(ask(rules, HUNDRED, by=member(**fields)))

    assert to_pay() == 9000
    assert to_pay(tier="gold") == 8550
    assert to_pay(tier="gold", lifetime_spend_minor=100_000) == 8370
    assert to_pay(tier="gold", card_discount=1000) == 8100


@pytest.mark.parametrize(("on_exceed", "discount"), [("cut", 300), ("reject", 0)])
def test_a_budget_cuts_or_refuses(on_exceed: str, discount: int) -> None:
    limit = {"what": "discount", "per": "total", "value": 1000, "on_exceed": on_exceed}
    rules = live(promotion("ten", TEN, limits=[limit]))
    (use,) = ask(rules, cart(line("A", "50"))).uses

    answer = ask(rules, HUNDRED, usage={use.key: 700})

    assert off(answer) == discount
    assert [(one.amount, one.ceiling) for one in answer.uses] == ([(300, 1000)] if discount else [])


def test_uses_are_counted_for_whom_and_when_the_limit_says() -> None:
    limits = [
        {"what": "uses", "per": "member", "period": "week", "value": 1},
        {"what": "uses", "per": "shop", "period": "month", "value": 5},
    ]
    rules = live(promotion("ten", TEN, limits=limits))

    uses = ask(rules, replace(HUNDRED, shop="centre"), by=member()).uses

    assert [use.key.text for use in uses] == [
        "ten|uses/member/week|2026-11-16|7",
        "ten|uses/shop/month|2026-11-01|centre",
    ]
    spent = {uses[0].key: 1}
    assert why(ask(rules, HUNDRED, by=member(), usage=spent), "ten") == "limit_reached"
    assert why(ask(rules, HUNDRED), "ten") == "member_unknown"


def test_points_of_a_promotion_are_cut_to_its_limit() -> None:
    limit = {"what": "points", "per": "total", "value": 30_00}
    rules = live(promotion("gift", {"type": "earn", "value": 50_00}, limits=[limit]))

    answer = ask(rules, HUNDRED, by=member())

    assert answer.summary.earn == 30_00
    assert [(use.amount, use.key.limit) for use in answer.uses] == [(3000, "points/total/all")]


@pytest.mark.parametrize(
    ("burning", "points", "asked", "burnt", "why_limited"),
    [
        ({}, 50, None, 5000, ("balance",)),
        ({"share": "30"}, 50, None, 3000, ("share",)),
        ({"share": "30"}, 50, 10_00, 1000, ("share",)),
        ({"step": 700}, 50, None, 4900, ("balance", "step")),
        ({"least": 60_00}, 50, None, 0, ("balance", "minimum")),
        ({"least": 20_00}, 50, 10_00, 0, ("balance", "minimum")),
        ({}, 500, None, 10000, ()),
        ({}, 500, 0, 0, ()),
        ({"is_on": False}, 50, None, 0, ("closed",)),
        ({"cart_least_minor": 20000}, 50, None, 0, ("cart_small",)),
        (
            {"excluded": {"field": "line.sku", "op": "eq", "value": "A"}},
            50,
            None,
            0,
            ("excluded_goods",),
        ),
    ],
)
def test_points_pay_within_every_limit(
    burning: dict[str, object],
    points: int,
    asked: int | None,
    burnt: int,
    why_limited: tuple[str, ...],
) -> None:
    rules = live(programme={"burning": burning})

    answer = ask(rules, replace(HUNDRED, points=PointsAsk(None, asked)), by=member(points))

    assert answer.summary.points_paid_minor == burnt
    assert (answer.burn.points if answer.burn else 0) == burnt
    assert answer.points is not None
    assert answer.points.why_limited == why_limited


def test_a_tier_may_pay_a_larger_share_with_points() -> None:
    tiers = {"tiers": [{"slug": "gold", "name": "Gold", "burn_share": "90"}]}
    rules = live(programme={"burning": {"share": "30"}, "tiers": tiers})
    asked = replace(HUNDRED, points=PointsAsk(None, None))

    assert ask(rules, asked, by=member(500, tier="gold")).summary.points_paid_minor == 9000


def test_a_closed_programme_neither_earns_nor_burns() -> None:
    rules = replace(live(promotion("ten", TEN), programme=POINTS), is_open=False)

    answer = ask(rules, replace(HUNDRED, points=PointsAsk(None, None)), by=member(50))

    assert paid(answer) == 9000
    assert (answer.earn, answer.burn) == ((), None)


def test_money_paid_by_points_cards_and_for_delivery_earns_nothing() -> None:
    rules = live(programme=POINTS)
    asked = replace(
        cart(line("A", "100"), line("B", "50", earns=False)),
        delivery_minor=3000,
        points=PointsAsk(None, 30_00),
        gift_cards=(GiftCardAsk("CARD"),),
    )

    answer = ask(rules, asked, by=member(100), cards=[GiftCardState("CARD", "usable", 4000)])

    # 150 less 30 by points (20 + 10) and 40 by card (26.67 + 13.33): line A is paid 53.33.
    assert answer.lines[0].to_pay_minor == 5333
    assert answer.summary.earn == 53_00
    assert answer.summary.to_pay_minor == 8000 + 3000


def test_multipliers_of_tier_period_segment_and_promotion_are_all_taken() -> None:
    programme = {
        "earning": [
            {
                "id": "base",
                "points": 100,
                "per_minor": 100,
                "multipliers": [
                    {"factor": "2", "segments": ["vip"]},
                    {"factor": "10", "from": "2026-12-01T00:00:00+02:00"},
                ],
            }
        ],
        "tiers": {"tiers": [{"slug": "gold", "name": "Gold", "earn": "1.5"}]},
    }
    tea = {"where": {"field": "line.category", "op": "eq", "value": "tea"}}
    rules = live(
        promotion("tea", {"type": "earn_multiplier", "value": "3"}, target=tea),
        programme=programme,
    )
    goods = cart(line("A", "10", category="Tea"), line("B", "10"))

    answer = ask(rules, goods, by=member(tier="gold", segments=frozenset({"vip"})))

    assert [one.earn for one in answer.lines] == [10 * 2 * 150 * 3, 10 * 2 * 150]


def test_a_line_earns_by_its_first_rule_and_by_those_that_add() -> None:
    tea = {"field": "line.category", "op": "eq", "value": "tea"}
    programme = {
        "earning": [
            {"id": "tea", "points": 500, "per_minor": 100, "where": tea},
            {"id": "base", "points": 100, "per_minor": 100},
            {"id": "card", "share": "1", "payment_kinds": ["card"], "adds": True},
        ]
    }
    goods = cart(line("A", "10", category="tea"), line("B", "10"), payment_kind="card")

    answer = ask(live(programme=programme), goods, by=member())

    by_rule = {
        rule: sum(part.points for part in answer.earn if part.rule == rule)
        for rule in ("tea", "base", "card")
    }
    assert by_rule == {"tea": 5000, "base": 1000, "card": 20}
    cash = ask(live(programme=programme), replace(goods, payment_kind="cash"), by=member())
    assert cash.summary.earn == 6000


def test_a_balance_takes_no_more_than_its_most() -> None:
    currency = {"slug": "points", "name": "Points", "is_main": True, "balance_max": 60_00}
    rules = live(programme={**POINTS, "currencies": [currency]})

    assert ask(rules, HUNDRED, by=member(50)).summary.earn == 10_00


def test_points_of_two_currencies_are_told_apart() -> None:
    programme = {
        "currencies": [
            {"slug": "points", "name": "Points", "is_main": True},
            {"slug": "stamps", "name": "Stamps", "minor_per_point": 0, "earn_step": 100},
        ],
        "earning": [
            {"id": "base", "points": 100, "per_minor": 100},
            {"id": "stamp", "points": 100, "per_minor": 3000, "currency": "stamps"},
        ],
    }

    answer = ask(live(programme=programme), HUNDRED, by=member())

    assert answer.summary.earn == 100_00
    assert sum(part.points for part in answer.earn if part.currency == "stamps") == 300
    assert answer.balance_after["stamps"] == Balance(300)
    with pytest.raises(Invalid, match="no such points"):
        ask(live(), replace(HUNDRED, points=PointsAsk("gold", 1)))


def test_codes_are_answered_with_the_right_reason() -> None:
    rules = live(
        promotion("spring", TEN, trigger="code"),
        promotion(
            "large",
            TEN,
            trigger="code",
            when={"field": "cart.amount", "op": "gte", "value": 50000},
        ),
    )
    until = NOW + timedelta(minutes=15)
    states = [
        CodeState("SPRING", "usable", "spring"),
        CodeState("TWICE", "usable", "spring"),
        CodeState("LARGE", "usable", "large"),
        CodeState("ASLEEP", "usable", "paused-one"),
        CodeState("OLD", "expired", "spring"),
        CodeState("BUSY", "in_use", "spring", in_use_until=until),
    ]
    typed = ("TWICE", "LARGE", "NOPE", "ASLEEP", "OLD", "BUSY", "SPRING")

    answer = ask(rules, replace(HUNDRED, codes=typed), typed=states)

    assert [(one.code, one.status, one.reason) for one in answer.codes] == [
        ("TWICE", "not_needed", "same_promotion"),
        ("LARGE", "not_applied", "amount_low"),
        ("NOPE", "unknown", "unknown"),
        ("ASLEEP", "not_applied", "promotion_not_live"),
        ("OLD", "expired", "expired"),
        ("BUSY", "in_use", "in_use"),
        ("SPRING", "applied", ""),
    ]
    assert answer.codes[5].in_use_until == until
    assert answer.lines[0].discounts[0].code == "SPRING"


def test_gift_codes_tiers_and_words_are_left_for_after_the_sale() -> None:
    rules = live(
        promotion(
            "all",
            {"type": "gift", "skus": ["mug", "spoon"], "value": 1},
            {"type": "issue_code", "promotion": "next"},
            {"type": "tier_set", "tier": "gold", "days": 30},
            {"type": "message", "text": {"en": "Hello", "uk": "Вітаємо"}},
            {"type": "message", "to": "receipt", "text": "Thanks"},
        )
    )

    answer = ask(rules, HUNDRED)

    assert [(one.skus, one.quantity) for one in answer.gifts_to_choose] == [(("mug", "spoon"), 1)]
    assert [one.from_promotion for one in answer.issued_codes] == ["next"]
    assert [(one.tier, one.days) for one in answer.tiers_set] == [("gold", 30)]
    assert answer.messages.cashier[0].text == {"en": "Hello", "uk": "Вітаємо", "ru": "Hello"}
    assert answer.messages.receipt[0].text["ru"] == "Thanks"


def test_a_birthday_on_the_29th_of_february_comes_every_year() -> None:
    near = {"any": [
        {"field": "member.days_to_birthday", "op": "lte", "value": 3},
        {"field": "member.days_since_birthday", "op": "lte", "value": 3},
    ]}  # fmt: skip
    rules = live(promotion("birthday", TEN, when=near))
    leap = member(birth_on=date(1992, 2, 29))

    def applies(day: int, month: int) -> bool:
        at = datetime(2026, month, day, 12, tzinfo=UTC)
        return bool(ask(rules, replace(HUNDRED, occurred_at=at), by=leap).applied)

    assert [applies(24, 2), applies(25, 2), applies(3, 3), applies(4, 3)] == [
        False,
        True,
        True,
        False,
    ]


def test_units_are_used_once_and_the_free_ones_are_the_cheapest() -> None:
    sets = [{"qty": 2, "side": "buy"}, {"qty": 1, "side": "get"}]
    rules = live(promotion("third", {"type": "free_units"}, target={"sets": sets}))
    goods = cart(line("A", "10", "2"), line("B", "7", "2"), line("C", "5", "3"))

    answer = ask(rules, goods)

    # Seven units are two sets: 10 and 10 pay for a 5, then 7 and 7 for another 5.
    assert offs(answer) == [0, 0, 1000]


def test_of_every_three_the_cheapest_or_by_threes_the_third() -> None:
    goods = cart(line("A", "9", "3"), line("B", "6", "2"), line("C", "3"))

    def taken(pick: str) -> list[int]:
        target = {"pick": pick, "n": 3}
        return offs(ask(live(promotion("p", {"type": "free_units"}, target=target)), goods))

    assert taken("cheapest") == [0, 600, 300]
    assert taken("every_nth") == [900, 0, 300]
    assert taken("dearest") == [1800, 0, 0]


def test_lines_that_take_no_promotions_are_left_alone() -> None:
    rules = live(promotion("half", {"type": "percent_off", "value": "50"}))

    assert offs(ask(rules, cart(line("A", "10", takes_promotions=False), line("B", "10")))) == [
        0,
        500,
    ]
    shut = cart(line("A", "10", takes_promotions=False))
    assert why(ask(rules, shut), "half") == "goods_excluded"


def test_an_explained_answer_names_every_live_promotion() -> None:
    tea = {"where": {"field": "line.category", "op": "eq", "value": "tea"}}
    rules = live(
        promotion("tea", TEN, target=tea),
        promotion("code", TEN, trigger="code"),
        promotion("shop", TEN, shops=["other"]),
        promotion("ten", TEN),
    )

    told = ask(rules, HUNDRED, explain=True)

    reasons = {one.promotion_id: one.reason for one in told.not_applied}
    assert reasons == {"tea": "goods_absent", "code": "code_missing", "shop": "shop_other"}
    assert ask(rules, HUNDRED).not_applied == ()


def test_equal_texts_are_found_whatever_their_case() -> None:
    where = {"field": "line.category", "op": "in", "value": ["ЧАЙ", "Kaffee"]}
    rules = live(promotion("tea", TEN, target={"where": where}))

    assert off(ask(rules, cart(line("A", "10", category="чай")))) == 100


def test_a_hundred_thousand_units_are_reckoned_at_once() -> None:
    sets = [{"qty": 1, "side": "buy"}, {"qty": 1, "side": "get"}]
    rules = live(promotion("two", {"type": "free_units"}, target={"sets": sets}))
    asked: Cart = cart(line("A", "1", "100000"), line("B", "2", "99999"))

    answer = ask(rules, asked)

    assert off(answer) == 99_999 * 100
    assert sum(one.to_pay_minor for one in answer.lines) == int(
        Decimal(100_000 * 100 + 99_999 * 200 - 99_999 * 100)
    )


def test_a_code_has_one_counter_however_it_was_typed() -> None:
    limit = {"what": "uses", "per": "code", "value": 1}
    rules = live(promotion("spring", TEN, trigger="code", limits=[limit]))

    def uses(typed: str) -> list[str]:
        given = [CodeState(typed, "usable", "spring")]
        asked = replace(HUNDRED, codes=(typed,))
        return [use.key.who for use in ask(rules, asked, typed=given).uses]

    (who,) = uses("SPRING")
    assert uses("spring") == uses("SPR-ING") == uses(" Spring ") == [who]


def test_a_gift_card_typed_in_two_ways_is_one_card() -> None:
    asks = (GiftCardAsk("ABCD1234"), GiftCardAsk("abcd-1234"))

    with pytest.raises(Invalid) as refused:
        ask(live(), replace(HUNDRED, gift_cards=asks))

    assert refused.value.code == "gift_card_twice"


def test_two_effects_of_points_share_one_limit() -> None:
    limit = {"what": "points", "per": "total", "value": 10_00}
    effects = [{"type": "earn", "value": 8_00}, {"type": "earn", "value": 5_00}]
    rules = live(promotion("gift", *effects, limits=[limit]))

    answer = ask(rules, HUNDRED, by=member())

    assert answer.summary.earn == 10_00
    assert [use.amount for use in answer.uses] == [10_00]


def test_a_till_may_say_that_its_total_is_not_rounded() -> None:
    rules = live(programme={"pricing": {"round_step_minor": 100}})
    goods = cart(line("A", "10.55"))

    assert paid(ask(rules, goods)) == 1000
    assert paid(ask(rules, replace(goods, total_round_step_minor=0))) == 1055
    with pytest.raises(Invalid, match="at most 100 UAH"):
        ask(rules, replace(goods, total_round_step_minor=10_001))


def test_what_waits_is_told_with_its_day_and_what_is_active_is_in_the_balance() -> None:
    period = {"pending": {"kind": "period", "span": "14d"}}
    later = {
        **POINTS,
        "terms": {"later": period},
        "currencies": [{"slug": "points", "name": "P", "is_main": True, "terms": "later"}],
    }
    owing = member(5)
    owing = replace(owing, balances={"points": Balance(500, 0, 0, 30_00)})

    at_once = ask(live(programme=POINTS), HUNDRED, by=owing)
    waits = ask(live(programme=later), HUNDRED, by=owing)

    assert at_once.summary.earn_at is None
    assert at_once.balance_after["points"] == Balance(5_00 + 70_00, 0, 0, 0)
    assert waits.summary.earn_at == NOW + timedelta(days=14)
    assert waits.balance_after["points"] == Balance(5_00, 100_00, 0, 30_00)
