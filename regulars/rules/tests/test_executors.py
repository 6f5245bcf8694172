"""A rule means the same in memory and in DuckDB, over random rules and random pasts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from regulars.rules import duck, language, memory
from regulars.rules.memory import History, PastEvent
from regulars.rules.tests import lake, naive, strategies
from regulars.rules.tree import Either, Everyone, Not, Rule

SEGMENT_NAMES = ("vip", "it's")
RULES_A_CASE = 8
NOW = datetime(2026, 3, 31, 10, 30, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
connection = lake.connect()

# Shrinking a case of five pasts and five rules takes minutes and helps little.
random_cases = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[dict], dict, list[History], datetime, ZoneInfo]:
    """Some rules, two segments they may name, five customers, an instant and a zone."""
    now, zone = draw(strategies.moments), draw(strategies.zones)
    histories = [draw(strategies.histories(now, number)) for number in range(1, 6)]
    segments = {name: draw(strategies.rules(now)) for name in SEGMENT_NAMES}
    rules = draw(
        st.lists(strategies.rules(now, SEGMENT_NAMES), min_size=RULES_A_CASE, max_size=RULES_A_CASE)
    )
    return rules, segments, histories, now, zone


def found_in_duckdb(rule: Rule, segments: dict[str, Rule], now: datetime, zone: ZoneInfo) -> set:
    compiled = duck.compile(rule, facts=strategies.FACTS, now=now, zone=zone, segments=segments)
    return lake.ask(connection, compiled)


def found_in_memory(
    rule: Rule, segments: dict[str, Rule], histories: list[History], now: datetime, zone: ZoneInfo
) -> set[int]:
    return {
        history.id
        for history in histories
        if memory.matches(
            rule, history, facts=strategies.FACTS, now=now, zone=zone, segments=segments
        )
    }


def found_naively(
    document: dict,
    segments: dict[str, dict],
    histories: list[History],
    now: datetime,
    zone: ZoneInfo,
) -> set[int]:
    return {
        history.id
        for history in histories
        if naive.holds(document["where"], naive.World(history, now, zone, segments))
    }


@settings(random_cases, max_examples=50)
@given(cases())
def test_a_rule_finds_the_same_customers_in_memory_in_duckdb_and_naively(case):
    documents, segment_documents, histories, now, zone = case
    segments = {name: language.parse(item) for name, item in segment_documents.items()}
    lake.fill(connection, histories)

    for document in documents:
        rule = language.parse(document)

        expected = found_naively(document, segment_documents, histories, now, zone)

        assert found_in_memory(rule, segments, histories, now, zone) == expected, document
        assert found_in_duckdb(rule, segments, now, zone) == expected, document


@st.composite
def busy_cases(draw: st.DrawFn) -> tuple[list[dict], dict, list[History], datetime, ZoneInfo]:
    """Conditions on order and time, and customers to whom the same happens again and again."""
    now, zone = draw(strategies.moments), draw(strategies.zones)
    histories = [
        draw(strategies.histories(now, number, kinds=strategies.KINDS[:2]))
        for number in range(1, 6)
    ]
    leaves = draw(st.lists(strategies.timely(now), min_size=RULES_A_CASE, max_size=RULES_A_CASE))
    return [{"version": 1, "where": leaf} for leaf in leaves], {}, histories, now, zone


@settings(random_cases, max_examples=20)
@given(busy_cases())
def test_order_and_time_mean_the_same_to_all(case):
    test = test_a_rule_finds_the_same_customers_in_memory_in_duckdb_and_naively
    test.hypothesis.inner_test(case)


@pytest.mark.long
@settings(random_cases, max_examples=3_000)
@given(cases())
def test_a_rule_finds_the_same_customers_over_many_more_cases(case):
    test = test_a_rule_finds_the_same_customers_in_memory_in_duckdb_and_naively
    test.hypothesis.inner_test(case)


@settings(random_cases, max_examples=12)
@given(cases(), st.integers(2, 4))
def test_the_files_of_the_lake_change_nothing(case, parts):
    documents, segment_documents, histories, now, zone = case
    segments = {name: language.parse(item) for name, item in segment_documents.items()}
    split = lake.connect()
    lake.fill(split, histories)
    lake.scatter(split, parts)

    for document in documents:
        compiled = duck.compile(
            language.parse(document), facts=strategies.FACTS, now=now, zone=zone, segments=segments
        )

        expected = found_naively(document, segment_documents, histories, now, zone)

        assert lake.ask(split, compiled) == expected, document


@settings(random_cases, max_examples=20)
@given(cases())
def test_the_algebra_of_conditions_holds(case):
    documents, segment_documents, histories, now, zone = case
    segments = {name: language.parse(item) for name, item in segment_documents.items()}
    lake.fill(connection, histories)
    one, two = (language.parse(document).where for document in documents[:2])

    def found(node: object) -> set[int]:
        return found_in_duckdb(Rule(node), segments, now, zone)

    everyone = {history.id for history in histories}
    assert found(Not(one)) == everyone - found(one)
    assert found(Not(Not(one))) == found(one)
    assert found(Everyone((one, two))) == found(one) & found(two) == found(Everyone((two, one)))
    assert found(Either((one, two))) == found(one) | found(two) == found(Either((two, one)))
    assert found(Not(Everyone((one, two)))) == found(Either((Not(one), Not(two))))
    assert found(Everyone(())) == everyone
    assert found(Either(())) == set()


@settings(random_cases, max_examples=20)
@given(cases())
def test_an_irrelevant_event_changes_nothing(case):
    documents, segment_documents, histories, now, zone = case
    segments = {name: language.parse(item) for name, item in segment_documents.items()}
    rule = language.parse(documents[0])
    before = found_in_memory(rule, segments, histories, now, zone)

    strange = PastEvent("Something else", now, {"category": "tea", "total": 5})
    more = [replace(history, events=[*history.events, strange]) for history in histories]
    lake.fill(connection, more)

    assert found_in_memory(rule, segments, more, now, zone) == before
    assert found_in_duckdb(rule, segments, now, zone) == before


@settings(random_cases, max_examples=60)
@given(cases())
def test_what_lies_before_the_first_instant_of_a_question_changes_nothing(case):
    documents, segment_documents, histories, now, zone = case
    segments = {name: language.parse(item) for name, item in segment_documents.items()}
    for document in documents:
        rule = language.parse(document)
        asked = duck.compile(rule, facts=strategies.FACTS, now=now, zone=zone, segments=segments)
        since = asked.since.get("events")
        if since is None:
            continue

        later = [
            replace(history, events=[one for one in history.events if one.time >= since])
            for history in histories
        ]

        expected = found_in_memory(rule, segments, histories, now, zone)
        assert found_in_memory(rule, segments, later, now, zone) == expected, document


SECRET = "Zq7x"


@settings(random_cases, max_examples=60)
@given(strategies.rules(NOW))
def test_the_text_of_a_query_never_carries_a_value(document):
    marked = re.sub(
        r'"(value|did|prop|of|salt)": "([^"\\]*)"',
        lambda found: (
            f'"{found[1]}": "{found[2]}{SECRET}"'
            if found[1] == "salt" or found[2] in (*strategies.WORDS, *strategies.KINDS)
            else found[0]
        ),
        language.json.dumps(document, ensure_ascii=False),
    )
    rule = language.loads(marked)

    compiled = duck.compile(rule, facts=strategies.FACTS, now=NOW, zone=UTC_ZONE, segments={})

    assert SECRET not in compiled.sql
    assert SECRET.lower() not in compiled.sql.lower()
    assert compiled.sql.startswith("SELECT ")
    assert set(re.findall(r"\$(p\d+)", compiled.sql)) == set(compiled.params)


def compiled_for(node: object, now: datetime = NOW) -> duck.Compiled:
    rule = language.parse({"version": 1, "where": node})
    return duck.compile(rule, facts=strategies.FACTS, now=now, zone=UTC_ZONE, segments={})


def test_the_clock_moves_the_parameters_and_not_the_text():
    node = {"did": "order.paid", "count": {"gte": 2}, "within": {"last": "90d"}}

    earlier, later = compiled_for(node), compiled_for(node, NOW.replace(year=2027))

    assert earlier.sql == later.sql
    assert earlier.params != later.params


def test_true_and_one_are_not_the_same_question():
    is_one = compiled_for({"fact": "customer.attr.vip2", "op": "eq", "value": 1})
    is_true = compiled_for({"fact": "customer.attr.vip2", "op": "eq", "value": True})

    assert is_one.sql != is_true.sql


def test_a_selective_fact_narrows_the_counting_scan():
    count = {"did": "order.paid", "count": {"gte": 2}}
    city = {"fact": "customer.city", "op": "eq", "value": "Kyiv"}
    elsewhere = {"fact": "customer.city", "op": "ne", "value": "Kyiv"}

    assert "chosen" in compiled_for({"all": [city, count]}).sql
    assert "chosen" not in compiled_for({"all": [elsewhere, count]}).sql
    assert "chosen" not in compiled_for({"any": [city, count]}).sql


def test_times_of_one_kind_in_one_group_are_read_once():
    first = {"since_first": "order.paid", "gte": "180d"}
    late = {"since_first": "order.paid", "lt": "210d"}
    again = {"did": "order.paid", "within": {"last": "30d"}}
    seen = {"did": "Product Viewed", "within": {"last": "30d"}}

    together = compiled_for({"all": [first, late, again, seen]})
    apart = compiled_for({"any": [first, late, again, seen]})

    assert together.sql.count('FROM "events"') + together.sql.count("FROM events") == 2
    assert apart.sql.count('FROM "events"') + apart.sql.count("FROM events") == 4


@pytest.mark.parametrize(
    ("text", "value", "is_found"),
    [
        ("İstanbul", "İSTANBUL", True),
        ("istanbul", "İstanbul", False),
        ("ΟΔΟΣ", "οδος", True),
        ("οδοσ", "ΟΔΟΣ", True),
        ("ЧАЙ", "чай", True),
        ("STRASSE", "straße", False),
    ],
)
def test_case_is_ignored_alike_in_properties_and_in_columns(text, value, is_found):
    columns = {"city": text, "email": None, "phone": None, "birth_on": None, "first_seen_at": None}
    event = PastEvent("order.paid", NOW, {"category": text})
    history = History(1, columns=columns, events=[event])
    lake.fill(connection, [history])
    operand = {"op": "eq", "value": value}

    for node in (
        {"fact": "customer.city", **operand},
        {"did": "order.paid", "where": [{"prop": "category", **operand}]},
    ):
        rule = language.parse({"version": 1, "where": node})

        assert bool(found_in_duckdb(rule, {}, NOW, UTC_ZONE)) is is_found
        assert bool(found_in_memory(rule, {}, [history], NOW, UTC_ZONE)) is is_found


def test_duckdb_lowers_only_one_letter_otherwise_than_python():
    found = connection.execute(
        "SELECT i, lower(chr(i::INTEGER)) FROM range(1, 1114112) r(i)"
        " WHERE i NOT BETWEEN 55296 AND 57343"
    ).fetchall()

    assert [chr(code) for code, lowered in found if chr(code).lower() != lowered] == ["İ"]
