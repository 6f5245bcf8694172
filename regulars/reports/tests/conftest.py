from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from regulars.analytics.tests.lake_shape import empty_lake
from regulars.lake import engine


class TestLake:
    """Stands in for the lake: one DuckDB of the lake's shape for each workspace."""

    __test__ = False

    def __init__(self) -> None:
        self.lakes: dict[int, duckdb.DuckDBPyConnection] = {}

    def of(self, workspace_id: int) -> duckdb.DuckDBPyConnection:
        if workspace_id not in self.lakes:
            self.lakes[workspace_id] = empty_lake()
        return self.lakes[workspace_id]

    def query(
        self, workspace_id: int, sql: str, params: Mapping[str, Any], *, since: object = None
    ) -> pa.Table:
        return self.of(workspace_id).sql(sql, params=dict(params)).to_arrow_table()

    def customer_set(
        self, workspace_id: int, sql: str, params: Mapping[str, Any], *, since: object = None
    ) -> pa.Array:
        text = f"select distinct customer from ({sql}) where customer is not null order by 1"
        return self.query(workspace_id, text, params)[0].combine_chunks()

    def count_customers(
        self, workspace_id: int, sql: str, params: Mapping[str, Any], *, since: object = None
    ) -> int:
        counted = self.query(workspace_id, f"select count(distinct customer) from ({sql})", params)
        count: int = counted[0][0].as_py()
        return count


@pytest.fixture
def lakes() -> Iterator[TestLake]:
    lakes = TestLake()
    before = engine._current
    engine.use(lakes)  # type: ignore[arg-type]
    yield lakes
    engine.use(before)
