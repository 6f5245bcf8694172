"""Some customers asked about by many rules at once, over their rows as they stand."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from regulars.lake import engine, source, views
from regulars.lake.pinned import Columns, run
from regulars.lake.relations import CUSTOMER, CUSTOMERS
from regulars.rules import shared
from regulars.rules.shared import CompiledMany
from regulars.segments import registry
from regulars.segments.keeping.kept import Kept, fault_of, kinds_of
from regulars.store.scope import cursor

log = logging.getLogger(__name__)

# Faults of the machine, not of a rule: the same question may be answered later.
PASSING = (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.IOException)
NEVER_US = np.iinfo(np.int64).max
ORDER_LINES = "order_lines"

Ids = npt.NDArray[np.int64]

_ROOTS = """
SELECT c.id, coalesce(m.root_id, c.id) FROM unnest(%(ids)s::bigint[]) AS c (id)
LEFT JOIN customers_merge m
  ON m.workspace_id = %(workspace)s AND m.loser_id = c.id AND NOT m.is_gone"""
_LOSERS = """
SELECT loser_id, root_id FROM customers_merge
WHERE workspace_id = %s AND root_id = ANY(%s) AND NOT is_gone"""
# Whoever is being erased is in no answer.
_HIDDEN = """
SELECT customer FROM lake_tombstone
WHERE workspace_id = %s AND customer = ANY(%s) AND NOT is_settled"""


@dataclass(frozen=True, slots=True)
class Found:
    """The answers.

    customers  those who exist, ascending
    holds      one row for each customer, one column for each segment asked about
    turns_us   when the first of the answers may change, in microseconds; NEVER_US: never
    broken     segments that could not be asked, with a code; their columns are all false
    events     how many events were read for them
    """

    customers: Ids
    holds: npt.NDArray[np.bool_]
    turns_us: Ids
    broken: dict[int, str]
    events: int = 0


def root_of(workspace_id: int, customer_ids: Sequence[int]) -> dict[int, int]:
    """For each of these customers who they are now."""
    raw = cursor()
    raw.execute(_ROOTS, {"workspace": workspace_id, "ids": list(customer_ids)})
    return dict(raw.fetchall())


def roots_of(workspace_id: int, customer_ids: Sequence[int]) -> list[int]:
    """Who these customers are now, each once, in ascending order."""
    return sorted(set(root_of(workspace_id, customer_ids).values()))


def ask(
    workspace_id: int, roots: Sequence[int], kept: Sequence[Kept], now: datetime, zone: ZoneInfo
) -> Found:
    """What the rules answer at the instant about these customers, who are roots."""
    broken = faults_of(kept)
    sound = [one for one in kept if one.id not in broken]
    with engine.current().cursor() as lake:
        events = lay_out(lake, workspace_id, roots, sound)
        try:
            answer = _run(lake, sound, now, zone)
        except PASSING:
            raise
        except duckdb.Error:
            # One statement answers for all: find out who spoils it.
            broken |= _spoilers(lake, sound, now, zone)
            sound = [one for one in sound if one.id not in broken]
            answer = _run(lake, sound, now, zone)
    return replace(found_in(answer, kept, broken), events=events)


def faults_of(kept: Sequence[Kept]) -> dict[int, str]:
    """The segments whose rules cannot be asked any more, with a code."""
    return {one.id: code for one in kept if (code := fault_of(one.rule, registry.facts()))}


def _spoilers(
    lake: duckdb.DuckDBPyConnection, kept: Sequence[Kept], now: datetime, zone: ZoneInfo
) -> dict[int, str]:
    found = {}
    for one in kept:
        try:
            _run(lake, [one], now, zone)
        except PASSING:
            raise
        except duckdb.Error:
            log.exception("the rule of segment %s can not be asked", one.id)
            found[one.id] = "rule_failed"
    return found


def compiled(kept: Sequence[Kept], now: datetime, zone: ZoneInfo) -> CompiledMany:
    """The one statement; its keys are the ids of the segments."""
    return shared.compile_many(
        {one.id: one.rule for one in kept},
        facts=registry.facts(), now=now, zone=zone, segments={},
    )  # fmt: skip


Answer = tuple[CompiledMany, Columns]


def _run(
    lake: duckdb.DuckDBPyConnection, kept: Sequence[Kept], now: datetime, zone: ZoneInfo
) -> Answer:
    asked = compiled(kept, now, zone)
    return asked, run(lake, asked.sql, asked.params)


def found_in(answer: Answer, kept: Sequence[Kept], broken: dict[int, str]) -> Found:
    """The answers by column, customers in ascending order."""
    asked, columns = answer
    order = np.argsort(columns[CUSTOMER])
    holds = np.zeros((len(order), len(kept)), dtype=np.bool_)
    turns = np.full(len(order), NEVER_US, dtype=np.int64)
    for place, one in enumerate(kept):
        if one.id in broken:
            continue
        named = asked.columns[one.id]
        holds[:, place] = np.asarray(columns[named.holds])[order]
        if named.turns is not None:
            np.minimum(turns, _microseconds(columns[named.turns])[order], out=turns)
    return Found(np.asarray(columns[CUSTOMER])[order], holds, turns, broken)


def _microseconds(instants: npt.NDArray[Any]) -> Ids:
    """Instants as whole numbers; what is null never comes."""
    missing = np.ma.getmaskarray(instants) | np.isnat(np.asarray(instants))
    found = np.asarray(instants).astype("datetime64[us]").astype(np.int64)
    return np.where(missing, NEVER_US, found)


def lay_out(
    lake: duckdb.DuckDBPyConnection,
    workspace_id: int,
    roots: Sequence[int],
    kept: Sequence[Kept],
) -> int:
    """Tables of this connection with all the rules read of these customers; how many events."""
    root_of = _everybody(workspace_id, roots)
    known = engine.current().relations
    named = views.mentioned(" ".join(name for one in kept for name in one.reads), known)
    named = [name for name in known if name in {*named, CUSTOMERS, *_events(kept)}]
    orders: list[int] = []
    events = 0
    for name in sorted(named, key=lambda name: name == ORDER_LINES):
        table = _rows(workspace_id, name, root_of, kept, orders)
        if name in ("orders", "events"):
            orders += _orders_of(name, table)
        if name == "events":
            events = table.num_rows
        _put(lake, name, table)
    return events


def _events(kept: Sequence[Kept]) -> list[str]:
    return ["events"] if kinds_of(kept) else []


def _everybody(workspace_id: int, roots: Sequence[int]) -> dict[int, int]:
    """Every id these customers have or had, and who they are now; nobody who is being erased."""
    raw = cursor()
    raw.execute(_HIDDEN, [workspace_id, list(roots)])
    hidden = {row[0] for row in raw.fetchall()}
    raw.execute(_LOSERS, [workspace_id, list(roots)])
    found = dict(raw.fetchall()) | {root: root for root in roots}
    return {one: root for one, root in found.items() if root not in hidden}


def _rows(
    workspace_id: int,
    name: str,
    root_of: dict[int, int],
    kept: Sequence[Kept],
    orders: Sequence[int],
) -> pa.Table:
    relation = engine.current().relations[name]
    if name == CUSTOMERS:
        roots = sorted(set(root_of.values()))
        return source.read_rows(cursor(), relation, workspace_id, "id", roots)
    if name == ORDER_LINES:
        found = source.read_rows(cursor(), relation, workspace_id, "order_id", orders)
    else:
        also = ""
        if name == "events":
            kinds = ", ".join(_quoted(kind) for kind in kinds_of(kept))
            also = f"r.kind in ({kinds})"
        found = source.read_rows(
            cursor(), relation, workspace_id, CUSTOMER, sorted(root_of), also=also
        )
    return _renamed(found, root_of)


def _quoted(text: str) -> str:
    # COPY takes no parameters. A kind can be printed and holds no NUL.
    doubled = text.replace("'", "''").replace("\\", "\\\\")
    return f"E'{doubled}'"


def _renamed(table: pa.Table, root_of: dict[int, int]) -> pa.Table:
    """The rows under the ids of roots, as the lake shows them."""
    changed = {one: root for one, root in root_of.items() if one != root}
    if not changed:
        return table
    ids = table[CUSTOMER].to_pylist()
    roots = pa.array([changed.get(one, one) for one in ids], pa.int64())
    return table.set_column(table.schema.get_field_index(CUSTOMER), CUSTOMER, roots)


def _orders_of(name: str, table: pa.Table) -> list[int]:
    column = table["id" if name == "orders" else "subject"]
    return [one for one in pc.unique(column).to_pylist() if one is not None]


def _put(lake: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    lake.register(f"{name}_given", table)
    lake.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {name}_given")
    lake.unregister(f"{name}_given")
