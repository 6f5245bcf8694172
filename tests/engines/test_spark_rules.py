"""One rule, three executors: memory, DuckDB and a Spark cluster find the same customers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from regulars.lake.spark import dialect
from regulars.rules import duck, language, memory
from regulars.rules.memory import History
from regulars.rules.tests import lake, naive, strategies

# One statement holds this many rules: planning is what Spark spends its time on.
RULES_IN_ONE = 20
RULES_EACH, PASTS_EACH = 5, 4
ROUNDS, ROUNDS_LONG = 20, 250
# The naive reference is asked about every so many rules, for it takes its time.
NAIVE_EVERY = 4
SEGMENT_NAMES = ("vip", "it's")
ID_STEP = 1_000_000


def gathered(now, rounds: int) -> tuple[list[dict], dict[str, dict], list[History]]:
    """Random rules, the segments that they name and random pasts, everybody asked every rule."""
    rules: list[dict] = []
    segments: dict[str, dict] = {}
    people: list[History] = []

    @settings(
        max_examples=rounds,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.fixed_dictionaries({name: strategies.rules(now) for name in SEGMENT_NAMES}),
        st.lists(strategies.rules(now, SEGMENT_NAMES), min_size=RULES_EACH, max_size=RULES_EACH),
        st.lists(strategies.histories(now, 1), min_size=PASTS_EACH, max_size=PASTS_EACH),
    )
    def gather(named, documents, pasts):
        segments.update(named)
        rules.extend(documents)
        people.extend(pasts)

    gather()
    # Chance does not name segments often; these do in any case, beside and below other conditions.
    first, second = ({"segment": name} for name in SEGMENT_NAMES)
    for node in (first, {"not": second}, {"all": [first, {"not": second}]}):
        rules.append({"version": 1, "where": node})
    return rules, segments, [renumbered(past, place) for place, past in enumerate(people, start=1)]


def renumbered(past: History, place: int) -> History:
    """The same past of a customer of its own, its orders included."""
    step = place * ID_STEP
    return replace(
        past,
        id=place,
        orders=[replace(order, id=order.id + step) for order in past.orders],
        lines=[replace(line, order_id=line.order_id + step) for line in past.lines],
        events=[
            replace(event, subject=None if event.subject is None else event.subject + step)
            for event in past.events
        ],
    )


def asked_of_spark(spark, compiled: Sequence[duck.Compiled]) -> list[set[int]]:
    """Each statement's customers; many statements travel as one."""
    found: list[set[int]] = []
    for start in range(0, len(compiled), RULES_IN_ONE):
        part = compiled[start : start + RULES_IN_ONE]
        texts, params = [], {}
        for number, one in enumerate(part):
            named = re.sub(r"\$p(\d+)", rf"$r{number}p\1", one.sql)
            texts.append(f"SELECT {number} AS rule, customer FROM ({named})")
            params |= {f"r{number}{name}": value for name, value in one.params.items()}
        statement = dialect.translate(" UNION ALL ".join(texts), params)
        rows = spark.sql(statement.sql, args=statement.params).toArrow()
        sets: list[set[int]] = [set() for _ in part]
        for rule, customer in zip(
            rows["rule"].to_pylist(), rows["customer"].to_pylist(), strict=True
        ):
            assert customer not in sets[rule]
            sets[rule].add(customer)
        found += sets
    return found


EDGES = pytest.mark.parametrize(
    ("moment", "zone"),
    [
        pytest.param(strategies.MOMENTS[0], strategies.ZONES[1], id="last-day-of-march-kyiv"),
        pytest.param(strategies.MOMENTS[5], strategies.ZONES[2], id="clocks-go-back-new-york"),
    ],
)


@EDGES
def test_three_executors_find_the_same_customers(spark, moment, zone):
    compare(spark, moment, zone, ROUNDS)


@EDGES
@pytest.mark.long
def test_three_executors_agree_about_thousands_of_rules(spark, moment, zone):
    compare(spark, moment, zone, ROUNDS_LONG)


def compare(spark, moment, zone: str, rounds: int) -> None:
    """Ask every engine every rule about everybody."""
    documents, segment_documents, people = gathered(moment, rounds)
    rules = [language.parse(document) for document in documents]
    segments = {name: language.parse(one) for name, one in segment_documents.items()}
    where = {
        "facts": strategies.FACTS, "now": moment, "zone": ZoneInfo(zone), "segments": segments,
    }  # fmt: skip
    compiled = [duck.compile(rule, **where) for rule in rules]
    connection = lake.connect()
    lake.fill(connection, people)
    for name in lake.SCHEMAS:
        table = connection.sql(f"SELECT * FROM {name}").to_arrow_table()
        spark.createDataFrame(table).coalesce(1).createOrReplaceTempView(name)

    by_spark = asked_of_spark(spark, compiled)

    assert len(rules) >= rounds * RULES_EACH
    for place, (rule, statement, found) in enumerate(zip(rules, compiled, by_spark, strict=True)):
        by_duck = lake.ask(connection, statement)
        by_memory = {past.id for past in people if memory.matches(rule, past, **where)}
        assert by_duck == by_memory, language.dumps(rule)
        assert found == by_memory, language.dumps(rule)
        if place % NAIVE_EVERY == 0 or place >= len(rules) - len(SEGMENT_NAMES):
            assert naively(documents[place], segment_documents, people, moment, zone) == found


def naively(document, segments, people: list[History], moment, zone: str) -> set[int]:
    """Who the reference finds that shares no code with the executors."""
    return {
        past.id
        for past in people
        if naive.holds(document["where"], naive.World(past, moment, ZoneInfo(zone), segments))
    }
