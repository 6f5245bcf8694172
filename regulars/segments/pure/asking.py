"""The two questions behind a count: how many and how far, and who for example."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from regulars.rules.facts import ADDRESS_COLUMNS, COUNTED_KIND, UNCOUNTED_STATUSES
from regulars.rules.memory import MARKETING
from regulars.segments.records import (
    SAMPLE_CUSTOMERS,
    ChannelReach,
    Count,
    SampleCustomer,
)

_REACH = """
(
  SELECT COUNT(*)
  FROM customers
  WHERE {address} IS NOT NULL
    AND id IN (SELECT customer FROM picked)
    AND id IN (
      SELECT customer FROM consents
      WHERE channel = '{channel}' AND purpose = '{purpose}' AND state = 'given'
        AND changed_at <= $asked_at
    )
    AND id NOT IN (
      SELECT customer FROM suppressions WHERE channel = '{channel}' AND customer IS NOT NULL
    )
    AND id NOT IN (
      SELECT customer FROM pauses
      WHERE channel IN ('{channel}', '') AND paused_until > $asked_at AND customer IS NOT NULL
    )
) AS reach_{channel}"""

# The same condition as the rule {"reachable": channel}; everything named here is our own.
COUNT_SQL = f"""
WITH picked AS MATERIALIZED (
  SELECT DISTINCT customer FROM ({{audience}}) WHERE customer IS NOT NULL
)
SELECT
  (SELECT COUNT(*) FROM picked) AS total,
  (SELECT COUNT(*) FROM customers) AS customers,
  (
    SELECT LIST(customer)
    FROM (SELECT customer FROM picked ORDER BY HASH(customer) LIMIT {SAMPLE_CUSTOMERS})
  ) AS sample,
  {
    ", ".join(
        _REACH.format(channel=channel, address=address, purpose=MARKETING)
        for channel, address in ADDRESS_COLUMNS.items()
    )
}
"""

SAMPLE_SQL = f"""
WITH bought AS (
  SELECT customer, COUNT(*) AS orders, SUM(total_minor) AS spent_minor
  FROM orders
  WHERE customer IN (SELECT UNNEST($sample))
    AND kind = '{COUNTED_KIND}'
    AND status NOT IN ({", ".join(f"'{status}'" for status in UNCOUNTED_STATUSES)})
    AND total_minor > 0
    AND placed_at <= $asked_at
  GROUP BY customer
)
SELECT
  c.id,
  c.public_id,
  COALESCE(
    c.name,
    NULLIF(TRIM(CONCAT_WS(' ', c.first_name, c.last_name)), ''),
    c.email,
    c.phone,
    c.external_id,
    ''
  ) AS name,
  COALESCE(c.city, c.country, '') AS city,
  COALESCE(bought.orders, 0) AS orders,
  CAST(COALESCE(bought.spent_minor, 0) AS BIGINT) AS spent_minor
FROM customers AS c
LEFT JOIN bought ON bought.customer = c.id
WHERE c.id IN (SELECT UNNEST($sample))
ORDER BY c.id
"""


def count_of(counted: Mapping[str, Any], sample: tuple[SampleCustomer, ...], at: datetime) -> Count:
    """The count from the one row of COUNT_SQL and a few customers."""
    return Count(
        total=counted["total"],
        customers=counted["customers"],
        reach=tuple(_reach(counted, channel) for channel in ADDRESS_COLUMNS),
        sample=sample,
        at=at,
    )


def _reach(counted: Mapping[str, Any], channel: str) -> ChannelReach:
    reached, total = counted[f"reach_{channel}"], counted["total"]
    return ChannelReach(channel, reached, reached / total if total else 0.0)
