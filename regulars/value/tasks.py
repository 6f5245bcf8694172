"""Work of value in the worker: what makes scores stale, and the runs that bring them up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from regulars.events.records import Event
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.store.scope import cursor, scope
from regulars.value import actions, queries

SCORE_JOB = "value.score"
SCORE_EVERY = timedelta(minutes=1)
# A base that takes long to count is counted less often: at most this part of the time.
SHARE_OF_TIME_MAX = 1 / 20
WORKSPACES_AT_ONCE_MAX = 10_000

# Behind: something changed, a new local day began, or nothing was ever counted though there is
# somebody to count.
BEHIND = """
SELECT w.id, coalesce(s.took_ms, 0) FROM workspaces_workspace w
LEFT JOIN value_setting s ON s.workspace_id = w.id
WHERE EXISTS (SELECT 1 FROM customers_customer c WHERE c.workspace_id = w.id
              AND (s.scored_at IS NULL OR c.first_seen_at > s.scored_at - %(lag)s
                   AND c.first_seen_at <= %(now)s))
   OR s.touched_at > s.scored_at - %(lag)s
   OR (s.scored_at AT TIME ZONE w.time_zone)::date < (%(now)s AT TIME ZONE w.time_zone)::date
ORDER BY s.scored_at NULLS FIRST, w.id LIMIT %(limit)s
"""

CLUSTERS_KEPT = timedelta(days=7)
OLD_CLUSTERS = """
SELECT workspace_id FROM value_setting WHERE clustered_at < %s ORDER BY clustered_at LIMIT %s
"""


def take_changes(workspace_id: int, events: Sequence[Event]) -> None:
    """Orders, merges and new customers make scores stale; what was merged goes at once."""
    actions.touch(workspace_id)
    if any(event.kind == "customer.merged" for event in events):
        actions.forget_merged(workspace_id)


def keep_up() -> int:
    """Ask for a run wherever the stored scores are behind; how many workspaces. Engine only."""
    now = clock.now()
    with transaction.atomic():
        raw = cursor()
        raw.execute(BEHIND, {"lag": queries.LAKE_LAG, "now": now, "limit": WORKSPACES_AT_ONCE_MAX})
        behind = raw.fetchall()
    for workspace_id, took_ms in behind:
        with scope(workspace_id):
            jobs.enqueue_anew(workspace_id, SCORE_JOB, {}, SCORE_JOB, every=pause_after(took_ms))
    return len(behind)


def pause_after(took_ms: int) -> timedelta:
    """How long after the end of a run the next one may begin."""
    return max(SCORE_EVERY * 0.9, timedelta(milliseconds=took_ms / SHARE_OF_TIME_MAX))


def run_score(job: JobRecord) -> None:
    """Score the workspace as of now."""
    actions.score(job.workspace_id, clock.now(), lambda: jobs.renew(job))


def run_cluster(job: JobRecord) -> None:
    """Find the workspace's clusters as of now."""
    actions.find_clusters(job.workspace_id, clock.now(), lambda: jobs.renew(job))


def renew_clusters() -> int:
    """Ask for new clusters where those found last are a week old; how many. Engine only."""
    with transaction.atomic():
        raw = cursor()
        raw.execute(OLD_CLUSTERS, [clock.now() - CLUSTERS_KEPT, WORKSPACES_AT_ONCE_MAX])
        old = [row[0] for row in raw.fetchall()]
    for workspace_id in old:
        with scope(workspace_id):
            actions.ask_for_clusters(workspace_id)
    return len(old)
