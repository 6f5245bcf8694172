"""Writes of carts and wish lists, and of products seen on a site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from regulars.events.records import Event
from regulars.kernel.errors import Invalid
from regulars.kernel.ids import new_public_id
from regulars.orders.pure import carts
from regulars.orders.pure.carts import CartLine, CartState
from regulars.orders.pure.catalogue import Seen
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

Key = tuple[int, str]

# Both lists of a customer, locked in the order of customers, so that two writers wait in turn.
LOCK = "SELECT pg_advisory_xact_lock(%s::int, 0)"
OPEN_LISTS = """
SELECT c.id, c.customer_id, c.kind, c.source_id, c.coupon, c.created_at, c.changed_at, c.told_at,
       c.checkout_at
FROM orders_cart AS c
WHERE c.workspace_id = %s AND c.customer_id = ANY(%s) AND c.state = 'open'
ORDER BY c.id FOR UPDATE
"""
LAST_ORDERED = """
SELECT customer_id, kind, max(closed_at) FROM orders_cart
WHERE workspace_id = %s AND customer_id = ANY(%s) AND state = 'ordered' GROUP BY 1, 2
"""
LINES = """
SELECT cart_id, sku, name, quantity, unit_price, added_at, removed_at FROM orders_cartline
WHERE workspace_id = %s AND cart_id = ANY(%s)
"""
BEGIN = """
INSERT INTO orders_cart (workspace_id, public_id, token, customer_id, kind, state, currency,
  source_id, coupon, created_at, changed_at, total_minor, order_number)
VALUES (%s, %s, %s, %s, %s, 'open', %s, '', '', %s, %s, 0, '') RETURNING id
"""
KEEP = """
UPDATE orders_cart SET state = %s, source_id = %s, coupon = %s, created_at = %s, changed_at = %s,
  told_at = %s, checkout_at = %s, closed_at = %s, order_number = %s, total_minor = %s
WHERE workspace_id = %s AND id = %s
"""
KEEP_LINES = """
INSERT INTO orders_cartline
  (workspace_id, cart_id, sku, name, quantity, unit_price, added_at, removed_at)
SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::numeric[], %s::numeric[],
  %s::timestamptz[], %s::timestamptz[])
"""
# The newest list of each kind that a merge took, unless another has been opened since.
REOPEN = """
UPDATE orders_cart AS c SET state = 'open', closed_at = NULL
WHERE c.workspace_id = %s AND c.customer_id = %s AND c.state = 'merged'
  AND c.id = (SELECT max(id) FROM orders_cart AS m WHERE m.workspace_id = c.workspace_id
              AND m.customer_id = c.customer_id AND m.kind = c.kind AND m.state = 'merged')
  AND NOT EXISTS (SELECT FROM orders_cart AS o WHERE o.workspace_id = c.workspace_id
                  AND o.customer_id = c.customer_id AND o.kind = c.kind AND o.state = 'open')
RETURNING c.kind
"""
# A page of a site can be imitated by anybody, so it fills gaps and overwrites nothing.
FILL_PRODUCTS = """
INSERT INTO orders_product AS p
  (workspace_id, sku, name, category, brand, price, url, picture_url, sold_quantity, sold_minor)
SELECT %s, sku, name, category, brand, price, url, picture_url, 0, 0
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[], %s::text[], %s::text[])
  AS given (sku, name, category, brand, price, url, picture_url)
ORDER BY sku
ON CONFLICT (workspace_id, sku) DO UPDATE
SET name = coalesce(p.name, excluded.name), category = coalesce(p.category, excluded.category),
    brand = coalesce(p.brand, excluded.brand), price = coalesce(p.price, excluded.price),
    url = coalesce(p.url, excluded.url),
    picture_url = coalesce(p.picture_url, excluded.picture_url)
WHERE (p.name IS NULL AND excluded.name IS NOT NULL)
   OR (p.category IS NULL AND excluded.category IS NOT NULL)
   OR (p.brand IS NULL AND excluded.brand IS NOT NULL)
   OR (p.price IS NULL AND excluded.price IS NOT NULL)
   OR (p.url IS NULL AND excluded.url IS NOT NULL)
   OR (p.picture_url IS NULL AND excluded.picture_url IS NOT NULL)
"""


def change_carts(
    workspace_id: int, events: Sequence[Event], root_of: Mapping[int, int]
) -> list[tuple[Event, Invalid]]:
    """Let events change the lists of their customers; returns those that could not.

    root_of  who a customer is now, for those who were merged since
    """
    owned = [
        (root_of.get(event.customer_id, event.customer_id), event)
        for event in sorted(events, key=lambda event: (event.time, event.id))
        if event.customer_id is not None
    ]
    faults: list[tuple[Event, Invalid]] = []
    states = _states(workspace_id, sorted({owner for owner, _ in owned}))
    currency = workspaces.workspace(workspace_id).currency
    for owner, event in owned:
        key = (owner, carts.list_kind(event.kind))
        state = states.setdefault(key, CartState(key[1]))
        try:
            carts.apply(state, event.kind, event.props, event.time)
        except Invalid as error:
            faults.append((event, error))
        if state.closed_at is not None:
            _store(workspace_id, owner, state, currency)
            states[key] = CartState(key[1], begins_after=state.closed_at)
    for (owner, _), state in states.items():
        if state.is_touched:
            _store(workspace_id, owner, state, currency)
    return faults


def join_carts(workspace_id: int, loser_id: int, root_id: int) -> None:
    """Put the open lists of a customer into those of the one they were merged into."""
    states = _states(workspace_id, sorted({loser_id, root_id}))
    currency = workspaces.workspace(workspace_id).currency
    for kind in (carts.CART, carts.WISHLIST):
        gone = states.get((loser_id, kind))
        if gone is None or not gone.is_touched:
            continue
        kept = states.get((root_id, kind)) or CartState(kind)
        carts.join(kept, gone)
        cursor().execute(
            "UPDATE orders_cart SET state = 'merged', closed_at = changed_at"
            " WHERE workspace_id = %s AND id = %s",
            [workspace_id, gone.id],
        )
        _store(workspace_id, root_id, kept, currency)


def part_carts(workspace_id: int, split_id: int, root_id: int) -> None:
    """Give a customer who was split off the lists back that went into another's.

    A list the customer opened since stays the open one, and nothing is given back then.
    """
    states = _states(workspace_id, sorted({split_id, root_id}))
    currency = workspaces.workspace(workspace_id).currency
    raw = cursor()
    raw.execute(REOPEN, [workspace_id, split_id])
    kinds = [row[0] for row in raw.fetchall()]
    again = _states(workspace_id, [split_id])
    for kind in kinds:
        kept = states.get((root_id, kind))
        if kept is not None and kept.is_touched:
            carts.part(kept, again[(split_id, kind)])
            _store(workspace_id, root_id, kept, currency)


def fill_catalogue(workspace_id: int, products: Iterable[Seen]) -> int:
    """Add products seen on a site and what was not known of them; returns how many changed."""
    newest = {product.sku: product for product in products}
    if not newest:
        return 0
    rows = [newest[sku] for sku in sorted(newest)]
    raw = cursor()
    raw.execute(
        FILL_PRODUCTS,
        [
            workspace_id,
            [row.sku for row in rows],
            [row.name for row in rows],
            [row.category for row in rows],
            [row.brand for row in rows],
            [row.price for row in rows],
            [row.url for row in rows],
            [row.picture_url for row in rows],
        ],
    )
    return raw.rowcount


def _states(workspace_id: int, customer_ids: Sequence[int]) -> dict[Key, CartState]:
    raw = cursor()
    # One writer of carts a workspace: it is a consumer of the log, which has one reader anyway.
    raw.execute(LOCK, [workspace_id % (1 << 31)])
    raw.execute(LAST_ORDERED, [workspace_id, list(customer_ids)])
    found = {(row[0], row[1]): CartState(row[1], begins_after=row[2]) for row in raw.fetchall()}
    raw.execute(OPEN_LISTS, [workspace_id, list(customer_ids)])
    by_id: dict[int, CartState] = {}
    for id_, owner, kind, source_id, coupon, created, changed, told, checkout in raw.fetchall():
        before = found.get((owner, kind))
        by_id[id_] = found[(owner, kind)] = CartState(
            kind,
            id=id_,
            source_id=source_id,
            coupon=coupon,
            created_at=created,
            changed_at=changed,
            told_at=told,
            checkout_at=checkout,
            begins_after=before.begins_after if before is not None else None,
        )
    raw.execute(LINES, [workspace_id, list(by_id)])
    for cart_id, *line in raw.fetchall():
        by_id[cart_id].lines[line[0]] = CartLine(*line)
    return found


def _store(workspace_id: int, owner: int, state: CartState, currency: str) -> None:
    assert state.created_at is not None and state.changed_at is not None
    raw = cursor()
    if state.id is None:
        state.id = _begin(workspace_id, owner, state, currency, state.created_at, state.changed_at)
    raw.execute(
        KEEP,
        [
            "open" if state.closed_at is None else "ordered",
            state.source_id, state.coupon, state.created_at, state.changed_at, state.told_at,
            state.checkout_at, state.closed_at, state.order_number, state.total_minor(currency),
            workspace_id, state.id,
        ],
    )  # fmt: skip
    raw.execute(
        "DELETE FROM orders_cartline WHERE workspace_id = %s AND cart_id = %s",
        [workspace_id, state.id],
    )
    lines = [state.lines[sku] for sku in sorted(state.lines)]
    raw.execute(
        KEEP_LINES,
        [
            workspace_id, state.id, [line.sku for line in lines], [line.name for line in lines],
            [line.quantity for line in lines], [line.unit_price for line in lines],
            [line.added_at for line in lines], [line.removed_at for line in lines],
        ],
    )  # fmt: skip


def _begin(
    workspace_id: int, owner: int, state: CartState, currency: str, created: datetime, at: datetime
) -> int:
    raw = cursor()
    values: list[Any] = [workspace_id, new_public_id(), new_public_id(), owner, state.kind]
    raw.execute(BEGIN, [*values, currency, created, at])
    row = raw.fetchone()
    assert row is not None
    return int(row[0])
