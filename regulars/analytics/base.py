"""The state of the customer base: how many bought, how often, for how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from regulars.analytics.ratios import Ratio
from regulars.analytics.relations import CLEAN_ORDERS
from regulars.analytics.statements import Scope, Statement

BASE_SQL = f"""
WITH {CLEAN_ORDERS},
numbered AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY customer ORDER BY local_at, order_id) AS number
  FROM clean_orders
),
people AS (
  SELECT
    customer,
    COUNT(*) AS orders,
    FLOOR((EPOCH(MAX(local_at)) - EPOCH(MIN(local_at))) / 86400) AS lifetime_days
  FROM clean_orders
  GROUP BY customer
),
order_sums AS (
  SELECT
    COUNT(*) AS invoices,
    CAST(COALESCE(SUM(total_minor), 0) AS BIGINT) AS revenue_minor,
    CAST(COALESCE(SUM(lines), 0) AS BIGINT) AS clean_lines,
    CAST(COALESCE(SUM(products), 0) AS BIGINT) AS products,
    CAST(COALESCE(SUM(items), 0) AS DOUBLE) AS items,
    CAST(COALESCE(SUM(CASE WHEN number = 1 THEN total_minor END), 0) AS BIGINT)
      AS first_revenue_minor
  FROM numbered
),
people_sums AS (
  SELECT
    COUNT(*) AS customers,
    COUNT(CASE WHEN orders > 1 THEN 1 END) AS repeat_customers,
    COUNT(CASE WHEN lifetime_days > 0 THEN 1 END) AS returned_customers,
    CAST(COALESCE(SUM(lifetime_days), 0) AS BIGINT) AS lifetime_days
  FROM people
)
SELECT * FROM order_sums CROSS JOIN people_sums
"""


@dataclass(frozen=True, slots=True)
class Base:
    """Counts of the clean orders and the figures that follow from them; money in minor units.

    first_revenue_minor  each customer's first order; of two at one time the one recorded first
    repeat_customers     more than one order
    returned_customers   a whole day or more between the first and the last order
    lifetime_days        those whole days, summed
    """

    clean_lines: int
    customers: int
    invoices: int
    revenue_minor: int
    items: float
    products: int
    first_revenue_minor: int
    repeat_customers: int
    returned_customers: int
    lifetime_days: int

    @property
    def order_value(self) -> Ratio:
        """Average order value, minor units."""
        return Ratio(self.revenue_minor, self.invoices)

    @property
    def first_order_value(self) -> Ratio:
        """Average value of a customer's first order."""
        return Ratio(self.first_revenue_minor, self.customers)

    @property
    def repeat_order_value(self) -> Ratio:
        """Average value of every later order."""
        return Ratio(self.revenue_minor - self.first_revenue_minor, self.invoices - self.customers)

    @property
    def orders_per_customer(self) -> Ratio:
        """How often a customer has bought so far."""
        return Ratio(self.invoices, self.customers)

    @property
    def revenue_per_customer(self) -> Ratio:
        """Money per customer who bought; equals order value times orders per customer."""
        return Ratio(self.revenue_minor, self.customers)

    @property
    def lines_per_order(self) -> Ratio:
        """Lines of an order, repeated lines counted again."""
        return Ratio(self.clean_lines, self.invoices)

    @property
    def products_per_order(self) -> Ratio:
        """Different products of an order."""
        return Ratio(self.products, self.invoices)

    @property
    def items_per_order(self) -> Ratio:
        """Pieces of an order."""
        return Ratio(self.items, self.invoices)

    @property
    def repeat_share(self) -> Ratio:
        """Customers with more than one order among all who bought."""
        return Ratio(self.repeat_customers, self.customers)

    @property
    def mean_lifetime_days(self) -> Ratio:
        """Days from the first to the last order, one-time buyers counted with zero."""
        return Ratio(self.lifetime_days, self.customers)

    @property
    def mean_returned_lifetime_days(self) -> Ratio:
        """The same among those who came back on a later day."""
        return Ratio(self.lifetime_days, self.returned_customers)


def base_statement(scope: Scope) -> Statement:
    """The question behind `base_of`: one row of sums over the clean orders."""
    return Statement(BASE_SQL, scope.params())


def base_of(row: Mapping[str, int | float]) -> Base:
    """The state of the base from the one row that `base_statement` gives."""
    return Base(
        clean_lines=int(row["clean_lines"]),
        customers=int(row["customers"]),
        invoices=int(row["invoices"]),
        revenue_minor=int(row["revenue_minor"]),
        items=float(row["items"]),
        products=int(row["products"]),
        first_revenue_minor=int(row["first_revenue_minor"]),
        repeat_customers=int(row["repeat_customers"]),
        returned_customers=int(row["returned_customers"]),
        lifetime_days=int(row["lifetime_days"]),
    )
