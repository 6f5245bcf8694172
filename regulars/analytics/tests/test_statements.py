"""Every question parses and says the same to Spark."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlglot
from sqlglot import exp

from regulars.analytics.base import base_statement
from regulars.analytics.campaigns import (
    all_arms_statement,
    arms_statement,
    claimed_days_statement,
    funnel_statement,
)
from regulars.analytics.cohorts import cohorts_statement
from regulars.analytics.rfm import rfm_statement, scores_statement
from regulars.analytics.statements import Scope, spark_sql
from regulars.analytics.trends import last_days, trends_statement

SCOPE = Scope(datetime(2025, 6, 1, tzinfo=UTC), "Europe/Kyiv", "UAH")
STATEMENTS = {
    "base": base_statement(SCOPE),
    "rfm": rfm_statement(SCOPE),
    "scores": scores_statement(SCOPE),
    "cohorts": cohorts_statement(SCOPE),
    "trends": trends_statement(last_days(SCOPE, 30)),
    "funnel": funnel_statement(SCOPE, {1: 30, 2: 7}),
    "claimed": claimed_days_statement(last_days(SCOPE, 30), {1: 30}),
    "arms": arms_statement(SCOPE, "campaign:1", window_days=30),
    "all arms": all_arms_statement(SCOPE, {"campaign:1": 30, "campaign:2": 7}),
}

# Words of our own that stand in the text: kinds, states, units.
WORDS = {
    "sale", "new", "cancelled", "returned", "UTC", "day", "current", "previous", "refused",
    "unknown",
    "message.opened", "message.clicked", "message.unsubscribed", "message.complained",
    "$.is_confirmed", "true", "is_confirmed",
}  # fmt: skip


@pytest.mark.parametrize("name", STATEMENTS)
def test_it_becomes_spark_with_named_parameters(name):
    statement = STATEMENTS[name]

    text = spark_sql(statement.sql)

    tree = sqlglot.parse_one(text, read="spark")
    assert {node.name for node in tree.find_all(exp.Placeholder)} == set(statement.params)
    assert "FROM_UTC_TIMESTAMP(" in text
    assert "AT TIME ZONE" not in text and not list(tree.find_all(exp.Parameter))


@pytest.mark.parametrize("name", STATEMENTS)
def test_it_takes_every_value_as_a_parameter(name):
    statement = STATEMENTS[name]

    tree = sqlglot.parse_one(statement.sql, read="duckdb")

    texts = {node.name for node in tree.find_all(exp.Literal) if node.is_string}
    assert texts <= WORDS


def test_a_time_is_moved_once_not_twice():
    text = spark_sql("SELECT (t AT TIME ZONE 'UTC') AT TIME ZONE $zone FROM orders")

    assert text == "SELECT FROM_UTC_TIMESTAMP(t, :zone) FROM orders"
