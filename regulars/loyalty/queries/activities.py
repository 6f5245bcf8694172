"""Reads of activities, entrances, what waits for a person, and draws."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count

from regulars.kernel.errors import NotFound
from regulars.loyalty.models.rewards import Activity, Draw, Entrance
from regulars.loyalty.pure.draws import TICKETS_MAX
from regulars.loyalty.reward_records import (
    ACTIVITIES_MAX,
    PAGE_ROWS,
    ActivityRecord,
    DrawRecord,
    EntranceRecord,
)
from regulars.outside import vault
from regulars.store.scope import cursor


def activities(workspace_id: int, *, kind: str = "") -> list[ActivityRecord]:
    """Activities, newest first."""
    rows = Activity.objects.filter(workspace_id=workspace_id)
    if kind:
        rows = rows.filter(kind=kind)
    return [record_of(row) for row in rows.order_by("-id")[:ACTIVITIES_MAX]]


def activity(workspace_id: int, public_id: str) -> ActivityRecord:
    """The activity of this public id. raises NotFound(activity_unknown)"""
    row = Activity.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("activity_unknown", "There is no such activity.")
    return record_of(row)


def activity_by_id(workspace_id: int, activity_id: int) -> ActivityRecord:
    """The activity of this id."""
    return record_of(Activity.objects.get(workspace_id=workspace_id, id=activity_id))


def entrance(workspace_id: int, public_id: str) -> EntranceRecord:
    """The entrance of this public id. raises NotFound(entrance_unknown)"""
    row = Entrance.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("entrance_unknown", "There is no such entry.")
    return entrance_record_of(row)


def entrances(workspace_id: int, public_ids: Sequence[str]) -> dict[str, EntranceRecord]:
    """The entrances there are among these, by public id."""
    rows = Entrance.objects.filter(workspace_id=workspace_id, public_id__in=public_ids)
    return {row.public_id: entrance_record_of(row) for row in rows}


def waiting(workspace_id: int, *, after: int = 0, limit: int = PAGE_ROWS) -> list[EntranceRecord]:
    """Entrances that wait for a person, oldest first."""
    rows = Entrance.objects.filter(workspace_id=workspace_id, state="waiting", id__gt=after)
    return [entrance_record_of(row) for row in rows.order_by("id")[:limit]]


def photo_key(member_id: int, digest: str) -> str:
    """What names an entrance by photo; TWINS looks for others of the same digest."""
    return f"photo:{member_id}:{digest}"


TWINS = """
SELECT mine.id, count(*) - 1
FROM loyalty_entrance AS mine
JOIN loyalty_entrance AS every ON every.workspace_id = mine.workspace_id
  AND every.key LIKE 'photo:%%' AND split_part(every.key, ':', 3) = split_part(mine.key, ':', 3)
WHERE mine.workspace_id = %s AND mine.id = ANY(%s) AND mine.key LIKE 'photo:%%'
GROUP BY 1 HAVING count(*) > 1
"""


def twins_of_photos(workspace_id: int, entrance_ids: Sequence[int]) -> dict[int, int]:
    """Of these entrances those whose very photo others sent too, and how many others."""
    with cursor() as raw:
        raw.execute(TWINS, [workspace_id, list(entrance_ids)])
        return dict(raw.fetchall())


def entrances_of(
    workspace_id: int, activity_id: int, *, before: int = 0, limit: int = PAGE_ROWS
) -> list[EntranceRecord]:
    """Entrances of an activity, newest first."""
    rows = Entrance.objects.filter(workspace_id=workspace_id, activity_id=activity_id)
    if before:
        rows = rows.filter(id__lt=before)
    return [entrance_record_of(row) for row in rows.order_by("-id")[:limit]]


def counts(workspace_id: int) -> dict[int, dict[str, int]]:
    """Entrances by activity and state."""
    rows = Entrance.objects.filter(workspace_id=workspace_id).values_list("activity_id", "state")
    found: dict[int, dict[str, int]] = {}
    for activity_id, state, number in rows.annotate(n=Count("id")):
        found.setdefault(activity_id, {})[state] = number
    return found


def draws(workspace_id: int, activity_id: int) -> list[DrawRecord]:
    """Draws of an activity, newest first."""
    rows = Draw.objects.filter(workspace_id=workspace_id, activity_id=activity_id)
    return [draw_record_of(row) for row in rows.order_by("-id")[:PAGE_ROWS]]


def draw(workspace_id: int, public_id: str) -> DrawRecord:
    """The draw of this public id. raises NotFound(draw_unknown)"""
    row = Draw.objects.filter(workspace_id=workspace_id, public_id=public_id).first()
    if row is None:
        raise NotFound("draw_unknown", "There is no such draw.")
    return draw_record_of(row)


def tickets(workspace_id: int, one: DrawRecord) -> dict[str, str]:
    """Tickets of a draw and whose each is, by names that tell nobody who that is.

    Who was forgotten after the lots were drawn still stands there, by their member's number.
    """
    raw = cursor()
    raw.execute(
        "SELECT e.public_id, m.public_id FROM loyalty_entrance AS e"
        " JOIN loyalty_member AS m ON m.id = e.member_id AND m.workspace_id = e.workspace_id"
        " WHERE e.workspace_id = %s AND e.activity_id = %s AND e.at < %s"
        " AND (e.state = 'accepted' OR e.state = 'forgotten' AND e.decided_at > %s) LIMIT %s",
        [workspace_id, one.activity_id, one.closes_at, one.drawn_at, TICKETS_MAX + 1],
    )
    return dict(raw.fetchall())


def record_of(row: Activity) -> ActivityRecord:
    """The activity as others see it."""
    return ActivityRecord(
        id=row.id,
        public_id=row.public_id,
        name=row.name,
        kind=row.kind,
        state=row.state,
        settings=row.settings,
        currency=row.currency,
        points=row.points,
        per_member_max=row.per_member_max,
        total_max=row.total_max,
        period=row.period,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        created_at=row.created_at,
    )


def entrance_record_of(row: Entrance) -> EntranceRecord:
    """The entrance as others see it."""
    return EntranceRecord(
        id=row.id,
        public_id=row.public_id,
        activity_id=row.activity_id,
        member_id=row.member_id,
        state=row.state,
        said=row.said,
        outcome=row.outcome,
        points=row.points,
        at=row.at,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )


def draw_record_of(row: Draw) -> DrawRecord:
    """The draw as others see it: without its seed until it is over."""
    return DrawRecord(
        id=row.id,
        public_id=row.public_id,
        activity_id=row.activity_id,
        prizes=row.prizes,
        closes_at=row.closes_at,
        seed_hash=row.seed_hash,
        public_source=row.public_source,
        public_number=row.public_number,
        seed=vault.open_secret(row.seed) if row.state == "drawn" else "",
        state=row.state,
        tickets_hash=row.tickets_hash,
        tickets=row.tickets,
        winners=tuple(row.winners),
        created_at=row.created_at,
        drawn_at=row.drawn_at,
    )
