"""The builder's form: a rule goes into it and comes back the same."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.rules import language
from regulars.rules.tests import strategies
from regulars.rules.tree import Either, Everyone, Not
from regulars.segments import queries, registry, shown, suggestions
from regulars.segments.offers import Offers
from regulars.segments.pure.closing import close
from regulars.segments.pure.drafts import (
    DidDraft,
    FactDraft,
    GroupDraft,
    RawDraft,
    TestDraft,
)
from regulars.segments.pure.fields import pressed, root_of, tree_of
from regulars.segments.pure.fixing import fixed
from regulars.segments.pure.opening import open_rule
from regulars.segments.pure.typed import Money, Wrong, number, written
from regulars.segments.pure.vocabulary import Vocabulary
from regulars.segments.tests.forms import fields_of

WORDS = Vocabulary(strategies.FACTS, 2)
NOW = strategies.MOMENTS[0]


def plain(node, *, is_root=True):
    """The tree as the builder keeps it: no double negation, a group at the root."""
    if isinstance(node, Not):
        inner = plain(node.part, is_root=False)
        found = inner.part if isinstance(inner, Not) else Not(inner)
    elif isinstance(node, Everyone | Either):
        found = type(node)(tuple(plain(part, is_root=False) for part in node.parts))
    else:
        found = node
    core = found.part if isinstance(found, Not) else found
    return Everyone((found,)) if is_root and not isinstance(core, Everyone | Either) else found


def opened(rule):
    return open_rule(rule, WORDS)


@settings(max_examples=150, deadline=None)
@given(strategies.rules(NOW, ("vip",)))
def test_a_rule_becomes_a_draft_and_the_same_rule_again(document):
    rule = language.parse(document)

    closed = close(opened(rule), WORDS)

    assert closed.problems == {}
    assert language.parse(closed.rule).where == plain(rule.where)


@pytest.fixture
def quiet(monkeypatch):
    """No data to suggest anything, and the facts of the strategies."""
    monkeypatch.setattr(suggestions, "_asked", lambda *_: [])
    monkeypatch.setattr(registry, "facts", lambda: strategies.FACTS)
    monkeypatch.setattr(queries, "segments", lambda _: [])
    monkeypatch.setattr(queries, "lists", lambda _: [])


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(strategies.rules(NOW, ("vip",)))
def test_a_rule_survives_the_form_that_a_browser_sends(quiet, document):
    rule = language.parse(document)
    draft = opened(rule)
    root = shown.Builder(WORDS, Offers(1)).root(draft)
    html = render_to_string(
        "segments/parts/rules.html", {"root": root, "months": shown.months(), "more": []}
    )

    sent = fixed(root_of(tree_of(fields_of(html).items())), WORDS)

    closed = close(sent, WORDS)
    assert closed.problems == {}
    assert language.parse(closed.rule).where == plain(rule.where)


@pytest.mark.parametrize("value", ["two\nlines", "\r", " ", "", "a\u2028b", "x" * 1000, "\ttab "])
def test_a_text_that_no_field_can_hold_is_kept_as_text(value):
    leaf = {"fact": "customer.city", "op": "eq", "value": value}
    rule = language.parse({"version": 1, "where": leaf})

    draft = opened(rule)

    is_held = isinstance(draft.parts[0], FactDraft)
    assert is_held is (value.strip() != "" and "\n" not in value)
    assert language.parse(close(draft, WORDS).rule).where == Everyone((rule.where,))


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.lists(
            st.sampled_from(
                ("n", "0", "1", "k", "g", "op", "a", "b", "fact", "event", "m", "w", "l", "in",
                 "prop", "not", "json", "of", "segment", "more", "99999999999999999999", "")
            ),
            min_size=1,
            max_size=6,
        ).map(lambda steps: ".".join(["n", *steps])),
        st.sampled_from(
            ("group", "fact", "did", "raw", "share", "segment", "any", "text.eq", "number.between",
             "moment.in_last", "order.paid", "count", "sum", "line", "last", "1", "", "{", "[]")
        )
        | st.text(max_size=4),
        max_size=14,
    ),
    st.sampled_from(
        ("", "add:did:n", "add:line:n.0", "del:n", "del:n.0", "add:group:n.0.w", "del:", "x")
    )
    | st.text(max_size=8),
)  # fmt: skip
def test_any_form_becomes_a_draft_and_tells_what_is_wrong(fields, action):
    tree = tree_of(fields.items())
    pressed(tree, action)

    closed = close(fixed(root_of(tree), WORDS), WORDS)

    assert set(closed.rule) == {"version", "where"}
    assert all(place.startswith("n") for place in closed.problems)


def test_buttons_add_and_take_away_parts():
    tree = tree_of([("n.g", "any")])

    for action in ("add:did:n", "add:group:n", "add:fact:n.1", "add:line:n.0", "add:filter:n.0"):
        pressed(tree, action)
    draft = root_of(tree)

    did, group = draft.parts
    assert isinstance(did, DidDraft) and isinstance(group, GroupDraft)
    assert (draft.op, len(did.where), len(group.parts)) == ("any", 2, 2)

    for action in ("del:n.0.w.0", "del:n.1.1", "del:n.7"):
        pressed(tree, action)
    draft = root_of(tree)

    assert (len(draft.parts[0].where), len(draft.parts[1].parts)) == (1, 1)


def test_a_part_taken_from_the_middle_leaves_the_others_as_they_were():
    fields = [(f"n.{place}.k", "raw") for place in range(3)]
    fields += [(f"n.{place}.json", f"text {place}") for place in range(3)]
    tree = tree_of(fields)

    pressed(tree, "del:n.1")

    assert root_of(tree).parts == (RawDraft("text 0"), RawDraft("text 2"))


def test_another_fact_gets_an_operator_of_its_type():
    draft = GroupDraft("all", (FactDraft("order.total", TestDraft("text.contains", "Kyiv")),))

    assert fixed(draft, WORDS).parts == (FactDraft("order.total", TestDraft("number.eq")),)


def test_money_is_typed_in_units_and_kept_in_minor_ones():
    test = TestDraft("number.between", "99,5", "1 500")
    draft = GroupDraft("all", (FactDraft("order.total", test),))

    closed = close(draft, WORDS)

    (leaf,) = closed.rule["where"]["all"]
    assert leaf == {"fact": "order.total", "op": "between", "value": [9950, 150_000]}
    assert opened(language.parse(closed.rule)).parts[0].test == TestDraft(
        "number.between", "99.50", "1500"
    )


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (FactDraft("customer.city", TestDraft("text.eq", "")), "value_missing"),
        (FactDraft("", TestDraft("text.eq", "a")), "fact_missing"),
        (FactDraft("order.count", TestDraft("number.gte", "two")), "number_bad"),
        (FactDraft("order.count", TestDraft("number.gte", "1e999999999")), "number_bad"),
        (FactDraft("order.count", TestDraft("number.between", "5", "2")), "order_bad"),
        (FactDraft("order.last_at", TestDraft("moment.in_last", "-3", "d")), "duration_bad"),
        (FactDraft("order.last_at", TestDraft("moment.before", "31.12.2026")), "date_bad"),
        (FactDraft("customer.city", TestDraft("text.regex", "(")), "regex_bad"),
        (DidDraft(""), "event_missing"),
        (RawDraft("{"), "json_bad"),
        (RawDraft("[" * 100_000), "json_bad"),
    ],
)
def test_a_condition_that_is_not_complete_is_named_and_left_out(draft, code):
    whole = FactDraft("customer.city", TestDraft("text.eq", "Kyiv"))

    closed = close(GroupDraft("all", (whole, draft)), WORDS)

    assert closed.problems == {"n.1": code}
    assert len(closed.rule["where"]["all"]) == 1


def test_a_group_of_incomplete_conditions_says_nothing_yet():
    bad = FactDraft("customer.city", TestDraft("text.eq", ""))
    good = FactDraft("customer.city", TestDraft("text.eq", "Kyiv"))

    closed = close(GroupDraft("all", (GroupDraft("any", (bad,)), good)), WORDS)

    assert closed.problems == {"n.0.0": "value_missing"}
    assert closed.rule["where"]["all"] == [{"fact": "customer.city", "op": "eq", "value": "Kyiv"}]
    assert closed.place_of("$.where.all[0].value") == "n.1"


def test_a_fault_of_the_rule_is_brought_back_to_its_place_in_the_form():
    bad = FactDraft("customer.city", TestDraft("text.eq", ""))
    good = FactDraft("customer.city", TestDraft("text.eq", "Kyiv"))
    group = GroupDraft("any", (bad, good), is_not=True)

    closed = close(GroupDraft("all", (good, group)), WORDS)

    assert closed.place_of("$.where.all[1].not.any[0].value") == "n.1.1"
    assert closed.place_of("$.where.all[0].fact") == "n.0"
    assert closed.place_of("$.elsewhere") == ""


@given(st.integers(-(10**15), 10**15), st.sampled_from((0, 2, 3)))
def test_an_amount_is_written_and_read_back(amount, digits):
    money = Money(digits)

    assert number(written(amount, money), money) == amount


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e400", "0x10", "1__0", "١"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(Wrong):
        number(text)


def test_groups_are_controls_three_deep_and_text_below(quiet):
    leaf = {"fact": "customer.city", "op": "eq", "value": "Kyiv"}
    deep = {"any": [{"all": [{"any": [{"not": {"all": [leaf, leaf]}}]}]}, leaf]}
    node = opened(language.parse({"version": 1, "where": deep}))

    view = shown.Builder(WORDS, Offers(1)).root(node)

    offered = []
    while view.kind == "group":
        offered.append(view.may_group)
        view = view.parts[0]
    assert offered == [True, True, False]
    assert view.draft == RawDraft('customer.city = "Kyiv" and customer.city = "Kyiv"', is_not=True)
    assert close(node, WORDS).rule["where"] == deep
