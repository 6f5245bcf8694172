"""The questions pages and documents ask, by name.

A name is a word or a word and its argument: `rfm`, `trends:30`, `arms:5`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from regulars.analytics.base import base_statement
from regulars.analytics.campaigns import (
    all_arms_statement,
    claimed_days_statement,
    funnel_statement,
)
from regulars.analytics.cohorts import cohorts_statement
from regulars.analytics.rfm import rfm_statement
from regulars.analytics.scores import stages_over_statement
from regulars.analytics.statements import Scope, Statement
from regulars.analytics.trends import Period, last_days, last_year, trends_statement
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.lake import engine
from regulars.reports.queries.campaigns import experiment_windows, windows
from regulars.reports.queries.instants import month_ends
from regulars.reports.records import Answer
from regulars.value import queries as value
from regulars.workspaces import queries as workspaces

YEAR = 365
PERIODS = (7, 30, 90, YEAR)
PERIOD_DEFAULT = 30


def answer(workspace_id: int, name: str, at: datetime) -> Answer:
    """What the lake says to the question at this instant. raises NotFound"""
    began_s = clock.monotonic_s()
    statement = statement_of(workspace_id, name, at)
    rows = []
    if statement is not None:
        table = engine.query(workspace_id, statement.sql, dict(statement.params))
        rows = table.to_pylist()
    return Answer(rows, at, took_ms=round((clock.monotonic_s() - began_s) * 1000))


def statement_of(workspace_id: int, name: str, at: datetime) -> Statement | None:
    """The question of this name, or nothing when there is nothing to ask about."""
    word, _, argument = name.partition(":")
    if word not in QUESTIONS:
        raise NotFound("report_unknown", f"There is no report named {word}.")
    return QUESTIONS[word](workspace_id, scope_of(workspace_id, at), argument)


def scope_of(workspace_id: int, at: datetime) -> Scope:
    """The workspace's clock and money at this instant."""
    workspace = workspaces.workspace(workspace_id)
    return Scope(at, workspace.time_zone, workspace.currency)


def period_of(scope: Scope, days: int) -> Period:
    """The period a page offers; a year is twelve calendar months."""
    return last_year(scope) if days == YEAR else last_days(scope, days)


def _base(_workspace_id: int, scope: Scope, _argument: str) -> Statement:
    return base_statement(scope)


def _rfm(workspace_id: int, scope: Scope, _argument: str) -> Statement:
    return rfm_statement(scope, value.settings(workspace_id).borders)


def _stages_over(_workspace_id: int, scope: Scope, _argument: str) -> Statement:
    return stages_over_statement(scope, month_ends(scope.last_day()))


def _cohorts(_workspace_id: int, scope: Scope, _argument: str) -> Statement:
    return cohorts_statement(scope)


def _trends(_workspace_id: int, scope: Scope, days: str) -> Statement:
    return trends_statement(period_of(scope, int(days)))


def _funnels(workspace_id: int, scope: Scope, _argument: str) -> Statement | None:
    listed = windows(workspace_id)
    return funnel_statement(scope, listed) if listed else None


def _claimed(workspace_id: int, scope: Scope, days: str) -> Statement | None:
    listed = windows(workspace_id)
    return claimed_days_statement(period_of(scope, int(days)), listed) if listed else None


def _arms(workspace_id: int, scope: Scope, newest: str) -> Statement | None:
    listed = experiment_windows(workspace_id, int(newest) if newest else None)
    return all_arms_statement(scope, listed) if listed else None


QUESTIONS: dict[str, Callable[[int, Scope, str], Statement | None]] = {
    "base": _base,
    "rfm": _rfm,
    "cohorts": _cohorts,
    "trends": _trends,
    "funnels": _funnels,
    "claimed": _claimed,
    "arms": _arms,
    "stages_over": _stages_over,
}
