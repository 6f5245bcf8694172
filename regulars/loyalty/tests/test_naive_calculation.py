"""The calculation agrees with a naive one, which shares nothing with it, on random carts."""

from __future__ import annotations

import pytest

from regulars.loyalty.tests.naive_calculation import naive
from regulars.loyalty.tests.random_carts import case_of
from regulars.loyalty.tests.test_answer_invariants import answer_of, rules_of

CARTS = 1_500
CARTS_LONG = 50_000


def agree(seed: int) -> None:
    case = case_of(seed)

    found, expected = answer_of(case, rules_of(case)), naive(case)

    said = {one.promotion_id: one.discount_minor for one in found.applied}
    assert said == {slug: sum(one["amounts"]) for slug, one in expected["applied"].items()}, seed
    assert [line.to_pay_minor for line in found.lines] == expected["to_pay"], seed
    assert found.delivery.to_pay_minor == expected["delivery"], seed
    burn = (found.burn.points, found.burn.amount_minor) if found.burn else (0, 0)
    assert burn == expected["burn"], seed
    assert found.summary.earn == expected["earned"], seed


def test_it_agrees_with_the_naive_one() -> None:
    for seed in range(CARTS):
        agree(seed)


@pytest.mark.long
def test_it_agrees_with_the_naive_one_on_many_carts() -> None:
    for seed in range(CARTS, CARTS_LONG):
        agree(seed)
