"""Rules in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from regulars.rules import language, operators, phrases, sentences, text
from regulars.rules.facts import Column, Fact, OrdersAggregate
from regulars.rules.tests import strategies

CITY = Fact("customer.city", "text", "", "city", "місто", "город", Column("city"))
RULE = language.parse({
    "version": 1,
    "where": {
        "all": [
            {"fact": "customer.city", "op": "eq", "value": "Kyiv"},
            {"did": "order.paid", "count": {"gte": 2}, "within": {"last": "90d"}},
            {"not": {"any": [{"did": "Product Viewed"}, {"reachable": "email"}]}},
        ]
    },
})  # fmt: skip


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "en",
            "Customers for whom this holds: city is “Kyiv” and they placed an order at least"
            " 2 times in the last 90 days and not (they did “Product Viewed” or can be reached"
            " by e-mail).",
        ),
        (
            "uk",
            "Клієнти, для яких справджується: місто дорівнює «Kyiv» і зробили замовлення"
            " щонайменше 2 рази за останні 90 днів і не (виконали дію «Product Viewed» або"
            " можна написати: електронна пошта).",
        ),
        (
            "ru",
            "Клиенты, для которых верно: город равно «Kyiv» и сделали заказ минимум 2 раза"
            " за последние 90 дней и не (совершили действие «Product Viewed» или можно"
            " написать: электронная почта).",
        ),
    ],
)
def test_a_rule_is_said_in_three_languages(code, expected):
    assert sentences.sentence(RULE, code, {CITY.name: CITY}) == expected


@pytest.mark.parametrize(
    ("written", "english", "ukrainian"),
    [
        (
            'channel of last order.paid = "shop"',
            "when they last placed an order, channel is “shop”",
            "коли вони востаннє зробили замовлення: channel дорівнює «shop»",
        ),
        (
            "since first order.paid < 2mo",
            "they first placed an order less than 2 months ago",
            "вперше зробили замовлення менше ніж 2 місяці тому",
        ),
        (
            "overdue order.paid by 1.5",
            "more than 1.5 of their own usual gaps have passed since they last placed an order",
            "відколи вони востаннє зробили замовлення, минуло понад 1.5 їхнього звичного проміжку",
        ),
        (
            'funnel (did "Product Viewed", did order.paid) in 7d within last 30d reached >= 1',
            "they did “Product Viewed”, then placed an order, all within 7 days, beginning in the"
            " last 30 days, and got as far as at least 1 step",
            "виконали дію «Product Viewed», потім зробили замовлення — усе за 7 днів, початок за"
            " останні 30 днів, і пройшли щонайменше 1 крок",
        ),
        (
            "list guests within last 7d",
            "in the list “Guests of 2026”, added in the last 7 days",
            "у списку «Guests of 2026», додано за останні 7 днів",
        ),
        (
            "near 50.45 30.52 km 5",
            "within 5 km of the point 50.45, 30.52",
            "не далі 5 км від точки 50.45, 30.52",
        ),
        (
            "did order.paid avg of total > 5000",
            "they placed an order, and the average of amount is more than 50 UAH",
            "зробили замовлення, причому середнє за полем «сума» більше за 50 UAH",
        ),
        (
            "did order.paid distinct of total >= 2",
            "they placed an order, and the number of different values of amount is at least 2",
            "зробили замовлення, причому кількість різних значень поля «сума» щонайменше 2",
        ),
    ],
)
def test_each_condition_is_said(written, english, ukrainian):
    rule = text.read(written)
    lists = {"guests": "Guests of 2026"}

    def said(code):
        sentence = sentences.sentence(rule, code, {}, lists=lists, currency="UAH")
        return sentence.partition(": ")[2].removesuffix(".")

    assert said("en") == english
    assert said("uk") == ukrainian


@settings(max_examples=150, deadline=None)
@given(strategies.rules(strategies.MOMENTS[0], ("vip",)))
def test_every_rule_has_a_sentence_in_every_language(document):
    rule = language.parse(document)

    for code in phrases.LANGUAGES:
        assert sentences.sentence(rule, code, strategies.FACTS)


def test_the_languages_have_the_same_phrases():
    tables = (
        phrases.UNITS, phrases.EVENTS, phrases.TESTS, phrases.PARTS, phrases.TOPICS, phrases.PROPS,
    )  # fmt: skip
    for table in tables:
        assert {frozenset(table[code]) for code in phrases.LANGUAGES} == {frozenset(table["en"])}
    assert set(phrases.TESTS["en"]) == set(operators.OPERAND)


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("1d", "en", "1 day"),
        ("2d", "en", "2 days"),
        ("1d", "uk", "1 день"),
        ("3d", "uk", "3 дні"),
        ("11d", "uk", "11 днів"),
        ("21d", "uk", "21 день"),
        ("5y", "ru", "5 лет"),
    ],
)
def test_a_duration_takes_the_right_plural(text, code, expected):
    assert sentences.amount(text, code) == expected


def test_money_is_said_in_the_currency_and_segments_by_their_names():
    spent = Fact("order.total", "money", "", "spent", "", "", OrdersAggregate("sum", "total_minor"))
    rule = language.parse({
        "version": 1,
        "where": {
            "all": [
                {"fact": "order.total", "op": "between", "value": [150_050, 200_000]},
                {"did": "order.paid", "where": [{"prop": "total", "op": "gte", "value": 9_900}]},
                {"segment": "vip"},
            ]
        },
    })  # fmt: skip

    said = sentences.sentence(
        rule, "en", {spent.name: spent}, segments={"vip": "Best guests"}, currency="UAH"
    )

    assert said == (
        "Customers for whom this holds: spent is between 1500.50 UAH and 2000 UAH and they placed"
        " an order where amount is at least 99 UAH and in the segment “Best guests”."
    )
