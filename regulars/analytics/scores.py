"""Everything a customer is scored by, as of an instant, and what changed between two of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from regulars.analytics.relations import CLEAN_PURCHASES
from regulars.analytics.rfm import CLASS_MAP, CLASSES, Borders, params_of, scored_sql
from regulars.analytics.stages import PROSPECT, STAGED, STAGES, renamed
from regulars.analytics.statements import Scope, Statement, Value

MOMENTS_MAX = 25

# A customer of no class has bought nothing yet, or is not known yet.
NOBODY = "none"

_PARAMETER = re.compile(r"\$(\w+)")

_CLASS_OF = " ".join(
    f"WHEN r = {r} AND f = {f} THEN '{name}'"
    for r, names in CLASS_MAP.items()
    for f, name in enumerate(names, start=1)
)

# What came back of what was bought, and where most of the money went; of equals the first by name.
_HABITS = """
returns AS (
  SELECT customer, SUM(ABS(total_minor)) AS returned_minor
  FROM orders
  WHERE kind = 'return' AND customer IS NOT NULL AND currency = $currency AND placed_at < $at
    AND status NOT IN ('new', 'cancelled')
  GROUP BY customer
),
categories AS (
  SELECT l.customer, l.category, SUM(l.total_minor) AS total_minor
  FROM order_lines AS l
  JOIN clean_orders AS o ON o.order_id = l.order_id
  WHERE l.category IS NOT NULL AND l.category <> '' AND l.kind = 'sale' AND l.customer IS NOT NULL
  GROUP BY l.customer, l.category
),
favourites AS (
  SELECT customer, category FROM (
    SELECT customer, category,
      ROW_NUMBER() OVER (PARTITION BY customer ORDER BY total_minor DESC, category) AS place
    FROM categories
  ) AS placed WHERE place = 1
)"""

_ALL = f"""
SELECT
  staged.customer,
  CAST(frequency AS INT) AS orders,
  money_minor,
  first_on,
  last_on,
  CAST(r AS INT) AS recency_fifth,
  CAST(f AS INT) AS frequency_fifth,
  CAST(m AS INT) AS money_fifth,
  CASE {_CLASS_OF} END AS rfm_class,
  ROUND(gap_days, 2) AS gap_days,
  stage,
  stage_since,
  cooling_on,
  lost_on,
  ROUND(LEAST(1.0, COALESCE(returned_minor, 0) / CAST(money_minor AS DOUBLE)), 4)
    AS returns_share,
  favourites.category AS top_category
FROM staged
JOIN scored ON scored.customer = staged.customer
LEFT JOIN returns ON returns.customer = staged.customer
LEFT JOIN favourites ON favourites.customer = staged.customer
UNION ALL
SELECT customer, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{PROSPECT}', known_on, NULL,
  NULL, NULL, NULL
FROM prospects
ORDER BY 1
"""

_PLACES = f"""
SELECT staged.customer, CASE {_CLASS_OF} END AS rfm_class, stage, money_minor
FROM staged JOIN scored ON scored.customer = staged.customer
UNION ALL
SELECT customer, NULL, '{PROSPECT}', 0 FROM prospects
"""

_BOUGHT = """
bought AS (SELECT DISTINCT customer, day FROM clean_orders)"""
_STAGES_OF_DAY = f"""
WITH clean_orders AS (SELECT customer, day FROM bought WHERE day <= CAST($last_day AS DATE)),
{STAGED}
SELECT stage FROM staged UNION ALL SELECT '{PROSPECT}' AS stage FROM prospects
"""


@dataclass(frozen=True, slots=True)
class Move:
    """Customers who stood in one place at the first instant and in another at the second.

    was, now     a class or a stage, NOBODY outside all of them
    money_minor  what they had spent by the second instant
    """

    was: str
    now: str
    customers: int
    money_minor: int


@dataclass(frozen=True, slots=True)
class Migration:
    """Where customers were and where they are; every customer known at either instant once."""

    places: Sequence[str]
    moves: tuple[Move, ...]

    def count(self, was: str, now: str) -> int:
        """How many went from here to there."""
        return sum(move.customers for move in self.moves if (move.was, move.now) == (was, now))

    def total_was(self, place: str) -> int:
        """How many stood here at the first instant."""
        return sum(move.customers for move in self.moves if move.was == place)

    def total_now(self, place: str) -> int:
        """How many stand here at the second."""
        return sum(move.customers for move in self.moves if move.now == place)

    @property
    def customers(self) -> int:
        """Everybody counted."""
        return sum(move.customers for move in self.moves)

    @property
    def moved(self) -> int:
        """Those who do not stand where they stood."""
        return sum(move.customers for move in self.moves if move.was != move.now)


def scoring_statement(scope: Scope, borders: Borders | None = None) -> Statement:
    """One row per customer, buyers and prospects: all that is stored of their standing."""
    sql = f"{scored_sql(borders)},{STAGED},{_HABITS}{_ALL}"
    return Statement(sql, params_of(scope, borders))


def migration_statement(
    before: Scope, after: Scope, what: str, borders: Borders | None = None
) -> Statement:
    """The question behind `migration_of`.

    what  rfm_class or stage
    """
    joined, params = _joined(before, after, what, borders)
    sql = (
        "SELECT was, now, COUNT(*) AS customers,"
        " CAST(COALESCE(SUM(money_minor), 0) AS BIGINT) AS money_minor"
        f" FROM ({joined}) AS moved GROUP BY was, now ORDER BY was, now"
    )
    return Statement(sql, params)


def moved_statement(
    before: Scope, after: Scope, what: str, pair: tuple[str, str], borders: Borders | None = None
) -> Statement:
    """The customers of one cell of the migration, one column `customer`."""
    joined, params = _joined(before, after, what, borders)
    sql = f"SELECT customer FROM ({joined}) AS moved WHERE was = $was AND now = $now_place"
    return Statement(sql, {**params, "was": pair[0], "now_place": pair[1]})


def stage_sums_statement(scope: Scope) -> Statement:
    """Customers and their money in each stage; rows of stage, customers, money_minor."""
    places, params = _places(scope, None, "")
    sql = (
        "SELECT stage, COUNT(*) AS customers, CAST(SUM(money_minor) AS BIGINT) AS money_minor"
        f" FROM ({places}) AS placed GROUP BY stage ORDER BY stage"
    )
    return Statement(sql, params)


def stages_over_statement(scope: Scope, days: Sequence[date]) -> Statement:
    """Customers in each stage at the end of several days; rows of day as text, stage, customers.

    The orders are read once, up to the scope's instant, and cut by day.
    days  local days up to the scope's own, at most MOMENTS_MAX
    """
    assert len(days) <= MOMENTS_MAX
    assert all(day <= scope.last_day() for day in days)
    parts: list[str] = []
    params: dict[str, Value] = scope.params()
    for number, day in enumerate(days):
        at = scope.until(day)
        own = {"at": at.params()["at"], "zone": scope.zone, "last_day": day}
        inner = _PARAMETER.sub(rf"$\1_{number}", _STAGES_OF_DAY)
        parts.append(
            f"SELECT CAST($day_{number} AS TEXT) AS day, stage, COUNT(*) AS customers"
            f" FROM ({inner}) AS placed GROUP BY stage"
        )
        params |= {**renamed(own, f"_{number}"), f"day_{number}": day.isoformat()}
    body = " UNION ALL ".join(parts)
    return Statement(f"WITH {CLEAN_PURCHASES},{_BOUGHT} {body} ORDER BY day, stage", params)


def migration_of(rows: Iterable[Mapping[str, str | int]], what: str) -> Migration:
    """The matrix from the rows that `migration_statement` gives."""
    places = (*CLASSES, NOBODY) if what == "rfm_class" else (*STAGES, NOBODY)
    moves = tuple(
        Move(str(row["was"]), str(row["now"]), int(row["customers"]), int(row["money_minor"]))
        for row in rows
    )
    return Migration(places, moves)


def _joined(
    before: Scope, after: Scope, what: str, borders: Borders | None
) -> tuple[str, dict[str, Value]]:
    assert what in ("rfm_class", "stage")
    first, own = _places(before, borders, "_was")
    second, others = _places(after, borders, "_now")
    sql = (
        f"SELECT COALESCE(b.customer, a.customer) AS customer,"
        f" COALESCE(a.{what}, '{NOBODY}') AS was, COALESCE(b.{what}, '{NOBODY}') AS now,"
        " COALESCE(b.money_minor, 0) AS money_minor"
        f" FROM ({first}) AS a FULL JOIN ({second}) AS b ON a.customer = b.customer"
        f" WHERE a.{what} IS NOT NULL OR b.{what} IS NOT NULL"
    )
    return sql, {**own, **others}


def _places(scope: Scope, borders: Borders | None, suffix: str) -> tuple[str, dict[str, Value]]:
    """Class and stage of everybody at one of several instants of the same statement."""
    sql = f"{scored_sql(borders)},{STAGED}{_PLACES}"
    named = _PARAMETER.sub(rf"$\1{suffix}", sql)
    return named, renamed(params_of(scope, borders), suffix)
