"""What conditions share while one query is built, and sets of customers as subqueries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from regulars.rules.duck_slots import Slots
from regulars.rules.duck_values import all_of, sql
from regulars.rules.facts import Facts


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a condition stands.

    segments     name of a segment → name of its subquery
    is_strict    the condition must be true or false, never unknown: it will be negated
    is_narrowed  the relation chosen holds every customer that still matters
    """

    facts: Facts
    slots: Slots
    segments: Mapping[str, str]
    is_strict: bool = False
    is_narrowed: bool = False

    def strictly(self) -> Scope:
        """The scope of a condition that will be negated."""
        return replace(self, is_strict=True)

    def narrowed(self) -> Scope:
        """The scope beside the relation chosen."""
        return replace(self, is_narrowed=True)


def among(customers: exp.Select) -> exp.Expression:
    """The customer is one of those that the subquery gives; never unknown."""
    return exp.column("id").isin(query=customers)


def rows_where(relation: str, rows: list[exp.Expression]) -> exp.Select:
    """The customers of the rows that satisfy every condition."""
    # NULL among the customers would make NOT IN unknown for everyone.
    return (
        exp.select("customer").from_(relation).where(all_of([*rows, sql("customer IS NOT NULL")]))
    )


def groups_where(
    relation: str, rows: list[exp.Expression], having: exp.Expression, scope: Scope
) -> exp.Select:
    """The customers whose rows, taken together, satisfy a condition."""
    rows = only_chosen(rows, scope)
    return rows_where(relation, rows).group_by("customer").having(having)


def only_chosen(rows: list[exp.Expression], scope: Scope) -> list[exp.Expression]:
    """The conditions on rows, and that their customers still matter."""
    return [*rows, sql("customer IN (SELECT id FROM chosen)")] if scope.is_narrowed else rows
