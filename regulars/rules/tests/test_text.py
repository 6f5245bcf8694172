"""The text form: read back without loss, and faults at their place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.kernel.errors import Invalid
from regulars.rules import language, text
from regulars.rules.tests import strategies

NOW = strategies.MOMENTS[0]

CITY = {"fact": "customer.city", "op": "in", "value": ["Kyiv", "Lviv"]}
VIP = {"segment": "vip"}
PAID = {"did": "order.paid"}


def rule_of(node: object) -> dict[str, object]:
    return {"version": 1, "where": node}


@settings(max_examples=400, deadline=None)
@given(strategies.rules(NOW, ("vip", "and", "7d", 'a "b"')))
def test_a_rule_goes_to_text_and_back_without_loss(document):
    rule = language.parse(document)

    read = text.read(text.write(rule))

    assert language.dumps(read) == language.dumps(rule)


@pytest.mark.parametrize(
    ("node", "written"),
    [
        ({"all": []}, "everyone"),
        ({"any": []}, "nobody"),
        ({"all": [VIP]}, "all(segment vip)"),
        ({"any": [VIP]}, "any(segment vip)"),
        ({"all": [VIP, {"any": [CITY, VIP]}]},
         'segment vip and (customer.city in ["Kyiv", "Lviv"] or segment vip)'),
        ({"all": [{"all": [VIP, VIP]}, VIP]}, "(segment vip and segment vip) and segment vip"),
        ({"not": {"not": VIP}}, "not not segment vip"),
        ({"not": {"any": [VIP, VIP]}}, "not (segment vip or segment vip)"),
        ({"fact": "customer.birth_on", "op": "anniversary_in_next", "value": "7d"},
         "customer.birth_on anniversary_in_next 7d"),
        ({"fact": "customer.birth_on", "op": "between", "value": ["1990-01-01", "1999-12-31"]},
         "customer.birth_on between [1990-01-01, 1999-12-31]"),
        ({"fact": "customer.city", "op": "eq", "value": "7d"}, 'customer.city = "7d"'),
        ({"fact": "customer.attr.size", "op": "eq", "value": 1.0}, "customer.attr.size = 1.0"),
        ({"fact": "customer.attr.my size", "op": "not_set"}, '"customer.attr.my size" not_set'),
        ({"did": "Order Completed", "within": {"previous": "month"}},
         'did "Order Completed" within previous month'),
        ({"did": "order.paid",
          "where": [{"prop": "channel", "op": "eq", "value": "shop"},
                    {"line": [{"prop": "category", "op": "eq", "value": "tea"},
                              {"prop": "quantity", "op": "gte", "value": 2}]}],
          "sum": {"of": "total", "between": [1, 2]}, "within": {"last": "90d"}},
         'did order.paid where channel = "shop", line(category = "tea", quantity >= 2)'
         " sum of total between [1, 2] within last 90d"),
        ({"did": "order.paid", "within": {"between_ago": ["60d", "30d"]}},
         "did order.paid within between_ago 60d 30d"),
        ({"did": "order.paid", "within": {"from": "2026-01-01", "to": "2026-02-01"}},
         "did order.paid within from 2026-01-01 to 2026-02-01"),
        ({"did": "order.paid", "within": {"to": "2026-02-01T10:00:00+02:00"}},
         "did order.paid within to 2026-02-01T10:00:00+02:00"),
        ({"consent": {"channel": "email", "purpose": "marketing"}, "is": "given",
          "within": {"last": "7d"}},
         "consent email marketing given within last 7d"),
        ({"reachable": "email"}, "reachable email"),
        ({"share": {"of": 0.1, "salt": "spring"}}, 'share 0.1 salt "spring"'),
        ({"share": {"from": 0.1, "to": 0.2, "salt": "x"}}, 'share 0.1 to 0.2 salt "x"'),
    ],
)  # fmt: skip
def test_each_condition_has_one_spelling(node, written):
    document = rule_of(node)

    assert text.write(language.parse(document)) == written
    assert language.to_json(text.read(written)) == document


def test_and_binds_closer_than_or():
    found = language.to_json(text.read("segment a or segment b and segment c"))

    assert found["where"] == {
        "any": [{"segment": "a"}, {"all": [{"segment": "b"}, {"segment": "c"}]}]
    }


def test_comments_and_line_breaks_are_skipped():
    written = """
    # people of two cities
    customer.city in ["Kyiv", "Lviv"]  # as written on the parcel
    and did order.paid
        within last 090d
    """

    assert language.to_json(text.read(written.replace("090d", "90d")))["where"] == {
        "all": [CITY, {**PAID, "within": {"last": "90d"}}]
    }


def test_long_rules_are_laid_out_line_by_line():
    parts = [CITY, PAID, {"any": [CITY, CITY, CITY]}, VIP]

    assert text.write(language.parse(rule_of({"all": parts}))).split("\n") == [
        'customer.city in ["Kyiv", "Lviv"]',
        "and did order.paid",
        "and (",
        '  customer.city in ["Kyiv", "Lviv"]',
        '  or customer.city in ["Kyiv", "Lviv"]',
        '  or customer.city in ["Kyiv", "Lviv"]',
        ")",
        "and segment vip",
    ]


@pytest.mark.parametrize(
    ("written", "line", "column", "problem"),
    [
        ("", 1, 1, "a condition is expected, not the end"),
        ("customer.city", 1, 14, "an operator (=, in, contains, in_last …) is expected"),
        ("customer.city =", 1, 16, "a value: a number"),
        ('customer.city = "Kyiv" segment', 1, 24, '"and", "or" or the end is expected'),
        ("segment vip and\n  did", 2, 6, "an event is expected, not the end"),
        ("(segment vip", 1, 13, '")" is expected'),
        ("segment vip ? x", 1, 13, '"?" is not understood here'),
        ('customer.city = "Ky\\qiv"', 1, 17, "as JSON writes it"),
        ("did order.paid within tomorrow", 1, 23, "from, to, last, before_last"),
        ("segment vip and\n did order.paid within last 7q", 2, 29, "is not understood here"),
        ("segment vip and customer.city regex \"(\"", 1, 17, "is not a regular expression"),
        ("did order.paid where line(colour = \"red\")", 1, 27, "an order line has"),
        ("(" * 50 + "segment vip" + ")" * 50, 1, 25, "fewer brackets"),
        ("not " * 50 + "segment vip", 1, 97, "fewer conditions"),
        ("json [1]", 1, 6, "a condition as JSON is an object"),
        ('json {"near"', 1, 6, "a condition as JSON is expected"),
        ("customer.attr.x = " + "9" * 5_000, 1, 19, "too many digits"),
        ('json {"did":"x","count":{"gte":' + "9" * 5_000 + "}}", 1, 32, "too many digits"),
        ("customer.attr.x = ٣", 1, 19, "is not understood here"),
        ("did x count >= ٣", 1, 16, "is not understood here"),
        ("did x within last ٩d", 1, 19, "is not understood here"),
    ],
)  # fmt: skip
def test_a_fault_is_told_at_its_place(written, line, column, problem):
    with pytest.raises(Invalid) as caught:
        text.read(written)

    assert caught.value.code == "rule_text_invalid"
    assert (caught.value.details["line"], caught.value.details["column"]) == (line, column)
    assert problem in str(caught.value.details["problem"])


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=80) | st.text("٣٤५1907.-:eEdT+Z \u00b2\u2460", max_size=30).map(
    "customer.attr.x = {}".format) | st.lists(st.sampled_from(
    ("and", "or", "not", "٣", "9" * 5_000, "-1e400", "007", "0٣", "²",
     "(", ")", "did", "order.paid", "where", "last", "7d", "within", "=", "5",
     '"x"', "[", "]", ",", "funnel", "in", "json", "{", "}", "all", "segment", "vip", "of", "since")
), max_size=12).map(" ".join))  # fmt: skip
def test_any_text_is_a_rule_or_a_fault_with_its_place(written):
    try:
        rule = text.read(written)
    except Invalid as error:
        fault = error
    else:
        assert language.dumps(text.read(text.write(rule))) == language.dumps(rule)
        return
    assert fault.code == "rule_text_invalid"
    assert int(str(fault.details["line"])) >= 1
    assert int(str(fault.details["column"])) >= 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80) | st.text(max_size=60).map(
    lambda inside: f'{{"version":1,"where":{inside}}}'))  # fmt: skip
def test_any_bytes_are_a_rule_or_a_fault(written):
    try:
        rule = language.loads(written)
    except Invalid:
        return
    assert language.loads(language.dumps(rule)) == rule


def test_a_number_of_thousands_of_digits_is_no_rule():
    with pytest.raises(Invalid, match="is not JSON"):
        language.loads('{"version":1,"where":{"did":"x","count":{"gte":' + "9" * 5_000 + "}}}")
