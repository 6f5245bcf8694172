"""A rule means the same in memory and in DuckDB, over random rules and random pasts."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.rules import duck, language, memory
from regulars.rules.memory import History
from regulars.rules.tests import lake, strategies
from regulars.rules.tree import Rule

SEGMENT_NAMES = ("vip", "it's")
connection = lake.connect()


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[dict], dict, list[History], datetime, ZoneInfo]:
    """Three rules, two segments they may name, five customers, an instant and a zone."""
    now, zone = draw(strategies.moments), draw(strategies.zones)
    histories = [draw(strategies.histories(now, number)) for number in range(1, 6)]
    segments = {name: draw(strategies.rules(now)) for name in SEGMENT_NAMES}
    rules = draw(st.lists(strategies.rules(now, SEGMENT_NAMES), min_size=3, max_size=3))
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


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_a_rule_finds_the_same_customers_in_memory_and_in_duckdb(case):
    documents, segment_documents, histories, now, zone = case
    segments = {name: language.parse(item) for name, item in segment_documents.items()}
    lake.fill(connection, histories)

    for document in documents:
        rule = language.parse(document)

        expected = found_in_memory(rule, segments, histories, now, zone)

        assert found_in_duckdb(rule, segments, now, zone) == expected, document
