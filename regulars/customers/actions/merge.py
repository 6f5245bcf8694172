"""Making two customers one: the loser's identifiers and consents move to the root."""

from __future__ import annotations

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.store.scope import cursor

LOCK = """
SELECT id, merged_into FROM customers_customer
WHERE workspace_id = %s AND id = ANY(%s) ORDER BY id FOR UPDATE
"""
# Those merged into the loser before follow it, so that one step always leads to the root.
POINT = """
WITH moved AS (
  UPDATE customers_merge SET root_id = %(root)s, version = version + 1
  WHERE workspace_id = %(workspace)s AND root_id = %(loser)s
), flagged AS (
  UPDATE customers_customer SET merged_into = %(root)s, updated_at = %(now)s
  WHERE workspace_id = %(workspace)s AND (id = %(loser)s OR merged_into = %(loser)s)
), identifiers AS (
  UPDATE customers_identifier SET customer_id = %(root)s
  WHERE workspace_id = %(workspace)s AND customer_id = %(loser)s
)
INSERT INTO customers_merge (workspace_id, loser_id, root_id, version, at)
VALUES (%(workspace)s, %(loser)s, %(root)s, 1, %(now)s)
"""
# The newest word counts, and of two equally new ones the refusal.
SETTLE_CONSENTS = """
WITH gone AS (
  UPDATE customers_consentstate SET is_gone = true
  WHERE workspace_id = %(workspace)s AND customer_id = %(loser)s AND NOT is_gone
  RETURNING channel, purpose, state, changed_at
)
INSERT INTO customers_consentstate AS kept
  (workspace_id, customer_id, channel, purpose, state, changed_at, is_gone)
SELECT %(workspace)s, %(root)s, channel, purpose, state, changed_at, false FROM gone
ORDER BY channel, purpose
ON CONFLICT (workspace_id, customer_id, channel, purpose) DO UPDATE
SET state = excluded.state, changed_at = excluded.changed_at
WHERE excluded.changed_at > kept.changed_at
   OR (excluded.changed_at = kept.changed_at AND excluded.state = 'withdrawn')
"""
FILL_ROOT = """
UPDATE customers_customer AS root
SET external_id = coalesce(root.external_id, loser.external_id),
    name = coalesce(root.name, loser.name),
    first_name = coalesce(root.first_name, loser.first_name),
    last_name = coalesce(root.last_name, loser.last_name),
    email = coalesce(root.email, loser.email), phone = coalesce(root.phone, loser.phone),
    city = coalesce(root.city, loser.city), country = coalesce(root.country, loser.country),
    language = coalesce(root.language, loser.language),
    gender = coalesce(root.gender, loser.gender),
    birth_on = coalesce(root.birth_on, loser.birth_on),
    attrs = loser.attrs || root.attrs,
    first_seen_at = least(root.first_seen_at, loser.first_seen_at),
    trigrams = (SELECT array_agg(DISTINCT gram ORDER BY gram)
                FROM unnest(root.trigrams || loser.trigrams) AS gram),
    sort_name = coalesce(nullif(root.sort_name, ''), loser.sort_name),
    updated_at = %(now)s
FROM customers_customer AS loser
WHERE root.workspace_id = %(workspace)s AND root.id = %(root)s AND loser.id = %(loser)s
"""


def merge(workspace_id: int, loser: int, root: int) -> None:
    """Make `loser` the same customer as `root`; what only the loser knew fills the root.

    Events and orders keep the id they came with; the mapping tells whose they are now.
    raises  Invalid(merge_self), NotFound(customer_unknown), Conflict(customer_merged)
    """
    if loser == root:
        raise Invalid("merge_self", "A customer cannot be merged with itself.")
    raw = cursor()
    raw.execute(LOCK, [workspace_id, [loser, root]])
    found = dict(raw.fetchall())
    if len(found) != 2:
        raise NotFound("customer_unknown", "There is no such customer.")
    if any(merged_into is not None for merged_into in found.values()):
        raise Conflict("customer_merged", "One of the two was merged before; take its root.")
    now = clock.now()
    values = {"workspace": workspace_id, "loser": loser, "root": root, "now": now}
    raw.execute(FILL_ROOT, values)
    raw.execute(POINT, values)
    raw.execute(SETTLE_CONSENTS, values)
    events.record_many(
        workspace_id,
        [
            NewEvent(
                kind="customer.merged",
                time=now,
                key=f"customer:{loser}:merged:{root}",
                customer_id=root,
                subject_id=loser,
                props={"loser_id": loser},
            )
        ],
    )
