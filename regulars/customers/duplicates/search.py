"""Pairs of customers who may be one person, weighed by Splink on a DuckDB of its own.

The model is Fellegi and Sunter's ("A Theory for Record Linkage", 1969): each field's agreement
speaks for or against by log2(m/u), where m is how often it agrees for one person and u for two.
The m are written here, so that the same customers are found on every run; how common a name or a
city is, is counted in the workspace itself (term frequencies). Assumptions, in order: fields err
independently; one customer in thirty has a twin; a rare name says more than a common one.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator

MEMORY_MB = 512
THREADS = 2
PAIRS_MAX = 20_000
TWINS_SHARE = 0.03
COUNTED_FROM = 200
PROBABILITY_MIN = 0.5
# A key that more customers share finds nobody and would compare everybody with everybody.
BLOCK_ROWS_MAX = 40
PEOPLE = "people"
# What two customers must share to be compared at all; each is a column made from others.
BLOCKS = {
    "by_phone": "phone",
    "by_local": "local",
    "by_name": "family || '|' || given",
    "by_birth": "birth || '|' || left(coalesce(given, family), 1)",
    "by_home": "family || '|' || city",
    "by_call": "given || '|' || left(family, 3) || '|' || city",
}


@dataclass(frozen=True, slots=True)
class Level:
    """One step of agreement: when it holds, and how often for one person (m) and for two (u)."""

    sql: str
    m: float
    u: float
    frequency_of: str = ""


# Of each field its levels from the surest down; the last is everything else.
FIELDS: dict[str, tuple[Level, ...]] = {
    "given": (
        Level("@ = #", 0.86, 0.02, "given"),
        Level("jaro_winkler_similarity(@, #) >= 0.9", 0.08, 0.01),
        Level("ELSE", 0.06, 0.97),
    ),
    "family": (
        Level("@ = #", 0.84, 0.002, "family"),
        Level("jaro_winkler_similarity(@, #) >= 0.92", 0.09, 0.003),
        Level("ELSE", 0.07, 0.995),
    ),
    "birth": (
        Level("@ = #", 0.90, 0.00006),
        Level("levenshtein(@, #) <= 1", 0.05, 0.0015),
        Level("left(@, 4) = left(#, 4) AND substr(@, 6, 2) = right(#, 2)"
              " AND right(@, 2) = substr(#, 6, 2)", 0.02, 0.00005),
        Level("ELSE", 0.03, 0.9984),
    ),
    "email": (
        Level("@ = #", 0.30, 0.00001),
        Level("split_part(@, '@@', 1) = split_part(#, '@@', 1)", 0.20, 0.0005),
        Level("levenshtein(@, #) <= 1", 0.05, 0.00002),
        Level("ELSE", 0.45, 0.9995),
    ),
    "phone": (
        Level("@ = #", 0.60, 0.00001),
        Level("levenshtein(@, #) <= 1", 0.06, 0.0001),
        Level("ELSE", 0.34, 0.9999),
    ),
    "city": (
        Level("@ = #", 0.88, 0.05, "city"),
        Level("jaro_winkler_similarity(@, #) >= 0.9", 0.04, 0.005),
        Level("ELSE", 0.08, 0.945),
    ),
    "address": (
        Level("@ = #", 0.60, 0.0001),
        Level("jaro_winkler_similarity(@, #) >= 0.9", 0.15, 0.002),
        Level("ELSE", 0.25, 0.998),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """The pairs, the surest first, and how many customers stand behind keys too common to use."""

    pairs: list[tuple[int, int, float, list[Mapping[str, Any]]]]
    left_out: int


def search(batches: Sequence[pa.Table], folder: Path, *, threads: int = THREADS) -> Found:
    """Pairs at least PROBABILITY_MIN sure, at most PAIRS_MAX, with the weight of each field.

    batches  tables of `people.COLUMNS`
    folder   where DuckDB may spill
    """
    with duckdb.connect(":memory:") as database:
        _prepare(database, folder, threads)
        for batch in batches:
            database.register("given_batch", batch)
            database.execute(f"INSERT INTO {PEOPLE}_raw SELECT * FROM given_batch")
            database.unregister("given_batch")
        left_out = _block(database)
        count = _one(database, f"SELECT count(*) FROM {PEOPLE}")
        if count < 2:
            return Found([], left_out)
        return Found(_weigh(database, count), left_out)


def _prepare(database: duckdb.DuckDBPyConnection, folder: Path, threads: int) -> None:
    spill = str(folder).replace("'", "''")
    for statement in (
        f"SET memory_limit = '{MEMORY_MB}MB'",
        f"SET threads = {threads}",
        f"SET temp_directory = '{spill}'",
        "SET enable_progress_bar = false",
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        "SET preserve_insertion_order = false",
        f"CREATE TABLE {PEOPLE}_raw (unique_id BIGINT, given VARCHAR, family VARCHAR,"
        " birth VARCHAR, email VARCHAR, local VARCHAR, phone VARCHAR, city VARCHAR,"
        " address VARCHAR)",
    ):
        database.execute(statement)


def _block(database: duckdb.DuckDBPyConnection) -> int:
    """Make the table of people with their keys, those too common left empty."""
    keys = ", ".join(f"{sql} AS {name}" for name, sql in BLOCKS.items())
    database.execute(f"CREATE TABLE keyed AS SELECT *, {keys} FROM {PEOPLE}_raw")
    kept = ", ".join(
        f"CASE WHEN count(*) OVER (PARTITION BY {name}) <= {BLOCK_ROWS_MAX} THEN {name} END"
        f" AS {name}"
        for name in BLOCKS
    )
    others = ", ".join(BLOCKS)
    database.execute(f"CREATE TABLE {PEOPLE} AS SELECT * EXCLUDE ({others}), {kept} FROM keyed")
    has_key = " OR ".join(f"k.{name} IS NOT NULL" for name in BLOCKS)
    lost = " AND ".join(f"p.{name} IS NULL" for name in BLOCKS)
    left_out = _one(
        database,
        f"SELECT count(*) FROM keyed k JOIN {PEOPLE} p USING (unique_id)"
        f" WHERE ({has_key}) AND {lost}",
    )
    database.execute(f"DROP TABLE keyed; DROP TABLE {PEOPLE}_raw")
    return left_out


def _one(database: duckdb.DuckDBPyConnection, sql: str) -> int:
    # Read to the end: an answer left open would hold the connection.
    ((value,),) = database.execute(sql).fetchall()
    return int(value)


def _weigh(
    database: duckdb.DuckDBPyConnection, count: int
) -> list[tuple[int, int, float, list[Mapping[str, Any]]]]:
    logging.getLogger("splink").setLevel(logging.ERROR)
    api = DuckDBAPI(database)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_comparison(name, levels) for name, levels in FIELDS.items()],
        blocking_rules_to_generate_predictions=[
            {"blocking_rule": f"l.{name} = r.{name}"} for name in BLOCKS
        ],
        probability_two_random_records_match=min(0.1, 2 * TWINS_SHARE / max(count - 1, 1)),
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=True,
    )
    linker = Linker(api.register(PEOPLE), settings, log_level=logging.ERROR)
    for name in FIELDS:
        if FIELDS[name][0].frequency_of:
            table = _frequencies(database, name, FIELDS[name][0].u)
            linker.table_management.register_term_frequency_lookup(api.register(table), name)
    scored = linker.inference.predict(
        threshold_match_probability=PROBABILITY_MIN, warning_mode="never"
    )
    weights = [_weight_columns(scored.columns, name) for name in FIELDS]
    sums = ", ".join(weights)
    rows = database.execute(
        f"SELECT unique_id_l, unique_id_r, match_probability, {sums}"
        f" FROM {scored.physical_name} ORDER BY match_probability DESC, 1, 2 LIMIT {PAIRS_MAX}"
    ).fetchall()
    return [(one, other, probability, _reasons(found)) for one, other, probability, *found in rows]


def _frequencies(database: duckdb.DuckDBPyConnection, name: str, usual: float) -> str:
    """Make the table of how common each value is, from what is usual to what is counted here.

    Among a few customers every value is common; the usual share speaks there, as loudly as
    COUNTED_FROM customers would.
    """
    table = f"frequency_{name}"
    database.execute(
        f"CREATE TABLE {table} AS SELECT {name}, (count(*) - 1 + {usual * COUNTED_FROM})"
        f" / (sum(count(*)) OVER () - 1 + {COUNTED_FROM}) AS tf_{name}"
        f" FROM {PEOPLE} WHERE {name} IS NOT NULL GROUP BY {name}"
    ).fetchall()
    return table


def _weight_columns(columns: Sequence[Any], name: str) -> str:
    """SQL for the weight of a field: its agreement, and how common the value is."""
    present = {str(column.unquote().name) for column in columns}
    parts = [f'"{c}"' for c in (f"mw_{name}", f"mw_tf_adj_{name}") if c in present]
    factors = [f'log2("{c}")' for c in (f"bf_{name}", f"bf_tf_adj_{name}") if c in present]
    return f"({' + '.join(parts or factors or ['0.0'])})"


def _reasons(weights: Sequence[float | None]) -> list[Mapping[str, Any]]:
    """The fields that said something, with their weight."""
    return [
        {"field": name, "weight": round(weight, 2)}
        for name, weight in zip(FIELDS, weights, strict=True)
        if weight is not None and math.isfinite(weight) and abs(weight) >= 0.01
    ]


def _comparison(name: str, levels: Sequence[Level]) -> dict[str, Any]:
    given: list[dict[str, Any]] = [
        {
            "sql_condition": f'"{name}_l" IS NULL OR "{name}_r" IS NULL',
            "label_for_charts": "unknown",
            "is_null_level": True,
        }
    ]
    for place, level in enumerate(levels):
        condition = "ELSE" if level.sql == "ELSE" else _condition(name, level.sql)
        step: dict[str, Any] = {
            "sql_condition": condition,
            "label_for_charts": f"{name} {place}",
            "m_probability": level.m,
            "u_probability": level.u,
        }
        if level.frequency_of:
            step |= {"tf_adjustment_column": level.frequency_of, "tf_adjustment_weight": 1.0}
        given.append(step)
    return {"output_column_name": name, "comparison_levels": given}


def _condition(name: str, sql: str) -> str:
    marked = sql.replace("@@", "\0").replace("@", f'"{name}_l"').replace("#", f'"{name}_r"')
    return marked.replace("\0", "@")
