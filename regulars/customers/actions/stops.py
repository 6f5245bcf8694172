"""Who may not be written to at the address they have now: suppressions follow addresses.

A suppression belongs to an address and knows it as a hash only; rules and lists ask about
customers. So each customer whose present address is suppressed has a row for the channel, brought
right in the transaction that changes an address, a merge or a suppression. No lock keeps the two
sides apart, for it would lie on the way of every event: when an address is suppressed in the very
moment in which somebody takes it, neither transaction sees the other, and the row is wrong until
`settle_all` comes by, once an hour. Letters do not ask here but by the address itself, so none
goes out for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from regulars.customers.pure.addresses import keyed_hash
from regulars.customers.records import ADDRESS_COLUMNS
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries as workspaces

CONTACTS = frozenset(ADDRESS_COLUMNS.values())
# An address that moved on again and again is followed so far.
TAKERS_MAX = 32
SETTLED_AT_ONCE = 5_000

IS_ANY = """
SELECT EXISTS (SELECT FROM customers_suppression WHERE workspace_id = %s)
"""
READ = """
SELECT id, email, phone FROM customers_customer
WHERE workspace_id = %s AND id = ANY(%s) AND merged_into IS NULL
"""
READ_NEXT = """
SELECT id FROM customers_customer
WHERE workspace_id = %s AND id > %s AND (email IS NOT NULL OR phone IS NOT NULL)
ORDER BY id LIMIT %s
"""
READ_STOPPED = """
SELECT channel, address_hash FROM customers_suppression
WHERE workspace_id = %s AND address_hash = ANY(%s) AND lifted_at IS NULL
"""
SET = """
WITH wanted AS (
  SELECT * FROM unnest(%(stopped)s::bigint[], %(channels)s::text[]) AS w (customer_id, channel)
), lifted AS (
  UPDATE customers_stop AS s SET is_gone = true
  WHERE s.workspace_id = %(workspace)s AND s.customer_id = ANY(%(customers)s) AND NOT s.is_gone
    AND NOT EXISTS (SELECT FROM wanted w
                    WHERE w.customer_id = s.customer_id AND w.channel = s.channel)
)
INSERT INTO customers_stop AS s (workspace_id, customer_id, channel, is_gone)
SELECT %(workspace)s, customer_id, channel, false FROM wanted ORDER BY customer_id, channel
ON CONFLICT (workspace_id, customer_id, channel) DO UPDATE SET is_gone = false WHERE s.is_gone
"""
READ_OWNER = """
SELECT DISTINCT coalesce(c.merged_into, c.id) FROM customers_identifier i
JOIN customers_customer c ON c.workspace_id = i.workspace_id AND c.id = i.customer_id
WHERE i.workspace_id = %s AND i.kind = %s AND i.value = %s
"""
READ_TAKERS = """
SELECT DISTINCT coalesce(c.merged_into, c.id) FROM events_event e
JOIN customers_customer c ON c.workspace_id = e.workspace_id AND c.id = e.subject_id
WHERE e.workspace_id = %s AND e.customer_id = ANY(%s) AND e.kind = 'contact.lost'
"""


def follow(workspace_id: int, customer_ids: Collection[int]) -> None:
    """Bring right who of these is stopped; call it when their addresses are written."""
    if not customer_ids:
        return
    raw = cursor()
    raw.execute(IS_ANY, [workspace_id])
    if raw.fetchone() == (True,):
        _settle(workspace_id, customer_ids)


def follow_address(
    workspace_id: int, channel: str, *, address: str | None, customer_ids: Iterable[int]
) -> None:
    """Bring right whoever may have the address that was suppressed or lifted just now.

    address       None where only its hash is known
    customer_ids  who is said to have it, or had it once
    """
    raw, candidates = cursor(), set(customer_ids)
    column = ADDRESS_COLUMNS.get(channel)
    if address is not None and column is not None:
        raw.execute(READ_OWNER, [workspace_id, column, address.strip().lower()])
        candidates |= {row[0] for row in raw.fetchall()}
    fresh = set(candidates)
    # A contact that went to somebody else is looked for there.
    while fresh and len(candidates) < TAKERS_MAX:
        raw.execute(READ_TAKERS, [workspace_id, list(fresh)])
        fresh = {row[0] for row in raw.fetchall()} - candidates
        candidates |= fresh
    if candidates:
        _settle(workspace_id, candidates)


def settle_all(workspace_id: int) -> None:
    """Bring everybody right, some at a time, each in a transaction of its own."""
    after: int | None = 0
    while after is not None:
        with scope(workspace_id):
            after = _settle_next(workspace_id, after)


def _settle_next(workspace_id: int, after: int) -> int | None:
    raw = cursor()
    raw.execute(IS_ANY, [workspace_id])
    if raw.fetchone() != (True,):
        return None
    raw.execute(READ_NEXT, [workspace_id, after, SETTLED_AT_ONCE])
    ids = [row[0] for row in raw.fetchall()]
    if not ids:
        return None
    _settle(workspace_id, ids)
    return int(ids[-1])


def _settle(workspace_id: int, customer_ids: Collection[int]) -> None:
    raw = cursor()
    raw.execute(READ, [workspace_id, list(customer_ids)])
    secret = workspaces.workspace(workspace_id).secret
    hashes: dict[tuple[int, str], bytes] = {}
    for customer_id, email, phone in raw.fetchall():
        addresses: Mapping[str, str | None] = {"email": email, "phone": phone}
        for channel, column in ADDRESS_COLUMNS.items():
            address = addresses[column]
            if address:
                hashes[customer_id, channel] = keyed_hash(secret, channel, address)
    raw.execute(READ_STOPPED, [workspace_id, list(set(hashes.values()))])
    stopped = {(row[0], bytes(row[1])) for row in raw.fetchall()}
    wanted = sorted(one for one, found in hashes.items() if (one[1], found) in stopped)
    raw.execute(
        SET,
        {
            "workspace": workspace_id,
            "customers": list(customer_ids),
            "stopped": [one[0] for one in wanted],
            "channels": [one[1] for one in wanted],
        },
    )
