"""Rules that make no sense for the workspace are refused before they are asked."""

from __future__ import annotations

import pytest

from regulars.kernel.errors import Invalid
from regulars.rules import checking, language
from regulars.rules.tests.strategies import FACTS
from regulars.rules.tree import Rule

EVERYONE = language.parse({"version": 1, "where": {"all": []}})


def rule_of(node: object) -> Rule:
    return language.parse({"version": 1, "where": node})


@pytest.mark.parametrize(
    ("node", "path"),
    [
        ({"fact": "customer.size", "op": "set"}, "$.where.fact"),
        ({"any": [{"fact": "customer.city", "op": "eq", "value": 5}]}, "$.where.any[0]"),
        ({"fact": "customer.city", "op": "gt", "value": 5}, "$.where"),
        ({"fact": "order.count", "op": "eq", "value": "5"}, "$.where"),
        ({"fact": "order.count", "op": "in_last", "value": "5d"}, "$.where"),
        ({"fact": "customer.attr.tags", "op": "eq", "value": "tea"}, "$.where"),
        ({"fact": "customer.birth_on", "op": "in_last", "value": "5h"}, "$.where.value"),
        (
            {"fact": "customer.birth_on", "op": "before", "value": "2026-01-01T00:00:00Z"},
            "$.where.value",
        ),
        ({"reachable": "pigeon"}, "$.where.reachable"),
        (
            {"did": "Product Viewed", "where": [{"line": [{"prop": "sku", "op": "set"}]}]},
            "$.where.where[0].line",
        ),
        ({"segment": "missing"}, "$.where.segment"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_with_the_path(node, path):
    with pytest.raises(Invalid) as caught:
        checking.check(rule_of(node), FACTS, {})

    assert caught.value.details["path"] == path


def test_an_undeclared_attribute_takes_any_operator():
    checking.check(rule_of({"fact": "customer.attr.shoe", "op": "gt", "value": 40}), FACTS, {})


def test_segments_in_a_circle_are_refused_with_the_way():
    segments = {"a": rule_of({"segment": "b"}), "b": rule_of({"not": {"segment": "a"}})}

    with pytest.raises(Invalid, match="a → b → a"):
        checking.check(rule_of({"segment": "a"}), FACTS, segments)


def test_segments_come_before_those_that_use_them():
    segments = {"a": rule_of({"segment": "b"}), "b": EVERYONE, "c": EVERYONE}

    order = checking.reachable_segments(rule_of({"segment": "a"}), segments)

    assert order == ["b", "a"]


def test_a_rule_with_its_segments_has_a_limit():
    wide = rule_of({"any": [{"reachable": "email"}] * 100})
    segments = {str(index): wide for index in range(10)}
    node = {"any": [{"segment": name} for name in segments]}

    with pytest.raises(Invalid, match="over 1000 conditions"):
        checking.check(rule_of(node), FACTS, segments)
