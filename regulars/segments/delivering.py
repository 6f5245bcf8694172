"""Telling webhooks, in the worker: one message after another, at least once, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from regulars.events.records import Event
from regulars.jobs import actions as jobs
from regulars.jobs.records import JobRecord
from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Outside
from regulars.outside import calls
from regulars.segments import queries
from regulars.segments.actions import hooks as actions
from regulars.segments.pure import hooks as pure
from regulars.segments.queries import hooks as reads
from regulars.segments.records import DeliveryRecord, HookRecord
from regulars.store.scope import scope

SENT_AT_ONCE_MAX = 200
HOOKS_AT_ONCE_MAX = 500
ERROR_CHARS_MAX = 200
DELIVERED, WAITING, GIVEN_UP = "delivered", "waiting", "given_up"


def take_passages(workspace_id: int, events: Sequence[Event]) -> None:
    """Entries and exits of the log, for whoever subscribed to them."""
    actions.queue_passages(
        workspace_id,
        [
            (one.id, one.subject_id, one.kind, one.time, one.customer_id,
             str(one.props.get("reason", "")))
            for one in events
            if one.subject_id is not None and one.customer_id is not None
        ],
    )  # fmt: skip


def run(job: JobRecord) -> None:
    """Send what waits for one hook until there is nothing, or until the next attempt is due."""
    hook_id = int(job.payload["hook"])
    for _ in range(SENT_AT_ONCE_MAX):
        with scope(job.workspace_id):
            hook = reads.hook_by_id(job.workspace_id, hook_id)
            found = reads.next_delivery(job.workspace_id, hook_id)
            if hook is None or hook.state != "on" or found is None:
                return
            delivery, customer_ids = found
            if delivery.next_at > clock.now():
                jobs.put_back(job, delivery.next_at)
                return
            body = _body(job.workspace_id, hook, delivery, customer_ids)
            secrets = _secrets(job.workspace_id, hook)
        status, error = _sent(hook, delivery, body, secrets)
        with scope(job.workspace_id):
            _judged(job.workspace_id, hook, delivery, status, error)
            if not jobs.report_progress(job, {"sent": delivery.id}):
                return
    with transaction.atomic():
        jobs.put_back(job, clock.now())


def nudge() -> None:
    """Set the job of every hook going that has something due: a wake-up may have been missed."""
    with transaction.atomic():
        due = reads.due_hooks(clock.now(), HOOKS_AT_ONCE_MAX)
        for workspace_id, hook_id in due:
            jobs.enqueue_anew(
                workspace_id, actions.DELIVER, {"hook": hook_id}, f"hook:{hook_id}",
                every=timedelta(0),
            )  # fmt: skip


def prune() -> int:
    """Forget messages that were done with long ago; returns how many."""
    with transaction.atomic():
        return actions.prune_deliveries()


def _body(
    workspace_id: int, hook: HookRecord, delivery: DeliveryRecord, customer_ids: list[int]
) -> bytes:
    one = queries.segment(workspace_id, hook.segment_id)
    return pure.body_of(
        delivery.kind,
        delivery.at,
        {"id": one.public_id, "slug": one.slug, "name": one.name},
        reads.people_told(workspace_id, customer_ids),
        **reads.told_of(workspace_id, delivery.id),
    )


def _secrets(workspace_id: int, hook: HookRecord) -> list[str]:
    try:
        return reads.signing_secrets(workspace_id, hook.public_id)
    except Invalid:
        return []


def _sent(
    hook: HookRecord, delivery: DeliveryRecord, body: bytes, secrets: Sequence[str]
) -> tuple[int | None, str]:
    """The status of the answer, and what went wrong; nothing when it was taken."""
    if not secrets:
        return None, "secret_unreadable"
    headers = pure.headers_of(delivery.message_id, clock.now(), body, secrets)
    try:
        return calls.call("POST", hook.url, headers=headers, body=body).status, ""
    except Outside as error:
        status = error.details.get("status")
        return (status if isinstance(status, int) else None), error.code


def _judged(
    workspace_id: int, hook: HookRecord, delivery: DeliveryRecord, status: int | None, error: str
) -> None:
    """Write what came of it; who is gone or failed to the end is not asked again by itself."""
    now, attempts = clock.now(), delivery.attempts + 1
    told = {"attempts": attempts, "status": status, "error": error[:ERROR_CHARS_MAX]}
    if not error:
        actions.record_attempt(workspace_id, delivery.id, DELIVERED, told | {"finished_at": now})
        return
    again = None if status == pure.GONE else pure.next_at(attempts, now)
    if again is not None:
        actions.record_attempt(workspace_id, delivery.id, WAITING, told | {"next_at": again})
        return
    actions.record_attempt(workspace_id, delivery.id, GIVEN_UP, told | {"finished_at": now})
    actions.stop_hook(workspace_id, hook.id, "gone" if status == pure.GONE else "failed")
