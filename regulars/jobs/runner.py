"""Runs jobs one after another in the worker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.db import Error, connection, transaction

from regulars.jobs import actions
from regulars.jobs.records import JobRecord
from regulars.kernel.errors import Outside, RegularsError

log = logging.getLogger(__name__)

Handler = Callable[[JobRecord], None]
BEAT_S = actions.LEASE.total_seconds() / 3


def run_once(handlers: Mapping[str, str], gave_up: Mapping[str, str] | None = None) -> bool:
    """Claim and run one due job; false when none was due.

    A handler manages its own transactions and may raise; its lease is renewed while it runs. It
    must be safe to run again from where its committed work stands. A job whose worker died
    TRIES_MAX times is given up, for it may be what kills them.

    gave_up  kind → "module:function" that tells the owner of such a job: (job, reason)
    """
    with transaction.atomic():
        job = actions.claim()
    if job is None:
        return False
    if job.attempts > actions.TRIES_MAX:
        _give_up(job, gave_up or {})
        return True
    try:
        with _held(job):
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


def _give_up(job: JobRecord, gave_up: Mapping[str, str]) -> None:
    with transaction.atomic():
        actions.fail(job, actions.WORKER_DIED, is_permanent=True)
        if job.kind in gave_up:
            _resolve(gave_up[job.kind])(job, actions.WORKER_DIED)


@contextmanager
def _held(job: JobRecord) -> Iterator[None]:
    """Renew the lease from a second thread until the handler is done."""
    is_over = threading.Event()
    thread = threading.Thread(target=_beat, args=(job, is_over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _beat(job: JobRecord, is_over: threading.Event) -> None:
    try:
        while not is_over.wait(BEAT_S):
            try:
                with transaction.atomic():
                    if not actions.renew(job):
                        return
            except Error:
                # The database is away for a moment: the next beat tries again.
                log.warning("the lease of job %s could not be renewed", job.id)
    finally:
        connection.close()


def _handler(handlers: Mapping[str, str], kind: str) -> Handler:
    found: Handler = _resolve(handlers[kind])
    return found


def _resolve(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def _was_put_back(job: JobRecord) -> bool:
    from regulars.jobs import queries

    now = queries.job(job.workspace_id, job.id)
    return now is not None and now.state == "waiting"
