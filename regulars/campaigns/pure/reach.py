"""How many of an audience a message would reach, and why not the others: one question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# In the order in which the hand-over asks, so that each customer has one and the same reason.
# Pauses and the frequency a customer chose are asked at the hand-over only: they may end before.
REACH_SQL = """
WITH people AS ({audience}),
consent AS (
  SELECT customer, MAX(state) AS state, MAX(changed_at) AS at
  FROM consents
  WHERE channel = $reach_channel AND purpose = $reach_purpose
  GROUP BY customer
),
topic AS (
  SELECT customer, MAX(state) AS state, MAX(changed_at) AS at
  FROM consents
  WHERE channel = $reach_channel AND purpose = $reach_topic
  GROUP BY customer
),
silent AS (
  SELECT DISTINCT customer FROM suppressions WHERE channel = $reach_channel
),
judged AS (
  SELECT
    people.customer,
    CASE
      WHEN topic.state <> 'given' THEN 'topic_left'
      WHEN topic.state = 'given' AND consent.state <> 'given' AND consent.at >= topic.at
        THEN 'consent_withdrawn'
      WHEN topic.state IS NULL AND consent.state IS NULL THEN 'consent_missing'
      WHEN topic.state IS NULL AND consent.state <> 'given' THEN 'consent_withdrawn'
      WHEN COALESCE(c.email, '') = '' THEN 'address_missing'
      WHEN silent.customer IS NOT NULL THEN 'suppressed'
      ELSE ''
    END AS reason,
    ('0x' || SUBSTR(MD5($reach_salt || ':' || people.customer), 1, 13))::BIGINT
      / 4503599627370496.0 < $reach_share AS is_control
  FROM people
  JOIN customers AS c ON c.id = people.customer
  LEFT JOIN consent ON consent.customer = people.customer
  LEFT JOIN topic ON topic.customer = people.customer
  LEFT JOIN silent ON silent.customer = people.customer
)
SELECT
  reason,
  COUNT(*) AS customers,
  COUNT(CASE WHEN is_control THEN 1 END) AS control,
  MIN(customer, {sample}) AS sample
FROM judged
GROUP BY reason
"""

SAMPLE_SQL = """
WITH people AS ({audience})
SELECT c.id AS customer
FROM people
JOIN customers AS c ON c.id = people.customer
WHERE COALESCE(c.email, '') <> ''
ORDER BY c.id
LIMIT {limit}
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """An audience as it stands now.

    excluded  reason → customers who may not be written to; they are in neither arm
    sample    a few of those who could be reached, by id
    """

    audience: int = 0
    contacted: int = 0
    control: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    sample: tuple[int, ...] = ()

    @property
    def reachable(self) -> int:
        """Customers whom the message could reach, in both arms."""
        return self.contacted + self.control


def reach_of(rows: Iterable[Mapping[str, Any]]) -> Reach:
    """The reach from the rows that REACH_SQL gives."""
    sample: tuple[int, ...] = ()
    counts: dict[str, tuple[int, int]] = {}
    for row in rows:
        counts[str(row["reason"])] = (int(row["customers"]), int(row["control"]))
        if not row["reason"]:
            sample = tuple(row["sample"])
    reachable, control = counts.pop("", (0, 0))
    excluded = {reason: customers for reason, (customers, _) in counts.items()}
    return Reach(
        audience=reachable + sum(excluded.values()),
        contacted=reachable - control,
        control=control,
        excluded=dict(sorted(excluded.items(), key=lambda pair: (-pair[1], pair[0]))),
        sample=sample,
    )
