"""Splitting a merged customer off again, with everything it brought.

What is undone is one edge of the tree of merges, so any merge may be undone in any order; those
merged into the customer before go along with it. What came after the merge stays with the root,
except what named an identifier of the one split off: that was kept under its id all the time. A
refusal said after the merge counts for both, for it was said by whichever of the two it was.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.audit import actions as audit
from regulars.customers.actions import present, profiles, stops
from regulars.customers.actions.consents import lock_consents
from regulars.customers.actions.merge import LOCK, write_log
from regulars.customers.actions.profiles import Stored
from regulars.customers.pure.filling import Row, taken_back, without
from regulars.customers.pure.resolve import Joined
from regulars.customers.records import IdentifierKind
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, NotFound
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor

READ_TREE = """
SELECT loser_id, coalesce(into_id, root_id), at FROM customers_merge
WHERE workspace_id = %s AND root_id = %s AND NOT is_gone ORDER BY at, id
"""
CUT = """
WITH cut AS (
  UPDATE customers_merge SET is_gone = true, version = version + 1
  WHERE workspace_id = %(workspace)s AND loser_id = %(top)s
), moved AS (
  UPDATE customers_merge SET root_id = %(top)s, version = version + 1
  WHERE workspace_id = %(workspace)s AND loser_id = ANY(%(below)s)
), undone AS (
  UPDATE customers_mergeentry SET undone_at = %(now)s
  WHERE workspace_id = %(workspace)s AND loser_id = %(top)s AND act = 'merged'
    AND undone_at IS NULL
)
UPDATE customers_customer
SET merged_into = CASE WHEN id = %(top)s THEN NULL ELSE %(top)s END, updated_at = %(now)s
WHERE workspace_id = %(workspace)s AND id = ANY(%(branch)s)
"""
GIVE_BACK = """
UPDATE customers_identifier
SET customer_id = %(top)s, held_by = nullif(held_by, %(top)s)
WHERE workspace_id = %(workspace)s AND customer_id = %(root)s AND held_by = ANY(%(branch)s)
RETURNING kind, value
"""
# A refusal is copied to the one split off unless its own last word is newer or is a refusal; one
# about a single topic or about all marketing wherever the branch agreed to anything of the kind.
CARRY_REFUSALS = """
INSERT INTO customers_consent
  (workspace_id, customer_id, channel, purpose, state, at, source, actor, text_version,
   recorded_at)
SELECT DISTINCT ON (l.channel, l.purpose)
       %(workspace)s, %(top)s, l.channel, l.purpose, l.state, l.at, l.source, l.actor,
       l.text_version, %(now)s
FROM customers_consent l
LEFT JOIN LATERAL (
  SELECT o.state, o.at FROM customers_consent o
  WHERE o.workspace_id = %(workspace)s AND o.customer_id = ANY(%(branch)s)
    AND o.channel = l.channel AND o.purpose = l.purpose
  ORDER BY o.at DESC, o.state DESC LIMIT 1) AS own ON true
WHERE l.workspace_id = %(workspace)s AND l.customer_id = ANY(%(rest)s)
  AND l.state = 'withdrawn' AND l.recorded_at > %(since)s
  AND ((own.state = 'given' AND own.at <= l.at) OR (own.state IS NULL AND EXISTS (
    SELECT FROM customers_consent a
    WHERE a.workspace_id = %(workspace)s AND a.customer_id = ANY(%(branch)s)
      AND a.channel = l.channel AND a.state = 'given' AND a.at <= l.at
      AND split_part(a.purpose, ':', 1) = split_part(l.purpose, ':', 1))))
ORDER BY l.channel, l.purpose, l.at DESC
"""
# So are a pause and a frequency chosen after the merge.
CARRY_WISHES = """
INSERT INTO customers_preference AS kept
  (workspace_id, customer_id, channel, gap_days, paused_until, changed_at)
SELECT %(workspace)s, %(top)s, channel, max(gap_days), max(paused_until), %(now)s
FROM customers_preference
WHERE workspace_id = %(workspace)s AND customer_id = ANY(%(rest)s) AND changed_at > %(since)s
  AND (gap_days > 0 OR paused_until > %(now)s)
GROUP BY channel ORDER BY channel
ON CONFLICT (workspace_id, customer_id, channel) DO UPDATE
SET gap_days = greatest(kept.gap_days, excluded.gap_days),
    paused_until = greatest(kept.paused_until, excluded.paused_until),
    changed_at = excluded.changed_at
"""
RESETTLE = """
WITH said AS (
  SELECT DISTINCT ON (g.top, l.channel, l.purpose)
         g.top, l.channel, l.purpose, l.state, l.at
  FROM unnest(%(tops)s::bigint[], %(members)s::bigint[]) AS g (top, member)
  JOIN customers_consent l ON l.workspace_id = %(workspace)s AND l.customer_id = g.member
  ORDER BY g.top, l.channel, l.purpose, l.at DESC, l.state DESC
), gone AS (
  UPDATE customers_consentstate AS s SET is_gone = true
  WHERE s.workspace_id = %(workspace)s AND s.customer_id = ANY(%(tops)s) AND NOT s.is_gone
    AND NOT EXISTS (SELECT FROM said WHERE said.top = s.customer_id
                    AND said.channel = s.channel AND said.purpose = s.purpose)
)
INSERT INTO customers_consentstate AS kept
  (workspace_id, customer_id, channel, purpose, state, changed_at, is_gone)
SELECT %(workspace)s, top, channel, purpose, state, at, false FROM said
ORDER BY top, channel, purpose
ON CONFLICT (workspace_id, customer_id, channel, purpose) DO UPDATE
SET state = excluded.state, changed_at = excluded.changed_at, is_gone = false
WHERE (kept.state, kept.changed_at, kept.is_gone)
      IS DISTINCT FROM (excluded.state, excluded.changed_at, false)
"""
# Who gives a contact back is written to by the first one of the kind that is left.
READ_NEXT = """
SELECT DISTINCT ON (kind) kind, value FROM customers_identifier
WHERE workspace_id = %s AND customer_id = %s AND kind = ANY(%s) ORDER BY kind, id
"""
COLUMN_OF_KIND = {
    IdentifierKind.EXTERNAL.value: "external_id",
    IdentifierKind.EMAIL.value: "email",
    IdentifierKind.PHONE.value: "phone",
}


@dataclass(frozen=True, slots=True)
class Tree:
    """A root and those merged into it: loser → (next one, when), in the order of merges."""

    root: int
    into: Mapping[int, int]
    at: Mapping[int, datetime]

    def below(self, top: int) -> list[int]:
        """Everybody merged into this one, near and far, in the order of merges."""
        inside = {top}
        size = 0
        while size != len(inside):
            size = len(inside)
            inside |= {loser for loser, into in self.into.items() if into in inside}
        return [loser for loser in self.into if loser in inside - {top}]

    def children(self, customer_id: int) -> list[int]:
        """Those merged into this one itself, in the order of merges."""
        return [loser for loser, into in self.into.items() if into == customer_id]

    def way_up(self, customer_id: int) -> list[int]:
        """From the one this was merged into to the root."""
        way = [self.into[customer_id]]
        while way[-1] in self.into:
            way.append(self.into[way[-1]])
        return way


def unmerge(workspace_id: int, customer_id: int, *, actor: str = "") -> int:
    """Make a merged customer one of its own again; gives the root it was part of.

    raises  NotFound(customer_unknown), Conflict(customer_not_merged)
    """
    root = _root_held(workspace_id, customer_id)
    tree = _tree(workspace_id, root)
    below = tree.below(customer_id)
    branch = [customer_id, *below]
    rest = [root, *(one for one in tree.into if one not in branch)]
    now = clock.now()
    values = {
        "workspace": workspace_id, "top": customer_id, "root": root, "below": below,
        "branch": branch, "rest": rest, "now": now, "since": tree.at[customer_id],
    }  # fmt: skip
    _restore_rows(workspace_id, tree, customer_id, branch, values, now)
    # Consents of both are settled anew from what each of them said.
    lock_consents(workspace_id)
    raw = cursor()
    raw.execute(CARRY_REFUSALS, values)
    raw.execute(CARRY_WISHES, values)
    tops = [root] * len(rest) + [customer_id] * len(branch)
    raw.execute(RESETTLE, {"workspace": workspace_id, "tops": tops, "members": [*rest, *branch]})
    line = Joined(customer_id, tree.into[customer_id], "split", "split")
    write_log(workspace_id, "split", [line], actor, now, None)
    events.record_many(workspace_id, [_event(root, customer_id, actor, now)])
    for one in (customer_id, root):
        known = present.public_id(workspace_id, one)
        audit.note(workspace_id, "customer.unmerged", "customer", known)
    return root


def _root_held(workspace_id: int, customer_id: int) -> int:
    """The root of a merged customer, with the rows of both locked in the order of ids."""
    raw = cursor()
    raw.execute(
        "SELECT merged_into FROM customers_customer WHERE workspace_id = %s AND id = %s",
        [workspace_id, customer_id],
    )
    row = raw.fetchone()
    if row is None:
        raise NotFound("customer_unknown", "There is no such customer.")
    root = row[0]
    if root is not None:
        raw.execute(LOCK, [workspace_id, [customer_id, root]])
        if dict(raw.fetchall()) == {customer_id: root, root: None}:
            return int(root)
    raise Conflict("customer_not_merged", "This customer stands alone; nothing is to be split off.")


def _tree(workspace_id: int, root: int) -> Tree:
    raw = cursor()
    raw.execute(READ_TREE, [workspace_id, root])
    rows = raw.fetchall()
    return Tree(root, {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows})


def _restore_rows(
    workspace_id: int,
    tree: Tree,
    top: int,
    branch: Sequence[int],
    values: Mapping[str, object],
    now: datetime,
) -> None:
    """Cut the branch off, give identifiers back, and show of everybody what is theirs."""
    members = sorted({tree.root, *tree.into})
    stored = profiles.read(workspace_id, members, is_locked=True)
    raw = cursor()
    raw.execute(CUT, values)
    raw.execute(GIVE_BACK, values)
    contacts: dict[str, set[str]] = {}
    for kind, value in raw.fetchall():
        if kind in COLUMN_OF_KIND:
            contacts.setdefault(COLUMN_OF_KIND[kind], set()).add(value)
    following = _following(workspace_id, tree.root) if contacts else {}
    changed: dict[int, Stored] = {}
    for customer_id in tree.way_up(top):
        left = [one for one in tree.children(customer_id) if one not in branch]
        rows = [changed.get(one, stored[one]).row for one in left]
        # Written even when nothing shows: what search finds it by changes all the same.
        changed[customer_id] = _shown(stored[customer_id], rows, contacts, following)
    root = stored[tree.root].row
    received = _received(stored[top], root, contacts)
    if received is not None:
        changed[top] = received
    profiles.write(workspace_id, changed, now)
    stops.follow(workspace_id, members)


def _following(workspace_id: int, root: int) -> dict[str, str]:
    raw = cursor()
    raw.execute(READ_NEXT, [workspace_id, root, list(COLUMN_OF_KIND)])
    return {COLUMN_OF_KIND[kind]: value for kind, value in raw.fetchall()}


def _shown(
    stored: Stored,
    left: Sequence[Row],
    contacts: Mapping[str, set[str]],
    following: Mapping[str, str],
) -> Stored:
    """The customer without what the branch had filled, and without the branch's contacts."""
    own = without(stored.own or stored.row, contacts, following)
    shown = taken_back(stored.row, own, left)
    return stored.told(shown, own if left else None)


def _received(top: Stored, root: Row, contacts: Mapping[str, Collection[str]]) -> Stored | None:
    """The one split off with contacts it was told of while it was merged; None when none."""
    gained = {
        column: root.columns[column]
        for column, values in contacts.items()
        if top.row.columns[column] is None and root.columns[column] in values
    }
    if not gained:
        return None
    row = Row(top.row.columns | gained, top.row.attrs, top.row.first_seen_at, top.row.sources)
    return top.told(row, top.own)


def _event(root: int, customer_id: int, actor: str, now: datetime) -> NewEvent:
    return NewEvent(
        kind="customer.split",
        time=now,
        key=f"customer:{customer_id}:split:{new_public_id()}",
        customer_id=root,
        subject_id=customer_id,
        props={"split_id": customer_id, "actor": actor},
    )
