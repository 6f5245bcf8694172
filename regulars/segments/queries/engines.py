"""One rule asked of any engine: the lake in this process, a cluster, or customer by customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.lake import engine
from regulars.rules import language, memory
from regulars.rules.explaining import Reason, explain
from regulars.rules.tree import Rule
from regulars.segments import registry
from regulars.segments.pure.references import references_of
from regulars.segments.pure.rule_files import read_rule as read_rule
from regulars.segments.queries import histories, rules
from regulars.store.scope import scope
from regulars.workspaces import queries as workspaces

DUCKDB, SPARK, MEMORY = "duckdb", "spark", "memory"
ENGINES = (DUCKDB, SPARK, MEMORY)


class Asker(Protocol):
    """An engine over the lake."""

    def count_customers(self, workspace_id: int, sql: str, params: Mapping[str, Any]) -> int: ...


def count_file(
    workspace_id: int,
    rule_file: Path,
    engine_name: str = DUCKDB,
    *,
    spark: Callable[[], Asker] | None = None,
) -> int:
    """How many customers the rule in the file picks now.

    Opens its own transaction, and closes it before the engine is asked.
    spark   opens the cluster's engine; needed for the engine "spark" alone
    raises  Invalid(file_unreadable | engine_unknown | rule_invalid | rule_text_invalid),
            Outside(spark_missing | java_missing | spark_unreachable | spark_failed)
    """
    if engine_name not in ENGINES:
        raise Invalid("engine_unknown", f"The engine is one of: {', '.join(ENGINES)}.")
    try:
        raw = rule_file.read_bytes()
    except OSError as error:
        raise Invalid("file_unreadable", f"There is no readable file {rule_file}.") from error
    try:
        ask = _prepared(workspace_id, read_rule(raw), engine_name, spark)
    except Invalid as error:
        raise Invalid(error.code, f"{rule_file}: {error.message}", **error.details) from error
    return ask()


def _prepared(
    workspace_id: int, rule: Rule, engine_name: str, spark: Callable[[], Asker] | None
) -> Callable[[], int]:
    """The question, read from the database at once: no transaction waits for a slow engine."""
    at = clock.now()
    with scope(workspace_id):
        asked = rules.compiled(workspace_id, language.to_json(rule), at)
        surroundings = _surroundings(workspace_id, rule, at)
    if engine_name == MEMORY:
        return lambda: _total_in_memory(workspace_id, rule, surroundings)
    if engine_name == DUCKDB:
        return lambda: engine.count_customers(
            workspace_id, asked.sql, asked.params, since=asked.since
        )
    assert spark is not None, "who offers the engine opens it"
    return lambda: spark().count_customers(workspace_id, asked.sql, asked.params)


def _total_in_memory(workspace_id: int, rule: Rule, surroundings: Mapping[str, Any]) -> int:
    """How many customers the rule picks, each past asked alone: slow, and the plain meaning."""
    return sum(
        memory.matches(rule, history, **surroundings)
        for page in histories.every_history(workspace_id)
        for history in page
    )


def why(
    workspace_id: int, rule: Mapping[str, Any], customer_id: int, at: datetime
) -> Reason | None:
    """Each condition's answer about the customer; None for one whom the lake does not know.

    raises  Invalid(rule_invalid), Outside(lake_busy)
    """
    asked = language.parse(rule)
    found = histories.histories(workspace_id, [customer_id])
    if not found:
        return None
    return explain(asked, found[0], **_surroundings(workspace_id, asked, at))


def _surroundings(workspace_id: int, rule: Rule, at: datetime) -> dict[str, Any]:
    return {
        "facts": registry.facts(),
        "now": at,
        "zone": workspaces.workspace(workspace_id).zone,
        "segments": rules.rules_by_slug(workspace_id) if references_of(rule) else {},
    }
