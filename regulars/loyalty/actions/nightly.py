"""The night: what a local midnight does to points and tiers, in one fixed order.

    activate what is pending → tiers → everybody anew where the policy of tiers was changed
    → expire → tiers by balance → notices of what ends soon → birthdays

Each step walks over the members it concerns in parts, every part in a transaction of its own that
also notes how far the night has come; a night that is broken off goes on from there, and a night
that is finished does nothing more. The moment of a night is its midnight, however late it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.loyalty.actions import carrying, due, ledger, rules, tiers
from regulars.loyalty.pure import nights
from regulars.loyalty.pure.calculation.live import Live
from regulars.loyalty.pure.terms import midnight
from regulars.loyalty.queries import programme
from regulars.store.scope import cursor, scope

MEMBERS_AT_ONCE = 10_000

LAST = """
SELECT day FROM loyalty_night WHERE workspace_id = %s AND finished_at IS NOT NULL
ORDER BY day DESC LIMIT 1
"""
# The policy by which tiers were looked at last: by another one every member is worked out anew.
# The day up to which members were told of ends: the days of notice may have been changed since.
BEFORE = """
SELECT figures->>'tier_policy', figures->>'told_upto' FROM loyalty_night
WHERE workspace_id = %s AND day < %s AND finished_at IS NOT NULL ORDER BY day DESC LIMIT 1
"""
BEGIN = """
INSERT INTO loyalty_night (workspace_id, day, step, started_at, figures)
VALUES (%s, %s, %s, %s, '{}') ON CONFLICT (workspace_id, day) DO NOTHING
"""
HOLD = """
SELECT step, member_id, figures, finished_at FROM loyalty_night
WHERE workspace_id = %s AND day = %s FOR UPDATE
"""
NOTE = """
UPDATE loyalty_night SET step = %s, member_id = %s,
    figures = jsonb_set(figures, ARRAY[%s], to_jsonb(coalesce((figures->>%s)::bigint, 0) + %s))
WHERE workspace_id = %s AND day = %s
"""
DUE_BALANCES = """
SELECT DISTINCT member_id FROM loyalty_balance
WHERE workspace_id = %(workspace)s AND due_at <= %(at)s AND member_id > %(after)s ORDER BY 1
"""
DUE_TIERS = """
SELECT id FROM loyalty_member
WHERE workspace_id = %(workspace)s AND tier_due_at <= %(at)s AND id > %(after)s
  AND merged_into IS NULL ORDER BY 1
"""
# Whose balance is enough for another tier than they stand in, and whose tier is to be looked at.
BALANCE_TIERS = """
SELECT m.id FROM loyalty_member m
LEFT JOIN loyalty_balance b ON b.member_id = m.id AND b.currency = %(currency)s
WHERE m.workspace_id = %(workspace)s AND m.id > %(after)s AND m.merged_into IS NULL
  AND (m.tier_due_at <= %(at)s OR m.tier_slug IS DISTINCT FROM coalesce((
      SELECT g.slug FROM unnest(%(slugs)s::text[], %(leasts)s::bigint[]) AS g (slug, least)
      WHERE g.least <= coalesce(b.available, 0) ORDER BY g.least DESC LIMIT 1), ''))
ORDER BY 1
"""
# Points that came to a card at the very moment it was merged into another.
LEFT_BEHIND = """
SELECT DISTINCT m.id FROM loyalty_member m JOIN loyalty_balance b ON b.member_id = m.id
WHERE m.workspace_id = %(workspace)s AND m.merged_into IS NOT NULL AND m.id > %(after)s
  AND (b.available > 0 OR b.pending > 0)
ORDER BY 1
"""
ALL = """
SELECT id FROM loyalty_member
WHERE workspace_id = %(workspace)s AND id > %(after)s AND merged_into IS NULL ORDER BY 1
"""
ENDING = """
SELECT DISTINCT member_id FROM loyalty_lot
WHERE workspace_id = %(workspace)s AND available > 0 AND expires_at > %(from)s
  AND expires_at <= %(upto)s AND member_id > %(after)s
UNION
SELECT member_id FROM loyalty_balance
WHERE workspace_id = %(workspace)s AND available > 0 AND slides_until > %(from)s
  AND slides_until <= %(upto)s AND due_at <= %(upto)s AND member_id > %(after)s
ORDER BY 1
"""
ENDS = """
SELECT l.member_id, m.customer_id, l.currency, sum(l.available)::bigint,
       min(coalesce(l.expires_at, b.slides_until))
FROM loyalty_lot l
JOIN loyalty_balance b ON b.member_id = l.member_id AND b.currency = l.currency
JOIN loyalty_member m ON m.id = l.member_id
WHERE l.workspace_id = %(workspace)s AND l.member_id = ANY(%(members)s::bigint[])
  AND l.available > 0
  AND coalesce(l.expires_at, CASE WHEN l.slides THEN b.slides_until END) > %(from)s
  AND coalesce(l.expires_at, CASE WHEN l.slides THEN b.slides_until END) <= %(upto)s
GROUP BY 1, 2, 3 ORDER BY 1, 3
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the night: whom it concerns, and what is done to some of them at once."""

    find: str
    act: Callable[[int, Sequence[int], datetime], int]
    values: Mapping[str, Any]


def run_due(
    workspace_id: int,
    now: datetime | None = None,
    renew: Callable[[], object] = lambda: None,
) -> int:
    """Run every night that has come and was not run, the oldest first; how many.

    Opens transactions of its own: call it outside of any.
    """
    moment = now or clock.now()
    with scope(workspace_id):
        zone = programme.live(workspace_id).zone
        raw = cursor()
        raw.execute(LAST, [workspace_id])
        row = raw.fetchone()
    done = 0
    for day in nights.nights(row[0] if row else None, moment, zone):
        run(workspace_id, day, moment, renew)
        done += 1
    return done


def run(
    workspace_id: int, day: date, now: datetime, renew: Callable[[], object] = lambda: None
) -> None:
    """Run one night to its end, from wherever it was left."""
    with scope(workspace_id):
        raw = cursor()
        raw.execute(BEGIN, [workspace_id, day, nights.STEPS[0], clock.now()])
        live = programme.live(workspace_id)
        policy = tiers.policy_name(live.programme.tiers)
        raw.execute(BEFORE, [workspace_id, day])
        before = raw.fetchone() or (None, None)
    told = nights.told_days(day, live.programme.expiring_days, before[1])
    at = nights.moment(day, live.zone)
    steps = _steps(live, day, now, told, has_new_policy=before[0] != policy)
    for name in nights.STEPS:
        _walk(workspace_id, day, name, steps[name], at, renew)
    with scope(workspace_id):
        cursor().execute(
            "UPDATE loyalty_night SET finished_at = %s,"
            " figures = figures || jsonb_build_object('tier_policy', %s::text,"
            " 'told_upto', %s::text)"
            " WHERE workspace_id = %s AND day = %s AND finished_at IS NULL",
            [clock.now(), policy, told[1].isoformat(), workspace_id, day],
        )


def _steps(
    live: Live, day: date, now: datetime, told: tuple[date, date], *, has_new_policy: bool
) -> dict[str, Sequence[Step]]:
    """What each step does, if anything: at most one walk, for a night notes one place a step."""
    policy = live.programme.tiers
    is_by_balance = policy.basis == "balance"
    ranks = sorted(policy.tiers, key=lambda tier: tier.least)
    by_balance = {
        "currency": live.programme.main.slug,
        "slugs": [tier.slug for tier in ranks],
        "leasts": [tier.least for tier in ranks],
    }
    window = {"from": midnight(told[0], live.zone), "upto": midnight(told[1], live.zone)}
    return {
        "follow": [Step(LEFT_BEHIND, _bring_after(day), {})],
        "activate": [Step(DUE_BALANCES, _activate, {})],
        "policy": [Step(ALL, _anew(now), {})] if has_new_policy else [],
        "tiers": [] if is_by_balance or not ranks else [Step(DUE_TIERS, tiers.advance, {})],
        "expire": [Step(DUE_BALANCES, _expire, {})],
        "balance_tiers": (
            [Step(BALANCE_TIERS, tiers.advance, by_balance)] if is_by_balance and ranks else []
        ),
        "notify": [Step(ENDING, _notify(window), window)],
        "grants": [Step(rules.BIRTHDAYS, rules.congratulation(live, day), rules.born_on(live, day))]
        if rules.has_birthdays(live)
        else [],
    }


def _walk(
    workspace_id: int,
    day: date,
    name: str,
    steps: Sequence[Step],
    at: datetime,
    renew: Callable[[], object],
) -> None:
    for step in steps:
        members = _concerned(workspace_id, day, step, at)
        for start in range(0, len(members), MEMBERS_AT_ONCE):
            chosen = members[start : start + MEMBERS_AT_ONCE]
            if not _part(workspace_id, day, name, step, at, chosen):
                break
            renew()
    with scope(workspace_id):
        raw = cursor()
        raw.execute(HOLD, [workspace_id, day])
        row = raw.fetchone()
        assert row is not None
        if row[3] is None and row[0] == name and name != nights.STEPS[-1]:
            following = nights.STEPS[nights.STEPS.index(name) + 1]
            raw.execute(NOTE, [following, 0, name, name, 0, workspace_id, day])


def _concerned(workspace_id: int, day: date, step: Step, at: datetime) -> list[int]:
    """Everybody a step is about and has not come to, asked for once: a million ids are few."""
    with scope(workspace_id):
        raw = cursor()
        raw.execute(HOLD, [workspace_id, day])
        row = raw.fetchone()
        assert row is not None
        raw.execute(
            step.find, {**step.values, "workspace": workspace_id, "at": at, "after": row[1]}
        )
        return [found[0] for found in raw.fetchall()]


def _part(
    workspace_id: int, day: date, name: str, step: Step, at: datetime, members: Sequence[int]
) -> bool:
    """Some members of a step, in one transaction; false when the night has gone on without us."""
    with scope(workspace_id):
        raw = cursor()
        raw.execute(HOLD, [workspace_id, day])
        row = raw.fetchone()
        assert row is not None
        # Another worker may have gone on with this night, or finished it.
        if row[0] != name or row[3] is not None:
            return False
        mine = [member_id for member_id in members if member_id > row[1]]
        if mine:
            done = step.act(workspace_id, mine, at)
            raw.execute(NOTE, [name, mine[-1], name, name, done, workspace_id, day])
        return True


def _bring_after(day: date) -> Callable[[int, Sequence[int], datetime], int]:
    def follow(workspace_id: int, member_ids: Sequence[int], at: datetime) -> int:
        """What was left behind by a merge follows it."""
        for member_id in member_ids:
            carrying.follow(workspace_id, member_id, f"night:{day}:{member_id}", at)
        return 0

    return follow


def _anew(now: datetime) -> Callable[[int, Sequence[int], datetime], int]:
    def recompute(workspace_id: int, member_ids: Sequence[int], at: datetime) -> int:
        """By a new policy members stand as of now: they may have been looked at since midnight."""
        return tiers.recompute(workspace_id, member_ids, max(at, now))

    return recompute


def _activate(workspace_id: int, member_ids: Sequence[int], at: datetime) -> int:
    ledger.hold_rows(workspace_id, member_ids)
    return due.activate(workspace_id, member_ids, at)


def _expire(workspace_id: int, member_ids: Sequence[int], at: datetime) -> int:
    ledger.hold_rows(workspace_id, member_ids)
    expired = due.expire(workspace_id, member_ids, at)
    due.note_next(workspace_id, member_ids, at)
    return expired


def _notify(window: Mapping[str, Any]) -> Callable[[int, Sequence[int], datetime], int]:
    def tell(workspace_id: int, member_ids: Sequence[int], at: datetime) -> int:
        """Say which points of these members end in some days."""
        raw = cursor()
        raw.execute(ENDS, {**window, "workspace": workspace_id, "members": list(member_ids)})
        return events.record_many(
            workspace_id,
            [
                NewEvent(
                    kind="points.expiring",
                    time=at,
                    key=None,
                    customer_id=customer_id,
                    props={"currency": slug, "points": points, "at": ends.isoformat()},
                    source="loyalty",
                )
                for _, customer_id, slug, points, ends in raw.fetchall()
            ],
        )

    return tell
