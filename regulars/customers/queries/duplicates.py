"""Pairs that may be one person, as people look at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.customers.duplicates.people import Person
from regulars.customers.queries.merges import NAME
from regulars.store.scope import cursor

PAIRS_SHOWN = 30

# A pair whose two are one by now, by whatever way, asks nothing any more.
READ = """
SELECT d.public_id, coalesce(a.merged_into, a.id), coalesce(b.merged_into, b.id), d.probability,
       d.reasons, d.state, d.found_at, d.decided_by, d.decided_at
FROM customers_duplicate d
JOIN customers_customer a ON a.id = d.one_id
JOIN customers_customer b ON b.id = d.other_id
WHERE d.workspace_id = %s AND coalesce(a.merged_into, a.id) <> coalesce(b.merged_into, b.id)
"""
# Whom somebody told apart stays apart, under whatever root each of them is by now.
APART = f"""
SELECT d.one_id, d.other_id, {NAME.format("a")}, {NAME.format("b")}, d.decided_by, d.decided_at
FROM customers_duplicate d
JOIN customers_customer a ON a.id = d.one_id
JOIN customers_customer b ON b.id = d.other_id
WHERE d.workspace_id = %(workspace)s AND d.state = 'different' AND d.public_id <> %(but)s
  AND coalesce(a.merged_into, a.id) IN (%(one)s, %(other)s)
  AND coalesce(b.merged_into, b.id) IN (%(one)s, %(other)s)
  AND coalesce(a.merged_into, a.id) <> coalesce(b.merged_into, b.id)
ORDER BY d.decided_at DESC, d.id LIMIT 1
"""
APART_AMONG = """
WITH them AS (
  SELECT id AS id, id AS root FROM unnest(%(ids)s::bigint[]) AS given (id)
  UNION ALL
  SELECT loser_id, root_id FROM customers_merge
  WHERE workspace_id = %(workspace)s AND root_id = ANY(%(ids)s) AND NOT is_gone
)
SELECT DISTINCT least(a.root, b.root), greatest(a.root, b.root)
FROM them a JOIN customers_duplicate d ON d.workspace_id = %(workspace)s AND d.one_id = a.id
JOIN them b ON b.id = d.other_id
WHERE d.state = 'different' AND a.root <> b.root
"""
COUNT = """
SELECT count(*) FROM customers_duplicate d
JOIN customers_customer a ON a.id = d.one_id
JOIN customers_customer b ON b.id = d.other_id
WHERE d.workspace_id = %s AND d.state = %s AND d.probability >= %s
  AND coalesce(a.merged_into, a.id) <> coalesce(b.merged_into, b.id)
"""
PEOPLE = """
SELECT id, name, first_name, last_name, birth_on, email, phone, city, attrs->>'address'
FROM customers_customer
WHERE workspace_id = %s AND merged_into IS NULL AND id > %s
  AND num_nonnulls(name, first_name, last_name, email, phone) > 0
ORDER BY id LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two roots who may be one person, and how sure that is.

    reasons  what speaks for it and against it: field and weight, in doublings of the odds
    """

    public_id: str
    one_id: int
    other_id: int
    probability: float
    reasons: Sequence[Mapping[str, Any]]
    state: str
    found_at: datetime
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Apart:
    """Two customers whom somebody told apart, under the ids they had then."""

    one_id: int
    other_id: int
    one_name: str
    other_name: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Search:
    """The last search for duplicates."""

    state: str
    customers: int
    pairs: int
    left_out: int
    reason: str
    started_at: datetime
    finished_at: datetime | None


def pairs(
    workspace_id: int, state: str = "open", *, least: float = 0, limit: int = PAIRS_SHOWN
) -> list[Pair]:
    """The surest pairs of a state that are at least so probable."""
    raw = cursor()
    raw.execute(
        f"{READ} AND d.state = %s AND d.probability >= %s"
        " ORDER BY d.probability DESC, d.id DESC LIMIT %s",
        [workspace_id, state, least, limit],
    )
    return [Pair(*row) for row in raw.fetchall()]


def pair(workspace_id: int, public_id: str) -> Pair | None:
    """One pair, None when it asks nothing any more."""
    raw = cursor()
    raw.execute(f"{READ} AND d.public_id = %s", [workspace_id, public_id])
    row = raw.fetchone()
    return None if row is None else Pair(*row)


def told_apart(workspace_id: int, one_id: int, other_id: int, *, but: str = "") -> Apart | None:
    """Who of these two roots, or of those merged into them, was told apart last; None for nobody.

    but  the public id of a pair that does not count
    """
    raw = cursor()
    raw.execute(APART, {"workspace": workspace_id, "one": one_id, "other": other_id, "but": but})
    row = raw.fetchone()
    return None if row is None else Apart(*row)


def all_told_apart(workspace_id: int, customer_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Which of these roots were told apart, they or those merged into them; smaller ids first."""
    if len(customer_ids) < 2:
        return []
    raw = cursor()
    raw.execute(APART_AMONG, {"workspace": workspace_id, "ids": list(customer_ids)})
    return [(row[0], row[1]) for row in raw.fetchall()]


def count_above(workspace_id: int, probability: float, state: str = "open") -> int:
    """How many pairs of a state are at least so probable."""
    raw = cursor()
    raw.execute(COUNT, [workspace_id, state, probability])
    row = raw.fetchone()
    return int(row[0]) if row else 0


def last_search(workspace_id: int) -> Search | None:
    """The newest search, None before the first."""
    raw = cursor()
    raw.execute(
        "SELECT state, customers, pairs, left_out, reason, started_at, finished_at"
        " FROM customers_duplicaterun WHERE workspace_id = %s ORDER BY id DESC LIMIT 1",
        [workspace_id],
    )
    row = raw.fetchone()
    return None if row is None else Search(*row)


def people(workspace_id: int, after: int, limit: int) -> list[Person]:
    """The next customers by id who have a name or a contact, to be compared."""
    raw = cursor()
    raw.execute(PEOPLE, [workspace_id, after, limit])
    return [Person(*row) for row in raw.fetchall()]
