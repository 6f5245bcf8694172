"""Tiers: what counts is noted, members are looked at, and every step is told and kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, tzinfo
from hashlib import blake2b
from typing import Any, TypeVar

from django.utils.translation import gettext_noop

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import NotFound
from regulars.loyalty.pure import tiers
from regulars.loyalty.pure.programme import TierPolicy
from regulars.loyalty.pure.tiers import Change, Given, Row, Standing
from regulars.loyalty.queries import programme
from regulars.store.scope import cursor

Made = TypeVar("Made")
LOOKED_AT_ONCE_MAX = 20_000
ROUNDS_MAX = 4_000
COLUMN_OF = {"spend": "spend_minor", "orders": "orders", "earned": "earned"}

# One row a member: where they stand, and what counts for them in the window at that moment.
COUNT = """
SELECT m.id, m.customer_id, m.tier_slug, m.tier_since, m.tier_until, m.tier_counted,
       coalesce(t.counted, 0)::bigint, t.oldest
FROM unnest(%(members)s::bigint[]) AS g (id)
JOIN loyalty_member m ON m.id = g.id AND m.workspace_id = %(workspace)s
LEFT JOIN LATERAL (
    SELECT sum({column}) AS counted, min(day) AS oldest FROM loyalty_turnover
    WHERE workspace_id = %(workspace)s AND member_id = m.id AND at <= %(at)s
      AND (%(start)s::date IS NULL OR day >= %(start)s)
      AND (%(end)s::date IS NULL OR day < %(end)s)) t ON true
ORDER BY m.id
"""
HAVE = """
SELECT m.id, m.customer_id, m.tier_slug, m.tier_since, m.tier_until, m.tier_counted,
       coalesce(b.available, 0), NULL::date
FROM unnest(%(members)s::bigint[]) AS g (id)
JOIN loyalty_member m ON m.id = g.id AND m.workspace_id = %(workspace)s
LEFT JOIN loyalty_balance b ON b.member_id = m.id AND b.currency = %(currency)s
ORDER BY m.id
"""
LOCK = """
SELECT id, tier_due_at FROM loyalty_member
WHERE workspace_id = %s AND id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""
STAND = """
UPDATE loyalty_member AS m SET tier_slug = n.slug, tier_since = n.since, tier_until = n.until,
    tier_counted = n.counted, tier_due_at = n.due
FROM unnest(%b::bigint[], %b::text[], %b::timestamptz[], %b::timestamptz[], %b::bigint[],
            %b::timestamptz[]) AS n (id, slug, since, until, counted, due)
WHERE m.id = n.id AND m.workspace_id = %s
  AND (m.tier_slug, m.tier_since, m.tier_until, m.tier_counted, m.tier_due_at)
      IS DISTINCT FROM (n.slug, n.since, n.until, n.counted, n.due)
"""
KEEP = """
INSERT INTO loyalty_tierchange (workspace_id, member_id, at, old_slug, new_slug, counted, why)
SELECT %s, n.* FROM unnest(%b::bigint[], %b::timestamptz[], %b::text[], %b::text[], %b::bigint[],
                           %b::text[]) AS n
"""
HISTORY = """
SELECT member_id, day, {column}, at FROM loyalty_turnover
WHERE workspace_id = %s AND member_id = ANY(%s::bigint[]) ORDER BY member_id, at, id
"""
GIVEN = """
SELECT member_id, new_slug, at, why FROM loyalty_tierchange
WHERE workspace_id = %s AND member_id = ANY(%s::bigint[]) AND why LIKE 'given%%' ORDER BY id
"""


def policy_name(policy: TierPolicy) -> str:
    """What stands for a policy: members are computed anew when it changes."""
    text = json.dumps(asdict(policy), sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def advance(workspace_id: int, member_ids: Sequence[int], now: datetime | None = None) -> int:
    """Look at these members now, after every look that was due before; how many changed tier."""
    moment = now or clock.now()
    live = programme.live(workspace_id)
    policy = live.programme.tiers
    if not policy.tiers or not member_ids:
        return 0
    raw = cursor()
    raw.execute(LOCK, [workspace_id, list(member_ids)])
    due = {row[0]: row[1] for row in raw.fetchall()}
    changed = 0
    for _ in range(ROUNDS_MAX):
        late = sorted({at for at in due.values() if at is not None and at < moment})
        if not late:
            break
        chosen = [one for one, at in due.items() if at == late[0]]
        looked = _look(workspace_id, policy, chosen, late[0], live.zone)
        changed += len(looked[1])
        due.update(looked[0])
    return changed + len(_look(workspace_id, policy, list(due), moment, live.zone)[1])


def _look(
    workspace_id: int, policy: TierPolicy, member_ids: Sequence[int], at: datetime, zone: tzinfo
) -> tuple[dict[int, datetime | None], list[tuple[int, int, Change]]]:
    """One look at each member at a moment; when each is due next, and who changed."""
    standings: dict[int, Standing] = {}
    changes: list[tuple[int, int, Change]] = []
    looking = tiers.Looking(policy, at, zone)
    ranks = looking.places
    for start in range(0, len(member_ids), LOOKED_AT_ONCE_MAX):
        chosen = member_ids[start : start + LOOKED_AT_ONCE_MAX]
        for row in _counted(workspace_id, policy, chosen, at, zone):
            before = Standing(row[2], row[3], row[4], row[5])
            now = looking.look(before, row[6], row[7])
            standings[row[0]] = now
            if now.slug != before.slug:
                is_up = ranks.get(now.slug, 0) > ranks.get(before.slug, 0)
                why = "reached" if is_up else "not_kept"
                change = Change(at, before.slug, now.slug, now.counted, why)
                changes.append((row[0], row[1], change))
    _write(workspace_id, standings, changes)
    return {one: standing.due for one, standing in standings.items()}, changes


def _counted(
    workspace_id: int, policy: TierPolicy, member_ids: Sequence[int], at: datetime, zone: tzinfo
) -> list[tuple[int, int, str, datetime | None, datetime | None, int, int, date | None]]:
    raw = cursor()
    if policy.basis == "balance":
        main = programme.live(workspace_id).programme.main.slug
        raw.execute(
            HAVE, {"workspace": workspace_id, "members": list(member_ids), "currency": main}
        )
        return raw.fetchall()
    window = tiers.window(policy, at, zone)
    raw.execute(
        COUNT.format(column=COLUMN_OF[policy.basis]),
        {
            "workspace": workspace_id,
            "members": list(member_ids),
            "at": at,
            "start": window.start,
            "end": window.end,
        },
    )
    return raw.fetchall()


def _write(
    workspace_id: int,
    standings: Mapping[int, Standing],
    changes: Sequence[tuple[int, int, Change]],
) -> None:
    raw = cursor()
    stood = standings.values()
    raw.execute(
        STAND,
        [
            list(standings),
            [one.slug for one in stood],
            [one.since for one in stood],
            [one.until for one in stood],
            [one.counted for one in stood],
            [one.due for one in stood],
            workspace_id,
        ],
    )
    if changes:
        _keep(workspace_id, changes)


def _keep(workspace_id: int, changes: Sequence[tuple[int, int, Change]]) -> None:
    made = [change for _, _, change in changes]
    cursor().execute(
        KEEP,
        [
            workspace_id,
            [member_id for member_id, _, _ in changes],
            [one.at for one in made],
            [one.old for one in made],
            [one.new for one in made],
            [one.counted for one in made],
            [one.why for one in made],
        ],
    )
    events.record_many(
        workspace_id,
        [
            NewEvent(
                kind="tier.changed",
                time=change.at,
                key=None,
                customer_id=customer_id,
                props={"old": change.old, "new": change.new, "why": change.why},
                source="loyalty",
            )
            for _, customer_id, change in changes
        ],
    )


def give_tier(
    workspace_id: int,
    member_id: int,
    slug: str,
    until: datetime | None = None,
    now: datetime | None = None,
) -> None:
    """Give a tier outside the count, for example by a promotion, kept until then.

    raises  NotFound(tier_unknown | member_unknown)
    """
    moment = now or clock.now()
    live = programme.live(workspace_id)
    policy = live.programme.tiers
    if slug and live.programme.tier(slug) is None:
        raise NotFound("tier_unknown", gettext_noop("There is no such tier."))
    advance(workspace_id, [member_id], moment)
    rows = _counted(workspace_id, policy, [member_id], moment, live.zone)
    if not rows:
        raise NotFound("member_unknown", gettext_noop("There is no such member."))
    row = rows[0]
    before = Standing(row[2], row[3], row[4], row[5])
    given = tiers.given_standing(policy, before, Given(slug, until, moment), live.zone)
    now_ = tiers.look(policy, given, row[6], moment, live.zone, row[7])
    made = [Change(moment, before.slug, slug, row[6], tiers.given_why(until))]
    further = tiers.change_of(policy, given, now_, moment)
    made += [further] if further else []
    _write(workspace_id, {member_id: now_}, [(member_id, row[1], change) for change in made])


def standings_from_scratch(
    workspace_id: int, member_ids: Sequence[int], now: datetime
) -> dict[int, tuple[Standing, list[Change]]]:
    """Where these members stand by their whole history under the present policy.

    A tier by balance has no history of its own: it is what the balance is enough for now.
    """
    live = programme.live(workspace_id)
    policy = live.programme.tiers
    raw = cursor()
    raw.execute(
        "SELECT id, joined_at FROM loyalty_member WHERE workspace_id = %s"
        " AND id = ANY(%s::bigint[])",
        [workspace_id, list(member_ids)],
    )
    joined = dict(raw.fetchall())
    if policy.basis == "balance":
        found = _counted(workspace_id, policy, list(joined), now, live.zone)
        return {
            row[0]: (tiers.look(policy, Standing(), row[6], now, live.zone), []) for row in found
        }
    raw.execute(HISTORY.format(column=COLUMN_OF[policy.basis]), [workspace_id, list(joined)])
    rows = _by_member(raw.fetchall(), lambda row: Row(*row))
    raw.execute(GIVEN, [workspace_id, list(joined)])
    given = _by_member(raw.fetchall(), lambda row: tiers.given_of(*row))
    return {
        one: tiers.replay(policy, rows.get(one, []), at, now, live.zone, given.get(one, []))
        for one, at in joined.items()
    }


def _by_member(
    rows: Iterable[tuple[Any, ...]], make: Callable[[Sequence[Any]], Made]
) -> dict[int, list[Made]]:
    found: dict[int, list[Made]] = {}
    for member_id, *rest in rows:
        found.setdefault(member_id, []).append(make(rest))
    return found


def recompute(workspace_id: int, member_ids: Sequence[int], now: datetime | None = None) -> int:
    """Set these members to where their whole history puts them; how many changed tier."""
    moment = now or clock.now()
    raw = cursor()
    raw.execute(LOCK, [workspace_id, list(member_ids)])
    raw.execute(
        "SELECT id, customer_id, tier_slug FROM loyalty_member WHERE workspace_id = %s"
        " AND id = ANY(%s::bigint[]) ORDER BY id",
        [workspace_id, list(member_ids)],
    )
    before = {row[0]: row for row in raw.fetchall()}
    found = standings_from_scratch(workspace_id, member_ids, moment)
    standings = {one: standing for one, (standing, _) in found.items()}
    changes = [
        (one, before[one][1], Change(moment, before[one][2], now_.slug, now_.counted, "policy"))
        for one, now_ in standings.items()
        if before[one][2] != now_.slug
    ]
    _write(workspace_id, standings, changes)
    return len(changes)
