"""Companies and who belongs to them: by Segment's group call, and by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from regulars.customers.pure import normalise
from regulars.customers.pure.normalise import fold
from regulars.customers.pure.search import grams_of
from regulars.customers.pure.traits import ATTR_NAME_LENGTH_MAX, ATTRS_MAX, attribute
from regulars.customers.queries.companies import group_id_of
from regulars.customers.records import Membership
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, NotFound
from regulars.kernel.ids import new_public_id
from regulars.kernel.texts import json_without_nul
from regulars.store.scope import cursor

NAME_LENGTH_MAX = 200

# What came later counts: an older call adds what was not known and changes nothing. A null stays
# in the row, so that an older value which comes after it does not return.
UPSERT = """
INSERT INTO customers_company AS kept
  (workspace_id, public_id, group_id, name, traits, created_at, updated_at, sort_name, trigrams)
SELECT %s, public_id, group_id, name, traits, at, at, sort_name, trigrams
FROM json_to_recordset(%s::json) AS given
  (public_id text, group_id text, name text, traits jsonb, at timestamptz, sort_name text,
   trigrams text[])
ORDER BY group_id
ON CONFLICT (workspace_id, group_id) DO UPDATE SET
  traits = CASE WHEN excluded.updated_at >= kept.updated_at
    THEN kept.traits || excluded.traits
    ELSE excluded.traits || kept.traits END,
  name = CASE WHEN excluded.updated_at >= kept.updated_at
    THEN coalesce(excluded.name, kept.name) ELSE coalesce(kept.name, excluded.name) END,
  sort_name = CASE WHEN excluded.name IS NOT NULL
      AND (excluded.updated_at >= kept.updated_at OR kept.name IS NULL)
    THEN excluded.sort_name ELSE kept.sort_name END,
  trigrams = CASE WHEN excluded.name IS NOT NULL
      AND (excluded.updated_at >= kept.updated_at OR kept.name IS NULL)
    THEN excluded.trigrams ELSE kept.trigrams END,
  created_at = least(kept.created_at, excluded.created_at),
  updated_at = greatest(kept.updated_at, excluded.updated_at)
RETURNING group_id, id, coalesce(name, group_id), public_id
"""
# Whoever left by hand stays away until a call that happened after that.
JOIN = """
INSERT INTO customers_membership AS kept
  (workspace_id, company_id, customer_id, source, joined_at)
SELECT %(workspace)s, given.company_id, coalesce(c.merged_into, c.id), %(source)s, min(given.at)
FROM unnest(%(companies)s::bigint[], %(customers)s::bigint[], %(at)s::timestamptz[])
  AS given (company_id, customer_id, at)
JOIN customers_customer c ON c.workspace_id = %(workspace)s AND c.id = given.customer_id
GROUP BY 2, 3 ORDER BY 2, 3
ON CONFLICT (workspace_id, company_id, customer_id) DO UPDATE
SET left_at = NULL, joined_at = excluded.joined_at, source = excluded.source
WHERE kept.left_at IS NOT NULL AND kept.left_at < excluded.joined_at
RETURNING company_id, customer_id, joined_at
"""


@dataclass(slots=True)
class _Told:
    at: datetime
    traits: dict[str, Any]


def join_companies(workspace_id: int, rows: Sequence[Membership], *, source: str = "group") -> int:
    """Let customers belong to companies, made when new; how many joined who had not belonged.

    A repeated row changes nothing. A group id that cannot be read (empty, a line break, over 200
    characters) is left out. A trait of null says that it is not known any more.
    """
    named = [
        (row, group_id) for row in rows if (group_id := group_id_of(workspace_id, row.group_id))
    ]
    if not named:
        return 0
    told: dict[str, _Told] = {}
    for row, group_id in sorted(named, key=lambda pair: pair[0].at):
        so_far = told.setdefault(group_id, _Told(row.at, {}))
        so_far.at = row.at
        so_far.traits.update(_kept(row.traits))
    companies = _upsert(workspace_id, told)
    return _join(
        workspace_id,
        [(companies[group_id][0], row.customer_id, row.at) for row, group_id in named],
        {row[0]: (row[1], row[2]) for row in companies.values()},
        source,
    )


def save_company(
    workspace_id: int, *, group_id: str, name: str | None, traits: Mapping[str, Any] | None = None
) -> str:
    """Make the company of this group id, or rename it; its public id. raises Invalid"""
    kept = normalise.identifier(group_id)
    title = (name or "").strip()
    if len(title) > NAME_LENGTH_MAX:
        raise Invalid("name_too_long", f"A name has at most {NAME_LENGTH_MAX} characters.",
                      field="name")  # fmt: skip
    given = {**(traits or {}), **({"name": title} if title else {})}
    told = {kept: _Told(clock.now(), _kept(given))}
    return str(_upsert(workspace_id, told)[kept][2])


def add_member(workspace_id: int, company_id: int, customer_id: int, *, source: str) -> bool:
    """Let the customer belong to the company by hand; false when they do already.

    raises  NotFound(company_unknown)
    """
    name, public_id = _company(workspace_id, company_id)
    given = [(company_id, customer_id, clock.now())]
    return bool(_join(workspace_id, given, {company_id: (name, public_id)}, source))


def leave_company(workspace_id: int, company_id: int, customer_ids: Sequence[int]) -> bool:
    """End what binds the customer, under every id of theirs, to the company; false when nothing."""
    raw = cursor()
    raw.execute(
        "UPDATE customers_membership SET left_at = %s WHERE workspace_id = %s AND company_id = %s"
        " AND customer_id = ANY(%s) AND left_at IS NULL",
        [clock.now(), workspace_id, company_id, list(customer_ids)],
    )
    return raw.rowcount > 0


def _company(workspace_id: int, company_id: int) -> tuple[str, str]:
    raw = cursor()
    raw.execute(
        "SELECT coalesce(name, group_id), public_id FROM customers_company"
        " WHERE workspace_id = %s AND id = %s",
        [workspace_id, company_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("company_unknown", "There is no such company.")
    return row[0], row[1]


def _kept(traits: Mapping[str, Any]) -> dict[str, Any]:
    few = [(key, value) for key, value in traits.items() if 0 < len(key) <= ATTR_NAME_LENGTH_MAX]
    return {key: None if value is None else attribute(value) for key, value in few[:ATTRS_MAX]}


def _upsert(workspace_id: int, told: Mapping[str, _Told]) -> dict[str, tuple[int, str, str]]:
    """Of each group id the company's id, its name and its public id."""
    raw = cursor()
    given = [_row(group_id, what) for group_id, what in told.items()]
    text = json_without_nul(msgspec.json.encode(given).decode())
    raw.execute(UPSERT, [workspace_id, text])
    return {row[0]: (row[1], row[2], row[3]) for row in raw.fetchall()}


def _row(group_id: str, what: _Told) -> dict[str, Any]:
    name = what.traits.get("name")
    title = name.strip()[:NAME_LENGTH_MAX] if isinstance(name, str) else ""
    return {
        "public_id": new_public_id(),
        "group_id": group_id,
        "name": title or None,
        "traits": {key: value for key, value in what.traits.items() if key != "name"},
        "at": what.at,
        "sort_name": fold(title or group_id),
        "trigrams": grams_of([title, group_id]),
    }


def _join(
    workspace_id: int,
    given: Sequence[tuple[int, int, datetime]],
    names: Mapping[int, tuple[str, str]],
    source: str,
) -> int:
    raw = cursor()
    raw.execute(
        JOIN,
        {
            "workspace": workspace_id,
            "source": source,
            "companies": [row[0] for row in given],
            "customers": [row[1] for row in given],
            "at": [row[2] for row in given],
        },
    )
    joined = raw.fetchall()
    news = [
        NewEvent(
            kind="company.joined",
            time=at,
            key=f"company:{company_id}:joined:{customer_id}:{at.timestamp()}",
            customer_id=customer_id,
            props={"company": names[company_id][0], "company_id": names[company_id][1]},
        )
        for company_id, customer_id, at in joined
    ]
    events.record_many(workspace_id, news)
    return len(joined)
