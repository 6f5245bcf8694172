"""Writes of webhooks: who is told of a segment, and what waits to be told."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from regulars.jobs import actions as jobs
from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.outside.vault import open_secret, seal_secret
from regulars.segments.models import Delivery, Hook
from regulars.segments.pure import hooks as pure
from regulars.segments.queries.hooks import hook_of, hook_row
from regulars.segments.records import (
    BATCH_CUSTOMERS,
    HOOKS_MAX,
    URL_CHARS_MAX,
    WAITING_MAX,
    HookRecord,
)
from regulars.segments.rows import row_of
from regulars.store.scope import cursor

DELIVER = "segments.deliver"
MEMBERS = "segment.members"
# After a change of the secret the former one signs so long.
FORMER_SIGNS = timedelta(hours=24)
# A message done with is kept so long to be looked at and sent again.
DELIVERIES_KEPT = timedelta(days=30)
PRUNED_AT_ONCE_MAX = 50_000

# A page of members each: the row number parts them, whoever is next in the order of customers.
_PUSH = """
WITH numbered AS (
  SELECT m.customer_id, (row_number() OVER (ORDER BY m.customer_id) - 1) / %(page)s AS place
  FROM segments_segment s
  JOIN segments_member m ON m.segment_id = s.id AND m.generation = s.generation
  WHERE s.workspace_id = %(workspace)s AND s.id = %(segment)s),
pages AS (
  SELECT place, array_agg(customer_id ORDER BY customer_id) AS customers
  FROM numbered GROUP BY place),
counted AS (SELECT count(*) AS pages FROM pages)
INSERT INTO segments_delivery (workspace_id, hook_id, message_id, kind, at, customer_ids, more,
  state, attempts, next_at, error, created_at)
SELECT %(workspace)s, %(hook)s, %(push)s || '_' || (place + 1), %(kind)s, %(now)s, customers,
  jsonb_build_object('push', %(push)s::text, 'page', place + 1, 'pages', counted.pages),
  'waiting', 0, %(now)s, '', %(now)s
FROM pages, counted ORDER BY place
ON CONFLICT (hook_id, message_id) DO NOTHING RETURNING 1"""


def create_hook(
    workspace_id: int,
    segment_id: int,
    *,
    url: str,
    on_entry: bool = True,
    on_exit: bool = True,
    key: str | None = None,
    actor: str = "",
) -> tuple[HookRecord, str]:
    """A new subscription and its secret, which is told once; the same key gives the same one.

    raises  Invalid(hook_url | hook_nothing), Conflict(idempotency_mismatch),
            Refused(hooks_too_many), NotFound
    """
    row = row_of(workspace_id, segment_id)
    url = _checked(url)
    if not (on_entry or on_exit):
        raise Invalid("hook_nothing", "Subscribe to entries, to exits, or to both.")
    digest = hashlib.sha256(repr((row.id, url, on_entry, on_exit)).encode()).hexdigest()
    # Two of the same key at once: the second waits for the first and finds it.
    cursor().execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('hooks:' || %s, 0))", [workspace_id]
    )
    mine = Hook.objects.filter(workspace_id=workspace_id)
    before = mine.filter(create_key=key).first() if key else None
    if before is not None:
        if before.create_hash != digest:
            raise Conflict("idempotency_mismatch", "This key made another subscription.")
        return hook_of(before), ""
    if mine.count() >= HOOKS_MAX:
        raise Refused("hooks_too_many", f"A workspace has at most {HOOKS_MAX} webhooks.")
    secret = pure.secret_of(secrets.token_bytes(pure.SECRET_BYTES))
    made = Hook.objects.create(
        workspace_id=workspace_id,
        public_id=ids.new_public_id(),
        segment_id=row.id,
        url=url,
        secret=seal_secret(secret),
        on_entry=on_entry,
        on_exit=on_exit,
        create_key=key or None,
        create_hash=digest,
        created_by=actor,
        created_at=clock.now(),
    )
    return hook_of(made), secret


def _checked(url: str) -> str:
    """An address that may be called; whether its host is ours is judged at each call."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and not parts.username and not parts.fragment
        _ = parts.port
    except ValueError:
        is_whole = False
    schemes = ("https", "http") if settings.ALLOW_PRIVATE_HOSTS else ("https",)
    if not is_whole or parts.scheme not in schemes or len(url) > URL_CHARS_MAX or not url.isascii():
        raise Invalid("hook_url", "Give an address that begins with https://.")
    return url


def pause_hook(workspace_id: int, public_id: str) -> None:
    """Send nothing for a while; what happens meanwhile is not kept for later."""
    _set_state(workspace_id, public_id, "paused")


def resume_hook(workspace_id: int, public_id: str) -> None:
    """Go on, with what still waits first."""
    row = _set_state(workspace_id, public_id, "on")
    _hasten(workspace_id, row.id)


def renew_secret(workspace_id: int, public_id: str, *, key: str) -> str:
    """A new secret; the present one signs beside it for a day, so that no message is refused.

    key     the same change asked for again gives the same secret
    raises  Refused(hook_renewing) while the secret before still signs, NotFound
    """
    row = _locked(workspace_id, public_id)
    if key and row.renew_key == key:
        return open_secret(row.secret)
    now = clock.now()
    if hook_of(row).former_until is not None:
        raise Refused(
            "hook_renewing", "Two secrets sign already; end the former one first, or wait."
        )
    secret = pure.secret_of(secrets.token_bytes(pure.SECRET_BYTES))
    row.former_secret, row.former_until = row.secret, now + FORMER_SIGNS
    row.secret, row.renew_key = seal_secret(secret), key
    row.save(update_fields=["secret", "former_secret", "former_until", "renew_key"])
    return secret


def end_former_secret(workspace_id: int, public_id: str) -> None:
    """The secret before the present one signs no more; nothing when there is none."""
    row = _locked(workspace_id, public_id)
    row.former_secret, row.former_until = "", None
    row.save(update_fields=["former_secret", "former_until"])


def _locked(workspace_id: int, public_id: str) -> Hook:
    hook_row(workspace_id, public_id)
    return Hook.objects.select_for_update().get(workspace_id=workspace_id, public_id=public_id)


def delete_hook(workspace_id: int, public_id: str) -> None:
    """Remove the subscription with its log."""
    row = hook_row(workspace_id, public_id)
    Delivery.objects.filter(workspace_id=workspace_id, hook_id=row.id).delete()
    row.delete()


def send_again(workspace_id: int, public_id: str, delivery_id: int) -> bool:
    """Let one message be sent once more, under its own id; False when there is none such."""
    row = hook_row(workspace_id, public_id)
    found = Delivery.objects.filter(
        workspace_id=workspace_id, hook_id=row.id, id=delivery_id
    ).exclude(state="waiting")
    is_found = bool(
        found.update(state="waiting", attempts=0, next_at=clock.now(), finished_at=None, error="")
    )
    if is_found:
        _hasten(workspace_id, row.id)
    return is_found


def push_members(workspace_id: int, public_id: str, *, key: str) -> int:
    """Tell the hook everybody who is in the segment now, in pages; how many pages are new.

    key     the same push asked for again adds nothing
    raises  Refused(hook_off | hook_full), NotFound
    """
    row = hook_row(workspace_id, public_id)
    if row.state != "on":
        raise Refused("hook_off", "The webhook does not run; resume it first.")
    push = "push_" + hashlib.sha256(f"{row.public_id}:{key}".encode()).hexdigest()[:24]
    raw = cursor()
    raw.execute(
        _PUSH,
        {
            "workspace": workspace_id, "segment": row.segment_id, "hook": row.id, "push": push,
            "kind": MEMBERS, "page": BATCH_CUSTOMERS, "now": clock.now(),
        },
    )  # fmt: skip
    pages = len(raw.fetchall())
    if pages and _waiting(workspace_id, row.id) > WAITING_MAX:
        raise Refused("hook_full", f"More than {WAITING_MAX} messages would wait.")
    _hasten(workspace_id, row.id)
    return pages


def queue_passages(
    workspace_id: int, passages: Sequence[tuple[int, int, str, datetime, int, str]]
) -> None:
    """Let hooks tell of entries and exits; telling of the same event again adds nothing.

    passages  (event id, segment id, kind, instant, customer id, reason)
    """
    hooks = Hook.objects.filter(
        workspace_id=workspace_id,
        state="on",
        segment_id__in={segment_id for _, segment_id, *_ in passages},
    )
    for row in hooks:
        mine = [
            one
            for one in passages
            if one[1] == row.segment_id
            and (row.on_entry if one[2] == "segment.entered" else row.on_exit)
        ]
        if not mine:
            continue
        if _waiting(workspace_id, row.id) + len(mine) > WAITING_MAX:
            stop_hook(workspace_id, row.id, "full")
            continue
        _queue(workspace_id, row, mine)
        _hasten(workspace_id, row.id)


def _queue(
    workspace_id: int, row: Hook, mine: Sequence[tuple[int, int, str, datetime, int, str]]
) -> None:
    now = clock.now()
    columns: list[list[Any]] = [
        [f"evt_{row.public_id}_{one[0]}" for one in mine],
        [one[2] for one in mine],
        [one[3] for one in mine],
        [one[4] for one in mine],
        [json.dumps({"reason": one[5]}) for one in mine],
    ]
    cursor().execute(
        "INSERT INTO segments_delivery (workspace_id, hook_id, message_id, kind, at,"
        " customer_ids, more, state, attempts, next_at, error, created_at)"
        " SELECT %s, %s, id, kind, at, ARRAY[customer], more::jsonb, 'waiting', 0, %s, '', %s"
        " FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::bigint[], %s::text[])"
        " WITH ORDINALITY AS given (id, kind, at, customer, more, place) ORDER BY place"
        " ON CONFLICT (hook_id, message_id) DO NOTHING",
        [workspace_id, row.id, now, now, *columns],
    )


def stop_hook(workspace_id: int, hook_id: int, reason: str) -> None:
    """Send nothing more until a member resumes it."""
    Hook.objects.filter(workspace_id=workspace_id, id=hook_id).update(
        state="stopped", reason=reason
    )


def prune_deliveries() -> int:
    """Forget messages done with more than DELIVERIES_KEPT ago; returns how many. Engine only."""
    raw = cursor()
    raw.execute(
        "DELETE FROM segments_delivery WHERE id IN (SELECT id FROM segments_delivery"
        " WHERE state <> 'waiting' AND finished_at < %s LIMIT %s)",
        [clock.now() - DELIVERIES_KEPT, PRUNED_AT_ONCE_MAX],
    )
    return raw.rowcount


def record_attempt(
    workspace_id: int, delivery_id: int, state: str, told: Mapping[str, Any]
) -> None:
    """What came of one attempt."""
    Delivery.objects.filter(workspace_id=workspace_id, id=delivery_id).update(state=state, **told)


def _set_state(workspace_id: int, public_id: str, state: str) -> Hook:
    row = hook_row(workspace_id, public_id)
    row.state, row.reason = state, ""
    row.save(update_fields=["state", "reason"])
    return row


def _waiting(workspace_id: int, hook_id: int) -> int:
    return Delivery.objects.filter(
        workspace_id=workspace_id, hook_id=hook_id, state="waiting"
    ).count()


def _hasten(workspace_id: int, hook_id: int) -> None:
    """Set the hook's one job going; while it runs, it looks for more before it ends."""
    payload = {"hook": hook_id}
    jobs.enqueue_anew(workspace_id, DELIVER, payload, f"hook:{hook_id}", every=timedelta(0))
