"""Hand-written rules over real data: each beside its count by pandas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from regulars.segments import queries
from regulars.store.scope import scope
from tests.database import DATASETS

Node = dict[str, object]
Rules = Mapping[str, tuple[Node, int]]


def folder_of(name: str) -> Path:
    """The folder of a data set, or a skip that says why."""
    folder = DATASETS / name
    if not folder.exists():
        pytest.skip(f"no data sets: set REGULARS_DATASETS (looked in {folder})")
    return folder


def differences(workspace_id: int, rules: Rules, at: datetime) -> dict[str, tuple[int, int]]:
    """Where the product's count is not that of pandas: name → (ours, theirs)."""
    with scope(workspace_id):
        ours = {
            name: queries.total(workspace_id, {"version": 1, "where": node}, at)
            for name, (node, _) in rules.items()
        }
    return {name: (ours[name], int(n)) for name, (_, n) in rules.items() if ours[name] != int(n)}


def people_in(rows: pd.DataFrame, column: str) -> int:
    """How many customers the rows are about."""
    return int(rows[column].nunique())


def last_of(rows: pd.DataFrame, column: str, order: Sequence[str]) -> pd.DataFrame:
    """The last row of each customer."""
    return rows.sort_values(list(order)).groupby(column).tail(1)


def first_of(rows: pd.DataFrame, column: str, order: Sequence[str]) -> pd.DataFrame:
    """The first row of each customer."""
    return rows.sort_values(list(order)).groupby(column).head(1)


def overdue(rows: pd.DataFrame, column: str, time: str, times: float, at: pd.Timestamp) -> int:
    """Customers silent for longer than so many of their own median gaps."""
    found = 0
    for _, group in rows.groupby(column):
        instants = group[time].drop_duplicates().sort_values()
        gaps = instants.diff().dropna().dt.total_seconds()
        if len(gaps):
            found += (at - instants.iloc[-1]).total_seconds() > times * gaps.median()
    return found


def funnel(
    steps: Sequence[pd.DataFrame], column: str, time: str, length: pd.DateOffset | pd.Timedelta
) -> dict[object, int]:
    """How many steps the best attempt of each customer reached."""
    later = [{key: sorted(group[time]) for key, group in step.groupby(column)} for step in steps]
    best: dict[object, int] = {}
    for customer, starts in later[0].items():
        for start in starts:
            here, reached = start, 1
            for step in later[1:]:
                after = [t for t in step.get(customer, []) if here < t <= start + length]
                if not after:
                    break
                here, reached = after[0], reached + 1
            best[customer] = max(best.get(customer, 0), reached)
    return best


def counted(rows: pd.DataFrame, column: str, test: Callable[[pd.Series], pd.Series]) -> int:
    """Customers whose number of rows passes; those without rows are not among them."""
    return int(test(rows.groupby(column).size()).sum())
