"""Revenue, orders and customers of a period, day by day, beside the period before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from regulars.analytics.ratios import Ratio
from regulars.analytics.relations import SALES
from regulars.analytics.statements import Scope, Statement

CURRENT = "current"
PREVIOUS = "previous"
MONTHS = 12

TRENDS_SQL = f"""
WITH {SALES},
dated AS (
  SELECT *, CAST(local_at AS DATE) AS day, MIN(local_at) OVER (PARTITION BY customer) AS first_at
  FROM sales
),
chosen AS (
  SELECT
    CASE WHEN day >= CAST($since AS DATE) THEN 'current' ELSE 'previous' END AS period,
    day,
    customer,
    total_minor,
    CASE WHEN CAST(first_at AS DATE) = day THEN customer END AS new_customer
  FROM dated
  WHERE day >= CAST($since AS DATE)
    OR (day >= CAST($previous_since AS DATE) AND local_at < $previous_until)
)
SELECT
  period,
  DATE_DIFF('day', CAST($previous_since AS DATE), day) AS day_index,
  COUNT(*) AS orders,
  CAST(SUM(total_minor) AS BIGINT) AS revenue_minor,
  COUNT(DISTINCT customer) AS customers,
  COUNT(DISTINCT new_customer) AS new_customers
FROM chosen
GROUP BY GROUPING SETS ((period, day), (period))
"""


@dataclass(frozen=True, slots=True)
class Period:
    """A number of whole local days that ends with the day being lived, and as many before.

    The earlier days stop at the same time of their last one, so that a morning is compared
    with a morning.
    shift_days  how far back the earlier days lie; at least `days`, for they must not meet
    """

    scope: Scope
    days: int
    shift_days: int

    def __post_init__(self) -> None:
        assert 0 < self.days <= self.shift_days

    @property
    def last_day(self) -> date:
        """The last day, which may not be over."""
        return self.scope.last_day()

    @property
    def since(self) -> date:
        """The first day."""
        return self.last_day - timedelta(days=self.days - 1)

    @property
    def previous_since(self) -> date:
        """The first day of the period before."""
        return self.since - timedelta(days=self.shift_days)

    @property
    def previous_until(self) -> datetime:
        """Local time at which the period before is cut."""
        local = self.scope.at.astimezone(ZoneInfo(self.scope.zone)).replace(tzinfo=None)
        return local - timedelta(days=self.shift_days)


@dataclass(frozen=True, slots=True)
class Sales:
    """What was sold in some days; customers are known ones, orders include guests'."""

    orders: int = 0
    revenue_minor: int = 0
    customers: int = 0
    new_customers: int = 0

    @property
    def order_value(self) -> Ratio:
        """Average order value, minor units."""
        return Ratio(self.revenue_minor, self.orders)

    @property
    def repeat_share(self) -> Ratio:
        """Customers whose first order lies before these days, of all who bought in them."""
        return Ratio(self.customers - self.new_customers, self.customers)


@dataclass(frozen=True, slots=True)
class Trends:
    """A period and the one before it.

    days, previous_days  one entry per day, quiet days with zeros; a customer who bought on
                         two days is in both, and once in the period's total
    """

    period: Period
    current: Sales
    previous: Sales
    days: tuple[Sales, ...]
    previous_days: tuple[Sales, ...]


def trends_statement(period: Period) -> Statement:
    """The question behind `trends_of`: a row per day and, with no day_index, one per period."""
    return Statement(
        TRENDS_SQL,
        {
            **period.scope.params(),
            "since": period.since,
            "previous_since": period.previous_since,
            "previous_until": period.previous_until,
        },
    )


def trends_of(rows: Iterable[Mapping[str, object]], period: Period) -> Trends:
    """The period's figures from the rows that `trends_statement` gives for it."""
    found = {(row["period"], row["day_index"]): _sales(row) for row in rows}
    return Trends(
        period=period,
        current=found.get((CURRENT, None), Sales()),
        previous=found.get((PREVIOUS, None), Sales()),
        days=tuple(
            found.get((CURRENT, period.shift_days + i), Sales()) for i in range(period.days)
        ),
        previous_days=tuple(found.get((PREVIOUS, i), Sales()) for i in range(period.days)),
    )


def last_days(scope: Scope, days: int) -> Period:
    """The last days and as many just before them."""
    return Period(scope, days, shift_days=days)


def last_year(scope: Scope) -> Period:
    """Twelve calendar months, the running one last, beside the same dates a year before."""
    last = scope.last_day()
    year, month = (last.year, 1) if last.month == MONTHS else (last.year - 1, last.month + 1)
    is_leap_day = (last.month, last.day) == (2, 29)
    year_ago = last.replace(year=last.year - 1, day=28 if is_leap_day else last.day)
    return Period(
        scope,
        days=(last - date(year, month, 1)).days + 1,
        shift_days=(last - year_ago).days,
    )


def change(now: float, before: float) -> float | None:
    """Relative change, or nothing when there was nothing to grow from."""
    return (now - before) / before if before else None


def _sales(row: Mapping[str, object]) -> Sales:
    orders, revenue_minor = row["orders"], row["revenue_minor"]
    customers, new_customers = row["customers"], row["new_customers"]
    assert isinstance(orders, int) and isinstance(revenue_minor, int)
    assert isinstance(customers, int) and isinstance(new_customers, int)
    return Sales(orders, revenue_minor, customers, new_customers)
