from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from regulars.analytics.tests.lake_shape import empty_lake
from regulars.lake import engine


class Lake:
    """Stands in for the lake: one DuckDB of the lake's shape for each workspace."""

    def __init__(self) -> None:
        self.of: dict[int, duckdb.DuckDBPyConnection] = {}

    def open(self, workspace_id: int) -> duckdb.DuckDBPyConnection:
        if workspace_id not in self.of:
            self.of[workspace_id] = empty_lake()
        return self.of[workspace_id]

    def query(
        self, workspace_id: int, sql: str, params: Mapping[str, Any], *, since: object = None
    ) -> pa.Table:
        return self.open(workspace_id).sql(sql, params=dict(params)).to_arrow_table()


@pytest.fixture
def lakes() -> Iterator[Lake]:
    before, lakes = engine._current, Lake()
    engine.use(lakes)  # type: ignore[arg-type]
    yield lakes
    engine.use(before)
