"""Recency, frequency and money in fifths, and the ten named classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from regulars.analytics.relations import CLEAN_PURCHASES
from regulars.analytics.statements import Scope, Statement, Value

FIFTHS = 5

CHAMPIONS = "champions"
LOYAL = "loyal"
POTENTIAL_LOYALISTS = "potential_loyalists"
NEW = "new"
PROMISING = "promising"
NEED_ATTENTION = "need_attention"
ABOUT_TO_SLEEP = "about_to_sleep"
AT_RISK = "at_risk"
CANT_LOSE = "cant_lose"
HIBERNATING = "hibernating"

# From the ones to keep to the ones that are gone: the order in which people read them.
CLASSES = (
    CHAMPIONS,
    LOYAL,
    POTENTIAL_LOYALISTS,
    NEW,
    PROMISING,
    NEED_ATTENTION,
    ABOUT_TO_SLEEP,
    AT_RISK,
    CANT_LOSE,
    HIBERNATING,
)

# One row per recency score from 1 to 5, one word per frequency score from 1 to 5.
CLASS_MAP = {
    1: (HIBERNATING, HIBERNATING, AT_RISK, AT_RISK, CANT_LOSE),
    2: (HIBERNATING, HIBERNATING, AT_RISK, AT_RISK, CANT_LOSE),
    3: (ABOUT_TO_SLEEP, ABOUT_TO_SLEEP, NEED_ATTENTION, LOYAL, LOYAL),
    4: (PROMISING, POTENTIAL_LOYALISTS, POTENTIAL_LOYALISTS, LOYAL, LOYAL),
    5: (NEW, POTENTIAL_LOYALISTS, POTENTIAL_LOYALISTS, CHAMPIONS, CHAMPIONS),
}

# What a customer bought: whole days since the last purchase day, clean orders, their money.
PEOPLE = f"""{CLEAN_PURCHASES},
people AS (
  SELECT
    customer,
    DATE_DIFF('day', MAX(day), CAST($last_day AS DATE)) AS recency_days,
    COUNT(*) AS frequency,
    CAST(SUM(total_minor) AS BIGINT) AS money_minor
  FROM clean_orders
  GROUP BY customer
)"""

# A fifth is ceil(5 * average percent rank), in whole numbers so that both engines agree:
# the average rank of a value is (2 * lowest rank + customers who share it - 1) / 2.
SCORED_BY_FIFTHS = f"""{PEOPLE},
ranked AS (
  SELECT
    *,
    COUNT(*) OVER () AS people,
    RANK() OVER (ORDER BY recency_days DESC) AS recency_rank,
    COUNT(*) OVER (PARTITION BY recency_days) AS recency_ties,
    RANK() OVER (ORDER BY frequency ASC) AS frequency_rank,
    COUNT(*) OVER (PARTITION BY frequency) AS frequency_ties,
    RANK() OVER (ORDER BY money_minor ASC) AS money_rank,
    COUNT(*) OVER (PARTITION BY money_minor) AS money_ties
  FROM people
),
scored AS (
  SELECT
    customer,
    recency_days,
    frequency,
    money_minor,
    (5 * (2 * recency_rank + recency_ties - 1) + 2 * people - 1) // (2 * people) AS r,
    (5 * (2 * frequency_rank + frequency_ties - 1) + 2 * people - 1) // (2 * people) AS f,
    (5 * (2 * money_rank + money_ties - 1) + 2 * people - 1) // (2 * people) AS m
  FROM ranked
)"""


def _reached(value: str, sign: str, name: str) -> str:
    steps = (f"CASE WHEN {value} {sign} ${name}_{score} THEN 1 ELSE 0 END" for score in STEPS)
    return f"1 + {' + '.join(steps)}"


# Scores above the lowest; a customer has as many steps as borders they reach.
STEPS = (2, 3, 4, 5)
SCORED_BY_BORDERS = f"""{PEOPLE},
scored AS (
  SELECT
    customer,
    recency_days,
    frequency,
    money_minor,
    {_reached("recency_days", "<=", "recency")} AS r,
    {_reached("frequency", ">=", "frequency")} AS f,
    {_reached("money_minor", ">=", "money")} AS m
  FROM people
)"""

CELLS = """
SELECT
  CAST(r AS INT) AS r,
  CAST(f AS INT) AS f,
  COUNT(*) AS customers,
  CAST(SUM(money_minor) AS BIGINT) AS money_minor,
  CAST(MIN(recency_days) AS INT) AS recency_days_min,
  CAST(MAX(recency_days) AS INT) AS recency_days_max,
  CAST(MIN(frequency) AS INT) AS frequency_min,
  CAST(MAX(frequency) AS INT) AS frequency_max
FROM scored
GROUP BY r, f
"""

SCORES = """
SELECT
  customer,
  CAST(recency_days AS INT) AS recency_days,
  CAST(frequency AS INT) AS frequency,
  money_minor,
  CAST(r AS INT) AS r,
  CAST(f AS INT) AS f,
  CAST(m AS INT) AS m
FROM scored
ORDER BY customer
"""


@dataclass(frozen=True, slots=True)
class Borders:
    """Fixed borders instead of fifths: what it takes to score 2, 3, 4 and 5.

    recency_days  at most so many days since the last purchase day; falling
    frequency     at least so many orders; rising
    money_minor   at least so much money; rising
    """

    recency_days: tuple[int, int, int, int]
    frequency: tuple[int, int, int, int]
    money_minor: tuple[int, int, int, int]

    def params(self) -> dict[str, Value]:
        """The parameters of the statements by borders."""
        named = {
            "recency": self.recency_days,
            "frequency": self.frequency,
            "money": self.money_minor,
        }
        return {
            f"{name}_{score}": value
            for name, values in named.items()
            for score, value in zip(STEPS, values, strict=True)
        }


@dataclass(frozen=True, slots=True)
class Cell:
    """Customers of one recency and one frequency score, and the values found among them."""

    r: int
    f: int
    customers: int
    money_minor: int
    recency_days_min: int
    recency_days_max: int
    frequency_min: int
    frequency_max: int

    @property
    def name(self) -> str:
        """The named class of the cell."""
        return class_of(self.r, self.f)


@dataclass(frozen=True, slots=True)
class ClassSum:
    """One named class: how many customers and what they have spent."""

    name: str
    customers: int
    money_minor: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """Values between which a group of scores lies; none where the group is open."""

    recency_days_min: int | None
    recency_days_max: int | None
    frequency_min: int | None
    frequency_max: int | None


@dataclass(frozen=True, slots=True)
class Rfm:
    """The grid of a base; cells without customers are absent."""

    cells: tuple[Cell, ...]

    @property
    def customers(self) -> int:
        """Everyone who has a clean order."""
        return sum(cell.customers for cell in self.cells)

    @property
    def money_minor(self) -> int:
        """What they have spent."""
        return sum(cell.money_minor for cell in self.cells)

    def cell(self, r: int, f: int) -> Cell | None:
        """The customers at these scores, or nothing when nobody stands there."""
        return next((cell for cell in self.cells if (cell.r, cell.f) == (r, f)), None)

    def bounds(self, rs: range, fs: range) -> Bounds | None:
        """The values that a rectangle of scores means today, or nothing when it is empty.

        The outer scores have no outer bound: whoever is later still belongs to them.
        """
        rows = [cell for cell in self.cells if cell.r in rs]
        columns = [cell for cell in self.cells if cell.f in fs]
        if not rows or not columns:
            return None
        return Bounds(
            recency_days_min=None if FIFTHS in rs else min(c.recency_days_min for c in rows),
            recency_days_max=None if 1 in rs else max(c.recency_days_max for c in rows),
            frequency_min=None if 1 in fs else min(c.frequency_min for c in columns),
            frequency_max=None if FIFTHS in fs else max(c.frequency_max for c in columns),
        )

    def classes(self) -> tuple[ClassSum, ...]:
        """All ten classes in reading order, empty ones with zero."""
        return tuple(self._class_sum(name) for name in CLASSES)

    def _class_sum(self, name: str) -> ClassSum:
        mine = [cell for cell in self.cells if cell.name == name]
        return ClassSum(
            name,
            customers=sum(cell.customers for cell in mine),
            money_minor=sum(cell.money_minor for cell in mine),
        )


def rfm_statement(scope: Scope, borders: Borders | None = None) -> Statement:
    """The question behind `rfm_of`: one row per pair of scores that somebody has.

    borders  instead of fifths
    """
    return Statement(f"{scored_sql(borders)}{CELLS}", params_of(scope, borders))


def scores_statement(scope: Scope, borders: Borders | None = None) -> Statement:
    """One row per customer: recency_days, frequency, money_minor and their scores r, f, m."""
    return Statement(f"{scored_sql(borders)}{SCORES}", params_of(scope, borders))


def scored_sql(borders: Borders | None) -> str:
    """WITH … that ends with `scored`, one row per buyer; it begins with the clean orders."""
    return f"\nWITH {SCORED_BY_FIFTHS if borders is None else SCORED_BY_BORDERS}"


def params_of(scope: Scope, borders: Borders | None) -> dict[str, Value]:
    """What the scored relation asks for."""
    bound = {} if borders is None else borders.params()
    return {**scope.params(), "last_day": scope.last_day(), **bound}


def rfm_of(rows: Iterable[Mapping[str, int]]) -> Rfm:
    """The grid from the rows that `rfm_statement` gives."""
    return Rfm(tuple(sorted(map(_cell, rows), key=lambda cell: (cell.r, cell.f))))


def scores_of_class(name: str) -> tuple[range, range]:
    """The recency and the frequency scores of a named class; each class is a rectangle."""
    places = [(r, f) for r in CLASS_MAP for f in range(1, FIFTHS + 1) if class_of(r, f) == name]
    rs, fs = [r for r, _ in places], [f for _, f in places]
    return range(min(rs), max(rs) + 1), range(min(fs), max(fs) + 1)


def class_of(r: int, f: int) -> str:
    """The named class at these scores; the map covers all twenty-five cells."""
    return CLASS_MAP[r][f - 1]


def fifths(values: Sequence[float]) -> list[int]:
    """Scores 1..5 of the values, the highest value highest; equal values score equally.

    f = ceil(5 * average percent rank). A heavily tied value may leave a score empty.
    """
    ordered = sorted(values)
    first = {value: place for place, value in reversed(list(enumerate(ordered, start=1)))}
    last = {value: place for place, value in enumerate(ordered, start=1)}
    people = len(values)
    return [-(-FIFTHS * (first[value] + last[value]) // (2 * people)) for value in values]


def _cell(row: Mapping[str, int]) -> Cell:
    return Cell(
        r=row["r"],
        f=row["f"],
        customers=row["customers"],
        money_minor=row["money_minor"],
        recency_days_min=row["recency_days_min"],
        recency_days_max=row["recency_days_max"],
        frequency_min=row["frequency_min"],
        frequency_max=row["frequency_max"],
    )
