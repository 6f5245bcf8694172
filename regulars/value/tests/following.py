"""Brings stored scores into a test's lake, as the feeder would."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from regulars.store.scope import cursor, scope

TWIN = "_l"


def follow(lake: duckdb.DuckDBPyConnection, workspace_id: int) -> None:
    """Fill the relation scores with what is stored now."""
    columns = [row[0] for row in lake.execute("describe scores").fetchall()][1:]
    plain = [f"lower({name.removesuffix(TWIN)})" if name.endswith(TWIN) else name
             for name in columns]  # fmt: skip
    with scope(workspace_id):
        raw = cursor()
        raw.execute(
            f"select customer_id, {', '.join(plain)} from value_score"
            " where workspace_id = %s and not is_gone",
            [workspace_id],
        )
        rows = raw.fetchall()
    lake.execute("delete from scores")
    if rows:
        names = ["customer", *columns]
        values = zip(*rows, strict=True)
        arrow = pa.table({name: list(value) for name, value in zip(names, values, strict=True)})
        lake.register("followed", arrow)
        lake.execute("insert into scores select * from followed")
        lake.unregister("followed")
