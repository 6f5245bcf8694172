"""DuckDB's ASOF join in Spark's words: the next row in time, found by one sort."""

from __future__ import annotations

from typing import cast

import sqlglot
from sqlglot import exp

NEXT = "next_value"

# Both sides in one line by time; each row of the left looks ahead to the nearest of the right.
_AHEAD = f"""
SELECT {{columns}}, {NEXT} FROM (
  SELECT {{columns}}, is_left, MIN(value) OVER (
    PARTITION BY {{key}} ORDER BY at RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
  ) AS {NEXT}
  FROM (
    SELECT {{columns}}, TRUE AS is_left, CAST(NULL AS TIMESTAMP_NTZ) AS value,
           UNIX_MICROS(CAST({{low}} AS TIMESTAMP_LTZ)) AS at
    FROM left_side
    UNION ALL
    SELECT {{absent}}, FALSE AS is_left, {{high}} AS value,
           UNIX_MICROS(CAST({{high}} AS TIMESTAMP_LTZ)) AS at
    FROM right_side
  ) AS line
) AS ahead
WHERE is_left
"""


def spread(select: exp.Select) -> None:
    """Replace the select's ASOF join, where it has one.

    The join is ON left.key = right.key AND left.low < right.high; of the right side the select
    may use `high` alone, and it is null where nothing follows. An inner join must therefore be
    narrowed by a condition on it.

    raises   ValueError for an ASOF join of another shape
    """
    joins = select.args.get("joins") or []
    if not any(join.method == "ASOF" for join in joins):
        return
    (join,) = joins
    left, right = select.args["from_"].this, join.this
    low, high, key, right_key = _condition(join.args["on"], left.alias)
    columns = [column.alias_or_name for column in left.this.expressions]
    absent = [
        f"{right_key} AS {key}" if column == key else f"NULL AS {column}" for column in columns
    ]
    text = _AHEAD.format(
        columns=", ".join(columns), absent=", ".join(absent), key=key, low=low, high=high
    )
    ahead = cast(exp.Expression, sqlglot.parse_one(text, dialect="spark"))
    for table in list(ahead.find_all(exp.Table)):
        side = {"left_side": left, "right_side": right}.get(table.name)
        if side is not None:
            table.replace(side.copy())
    select.set("joins", [])
    select.args["from_"].set(
        "this", exp.Subquery(this=ahead, alias=exp.TableAlias(this=exp.to_identifier(left.alias)))
    )
    parts = [*select.expressions, *([select.args["where"]] if select.args.get("where") else [])]
    for part in parts:
        for column in list(part.find_all(exp.Column)):
            if column.table == right.alias:
                column.replace(exp.column(NEXT, left.alias))


def _condition(on: exp.Expression, left: str) -> tuple[str, str, str, str]:
    if (
        isinstance(on, exp.And)
        and isinstance(on.this, exp.EQ)
        and isinstance(on.expression, exp.LT)
    ):
        same, after = on.this, on.expression
        if same.this.table == left and after.this.table == left:
            return after.this.name, after.expression.name, same.this.name, same.expression.name
    raise ValueError("an ASOF join is ON left.key = right.key AND left.low < right.high")
