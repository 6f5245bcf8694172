"""Runs jobs one after another in the worker."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from importlib import import_module

from django.db import transaction

from regulars.jobs import actions
from regulars.jobs.records import JobRecord
from regulars.kernel.errors import Outside, RegularsError

log = logging.getLogger(__name__)

Handler = Callable[[JobRecord], None]


def run_once(handlers: Mapping[str, str]) -> bool:
    """Claim and run one due job; false when none was due.

    A handler manages its own transactions, calls actions.report_progress at least every lease, and
    may raise; it must be safe to run again from where its committed work stands.
    """
    with transaction.atomic():
        job = actions.claim()
    if job is None:
        return False
    try:
        _handler(handlers, job.kind)(job)
    except RegularsError as error:
        is_permanent = not isinstance(error, Outside) or error.is_permanent
        with transaction.atomic():
            actions.fail(job, error.message, is_permanent=is_permanent)
    except Exception as error:
        # Any fault is kept on the job, where its owner sees it; the queue goes on.
        log.exception("job %s of kind %s failed", job.id, job.kind)
        with transaction.atomic():
            actions.fail(job, type(error).__name__, is_permanent=False)
    else:
        with transaction.atomic():
            if not _was_put_back(job):
                actions.finish(job)
    return True


def _handler(handlers: Mapping[str, str], kind: str) -> Handler:
    module, _, name = handlers[kind].partition(":")
    found: Handler = getattr(import_module(module), name)
    return found


def _was_put_back(job: JobRecord) -> bool:
    from regulars.jobs import queries

    now = queries.job(job.workspace_id, job.id)
    return now is not None and now.state == "waiting"
