"""What every answer keeps, whatever the cart and the rules."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from regulars.loyalty.pure.answers import Answer, from_bytes, to_bytes
from regulars.loyalty.pure.calculation.limiting import keys_wanted
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.cart import Cart, LimitKey, floor_of
from regulars.loyalty.tests.carts import ask, live
from regulars.loyalty.tests.random_carts import Case, case_of

CARTS = 1_500
CARTS_LONG = 100_000


def rules_of(case: Case) -> Live:
    return live(*case.promotions, programme=case.programme)


def usage_of(case: Case, rules: Live) -> dict[LimitKey, int]:
    keys = keys_wanted(rules, case.cart, case.member, case.codes, case.cart.occurred_at)
    limits = {
        (one.id, limit.name): limit.value
        for one in rules.promotions.promotions
        for limit in one.limits
    }
    return {key: int(limits[key.promotion_id, key.limit] * case.usage_share) for key in keys}


def answer_of(case: Case, rules: Live, cart: Cart | None = None) -> Answer:
    return ask(
        rules,
        cart or case.cart,
        by=case.member,
        typed=case.codes,
        cards=case.gift_cards,
        usage=usage_of(case, rules),
    )


def check_money(case: Case, rules: Live, answer: Answer) -> None:
    summary, delivery = answer.summary, answer.delivery
    for name in ("base_minor", "points_paid_minor", "gift_paid_minor", "to_pay_minor"):
        lines = sum(getattr(line, name) for line in answer.lines)
        assert lines + getattr(delivery, name, 0) == getattr(summary, name), name
    assert sum(line.earn for line in answer.lines) == summary.earn
    taken = [one for line in answer.lines for one in line.discounts]
    assert sum(one.amount_minor for one in taken) == summary.discount_minor
    assert all(one.amount_minor > 0 for one in taken)
    assert delivery.base_minor - delivery.gift_paid_minor == delivery.to_pay_minor >= 0
    floor_minor = rules.programme.pricing.floor_minor
    for asked, line in zip(case.cart.lines, answer.lines, strict=True):
        off = sum(one.amount_minor for one in line.discounts)
        paid = line.base_minor - off - line.points_paid_minor - line.gift_paid_minor
        assert paid == line.to_pay_minor >= floor_of(asked, floor_minor) >= 0
        assert line.points_paid_minor >= 0
        assert line.gift_paid_minor >= 0
        assert line.earn >= 0
        split = sum(one.quantity_milli * one.unit_price_minor for one in line.units)
        assert split == line.to_pay_minor * 1000
        assert sum(one.quantity_milli for one in line.units) == asked.quantity_milli
        if not asked.takes_promotions:
            assert {one.kind for one in line.discounts} <= {"manual", "rounding"}


def check_points(case: Case, rules: Live, answer: Answer) -> None:
    burning = rules.programme.burning
    paid = answer.summary.points_paid_minor
    if answer.burn is None:
        assert paid == 0
    else:
        assert case.member is not None
        assert answer.points is not None
        assert answer.burn.amount_minor == paid > 0
        assert answer.burn.points % burning.step == 0
        assert burning.least <= answer.burn.points <= case.member.balances["points"].available
        assert answer.burn.points <= answer.points.max_applicable
    if case.member is None:
        assert answer.earn == ()
    assert sum(part.points for part in answer.earn) == answer.summary.earn
    assert all(part.points > 0 and (part.rule or part.promotion_id) for part in answer.earn)
    earning = {line.line_id for line in case.cart.lines if line.earns}
    assert {part.line_id for part in answer.earn if part.rule} <= earning
    known = {card.code: card.available_minor for card in case.gift_cards}
    assert sum(part.amount_minor for part in answer.gifts) == answer.summary.gift_paid_minor
    for part in answer.gifts:
        asked = next(one for one in case.cart.gift_cards if one.code == part.code)
        assert 0 < part.amount_minor <= min(known[part.code], asked.amount_minor or 10**9)


def check_promotions(case: Case, rules: Live, answer: Answer) -> None:
    applied = {one.promotion_id: one for one in answer.applied}
    assert applied.keys().isdisjoint(one.promotion_id for one in answer.not_applied)
    by_id = {one.id: one for one in rules.promotions.promotions}
    for slug, one in applied.items():
        off = sum(
            found.amount_minor
            for line in answer.lines
            for found in line.discounts
            if found.promotion_id == slug and found.kind in ("offer", "code")
        )
        assert off == one.discount_minor <= one.desired_minor
        assert not set(by_id[slug].stack.not_with) & applied.keys()
        assert (by_id[slug].trigger == "code") == bool(one.code)
    if any(by_id[slug].stack.exclusive for slug in applied):
        assert len(applied) == 1
    used = usage_of(case, rules)
    for use in answer.uses:
        assert 0 < use.amount <= use.ceiling - used[use.key]
    assert [one.code for one in answer.codes] == list(case.cart.codes)


def check(seed: int) -> Answer:
    """One case, with everything that must hold of it."""
    case = case_of(seed)
    rules = rules_of(case)
    answer = answer_of(case, rules)
    check_money(case, rules, answer)
    check_points(case, rules, answer)
    check_promotions(case, rules, answer)
    assert to_bytes(answer_of(case, rules_of(case))) == to_bytes(answer)
    assert from_bytes(to_bytes(answer)) == answer
    # Neither the order of typed codes nor that of stored promotions decides anything.
    shuffled = list(case.promotions)
    random.Random(seed).shuffle(shuffled)
    other = replace(case, promotions=tuple(shuffled))
    turned = replace(case.cart, codes=case.cart.codes[::-1])
    again = answer_of(other, rules_of(other), turned)
    assert replace(again, codes=again.codes[::-1]) == answer
    return answer


def test_every_answer_keeps_its_invariants() -> None:
    answers = [check(seed) for seed in range(CARTS)]

    assert sum(bool(one.applied) for one in answers) > CARTS // 3
    assert sum(one.burn is not None for one in answers) > CARTS // 20
    assert sum(bool(one.gifts) for one in answers) > CARTS // 10


@pytest.mark.long
def test_a_hundred_thousand_answers_keep_their_invariants() -> None:
    for seed in range(CARTS_LONG):
        check(seed)
