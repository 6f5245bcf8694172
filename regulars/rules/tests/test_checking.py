"""Rules that make no sense for the workspace are refused before they are asked."""

from __future__ import annotations

import pytest

from regulars.kernel.errors import Invalid
from regulars.rules import checking, language
from regulars.rules.facts import Column, Fact
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


KNOWN = checking.Known(
    kinds=("order.paid", "Product Viewed"),
    families={
        ("Product Viewed", "price"): ("number",),
        ("Product Viewed", "seen_on"): ("moment", "text"),
        ("Product Viewed", "cart"): (),
        ("", "shoe"): ("number",),
        ("", "note"): ("text",),
    },
    lists=("guests-2026",),
    channels=("email", "sms"),
    purposes=("marketing", "marketing:tea"),
)
VIEWED = {"did": "Product Viewed"}


@pytest.mark.parametrize(
    ("node", "path", "problem"),
    [
        ({"did": "Product viewed"}, "$.where.did", "no event of this workspace"),
        ({"last": "x", "prop": "y", "op": "set"}, "$.where.last", "no event"),
        ({"not": {"since_first": "x", "gte": "5d"}}, "$.where.not.since_first", "no event"),
        ({"overdue": {"of": "x", "times_own_gap": 2}}, "$.where.overdue.of", "no event"),
        ({"funnel": [VIEWED, {"did": "x"}], "in": "7d"}, "$.where.funnel[1].did", "no event"),
        ({"list": "guests-2025"}, "$.where.list", "is not known: 'guests-2025'"),
        (
            {"consent": {"channel": "pigeon", "purpose": "marketing"}, "is": "given"},
            "$.where.consent.channel",
            "is not known: 'pigeon'; there are email, sms",
        ),
        (
            {"not": {"consent": {"channel": "sms", "purpose": "marketting"}, "is": "never"}},
            "$.where.not.consent.purpose",
            "is not known: 'marketting'; there are marketing, marketing:tea",
        ),
        (
            {**VIEWED, "where": [{"prop": "price", "op": "starts", "value": "5"}]},
            "$.where.where[0]",
            "'price' is number; starts here compares text",
        ),
        (
            {"any": [{**VIEWED, "where": [{"prop": "cart", "op": "eq", "value": 5}]}]},
            "$.where.any[0].where[0]",
            "'cart' is an object; eq here compares number",
        ),
        (
            {"funnel": [VIEWED, {**VIEWED, "where": [
                {"prop": "seen_on", "op": "gt", "value": 5}]}], "in": "7d"},
            "$.where.funnel[1].where[0]",
            "'seen_on' is moment or text; gt here compares number",
        ),
        (
            {"last": "order.paid", "prop": "total", "op": "contains", "value": "5"},
            "$.where",
            "'total' is number; contains here compares text",
        ),
        (
            {"did": "order.paid", "avg": {"of": "currency", "gte": 5}},
            "$.where.avg.of",
            "is text; avg needs numbers: 'currency'",
        ),
        (
            {"fact": "customer.attr.shoe", "op": "eq", "value": "40"},
            "$.where",
            "'shoe' is number; eq here compares text",
        ),
    ],
)  # fmt: skip
def test_what_the_workspace_does_not_have_is_refused_with_the_path(node, path, problem):
    with pytest.raises(Invalid) as caught:
        checking.check(rule_of(node), FACTS, {}, KNOWN)

    assert caught.value.details["path"] == path
    assert problem in caught.value.message
    checking.check(rule_of(node), FACTS, {})


@pytest.mark.parametrize(
    "node",
    [
        {**VIEWED, "where": [{"prop": "colour", "op": "gt", "value": 5}]},
        {**VIEWED, "where": [{"prop": "cart", "op": "set"}]},
        {**VIEWED, "where": [{"prop": "seen_on", "op": "in_last", "value": "5d"}]},
        {**VIEWED, "where": [{"prop": "seen_on", "op": "starts", "value": "2026"}]},
        {**VIEWED, "distinct": {"of": "seen_on", "gte": 2}},
        {"did": "order.paid", "where": [{"line": [{"prop": "sku", "op": "set"}]}]},
        {"fact": "customer.attr.note", "op": "contains", "value": "nut"},
        {"list": "guests-2026"},
        {"consent": {"channel": "sms", "purpose": "marketing:tea"}, "is": "never"},
    ],
)
def test_what_the_workspace_has_is_taken(node):
    checking.check(rule_of(node), FACTS, {}, KNOWN)


def test_segments_in_a_circle_are_refused_with_the_way():
    segments = {"a": rule_of({"segment": "b"}), "b": rule_of({"not": {"segment": "a"}})}
    asked = rule_of({"any": [{"reachable": "email"}, {"segment": "a"}]})

    with pytest.raises(Invalid, match="leads back to itself: a → b → a") as caught:
        checking.check(asked, FACTS, segments)

    assert caught.value.details["path"] == "$.where.any[1].segment"


def test_a_segment_missing_further_on_is_refused_with_the_way():
    with pytest.raises(Invalid, match="is not known: 'a' → 'gone'") as caught:
        checking.check(rule_of({"segment": "a"}), FACTS, {"a": rule_of({"segment": "gone"})})

    assert caught.value.details["path"] == "$.where.segment"


def test_segments_come_before_those_that_use_them():
    segments = {"a": rule_of({"segment": "b"}), "b": EVERYONE, "c": EVERYONE}

    order = checking.reachable_segments(rule_of({"segment": "a"}), segments)

    assert order == ["b", "a"]


def test_a_rule_with_its_segments_has_a_limit():
    wide = rule_of({"any": [{"reachable": "email"}] * 100})
    segments = {str(index): wide for index in range(11)}
    node = {"any": [{"segment": name} for name in segments]}

    with pytest.raises(Invalid, match="over 1000 conditions"):
        checking.check(rule_of(node), FACTS, segments)


def chain(first: object, step: object, steps: int) -> dict[str, object]:
    """Segments "0", "1" …, each of which refers to the one before as `step` says."""
    segments = {"0": rule_of(first)}
    for number in range(1, steps + 1):
        segments[str(number)] = rule_of(step({"segment": str(number - 1)}))
    return segments


def test_what_refers_to_what_refers_to_others_grows_by_multiplying():
    segments = chain({"reachable": "email"}, lambda before: {"any": [before] * 30}, 3)

    checking.check(segments["2"], FACTS, segments)
    with pytest.raises(Invalid, match="over 1000 conditions: '2' → '1' → '0'") as caught:
        checking.check(segments["3"], FACTS, segments)

    assert caught.value.details["path"] == "$.where.any[0].segment"


def test_groups_of_nothing_count_too():
    segments = chain({"all": []}, lambda before: {"any": [before] * 90}, 2)

    with pytest.raises(Invalid, match="over 1000 conditions"):
        checking.check(segments["2"], FACTS, segments)


def test_segments_one_behind_another_are_not_nested_without_end():
    segments = chain({"all": []}, lambda before: before, 200)

    checking.check(segments["39"], FACTS, segments)
    with pytest.raises(Invalid, match="nested over 40 deep: '39' → '38'") as caught:
        checking.check(segments["40"], FACTS, segments)

    assert caught.value.details["path"] == "$.where.segment"


def test_a_long_way_does_not_exhaust_the_checker():
    turned = chain({"all": []}, lambda before: {"not": {"not": {"not": before}}}, 60)

    with pytest.raises(Invalid, match="nested over 40 deep"):
        checking.check(turned["60"], FACTS, turned)


STAGES = {
    **FACTS,
    "value.stage": Fact(
        "value.stage", "text", "", "Stage", "Етап", "Этап", Column("stage", "scores"),
        (("loyal", "Loyal", "Лояльні", "Лояльные"), ("lost", "Lost", "Втрачені", "Потерянные")),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("op", "value"), [("eq", "lots"), ("not_in", ["lost", "lots"])])
def test_a_text_of_few_values_is_compared_with_one_of_them(op, value):
    asked = rule_of({"any": [{"fact": "value.stage", "op": op, "value": value}]})
    with pytest.raises(Invalid) as caught:
        checking.check(asked, STAGES, {}, KNOWN)

    assert caught.value.details["path"] == "$.where.any[0]"
    assert "value.stage is never 'lots'; there are loyal, lost" in caught.value.message


@pytest.mark.parametrize(("op", "value"), [("in", ["Loyal", "lost"]), ("starts", "lo")])
def test_values_that_there_are_and_parts_of_them_pass(op, value):
    asked = rule_of({"fact": "value.stage", "op": op, "value": value})
    checking.check(asked, STAGES, {}, KNOWN)
