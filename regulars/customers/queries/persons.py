"""Everything a person is known by, for their export and their erasure."""

from __future__ import annotations

from regulars.kernel.errors import NotFound
from regulars.store.persons import Person
from regulars.store.scope import cursor

IDS = """
SELECT id, public_id FROM customers_customer
WHERE workspace_id = %(workspace)s AND (id = %(root)s OR merged_into = %(root)s
   OR id IN (SELECT loser_id FROM customers_merge
             WHERE workspace_id = %(workspace)s AND root_id = %(root)s AND NOT is_gone))
ORDER BY id <> %(root)s, id
"""
# Identifiers, and addresses that stand in a profile or were named without being held.
KNOWN_BY = """
SELECT kind, value FROM customers_identifier
WHERE workspace_id = %(workspace)s AND customer_id = ANY(%(ids)s)
UNION SELECT 'email', email FROM customers_customer
WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) AND email IS NOT NULL
UNION SELECT 'phone', phone FROM customers_customer
WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) AND phone IS NOT NULL
UNION SELECT 'email', own->'columns'->>'email' FROM customers_customer
WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) AND own->'columns'->>'email' IS NOT NULL
UNION SELECT 'phone', own->'columns'->>'phone' FROM customers_customer
WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) AND own->'columns'->>'phone' IS NOT NULL
ORDER BY 1, 2
"""


def whole_person(workspace_id: int, customer_id: int) -> Person:
    """The customer with everybody merged into them. raises NotFound(customer_unknown)"""
    raw = cursor()
    raw.execute(
        "SELECT coalesce(merged_into, id) FROM customers_customer"
        " WHERE workspace_id = %s AND id = %s",
        [workspace_id, customer_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("customer_unknown", "There is no such customer.")
    raw.execute(IDS, {"workspace": workspace_id, "root": row[0]})
    found = raw.fetchall()
    ids = tuple(int(one) for one, _ in found)
    raw.execute(KNOWN_BY, {"workspace": workspace_id, "ids": list(ids)})
    return Person(
        workspace_id=workspace_id,
        ids=ids,
        public_ids=tuple(str(one) for _, one in found),
        identifiers=tuple((str(kind), str(value)) for kind, value in raw.fetchall()),
    )
