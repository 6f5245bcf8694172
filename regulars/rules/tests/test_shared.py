"""Many rules in one statement: the same answers, and never too late about the next change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.rules import language, memory, shared
from regulars.rules.memory import History
from regulars.rules.tests import lake, strategies
from regulars.rules.tests.test_executors import cases, random_cases
from regulars.rules.tree import Rule

TICK = timedelta(microseconds=1)
KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 3, 31, 10, 30, tzinfo=UTC)
connection = lake.connect()

Answers = dict[tuple[int, int], tuple[bool, datetime | None]]


def asked(
    rules: list[Rule],
    segments: dict[str, Rule],
    now: datetime,
    zone: ZoneInfo,
    people: str | None = None,
) -> Answers:
    """By customer and place of the rule: whether it holds, and when that may change."""
    compiled = shared.compile_many(
        dict(enumerate(rules)),
        facts=strategies.FACTS, now=now, zone=zone, segments=segments, people=people,
    )  # fmt: skip
    rows = connection.sql(compiled.sql, params=compiled.params).to_arrow_table().to_pylist()
    found = {}
    for row in rows:
        for key, columns in compiled.columns.items():
            turns = row[columns.turns] if columns.turns else None
            found[row["customer"], key] = (
                row[columns.holds],
                None if turns is None else turns.replace(tzinfo=UTC),
            )
    assert len(rows) == len({row["customer"] for row in rows})
    return found


def in_memory(
    rule: Rule, history: History, segments: dict[str, Rule], now: datetime, zone: ZoneInfo
) -> bool:
    return memory.matches(
        rule, history, facts=strategies.FACTS, now=now, zone=zone, segments=segments
    )


@st.composite
def laters(draw: st.DrawFn) -> list[timedelta]:
    """How much later to look again: around the edges of windows, and anywhere."""
    edges = [
        timedelta(days=days, microseconds=tick)
        for days in (0, 1, 2, 6, 7, 13, 14, 30, 31, 60, 365)
        for tick in (-1, 0, 1, 2)
    ]
    near = st.integers(1, 86_400 * 40).map(lambda seconds: timedelta(seconds=seconds))
    steps = draw(st.lists(st.sampled_from(edges) | near, min_size=4, max_size=6))
    return sorted(step for step in steps if step > timedelta(0))


def check(case: tuple, steps: list[timedelta]) -> None:
    documents, segment_documents, histories, now, zone = case
    segments = {name: language.parse(item) for name, item in segment_documents.items()}
    rules = [language.parse(document) for document in documents]
    lake.fill(connection, histories)

    found = asked(rules, segments, now, zone)

    assert len(found) == len(rules) * len(histories)
    for place, rule in enumerate(rules):
        for history in histories:
            holds, turns = found[history.id, place]
            assert holds == in_memory(rule, history, segments, now, zone), documents[place]
            assert turns is None or turns > now, documents[place]
            looks = [now + step for step in steps]
            looks += [] if turns is None else [turns - TICK]
            for later in looks:
                if later > now and (turns is None or later < turns):
                    still = in_memory(rule, history, segments, later, zone)
                    assert still == holds, (documents[place], later, turns)


@settings(random_cases, max_examples=60)
@given(cases(), laters())
def test_it_answers_as_memory_does_and_never_tells_of_a_change_too_late(case, steps):
    check(case, steps)


@pytest.mark.long
@settings(random_cases, max_examples=5_000)
@given(cases(), laters())
def test_it_answers_alike_over_many_more_cases(case, steps):
    check(case, steps)
