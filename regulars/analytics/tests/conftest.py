from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from regulars.analytics.tests.lake_shape import empty_lake, retail_lake


@pytest.fixture
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_lake()
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def retail() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = retail_lake()
    yield connection
    connection.close()
