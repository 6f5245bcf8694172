"""Questions to the lake: SQL text with named parameters, written once for two engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import sqlglot
from sqlglot import exp

Value = str | int | float | bool | datetime | date | None

# The narrowest step of the lake's clock; half-open periods end one step before their bound.
TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Statement:
    """One question: DuckDB text and its parameters.

    The text reads the lake's relations by name and takes every value as `$name`.
    """

    sql: str
    params: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """What every order figure depends on: the instant, the clock on the wall, the money.

    at        aware instant; orders placed before it count
    zone      IANA name of the workspace's time zone; days and months are cut by it
    currency  ISO 4217 code; orders in other money are left out, never added up
    """

    at: datetime
    zone: str
    currency: str

    def params(self) -> dict[str, Value]:
        """The parameters that the clean relations ask for."""
        return {"at": lake_time(self.at), "zone": self.zone, "currency": self.currency}

    def last_day(self) -> date:
        """The local date of the last moment that counts: the day that is being looked back from."""
        return (self.at - TICK).astimezone(ZoneInfo(self.zone)).date()

    def until(self, day: date) -> Scope:
        """The same clock at the end of a local day, or at its own instant if that comes first."""
        midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(self.zone))
        return replace(self, at=min(self.at, midnight.astimezone(UTC)))


def lake_time(instant: datetime) -> datetime:
    """The instant as the lake keeps it: UTC without a zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return instant.astimezone(UTC).replace(tzinfo=None)


@lru_cache(maxsize=256)
def spark_sql(sql: str) -> str:
    """The same question for Spark, whose session time zone must be UTC.

    Parameters become `:name`. A time moved from UTC to a local clock is one function there.
    """
    tree = sqlglot.parse_one(sql, read="duckdb").transform(_local_time_for_spark)
    return str(tree.sql(dialect="spark"))


def _local_time_for_spark(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.AtTimeZone):
        return node
    inner = node.this.this if isinstance(node.this, exp.Paren) else node.this
    if isinstance(inner, exp.AtTimeZone) and inner.args["zone"].name == "UTC":
        return exp.Anonymous(this="FROM_UTC_TIMESTAMP", expressions=[inner.this, node.args["zone"]])
    return node
