"""Keeping answers that are slow to give."""

from __future__ import annotations

from datetime import datetime, timedelta

from regulars.jobs import actions as jobs
from regulars.reports import queries
from regulars.reports.models import Snapshot
from regulars.reports.records import Answer

# A question that is quicker than this is asked for every page view and never kept; a page asks
# up to seven.
LIVE_MS_MAX = 40
# A kept answer older than this is renewed by the worker while people still read it …
RENEW_AFTER = timedelta(minutes=1)
# … and one older than this is not shown any more: the page waits instead. Until then a reader
# who comes back after lunch sees the figures of the morning, with their time, and new ones soon.
KEEP_MAX = timedelta(hours=24)
RENEW_JOB = "reports.renew"


def shown_answer(workspace_id: int, name: str, now: datetime) -> Answer:
    """The answer a page may show now: a fresh one, or a kept one and an order to renew it."""
    kept = queries.snapshot(workspace_id, name)
    if kept is None or now - kept.at > KEEP_MAX:
        return renew(workspace_id, name, now)
    if now - kept.at > RENEW_AFTER:
        # At most one run a minute, however many people look, and one row for ever.
        jobs.enqueue_anew(workspace_id, RENEW_JOB, {"name": name}, name, every=RENEW_AFTER)
    return kept


def answer_soon(workspace_id: int, name: str, now: datetime) -> Answer | None:
    """The kept answer however old, and an order to renew it; None until the first one is there."""
    kept = queries.snapshot(workspace_id, name)
    if kept is None or now - kept.at > RENEW_AFTER:
        ordered = {"name": name, "is_kept": True}
        jobs.enqueue_anew(workspace_id, RENEW_JOB, ordered, name, every=RENEW_AFTER)
    return kept


def renew(workspace_id: int, name: str, now: datetime, *, is_kept: bool = False) -> Answer:
    """Ask the question and keep the answer if it was slow, forget the kept one if it was not.

    is_kept  keep it in any case: somebody waits for it
    """
    answer = queries.answer(workspace_id, name, now)
    if answer.took_ms <= LIVE_MS_MAX and not is_kept:
        Snapshot.objects.filter(workspace_id=workspace_id, name=name).delete()
        return answer
    Snapshot.objects.update_or_create(
        workspace_id=workspace_id,
        name=name,
        defaults={"at": answer.at, "rows": list(answer.rows), "took_ms": answer.took_ms},
    )
    return answer
