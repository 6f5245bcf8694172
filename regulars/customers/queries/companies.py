"""Companies, their members, and whom a customer belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regulars.customers.pure import normalise
from regulars.customers.pure.normalise import fold
from regulars.customers.pure.search import grams_asked
from regulars.customers.queries.cards import COLUMNS, profile_of
from regulars.customers.records import CompanyRecord, Profile
from regulars.kernel.errors import Invalid, NotFound
from regulars.store.scope import cursor

COMPANIES_PAGE = 50
MEMBERS_PAGE = 50
# Sums of a company look at so many of its people at most.
MEMBERS_SUMMED_MAX = 10_000
FOUND_MAX = 1_000
OF_CUSTOMER_MAX = 20

FIELDS = """
c.id, c.public_id, c.group_id, c.name, jsonb_strip_nulls(c.traits),
(SELECT count(DISTINCT coalesce(p.merged_into, p.id)) FROM customers_membership m
 JOIN customers_customer p ON p.workspace_id = m.workspace_id AND p.id = m.customer_id
 WHERE m.workspace_id = c.workspace_id AND m.company_id = c.id AND m.left_at IS NULL),
c.created_at
"""
MEMBERS = """
SELECT DISTINCT coalesce(p.merged_into, p.id) AS id FROM customers_membership m
JOIN customers_customer p ON p.workspace_id = m.workspace_id AND p.id = m.customer_id
WHERE m.workspace_id = %s AND m.company_id = %s AND m.left_at IS NULL
"""


def group_id_of(workspace_id: int, given: str) -> str | None:
    """The group id as it is kept, or None when it names no group."""
    del workspace_id  # the same in every workspace
    try:
        return normalise.identifier(given)
    except Invalid:
        return None


def company(workspace_id: int, public_id: str) -> CompanyRecord:
    """The company of this public id. raises NotFound(company_unknown)"""
    raw = cursor()
    raw.execute(
        f"SELECT {FIELDS} FROM customers_company c WHERE c.workspace_id = %s AND c.public_id = %s",
        [workspace_id, public_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("company_unknown", "There is no such company.")
    return CompanyRecord(*row)


def company_of_group(workspace_id: int, group_id: str) -> CompanyRecord | None:
    """The company a source calls so, if there is one."""
    raw = cursor()
    raw.execute(
        f"SELECT {FIELDS} FROM customers_company c WHERE c.workspace_id = %s AND c.group_id = %s",
        [workspace_id, group_id],
    )
    row = raw.fetchone()
    return None if row is None else CompanyRecord(*row)


def company_called(workspace_id: int, name: str) -> CompanyRecord | None:
    """The company of exactly this name or group id, the oldest of several."""
    raw = cursor()
    raw.execute(
        f"SELECT {FIELDS} FROM customers_company c WHERE c.workspace_id = %s"
        " AND (c.sort_name = %s OR c.group_id = %s) ORDER BY c.id LIMIT 1",
        [workspace_id, fold(name), name],
    )
    row = raw.fetchone()
    return None if row is None else CompanyRecord(*row)


def companies(
    workspace_id: int,
    *,
    search: str = "",
    after: tuple[str, int] | None = None,
    limit: int = COMPANIES_PAGE,
) -> list[tuple[CompanyRecord, str]]:
    """Companies by name, with what they are sorted by; one over the limit when there are more."""
    where: str = "c.workspace_id = %s"
    values: list[Any] = [workspace_id]
    grams = grams_asked(search)
    if grams:
        where += " AND c.id IN (SELECT customers_find_companies(%s, %s))"
        values += [grams, FOUND_MAX]
    if after is not None:
        where += " AND (c.sort_name, c.id) > (%s, %s)"
        values += after
    raw = cursor()
    raw.execute(
        f"SELECT {FIELDS}, c.sort_name FROM customers_company c WHERE {where}"
        " ORDER BY c.sort_name, c.id LIMIT %s",
        [*values, limit + 1],
    )
    return [(CompanyRecord(*row[:-1]), row[-1]) for row in raw.fetchall()]


def companies_named(workspace_id: int, query: str, limit: int) -> list[CompanyRecord]:
    """Companies found by these words, those whose name begins with them first."""
    found = [one for one, _name in companies(workspace_id, search=query, limit=limit * 4)]
    start = fold(query)
    found.sort(key=lambda one: (fold(one.title) != start, not fold(one.title).startswith(start)))
    return found[:limit]


def companies_of(workspace_id: int, customer_ids: Sequence[int]) -> list[CompanyRecord]:
    """Whom the customer, under every id of theirs, belongs to now."""
    raw = cursor()
    raw.execute(
        f"SELECT {FIELDS} FROM customers_company c WHERE c.workspace_id = %s AND c.id IN"
        " (SELECT company_id FROM customers_membership WHERE workspace_id = %s"
        " AND customer_id = ANY(%s) AND left_at IS NULL) ORDER BY c.sort_name, c.id LIMIT %s",
        [workspace_id, workspace_id, list(customer_ids), OF_CUSTOMER_MAX],
    )
    return [CompanyRecord(*row) for row in raw.fetchall()]


def members(
    workspace_id: int, company_id: int, *, after: tuple[str, int] | None = None
) -> list[tuple[Profile, str]]:
    """The company's people by name; one more than a page when there are more."""
    bound = "" if after is None else " AND (c.sort_name, c.id) > (%s, %s)"
    raw = cursor()
    raw.execute(
        f"SELECT {COLUMNS}, sort_name FROM customers_customer c WHERE c.workspace_id = %s"
        f" AND c.id IN ({MEMBERS}){bound} ORDER BY c.sort_name, c.id LIMIT %s",
        [workspace_id, workspace_id, company_id, *(after or ()), MEMBERS_PAGE + 1],
    )
    return [(profile_of(row[:-1]), row[-1]) for row in raw.fetchall()]


def member_ids(workspace_id: int, company_id: int) -> list[int]:
    """Every id the company's people ever had, MEMBERS_SUMMED_MAX at most; for sums."""
    raw = cursor()
    raw.execute(
        f"WITH roots AS MATERIALIZED ({MEMBERS} LIMIT %s) SELECT id FROM roots UNION"
        " SELECT g.loser_id FROM customers_merge g JOIN roots ON roots.id = g.root_id"
        " WHERE g.workspace_id = %s AND NOT g.is_gone",
        [workspace_id, company_id, MEMBERS_SUMMED_MAX, workspace_id],
    )
    return [row[0] for row in raw.fetchall()]
