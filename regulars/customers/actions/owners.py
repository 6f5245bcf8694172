"""Whose identifiers are, read and written for a whole batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from regulars.customers.actions.profiles import RacedError
from regulars.customers.pure.resolve import Owner, Row
from regulars.customers.records import Identifier, IdentifierKind
from regulars.store import arrays
from regulars.store.scope import cursor

KINDS = {kind.value: kind for kind in IdentifierKind}
# Asking an enum for its value takes longer than a look-up.
WORDS = {kind: kind.value for kind in IdentifierKind}

READ_OWNERS = """
SELECT i.kind, i.value, i.customer_id, coalesce(i.held_by, i.customer_id)
FROM unnest(%s::text[], %s::text[]) AS asked (kind, value)
JOIN customers_identifier i
  ON i.workspace_id = %s AND i.kind = asked.kind AND i.value = asked.value
"""
# In key order, so that two batches that give the same identifiers wait and do not deadlock.
TAKE_IDENTIFIERS = """
INSERT INTO customers_identifier (workspace_id, kind, value, customer_id, held_by)
SELECT %s, kind, value, customer_id, nullif(held_by, customer_id)
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[])
  AS given (kind, value, customer_id, held_by)
ORDER BY kind, value
ON CONFLICT DO NOTHING
"""
MOVE_IDENTIFIERS = """
UPDATE customers_identifier AS i
SET customer_id = given.customer_id, held_by = nullif(given.held_by, given.customer_id)
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[])
  AS given (kind, value, customer_id, held_by, owner_id)
WHERE i.workspace_id = %s AND i.kind = given.kind AND i.value = given.value
  AND i.customer_id = given.owner_id
"""
FLAG = """
UPDATE customers_identifier AS i
SET is_confirmed = i.is_confirmed OR given.is_confirmed, has_access = i.has_access OR given.access
FROM unnest(%s::text[], %s::text[], %s::bool[], %s::bool[])
  AS given (kind, value, is_confirmed, access)
WHERE i.workspace_id = %s AND i.kind = given.kind AND i.value = given.value
  AND ((given.is_confirmed AND NOT i.is_confirmed) OR (given.access AND NOT i.has_access))
"""
SHARE = """
INSERT INTO customers_share AS s
  (workspace_id, kind, value, customer_id, holder_id, was_held, rule, at)
SELECT %s, kind, value, customer_id, holder_id, was_held, rule, %s
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bool[], %s::text[])
  AS given (kind, value, customer_id, holder_id, was_held, rule)
ORDER BY kind, value, customer_id
ON CONFLICT (workspace_id, kind, value, customer_id) DO UPDATE
SET holder_id = excluded.holder_id, was_held = s.was_held OR excluded.was_held,
    rule = excluded.rule, at = excluded.at
WHERE (s.holder_id, s.rule) IS DISTINCT FROM (excluded.holder_id, excluded.rule)
   OR (excluded.was_held AND NOT s.was_held)
"""


def read(workspace_id: int, rows: Sequence[Row]) -> dict[Identifier, Owner]:
    """The owner of each identifier of the rows that has one."""
    asked = list({identifier for row in rows for identifier in row.identifiers})
    asked += [row.previous for row in rows if row.previous is not None]
    raw = cursor()
    raw.execute(READ_OWNERS, [*columns(asked), workspace_id])
    return {
        Identifier(KINDS[kind], value): Owner(customer_id, held_by)
        for kind, value, customer_id, held_by in raw.fetchall()
    }


def columns(identifiers: Collection[Identifier]) -> tuple[str, str]:
    """Kinds and values, for unnest."""
    kinds = [WORDS[identifier.kind] for identifier in identifiers]
    return arrays.of_texts(kinds), arrays.of_texts([i.value for i in identifiers])


def take(workspace_id: int, gained: Mapping[Identifier, Owner]) -> None:
    """Give identifiers that nobody has. raises RacedError when somebody has one by now"""
    if not gained:
        return
    raw = cursor()
    owners = gained.values()
    raw.execute(
        TAKE_IDENTIFIERS,
        [workspace_id, *columns(gained), arrays.of_numbers([o.customer_id for o in owners]),
         arrays.of_numbers([o.held_by for o in owners])],
    )  # fmt: skip
    if raw.rowcount != len(gained):
        raise RacedError


def move(
    workspace_id: int, moved: Mapping[Identifier, Owner], before: Mapping[Identifier, Owner]
) -> None:
    """Let identifiers change their owners. raises RacedError when one is not where it was"""
    if not moved:
        return
    raw = cursor()
    owners = moved.values()
    raw.execute(
        MOVE_IDENTIFIERS,
        [*columns(moved), [o.customer_id for o in owners], [o.held_by for o in owners],
         [before[i].customer_id for i in moved], workspace_id],
    )  # fmt: skip
    if raw.rowcount != len(moved):
        raise RacedError


def flag(
    workspace_id: int, confirmed: Collection[Identifier], access: Collection[Identifier]
) -> None:
    """Remember that identifiers are proved, or open an account."""
    both = sorted({*confirmed, *access})
    if both:
        cursor().execute(
            FLAG, [*columns(both), [i in confirmed for i in both], [i in access for i in both],
                   workspace_id],
        )  # fmt: skip


def share(
    workspace_id: int, shares: Mapping[tuple[Identifier, int], tuple[int, bool, str]], now: datetime
) -> None:
    """Keep who else uses a contact: (contact, customer) → (holder, whether it was theirs, rule)."""
    if not shares:
        return
    contacts = columns([identifier for identifier, _ in shares])
    customers = [customer_id for _, customer_id in shares]
    holders, were_held, rules = (list(part) for part in zip(*shares.values(), strict=True))
    cursor().execute(SHARE, [workspace_id, now, *contacts, customers, holders, were_held, rules])
