"""Reading and writing rules: without loss, and refusing by the path of the fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regulars.kernel.errors import Invalid
from regulars.rules import language, limits, schema
from regulars.rules.tests import strategies
from regulars.rules.tree import Everyone, Rule

NOW = strategies.MOMENTS[0]
VALIDATOR = jsonschema.Draft202012Validator(schema.schema())

VIP = {"fact": "customer.attr.vip", "op": "eq", "value": True}


def rule_of(node: object) -> dict[str, object]:
    return {"version": 1, "where": node}


def did(**parts: object) -> dict[str, object]:
    return rule_of({"did": "order.paid", **parts})


def funnel(steps: list[object], **parts: object) -> dict[str, object]:
    return rule_of({"funnel": steps, "in": "7d", **parts})


@settings(max_examples=150, deadline=None)
@given(strategies.rules(NOW, ("vip",)))
def test_a_rule_goes_to_the_tree_and_back_without_loss(document):
    rule = language.parse(document)

    assert language.to_json(rule) == document
    assert language.loads(language.dumps(rule)) == rule


@settings(max_examples=150, deadline=None)
@given(strategies.rules(NOW, ("vip",)))
def test_what_the_reader_takes_the_schema_takes(document):
    language.parse(document)

    VALIDATOR.validate(document)


def test_the_schema_file_is_what_the_code_makes():
    assert schema.PATH.read_text(encoding="utf-8") == schema.text()
    jsonschema.Draft202012Validator.check_schema(json.loads(schema.text()))


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([], "$"),
        ({"where": {"all": []}}, "$.version"),
        ({"version": True, "where": {"all": []}}, "$.version"),
        ({"version": 2, "where": {"all": []}}, "$.version"),
        ({"version": 1}, "$.where"),
        ({"version": 1, "where": {"all": []}, "name": "x"}, "$"),
        (rule_of("everyone"), "$.where"),
        (rule_of({}), "$.where"),
        (rule_of({"all": [], "any": []}), "$.where"),
        (rule_of({"all": {}}), "$.where.all"),
        (rule_of({"all": [VIP, {"any": [{"nobody": 1}]}]}), "$.where.all[1].any[0]"),
        (rule_of({"not": {"fact": "", "op": "set"}}), "$.where.not.fact"),
        (rule_of({"fact": "x", "op": "is"}), "$.where.op"),
        (rule_of({"fact": "x", "op": ["eq"]}), "$.where.op"),
        (rule_of({"fact": "x", "op": "set", "value": 1}), "$.where"),
        (rule_of({"fact": "x", "op": "eq"}), "$.where.value"),
        (rule_of({"fact": "x", "op": "eq", "value": None}), "$.where.value"),
        (rule_of({"fact": "x", "op": "eq", "value": {"a": 1}}), "$.where.value"),
        (rule_of({"fact": "x", "op": "eq", "value": "a\x00b"}), "$.where.value"),
        (rule_of({"fact": "x", "op": "eq", "value": "\ud800"}), "$.where.value"),
        (rule_of({"fact": "x", "op": "eq", "value": float("nan")}), "$.where.value"),
        (rule_of({"fact": "x", "op": "eq", "value": 10**400}), "$.where.value"),
        (rule_of({"fact": "x", "op": "gt", "value": "5"}), "$.where.value"),
        (rule_of({"fact": "x", "op": "in", "value": []}), "$.where.value"),
        (rule_of({"fact": "x", "op": "in", "value": ["a", 1]}), "$.where.value"),
        (rule_of({"fact": "x", "op": "in", "value": ["a", None]}), "$.where.value[1]"),
        (rule_of({"fact": "x", "op": "between", "value": [2, 1]}), "$.where.value"),
        (rule_of({"fact": "x", "op": "between", "value": ["2026-02-01", 1]}), "$.where.value[0]"),
        (
            rule_of({"fact": "x", "op": "between", "value": ["2026-02-01", "2026-01-01"]}),
            "$.where.value",
        ),
        (rule_of({"fact": "x", "op": "regex", "value": "("}), "$.where.value"),
        (rule_of({"fact": "x", "op": "regex", "value": "(?=a)"}), "$.where.value"),
        (rule_of({"fact": "x", "op": "regex", "value": "a" * 201}), "$.where.value"),
        (rule_of({"fact": "x", "op": "before", "value": "2026-02-30"}), "$.where.value"),
        (rule_of({"fact": "x", "op": "before", "value": "2026-02-01T10:00"}), "$.where.value"),
        (rule_of({"fact": "x", "op": "in_last", "value": "90"}), "$.where.value"),
        (rule_of({"fact": "x", "op": "in_last", "value": "101y"}), "$.where.value"),
        (rule_of({"fact": "x", "op": "anniversary_in_next", "value": "5h"}), "$.where.value"),
        (rule_of({"fact": "x", "op": "month_is", "value": 13}), "$.where.value"),
        (rule_of({"fact": "x", "op": "month_is", "value": True}), "$.where.value"),
        (did(where={}), "$.where.where"),
        (did(where=[{"op": "set"}]), "$.where.where[0]"),
        (did(where=[{"line": []}]), "$.where.where[0].line"),
        (
            did(where=[{"line": [{"prop": "colour", "op": "set"}]}]),
            "$.where.where[0].line[0].prop",
        ),
        (
            did(where=[{"line": [{"prop": "name", "op": "gt", "value": 1}]}]),
            "$.where.where[0].line[0]",
        ),
        (did(count={}), "$.where.count"),
        (did(count={"gte": 1, "lte": 2}), "$.where.count"),
        (did(count={"gte": "1"}), "$.where.count.gte"),
        (did(count={"ne": 1}), "$.where.count"),
        (did(count={"gte": 1}, sum={"of": "total", "gte": 1}), "$.where"),
        (did(sum={"gte": 1}), "$.where.sum.of"),
        (did(sum={"of": "total", "gte": 0.0000001}), "$.where.sum.gte"),
        (did(avg={"gte": 1}), "$.where.avg.of"),
        (did(avg={"of": "total", "gte": 0.0000001}), "$.where.avg.gte"),
        (did(distinct={"of": "total", "ne": 1}), "$.where.distinct"),
        (did(min={"of": "total", "gte": 1}, max={"of": "total", "gte": 1}), "$.where"),
        (did(within={}), "$.where.within"),
        (did(within={"last": 90}), "$.where.within.last"),
        (did(within={"this": "fortnight"}), "$.where.within.this"),
        (did(within={"from": "2026-02-01", "to": "2026-01-01"}), "$.where.within"),
        (did(within={"between_ago": ["7d", "30d"]}), "$.where.within.between_ago"),
        (rule_of({"last": "order.paid", "op": "set"}), "$.where.prop"),
        (rule_of({"last": "order.paid", "prop": "total"}), "$.where.op"),
        (rule_of({"first": "", "prop": "total", "op": "set"}), "$.where.first"),
        (rule_of({"last": "x", "prop": "y", "op": "set", "count": {"gte": 1}}), "$.where"),
        (rule_of({"since_last": "order.paid"}), "$.where"),
        (rule_of({"since_last": "order.paid", "gte": "60d", "lt": "90d"}), "$.where"),
        (rule_of({"since_last": "order.paid", "eq": "60d"}), "$.where"),
        (rule_of({"since_first": "order.paid", "lte": "60"}), "$.where.lte"),
        (rule_of({"overdue": "order.paid"}), "$.where.overdue"),
        (rule_of({"overdue": {"times_own_gap": 2}}), "$.where.overdue.of"),
        (rule_of({"overdue": {"of": "x"}}), "$.where.overdue.times_own_gap"),
        (rule_of({"overdue": {"of": "x", "times_own_gap": 0}}), "$.where.overdue.times_own_gap"),
        (rule_of({"overdue": {"of": "x", "times_own_gap": 1001}}), "$.where.overdue.times_own_gap"),
        (funnel([{"did": "a"}]), "$.where.funnel"),
        (funnel([{"did": "a"}] * 11), "$.where.funnel"),
        (funnel([{"did": "a"}, {"fact": "b", "op": "set"}]), "$.where.funnel[1]"),
        (funnel([{"did": "a"}, {"did": "b", "count": {"gte": 2}}]), "$.where.funnel[1]"),
        (funnel([{"did": "a"}, {"did": "b", "within": {"last": "7d"}}]), "$.where.funnel[1]"),
        (
            funnel([{"did": "a", "where": [{"prop": "x"}]}, {"did": "b"}]),
            "$.where.funnel[0].where[0].op",
        ),
        (rule_of({"funnel": [{"did": "a"}, {"did": "b"}]}), "$.where.in"),
        (rule_of({"funnel": [{"did": "a"}, {"did": "b"}], "in": "0d"}), "$.where.in"),
        (funnel([{"did": "a"}, {"did": "b"}], reached=3), "$.where.reached"),
        (funnel([{"did": "a"}, {"did": "b"}], reached=True), "$.where.reached"),
        (funnel([{"did": "a"}, {"did": "b"}], reached={"lt": 2}), "$.where.reached"),
        (funnel([{"did": "a"}, {"did": "b"}], reached={"gte": 3}), "$.where.reached.gte"),
        (rule_of({"list": ""}), "$.where.list"),
        (rule_of({"list": "guests", "within": {}}), "$.where.within"),
        (rule_of({"near": {"lat": 91, "lon": 0, "km": 1}}), "$.where.near.lat"),
        (rule_of({"near": {"lat": 0, "lon": -181, "km": 1}}), "$.where.near.lon"),
        (rule_of({"near": {"lat": 0, "lon": 0, "km": -1}}), "$.where.near.km"),
        (rule_of({"near": {"lat": 0, "lon": 0}}), "$.where.near.km"),
        (rule_of({"near": {"lat": 0, "lon": 0, "km": 1, "city": "Kyiv"}}), "$.where.near"),
        (rule_of({"consent": {"channel": "email"}, "is": "given"}), "$.where.consent.purpose"),
        (
            rule_of({"consent": {"channel": "email", "purpose": "marketing"}, "is": "maybe"}),
            "$.where.is",
        ),
        (rule_of({"share": {"of": 1.5, "salt": "a"}}), "$.where.share.of"),
        (rule_of({"share": {"from": 0.2, "to": 0.1, "salt": "a"}}), "$.where.share"),
        (rule_of({"share": {"of": 0.5}}), "$.where.share.salt"),
    ],
)
def test_a_fault_is_refused_with_its_path(document, path):
    with pytest.raises(Invalid) as caught:
        language.parse(document)

    assert caught.value.code == "rule_invalid"
    assert caught.value.details["path"] == path


def test_groups_nest_up_to_the_limit_and_no_deeper():
    node: object = VIP
    for _ in range(limits.DEPTH_MAX):
        node = {"not": node}
    language.parse(rule_of(node))

    with pytest.raises(Invalid, match="nested at most 6 deep"):
        language.parse(rule_of({"all": [node]}))


def test_a_rule_has_up_to_a_hundred_conditions_and_no_more():
    language.parse(rule_of({"all": [VIP] * limits.LEAVES_MAX}))

    with pytest.raises(Invalid, match="at most 100 conditions"):
        language.parse(rule_of({"all": [{"any": [VIP] * 60}, {"any": [VIP] * 41}]}))


def test_a_list_has_up_to_a_thousand_values_and_no_more():
    leaf = {"fact": "customer.city", "op": "in", "value": ["x"] * limits.VALUES_MAX}
    language.parse(rule_of(leaf))

    with pytest.raises(Invalid, match="at most 1000 values"):
        language.parse(rule_of({**leaf, "value": ["x"] * (limits.VALUES_MAX + 1)}))


json_trees = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(("order.paid", "eq", "90d", "email", "2026-01-01")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "version",
                    "where",
                    "all",
                    "any",
                    "not",
                    "fact",
                    "did",
                    "op",
                    "value",
                    "prop",
                    "line",
                    "count",
                    "sum",
                    "of",
                    "gte",
                    "within",
                    "last",
                    "from",
                    "to",
                    "consent",
                    "is",
                    "channel",
                    "purpose",
                    "reachable",
                    "segment",
                    "share",
                    "salt",
                    "between_ago",
                    "first",
                    "since_last",
                    "overdue",
                    "times_own_gap",
                    "funnel",
                    "in",
                    "reached",
                    "list",
                    "near",
                    "lat",
                    "lon",
                    "km",
                    "avg",
                    "distinct",
                )
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def rule_or_path(read: Callable[[Any], Rule], source: object) -> Rule | str:
    try:
        return read(source)
    except Invalid as error:
        return str(error.details["path"])


@settings(max_examples=300, deadline=None)
@given(json_trees)
def test_any_json_is_a_rule_or_invalid(document):
    for candidate in (document, rule_of(document)):
        found = rule_or_path(language.parse, candidate)

        assert isinstance(found, Rule) or found.startswith("$")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40) | json_trees.map(lambda tree: json.dumps(tree).encode()))
@example(b"[" * 100_000)
@example(b'{"a":' * 50_000)
@example(b"1" * 5_000)
@example(b"\xff\xfe")
@example(b'{"version": 1, "where": {"fact": "x", "op": "gt", "value": NaN}}')
@example(b'{"version": 1, "where": {"fact": "x", "op": "gt", "value": 1e999}}')
@example(b" " * (limits.RULE_BYTES_MAX + 1))
def test_any_bytes_are_a_rule_or_invalid(raw):
    found = rule_or_path(language.loads, raw)

    assert isinstance(found, Rule) or found.startswith("$")


STRANGE = st.sampled_from((None, True, -1, 10**400, 0.1, "", "x", "\x00", "\ud800", [], {}, [[]]))


@st.composite
def almost_rules(draw: st.DrawFn) -> object:
    """A rule with one thing in it taken out, doubled, or replaced by something strange."""
    document = json.loads(json.dumps(draw(strategies.rules(NOW, ("vip",)))))
    here: Any = document
    for _ in range(draw(st.integers(0, 8))):
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        below = [key for key in keys if isinstance(here[key], dict | list) and here[key]]
        if not below:
            break
        here = here[draw(st.sampled_from(below))]
    if isinstance(here, list):
        here[draw(st.integers(0, len(here) - 1))] = draw(STRANGE)
        return document
    key = draw(st.sampled_from(sorted(here)))
    other = draw(st.sampled_from((key, "value", "op", "last", "funnel", "within", "of", "x")))
    value = draw(st.just(here.pop(key)) | STRANGE)
    here[other] = value
    return document


@settings(max_examples=300, deadline=None)
@given(almost_rules())
def test_what_is_almost_a_rule_is_a_rule_or_invalid(document):
    found = rule_or_path(language.parse, document)

    assert isinstance(found, Rule) or found.startswith("$")
    if isinstance(found, Rule):
        assert language.parse(language.to_json(found)) == found


def test_an_empty_group_is_a_rule():
    assert language.parse(rule_of({"all": []})) == Rule(Everyone(()))
