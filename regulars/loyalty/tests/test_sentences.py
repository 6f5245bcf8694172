"""Every promotion is said in three languages, and what matters stands in the sentence."""

from __future__ import annotations

import pytest

from regulars.loyalty.pure.promotions.reading import read_promotion
from regulars.loyalty.pure.promotions.sentences import Names, sentence
from regulars.loyalty.tests.random_carts import case_of

NAMES = Names("UAH", segments={"vip": "Regulars"}, tiers={"gold": "Gold"})
TEA = {
    "when": {"all": [{"segment": "vip"}, {"field": "cart.amount", "op": "gte", "value": 50000}]},
    "target": {"where": {"field": "line.category", "op": "eq", "value": "Tea"}},
    "effects": [{"type": "percent_off", "value": "12.5", "cap": 10000}],
    "limits": [{"what": "uses", "per": "member", "period": "day", "value": 1}],
}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            "If the customer is in the segment “Regulars” and the cart after discounts is at"
            " least 500.00 UAH, then 12.5 % off goods whose category is “Tea”, at most"
            " 100.00 UAH. Uses for one customer a day: at most 1.",
        ),
        (
            "uk",
            "Якщо покупець у сегменті «Regulars» і сума кошика після знижок не менше ніж"
            " 500.00 UAH, то знижка 12.5 % на товари, у яких категорія — «Tea», але не більше"
            " 100.00 UAH. Застосувань на одного покупця на день: не більше 1.",
        ),
        (
            "ru",
            "Если покупатель в сегменте «Regulars» и сумма корзины после скидок не меньше"
            " 500.00 UAH, то скидка 12.5 % на товары, у которых категория — «Tea», но не больше"
            " 100.00 UAH. Применений на одного покупателя в день: не больше 1.",
        ),
    ],
)
def test_a_promotion_is_one_sentence_with_its_limits(language: str, said: str) -> None:
    assert sentence(read_promotion(TEA, slug="tea"), language, NAMES) == said


def test_any_promotion_can_be_said_in_any_language() -> None:
    for seed in range(300):
        for slug, definition in case_of(seed).promotions:
            promotion = read_promotion(definition, slug=slug)
            said = {sentence(promotion, language, NAMES) for language in ("en", "uk", "ru")}
            assert len(said) == 3
            assert not any("{" in one for one in said)
