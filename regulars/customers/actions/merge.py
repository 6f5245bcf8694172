"""Making two customers one, in a way that can be undone.

Nothing of the loser's is rewritten: events, orders and the consent ledger keep the id they came
with, and the mapping tells whose they are. Only what is derived follows the root: who owns an
identifier (its holder stays written beside it), the settled consents and what the root shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from regulars.audit import actions as audit
from regulars.customers.actions import present, profiles, stops
from regulars.customers.actions.profiles import RacedError, Stored
from regulars.customers.pure.filling import filled
from regulars.customers.pure.priority import Verdict, weigh
from regulars.customers.pure.resolve import Joined
from regulars.customers.queries import standing
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor

LOCK = """
SELECT id, merged_into FROM customers_customer
WHERE workspace_id = %s AND id = ANY(%s) ORDER BY id FOR UPDATE
"""
# Those merged into a loser before follow it, so that one step always leads to the root.
POINT = """
WITH given AS (
  SELECT * FROM unnest(%(losers)s::bigint[], %(roots)s::bigint[], %(intos)s::bigint[])
    AS g (loser_id, root_id, into_id)
), moved AS (
  UPDATE customers_merge AS m SET root_id = given.root_id, version = version + 1
  FROM given
  WHERE m.workspace_id = %(workspace)s AND m.root_id = given.loser_id AND NOT m.is_gone
  RETURNING m.loser_id, m.root_id
), flagged AS (
  UPDATE customers_customer AS c SET merged_into = going.root_id, updated_at = %(now)s
  FROM (SELECT loser_id, root_id FROM given UNION ALL SELECT loser_id, root_id FROM moved) AS going
  WHERE c.workspace_id = %(workspace)s AND c.id = going.loser_id
), identifiers AS (
  UPDATE customers_identifier AS i
  SET customer_id = given.root_id, held_by = coalesce(i.held_by, i.customer_id)
  FROM given
  WHERE i.workspace_id = %(workspace)s AND i.customer_id = given.loser_id
)
INSERT INTO customers_merge AS m
  (workspace_id, loser_id, root_id, into_id, version, at, is_gone)
SELECT %(workspace)s, loser_id, root_id, into_id, 1, %(now)s, false FROM given ORDER BY loser_id
ON CONFLICT (workspace_id, loser_id) DO UPDATE
SET root_id = excluded.root_id, into_id = excluded.into_id, version = m.version + 1,
    at = excluded.at, is_gone = false
"""
# The newest word counts, and of two equally new ones the refusal.
SETTLE_CONSENTS = """
WITH gone AS (
  UPDATE customers_consentstate AS s SET is_gone = true
  FROM unnest(%(losers)s::bigint[], %(roots)s::bigint[]) AS g (loser_id, root_id)
  WHERE s.workspace_id = %(workspace)s AND s.customer_id = g.loser_id AND NOT s.is_gone
  RETURNING g.root_id, s.channel, s.purpose, s.state, s.changed_at
)
INSERT INTO customers_consentstate AS kept
  (workspace_id, customer_id, channel, purpose, state, changed_at, is_gone)
SELECT DISTINCT ON (root_id, channel, purpose)
       %(workspace)s, root_id, channel, purpose, state, changed_at, false
FROM gone ORDER BY root_id, channel, purpose, changed_at DESC, state DESC
ON CONFLICT (workspace_id, customer_id, channel, purpose) DO UPDATE
SET state = excluded.state, changed_at = excluded.changed_at, is_gone = false
WHERE kept.is_gone OR excluded.changed_at > kept.changed_at
   OR (excluded.changed_at = kept.changed_at AND excluded.state = 'withdrawn')
"""
LOG = """
INSERT INTO customers_mergeentry
  (workspace_id, public_id, act, loser_id, into_id, reason, rule, actor, at, key)
SELECT %s, public_id, %s, loser_id, into_id, reason, rule, %s, %s, key
FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[])
  AS given (public_id, loser_id, into_id, reason, rule, key)
"""
FIND_KEY = """
SELECT loser_id, into_id, rule FROM customers_mergeentry WHERE workspace_id = %s AND key = %s
"""
BY_HAND = "hand"
CHOSEN = "chosen"
KEY_LENGTH_MAX = 200


def merge(
    workspace_id: int,
    loser: int,
    root: int,
    *,
    reason: str = BY_HAND,
    rule: str = CHOSEN,
    actor: str = "",
    key: str | None = None,
) -> None:
    """Make `loser` the same customer as `root`; what only the loser knew fills the root.

    key     of an earlier call with the same two: nothing happens again
    raises  Invalid(merge_self), NotFound(customer_unknown), Conflict(customer_merged),
            Conflict(idempotency_mismatch)
    """
    if loser == root:
        raise Invalid("merge_self", "A customer cannot be merged with itself.")
    lock(workspace_id, [loser, root])
    if _was_done(workspace_id, key, loser, root) is not None:
        return
    refuse_merged(workspace_id, [loser, root])
    apply(workspace_id, [Joined(loser, root, reason, rule)], actor, clock.now(), key=key)
    _note(workspace_id, loser, root)


def merge_two(
    workspace_id: int,
    one: int,
    other: int,
    *,
    reason: str = BY_HAND,
    actor: str = "",
    key: str | None = None,
) -> Verdict:
    """Make two customers one; the written order says who stays.

    raises  as merge
    """
    if one == other:
        raise Invalid("merge_self", "A customer cannot be merged with itself.")
    lock(workspace_id, [one, other])
    before = _was_done(workspace_id, key, one, other)
    if before is not None:
        return before
    refuse_merged(workspace_id, [one, other])
    found = standing.standings(workspace_id, [one, other])
    verdict = weigh(found[one], found[other])
    joined = Joined(verdict.loser, verdict.winner, reason, verdict.rule)
    apply(workspace_id, [joined], actor, clock.now(), key=key)
    _note(workspace_id, verdict.loser, verdict.winner)
    return verdict


def _note(workspace_id: int, *customer_ids: int) -> None:
    """A line for each of the two in the audit trail."""
    audit.note_many(
        workspace_id,
        [
            audit.Note("customer.merged", "customer", present.public_id(workspace_id, one))
            for one in customer_ids
        ],
    )


def lock(workspace_id: int, customer_ids: Sequence[int]) -> dict[int, int | None]:
    """Hold the rows of these customers, in the order of ids; whom each was merged into."""
    raw = cursor()
    raw.execute(LOCK, [workspace_id, list(customer_ids)])
    return dict(raw.fetchall())


def refuse_merged(workspace_id: int, customer_ids: Sequence[int]) -> None:
    """Nothing when all are roots. raises NotFound(customer_unknown), Conflict(customer_merged)"""
    found = lock(workspace_id, customer_ids)
    if len(found) != len(customer_ids):
        raise NotFound("customer_unknown", "There is no such customer.")
    if any(merged_into is not None for merged_into in found.values()):
        raise Conflict("customer_merged", "One of the two was merged before; take its root.")


def _was_done(workspace_id: int, key: str | None, one: int, other: int) -> Verdict | None:
    if key is None:
        return None
    if not 0 < len(key) <= KEY_LENGTH_MAX:
        raise Invalid("idempotency_key", f"A key has 1 to {KEY_LENGTH_MAX} characters.")
    raw = cursor()
    raw.execute(FIND_KEY, [workspace_id, key])
    row = raw.fetchone()
    if row is None:
        return None
    if {row[0], row[1]} != {one, other}:
        raise Conflict("idempotency_mismatch", "The key was used for other customers.")
    return Verdict(row[1], row[0], row[2])


def apply(
    workspace_id: int,
    merges: Sequence[Joined],
    actor: str,
    now: datetime,
    *,
    origin: str = "live",
    key: str | None = None,
) -> None:
    """Carry out merges of roots, one after another, with few statements for all of them.

    raises  RacedError when one of them is no root any more
    """
    if not merges:
        return
    into = {joined.loser: joined.winner for joined in merges}
    root_of = {loser: _end(loser, into) for loser in into}
    stored = profiles.read(workspace_id, sorted({*into, *into.values()}), is_locked=True)
    if any(one.merged_into is not None for one in stored.values()):
        raise RacedError
    values = {
        "workspace": workspace_id,
        "now": now,
        "losers": list(into),
        "roots": [root_of[loser] for loser in into],
        "intos": list(into.values()),
    }
    cursor().execute(POINT, values)
    profiles.write(workspace_id, _filled(stored, merges), now)
    stops.follow(workspace_id, stored)
    cursor().execute(SETTLE_CONSENTS, values)
    write_log(workspace_id, "merged", merges, actor, now, key)
    events.record_many(workspace_id, [_event(joined, root_of, now, origin) for joined in merges])


def _end(customer_id: int, into: Mapping[int, int]) -> int:
    while customer_id in into:
        customer_id = into[customer_id]
    return customer_id


def _filled(stored: Mapping[int, Stored], merges: Sequence[Joined]) -> dict[int, Stored]:
    """The rows of winners, with what only their losers knew."""
    present = dict(stored)
    for joined in merges:
        winner, loser = present[joined.winner], present[joined.loser]
        present[joined.winner] = winner.told(
            filled(winner.row, loser.row), winner.own or winner.row
        )
    return {joined.winner: present[joined.winner] for joined in merges}


def write_log(
    workspace_id: int,
    act: str,
    lines: Sequence[Joined],
    actor: str,
    now: datetime,
    key: str | None,
) -> None:
    """Add lines to the merge log; the key stands on the only one."""
    keys = [key] * len(lines)
    cursor().execute(
        LOG,
        [workspace_id, act, actor, now, [new_public_id() for _ in lines],
         [line.loser for line in lines], [line.winner for line in lines],
         [line.reason for line in lines], [line.rule for line in lines], keys],
    )  # fmt: skip


def _event(joined: Joined, root_of: Mapping[int, int], now: datetime, origin: str) -> NewEvent:
    return NewEvent(
        kind="customer.merged",
        time=now,
        key=f"customer:{joined.loser}:merged:{new_public_id()}",
        customer_id=root_of[joined.loser],
        subject_id=joined.loser,
        props={"loser_id": joined.loser, "reason": joined.reason, "rule": joined.rule},
        origin=origin,
    )
