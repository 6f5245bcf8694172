"""Stages of a customer's life with the shop, told by the customer's own rhythm of buying.

A purchase day is a local day with a clean order. The expected gap is the median of a customer's
own gaps between purchase days, shrunk towards the median of all gaps of the base as if SHRINK
gaps of the base had been seen too: few gaps of one's own say little, many speak for themselves.
Silence is the whole days since the last purchase day.

prospect  known, nothing bought
first     one purchase day
repeat    two purchase days or more
loyal     LOYAL_DAYS_MIN purchase days or more: as many own gaps as the base is counted for
cooling   bought before, silent for longer than COOLING_TIMES the expected gap
lost      bought before, silent for longer than LOST_TIMES the expected gap

source  docs/decisions/0040-stages-by-own-rhythm.md
"""

from __future__ import annotations

from regulars.analytics.statements import Value

PROSPECT, FIRST, REPEAT, LOYAL = "prospect", "first", "repeat", "loyal"
COOLING, LOST = "cooling", "lost"
STAGES = (PROSPECT, FIRST, REPEAT, LOYAL, COOLING, LOST)

SHRINK = 3
LOYAL_DAYS_MIN = 4
COOLING_TIMES = 2
LOST_TIMES = 4
# Nobody cools within a week or is lost within a month, however often they used to come.
COOLING_DAYS_MIN = 7
LOST_DAYS_MIN = 30
# With fewer gaps the base has no rhythm of its own yet.
GAPS_MIN = 20
GAP_DEFAULT_DAYS = 30

# Reads clean_orders(customer, day). The numerators are whole or halves and the quotients correctly
# rounded, so comparing silence with a whole number of days is exact.
STAGED = f"""
purchase_days AS (
  SELECT DISTINCT customer, day FROM clean_orders
),
gapped AS (
  SELECT
    customer,
    day,
    ROW_NUMBER() OVER (PARTITION BY customer ORDER BY day) AS number,
    DATE_DIFF('day', LAG(day) OVER (PARTITION BY customer ORDER BY day), day) AS gap
  FROM purchase_days
),
base_gap AS (
  SELECT CASE WHEN COUNT(gap) >= {GAPS_MIN} THEN MEDIAN(gap)
    ELSE {GAP_DEFAULT_DAYS} END AS days
  FROM gapped
),
rhythm AS (
  SELECT
    customer,
    MIN(day) AS first_on,
    MAX(day) AS last_on,
    COUNT(*) AS days,
    MIN(CASE WHEN number = 2 THEN day END) AS repeat_on,
    MIN(CASE WHEN number = {LOYAL_DAYS_MIN} THEN day END) AS loyal_on,
    ({SHRINK} * MIN(base_gap.days) + COUNT(gap) * COALESCE(MEDIAN(gap), 0))
      / ({SHRINK} + COUNT(gap)) AS gap_days
  FROM gapped CROSS JOIN base_gap
  GROUP BY customer
),
limited AS (
  SELECT
    *,
    CAST(GREATEST(FLOOR({COOLING_TIMES} * gap_days), {COOLING_DAYS_MIN}) AS INT) AS cooling_days,
    CAST(GREATEST(FLOOR({LOST_TIMES} * gap_days), {LOST_DAYS_MIN}) AS INT) AS lost_days,
    DATE_DIFF('day', last_on, CAST($last_day AS DATE)) AS silence
  FROM rhythm
),
returned AS (
  SELECT gapped.customer, MAX(gapped.day) AS back_on
  FROM gapped JOIN limited ON limited.customer = gapped.customer
  WHERE gapped.gap > limited.cooling_days
  GROUP BY gapped.customer
),
staged AS (
  SELECT
    limited.customer,
    first_on,
    last_on,
    days,
    gap_days,
    last_on + (cooling_days + 1) AS cooling_on,
    last_on + (lost_days + 1) AS lost_on,
    CASE
      WHEN silence > lost_days THEN '{LOST}'
      WHEN silence > cooling_days THEN '{COOLING}'
      WHEN days >= {LOYAL_DAYS_MIN} THEN '{LOYAL}'
      WHEN days >= 2 THEN '{REPEAT}'
      ELSE '{FIRST}' END AS stage,
    CASE
      WHEN silence > lost_days THEN last_on + (lost_days + 1)
      WHEN silence > cooling_days THEN last_on + (cooling_days + 1)
      WHEN days >= {LOYAL_DAYS_MIN} THEN GREATEST(loyal_on, COALESCE(back_on, loyal_on))
      WHEN days >= 2 THEN GREATEST(repeat_on, COALESCE(back_on, repeat_on))
      ELSE first_on END AS stage_since
  FROM limited LEFT JOIN returned ON returned.customer = limited.customer
),
prospects AS (
  SELECT
    id AS customer,
    CAST((LEAST(first_seen_at, created_at) AT TIME ZONE 'UTC') AT TIME ZONE $zone AS DATE)
      AS known_on
  FROM customers
  WHERE LEAST(first_seen_at, created_at) < $at
    AND NOT EXISTS (SELECT 1 FROM staged WHERE staged.customer = customers.id)
)"""


def renamed(params: dict[str, Value], suffix: str) -> dict[str, Value]:
    """The parameters of one of several statements that are asked together."""
    return {f"{name}{suffix}": value for name, value in params.items()}
