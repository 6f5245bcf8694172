"""What one member may take part in, how often still, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from regulars.kernel import clock
from regulars.loyalty.models.rewards import Activity, Entrance
from regulars.loyalty.pure.periods import period_start
from regulars.loyalty.queries import members
from regulars.loyalty.queries.activities import activity, entrance_record_of, record_of
from regulars.loyalty.reward_records import (
    PAGE_ROWS,
    ActivityRecord,
    DrawRecord,
    EntranceRecord,
)
from regulars.store.scope import cursor
from regulars.workspaces import queries as workspaces

SHOWN_MAX = 50
_TAKEN = """
SELECT c.activity_id,
  coalesce(sum(c.taken) FILTER (WHERE c.member_id <> 0), 0)::bigint,
  coalesce(sum(c.taken) FILTER (WHERE c.member_id = 0), 0)::bigint
FROM unnest(%(activities)s::bigint[], %(days)s::date[]) AS w(activity_id, period_on)
JOIN loyalty_activitycount AS c
  ON c.workspace_id = %(workspace)s AND c.activity_id = w.activity_id AND c.period_on = w.period_on
WHERE c.member_id = ANY(%(members)s::bigint[] || 0::bigint)
GROUP BY 1"""
_TICKETS = """
SELECT count(*) FROM loyalty_entrance
WHERE workspace_id = %s AND activity_id = %s AND member_id = ANY(%s)
  AND state = 'accepted' AND at < %s"""
_WON = """
SELECT public_id FROM loyalty_entrance
WHERE workspace_id = %s AND member_id = ANY(%s) AND public_id = ANY(%s) ORDER BY id LIMIT %s"""


@dataclass(frozen=True, slots=True)
class Turn:
    """An activity as one member meets it.

    taken  how often they took part in the period it is now
    left   how often they still may in this period, by their own limit and the common one; None
           when there is no limit
    """

    activity: ActivityRecord
    taken: int
    left: int | None
    is_begun: bool
    is_over: bool

    @property
    def may_enter(self) -> bool:
        return self.is_begun and not self.is_over and self.left != 0


def turns(workspace_id: int, member_id: int) -> list[Turn]:
    """What is open and not over yet, newest first; what begins later is there with its day."""
    now = clock.now()
    rows = Activity.objects.filter(workspace_id=workspace_id, state="open").exclude(
        ends_at__lte=now
    )
    found = [record_of(row) for row in rows.order_by("-id")[:SHOWN_MAX]]
    return _turns(workspace_id, member_id, found, now)


def past(workspace_id: int, member_id: int) -> list[ActivityRecord]:
    """What is over and the member took part in, newest first."""
    own = members.with_merged(workspace_id, member_id)
    mine = Entrance.objects.filter(workspace_id=workspace_id, member_id__in=own)
    rows = Activity.objects.filter(workspace_id=workspace_id, id__in=mine.values("activity_id"))
    rows = rows.exclude(state="draft")
    found = [record_of(row) for row in rows.order_by("-id")[:SHOWN_MAX]]
    return [one for one in found if _is_over(one, clock.now())]


def turn(workspace_id: int, member_id: int, public_id: str) -> Turn:
    """One activity for the member. raises NotFound(activity_unknown)"""
    one = activity(workspace_id, public_id)
    return _turns(workspace_id, member_id, [one], clock.now())[0]


def entrances_of_member(
    workspace_id: int, member_id: int, activity_id: int, *, limit: int = PAGE_ROWS
) -> list[EntranceRecord]:
    """When the member took part in an activity, newest first."""
    rows = Entrance.objects.filter(
        workspace_id=workspace_id, activity_id=activity_id,
        member_id__in=members.with_merged(workspace_id, member_id),
    )  # fmt: skip
    return [entrance_record_of(row) for row in rows.order_by("-id")[:limit]]


def tickets_of_member(workspace_id: int, member_id: int, draw: DrawRecord) -> int:
    """How many tickets of the draw are the member's, as far as they are decided on."""
    raw = cursor()
    own = members.with_merged(workspace_id, member_id)
    raw.execute(_TICKETS, [workspace_id, draw.activity_id, own, draw.closes_at])
    row = raw.fetchone()
    assert row is not None
    return int(row[0])


def won_by_member(workspace_id: int, member_id: int, draw: DrawRecord) -> list[str]:
    """The member's tickets that won."""
    raw = cursor()
    own = members.with_merged(workspace_id, member_id)
    raw.execute(_WON, [workspace_id, own, list(draw.winners), PAGE_ROWS])
    return [row[0] for row in raw.fetchall()]


def _turns(
    workspace_id: int, member_id: int, found: Sequence[ActivityRecord], now: datetime
) -> list[Turn]:
    zone = workspaces.workspace(workspace_id).zone
    raw = cursor()
    raw.execute(
        _TAKEN,
        {
            "workspace": workspace_id,
            "activities": [one.id for one in found],
            "days": [period_start(one.period, now, zone) for one in found],
            "members": members.with_merged(workspace_id, member_id),
        },
    )
    taken = {row[0]: (row[1], row[2]) for row in raw.fetchall()}
    return [_turn(one, *taken.get(one.id, (0, 0)), now) for one in found]


def _turn(one: ActivityRecord, mine: int, all_: int, now: datetime) -> Turn:
    limits = ((one.per_member_max, mine), (one.total_max, all_))
    left = [max(0, most - count) for most, count in limits if most is not None]
    is_begun = one.starts_at is None or one.starts_at <= now
    return Turn(one, mine, min(left, default=None), is_begun, _is_over(one, now))


def _is_over(one: ActivityRecord, now: datetime) -> bool:
    return one.state != "open" or (one.ends_at is not None and one.ends_at <= now)
