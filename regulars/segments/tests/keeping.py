"""The worker's part in tests: the lake is fed, members follow, whole segments are computed."""

from __future__ import annotations

from collections.abc import Callable

from regulars.jobs import runner
from regulars.segments import tasks
from regulars.segments.keeping import following
from regulars.store.scope import cursor, scope

JOBS = {following.FILL: "regulars.segments.tasks:fill"}
STEPS_MAX = 50


def settle(feed: Callable[[], None]) -> None:
    """Everything that happened is followed, and no segment waits."""
    for _ in range(STEPS_MAX):
        feed()
        while tasks.follow():
            pass
        if not work():
            return
    raise AssertionError("the follower finds no end")


def work() -> bool:
    """Run the fills that are due; whether there were any."""
    has_worked = False
    while runner.run_once(JOBS):
        has_worked = True
    return has_worked


def members(workspace_id: int, slug: str) -> list[int]:
    """Who is stored in the segment."""
    from regulars.segments import queries

    with scope(workspace_id):
        one = queries.segment_by_slug(workspace_id, slug)
        return [member.customer_id for member in queries.members(workspace_id, one.public_id)]


def passages(workspace_id: int, slug: str) -> list[tuple[int, str, str, str]]:
    """Entries and exits in their order: customer, kind, reason, origin."""
    with scope(workspace_id):
        raw = cursor()
        raw.execute(
            "SELECT customer_id, kind, props->>'reason', origin FROM events_event"
            " WHERE workspace_id = %s AND kind LIKE 'segment.%%' AND props->>'segment' = %s"
            " ORDER BY id",
            [workspace_id, slug],
        )
        return list(raw.fetchall())
