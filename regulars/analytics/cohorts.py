"""Cohorts by month of first purchase: who bought again, month by month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from regulars.analytics.ratios import Ratio
from regulars.analytics.relations import CLEAN_PURCHASES
from regulars.analytics.statements import Scope, Statement

MONTHS_IN_YEAR = 12

COHORTS_SQL = f"""
WITH {CLEAN_PURCHASES},
months AS (
  SELECT
    customer,
    CAST(EXTRACT(YEAR FROM day) AS INT) * 12 + CAST(EXTRACT(MONTH FROM day) AS INT) - 1 AS month,
    CAST(SUM(total_minor) AS BIGINT) AS money_minor
  FROM clean_orders
  GROUP BY 1, 2
),
placed AS (
  SELECT month, money_minor, MIN(month) OVER (PARTITION BY customer) AS cohort
  FROM months
)
SELECT
  cohort,
  month - cohort AS month_index,
  COUNT(*) AS customers,
  CAST(SUM(money_minor) AS BIGINT) AS money_minor
FROM placed
GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers whose first clean order fell into one month.

    month        first day of that month
    customers    active customers in month 0, 1, 2 …; months that have not begun are absent
    money_minor  what they spent in each of those months
    """

    month: date
    customers: tuple[int, ...]
    money_minor: tuple[int, ...]

    @property
    def size(self) -> int:
        """Customers of the cohort."""
        return self.customers[0]

    @property
    def label(self) -> str:
        """Year and month, as in 2010-12."""
        return f"{self.month:%Y-%m}"

    def retention(self, month_index: int) -> Ratio | None:
        """Share that bought in that month; nothing when the month has not begun."""
        if month_index >= len(self.customers):
            return None
        return Ratio(self.customers[month_index], self.size)

    def money_share(self, month_index: int) -> Ratio | None:
        """Money of that month against the first; nothing when the month has not begun."""
        if month_index >= len(self.money_minor):
            return None
        return Ratio(self.money_minor[month_index], self.money_minor[0])


@dataclass(frozen=True, slots=True)
class CohortTable:
    """All cohorts up to an instant, oldest first; months without new customers are absent.

    The oldest cohort also holds customers who were there before the history begins.
    is_last_partial  the youngest month of each row has begun but not ended
    """

    cohorts: tuple[Cohort, ...]
    is_last_partial: bool

    @property
    def months(self) -> int:
        """The length of the longest row."""
        return max((len(cohort.customers) for cohort in self.cohorts), default=0)

    def retention(self, month_index: int) -> Ratio:
        """Share of all cohorts old enough that bought in that month, weighted by size."""
        parts = [cohort.retention(month_index) for cohort in self.cohorts]
        return sum((part for part in parts if part is not None), Ratio(0, 0))


def cohorts_statement(scope: Scope) -> Statement:
    """The question behind `cohorts_of`: one row per cohort and month with a purchase."""
    return Statement(COHORTS_SQL, scope.params())


def cohorts_of(rows: Iterable[Mapping[str, int]], scope: Scope) -> CohortTable:
    """The table from the rows that `cohorts_statement` gives for the same scope.

    A month that has begun and saw nobody is 0; one that has not begun is absent.
    """
    cells: dict[int, dict[int, Mapping[str, int]]] = {}
    for row in rows:
        cells.setdefault(row["cohort"], {})[row["month_index"]] = row
    last_month = _month_number(scope.last_day())
    cohorts = tuple(_cohort(number, cells[number], last_month) for number in sorted(cells))
    return CohortTable(cohorts, is_last_partial=not _is_month_start(scope))


def _cohort(number: int, cells: Mapping[int, Mapping[str, int]], last_month: int) -> Cohort:
    indexes = range(last_month - number + 1)
    return Cohort(
        month=date(number // MONTHS_IN_YEAR, number % MONTHS_IN_YEAR + 1, 1),
        customers=tuple(cells[i]["customers"] if i in cells else 0 for i in indexes),
        money_minor=tuple(cells[i]["money_minor"] if i in cells else 0 for i in indexes),
    )


def _month_number(day: date) -> int:
    return day.year * MONTHS_IN_YEAR + day.month - 1


def _is_month_start(scope: Scope) -> bool:
    local: datetime = scope.at.astimezone(ZoneInfo(scope.zone))
    return local.day == 1 and local.time() == datetime.min.time()
