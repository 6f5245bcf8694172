"""What counts when customers are weighed against each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from regulars.customers.pure.priority import Standing
from regulars.customers.records import Identifier, IdentifierKind
from regulars.events import queries as events
from regulars.store.scope import cursor

READ = """
SELECT customer_id, kind, count(*),
       array_agg(value) FILTER (WHERE has_access),
       array_agg(value) FILTER (WHERE is_confirmed)
FROM customers_identifier WHERE workspace_id = %s AND customer_id = ANY(%s)
GROUP BY customer_id, kind
"""
READ_MEMBERS = """
SELECT loser_id, root_id FROM customers_merge
WHERE workspace_id = %s AND root_id = ANY(%s) AND NOT is_gone
"""


def are_ids_people(workspace_id: int) -> bool:
    """Whether customers with different external ids are never merged without a person's word."""
    raw = cursor()
    raw.execute(
        "SELECT are_ids_people FROM customers_identitysetting WHERE workspace_id = %s",
        [workspace_id],
    )
    row = raw.fetchone()
    return True if row is None else bool(row[0])


def standings(workspace_id: int, customer_ids: Collection[int]) -> dict[int, Standing]:
    """The standing of each of these roots, those merged into them included.

    Purchases and acts are read from the log, for whatever happens is written there.
    """
    if not customer_ids:
        return {}
    raw = cursor()
    raw.execute(READ, [workspace_id, list(customer_ids)])
    counts: defaultdict[int, dict[IdentifierKind, int]] = defaultdict(dict)
    access: defaultdict[int, set[Identifier]] = defaultdict(set)
    confirmed: defaultdict[int, set[Identifier]] = defaultdict(set)
    for customer_id, word, count, opening, proved in raw.fetchall():
        kind = IdentifierKind(word)
        counts[customer_id][kind] = count
        access[customer_id].update(Identifier(kind, value) for value in opening or ())
        confirmed[customer_id].update(Identifier(kind, value) for value in proved or ())
    raw.execute(READ_MEMBERS, [workspace_id, list(customer_ids)])
    root_of = dict(raw.fetchall()) | {one: one for one in customer_ids}
    found = {
        one: Standing(one, counts[one], frozenset(access[one]), frozenset(confirmed[one]))
        for one in customer_ids
    }
    for member, (has_purchases, acted_at) in events.deeds(workspace_id, list(root_of)).items():
        root = root_of[member]
        done = Standing(root, has_purchases=has_purchases, acted_at=acted_at)
        found[root] = found[root].joined(done)
    return found
