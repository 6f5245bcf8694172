"""Asking the worker for clusters."""

from __future__ import annotations

from datetime import timedelta

from regulars.jobs import actions as jobs

CLUSTER_JOB = "value.cluster"
CLUSTER_EVERY = timedelta(minutes=1)


def ask_for_clusters(workspace_id: int, *, every: timedelta = CLUSTER_EVERY) -> None:
    """Let clusters be found anew, unless that is under way or was done a moment ago."""
    jobs.enqueue_anew(workspace_id, CLUSTER_JOB, {}, CLUSTER_JOB, every=every)
