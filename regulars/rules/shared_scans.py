"""What a shared question reads: one scan for each relation, for events one for each kind.

A scan has filters, which are columns of single rows, and figures, which are columns of a customer.
Columns are named by their own text, so what two conditions need alike is there once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlglot import exp

HASH_CHARS = 14
KEY = "k"


def name_of(kind: str, text: str) -> str:
    """A name for what the text gives."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return f"{kind}_{digest[:HASH_CHARS]}"


def text_of(expression: exp.Expression) -> str:
    """The expression as DuckDB reads it."""
    return expression.sql("duckdb")


@dataclass(frozen=True, slots=True)
class Part:
    """What one condition adds to one scan.

    relation  which rows
    only      a condition that cuts the scan out of the relation, "" for all rows
    filters   columns of a row: name and text
    lines     columns of an order by its lines: name and text
    figures   columns of a customer: name and text
    since     rows before this parameter do not matter; "" when all do
    """

    relation: str
    only: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    figures: tuple[tuple[str, str], ...] = ()
    since: str = ""


@dataclass(slots=True)
class Scan:
    """Everything that conditions ask of the same rows."""

    relation: str
    only: str
    filters: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    figures: dict[str, str] = field(default_factory=dict)
    sinces: set[str] = field(default_factory=set)

    @property
    def alias(self) -> str:
        """What the scan is called in the question."""
        return name_of("s", f"{self.relation} {self.only}")

    @property
    def key(self) -> str:
        """Its column with the customer."""
        return name_of(KEY, f"{self.relation} {self.only}")

    def add(self, part: Part) -> None:
        """Let the scan also give what the part needs."""
        self.filters.update(part.filters)
        self.lines.update(part.lines)
        self.figures.update(part.figures)
        self.sinces.add(part.since)

    def sql(self, people: str) -> str:
        """One row for each customer with rows."""
        figures = ", ".join(f"{text} AS {name}" for name, text in self.figures.items())
        return (
            f"SELECT customer AS {self.key}, {figures} FROM ({self._rows(people)})"
            f" GROUP BY customer"
        )

    def _rows(self, people: str) -> str:
        wanted = [self.only, "customer IS NOT NULL", self._floor(), people]
        where = " AND ".join(part for part in wanted if part)
        columns = "".join(f", {text} AS {name}" for name, text in self.filters.items())
        if not self.lines:
            return f"SELECT *{columns} FROM {self.relation} WHERE {where}"
        columns += "".join(f", COALESCE(o.{name}, FALSE) AS {name}" for name in self.lines)
        lines = ", ".join(f"BOOL_OR({text}) AS {name}" for name, text in self.lines.items())
        return (
            f"SELECT r.*{columns} FROM (SELECT * FROM {self.relation} WHERE {where}) r"
            f" LEFT JOIN (SELECT order_id, {lines} FROM order_lines GROUP BY order_id) o"
            f" ON o.order_id = r.subject"
        )

    def _floor(self) -> str:
        if not self.sinces or "" in self.sinces:
            return ""
        return f"time >= LEAST({', '.join(sorted(self.sinces))})"


def scans_of(parts: Iterable[Part]) -> list[Scan]:
    """The scans that give all parts, in the order in which they are first asked for."""
    found: dict[tuple[str, str], Scan] = {}
    for part in parts:
        key = (part.relation, part.only)
        found.setdefault(key, Scan(*key)).add(part)
    return list(found.values())
