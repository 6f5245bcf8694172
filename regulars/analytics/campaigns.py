"""The way of a campaign's messages to money, and its arms within a window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from regulars.analytics.lift import Arm
from regulars.analytics.messages import MessageCounts
from regulars.analytics.readings import Moments
from regulars.analytics.relations import SALES
from regulars.analytics.statements import Scope, Statement
from regulars.analytics.trends import Period

DAY_S = 86_400

# A click that is marked as a machine's counts for nothing.
MARKS = f"""{SALES},
windows AS (
  SELECT * FROM (VALUES %(windows)s) AS listed (campaign, window_days)
),
sent AS (
  SELECT m.id, m.campaign_id, m.customer, m.state, m.accepted_at, m.bounced_at, w.window_days
  FROM messages AS m
  JOIN windows AS w ON w.campaign = m.campaign_id
  WHERE m.planned_at < $at
),
marks AS (
  SELECT
    subject AS message,
    time,
    kind,
    COALESCE(props ->> '$.is_confirmed', 'true') = 'true' AS is_human
  FROM events
  WHERE time < $at
    AND kind IN (
      'message.opened', 'message.clicked', 'message.unsubscribed', 'message.complained')
)"""

# An order belongs to the last click before it within the campaign's window.
CLAIMS = f"""{MARKS},
clicks AS (
  SELECT sent.id, sent.customer, sent.window_days, marks.time
  FROM marks
  JOIN sent ON sent.id = marks.message
  WHERE marks.kind = 'message.clicked' AND marks.is_human
),
claims AS (
  SELECT
    clicks.id AS message,
    sales.total_minor,
    sales.local_at,
    ROW_NUMBER() OVER (
      PARTITION BY sales.id ORDER BY clicks.time DESC, clicks.id DESC
    ) AS place
  FROM sales
  JOIN clicks
    ON clicks.customer = sales.customer
    AND clicks.time <= sales.placed_at
    AND EPOCH(sales.placed_at) - EPOCH(clicks.time) < clicks.window_days * {DAY_S}
)"""

FUNNEL_SQL = f"""
WITH {CLAIMS},
seen AS (
  SELECT
    message,
    MAX(CASE WHEN kind = 'message.opened' THEN 1 ELSE 0 END) AS opened,
    MAX(CASE WHEN kind = 'message.opened' AND is_human THEN 1 ELSE 0 END) AS opened_confirmed,
    MAX(CASE WHEN kind = 'message.clicked' AND is_human THEN 1 ELSE 0 END) AS clicked,
    MAX(CASE WHEN kind = 'message.unsubscribed' THEN 1 ELSE 0 END) AS unsubscribed,
    MAX(CASE WHEN kind = 'message.complained' THEN 1 ELSE 0 END) AS complained
  FROM marks
  GROUP BY message
),
brought AS (
  SELECT message, COUNT(*) AS orders, SUM(total_minor) AS revenue_minor
  FROM claims
  WHERE place = 1
  GROUP BY message
)
SELECT
  sent.campaign_id AS campaign,
  COUNT(*) AS planned,
  COUNT(CASE WHEN sent.state = 'refused' THEN 1 END) AS refused,
  COUNT(CASE WHEN sent.state = 'unknown' THEN 1 END) AS unknown,
  COUNT(sent.accepted_at) AS sent,
  COUNT(CASE WHEN sent.accepted_at IS NOT NULL THEN sent.bounced_at END) AS bounced,
  CAST(COALESCE(SUM(seen.opened), 0) AS BIGINT) AS opened,
  CAST(COALESCE(SUM(seen.opened - seen.opened_confirmed), 0) AS BIGINT) AS opened_by_machine,
  CAST(COALESCE(SUM(seen.clicked), 0) AS BIGINT) AS clicked,
  COUNT(brought.message) AS ordered,
  CAST(COALESCE(SUM(brought.orders), 0) AS BIGINT) AS orders,
  CAST(COALESCE(SUM(brought.revenue_minor), 0) AS BIGINT) AS revenue_minor,
  CAST(COALESCE(SUM(seen.unsubscribed), 0) AS BIGINT) AS unsubscribed,
  CAST(COALESCE(SUM(seen.complained), 0) AS BIGINT) AS complained
FROM sent
LEFT JOIN seen ON seen.message = sent.id
LEFT JOIN brought ON brought.message = sent.id
GROUP BY sent.campaign_id
"""

CLAIMED_DAYS_SQL = f"""
WITH {CLAIMS}
SELECT
  DATE_DIFF('day', CAST($since AS DATE), CAST(local_at AS DATE)) AS day_index,
  COUNT(*) AS orders,
  CAST(SUM(total_minor) AS BIGINT) AS revenue_minor
FROM claims
WHERE place = 1 AND CAST(local_at AS DATE) >= CAST($since AS DATE)
GROUP BY 1
"""

# Both windows open when the experiment began, so that a paced sending favours no arm. A
# customer merged out of two different arms is in neither.
ARMS_SQL = f"""
WITH {SALES},
windows AS (
  SELECT * FROM (VALUES %(windows)s) AS listed (experiment, window_days)
),
arms AS (
  SELECT
    a.experiment,
    a.customer,
    MIN(a.arm) AS arm,
    MIN(a.assigned_at) AS begun_at,
    MIN(w.window_days) AS window_days
  FROM assignments AS a
  JOIN windows AS w ON w.experiment = a.experiment
  WHERE a.assigned_at < $at
  GROUP BY a.experiment, a.customer
  HAVING MIN(a.arm) = MAX(a.arm)
),
spent AS (
  SELECT
    arms.experiment,
    arms.customer,
    arms.arm,
    COUNT(sales.id) AS orders,
    CAST(COALESCE(SUM(sales.total_minor), 0) AS BIGINT) AS revenue_minor
  FROM arms
  LEFT JOIN sales
    ON sales.customer = arms.customer
    AND sales.placed_at >= arms.begun_at
    AND EPOCH(sales.placed_at) - EPOCH(arms.begun_at) < arms.window_days * {DAY_S}
  GROUP BY arms.experiment, arms.customer, arms.arm
)
SELECT
  experiment,
  arm,
  COUNT(*) AS customers,
  COUNT(CASE WHEN orders > 0 THEN 1 END) AS buyers,
  CAST(SUM(orders) AS BIGINT) AS orders,
  AVG(CAST(revenue_minor AS DOUBLE)) AS mean,
  COALESCE(VAR_SAMP(CAST(revenue_minor AS DOUBLE)), 0) AS variance
FROM spent
GROUP BY experiment, arm
"""

NOBODY = Arm(customers=0, buyers=0, orders=0, revenue=Moments(0, 0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Funnel:
    """One campaign's messages.

    planned  recipients before refusals
    refused  not handed over: consent, suppression, address
    unknown  handed over without an answer; never sent again by itself
    counts   from accepted on
    """

    planned: int
    refused: int
    unknown: int
    counts: MessageCounts


def funnel_statement(scope: Scope, windows: Mapping[int, int]) -> Statement:
    """The question behind `funnels_of`: one row per campaign that has messages.

    windows  campaign id → attribution window in days; other campaigns are left out
    """
    return Statement(FUNNEL_SQL % {"windows": _listed(windows)}, scope.params())


def funnels_of(rows: Iterable[Mapping[str, int]]) -> dict[int, Funnel]:
    """Campaign id → its funnel, from the rows that `funnel_statement` gives."""
    return {row["campaign"]: _funnel(row) for row in rows}


def claimed_days_statement(period: Period, windows: Mapping[int, int]) -> Statement:
    """The question behind `claimed_days_of`: one row per day with orders after a click."""
    sql = CLAIMED_DAYS_SQL % {"windows": _listed(windows)}
    return Statement(sql, {**period.scope.params(), "since": period.since})


def claimed_days_of(rows: Iterable[Mapping[str, int]], period: Period) -> tuple[int, ...]:
    """Minor units per day of the period that followed a click within its window."""
    found = {row["day_index"]: row["revenue_minor"] for row in rows}
    return tuple(found.get(i, 0) for i in range(period.days))


def arms_statement(scope: Scope, experiment: str, *, window_days: int) -> Statement:
    """The question behind `arms_of`: one row per arm with its people, orders and money."""
    return all_arms_statement(scope, {experiment: window_days})


def arms_of(rows: Iterable[Mapping[str, int | float | str]]) -> tuple[Arm, Arm]:
    """Contacted and control, from the rows that `arms_statement` gives."""
    found = {str(row["arm"]): _arm(row) for row in rows}
    return found.get("contacted", NOBODY), found.get("control", NOBODY)


def all_arms_statement(scope: Scope, windows: Mapping[str, int]) -> Statement:
    """The question behind `all_arms_of`: one row per experiment and arm.

    windows  experiment → window in days; other experiments are left out
    """
    if not windows:
        raise ValueError("name at least one experiment")
    names = {f"experiment_{place}": name for place, name in enumerate(windows)}
    listed = ", ".join(f"(${key}, {int(windows[name])})" for key, name in names.items())
    return Statement(ARMS_SQL % {"windows": listed}, {**scope.params(), **names})


def all_arms_of(
    rows: Iterable[Mapping[str, int | float | str]],
) -> dict[str, tuple[Arm, Arm]]:
    """Experiment → contacted and control, from the rows that `all_arms_statement` gives."""
    found: dict[str, list[Mapping[str, int | float | str]]] = {}
    for row in rows:
        found.setdefault(str(row["experiment"]), []).append(row)
    return {name: arms_of(mine) for name, mine in found.items()}


def _listed(windows: Mapping[int, int]) -> str:
    if not windows:
        raise ValueError("name at least one campaign")
    # Whole numbers of our own, not text of anybody's: a parameter cannot be a list of rows.
    return ", ".join(f"({int(key)}, {int(days)})" for key, days in sorted(windows.items()))


def _funnel(row: Mapping[str, int]) -> Funnel:
    return Funnel(
        planned=row["planned"],
        refused=row["refused"],
        unknown=row["unknown"],
        counts=MessageCounts(
            sent=row["sent"],
            bounced=row["bounced"],
            opened=row["opened"],
            opened_by_machine=row["opened_by_machine"],
            clicked=row["clicked"],
            ordered=row["ordered"],
            orders=row["orders"],
            revenue_minor=row["revenue_minor"],
            unsubscribed=row["unsubscribed"],
            complained=row["complained"],
        ),
    )


def _arm(row: Mapping[str, int | float | str]) -> Arm:
    customers = int(row["customers"])
    return Arm(
        customers=customers,
        buyers=int(row["buyers"]),
        orders=int(row["orders"]),
        revenue=Moments(customers, float(row["mean"]), float(row["variance"])),
    )
