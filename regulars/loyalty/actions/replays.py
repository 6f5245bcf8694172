"""Replays of past receipts: asked for once by a key, done in the worker chunk by chunk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from regulars.jobs import actions as jobs
from regulars.kernel import clock, ids
from regulars.kernel.errors import Conflict, Invalid, Refused
from regulars.loyalty.models.programme import Replay
from regulars.loyalty.pure.replaying import Found, to_json
from regulars.loyalty.queries import promotions
from regulars.loyalty.queries.replaying import ReplayRecord, record_of

JOB = "loyalty.replay"
PROMOTIONS_MAX = 50
PERIOD_MAX = timedelta(days=366)
WAITING_MAX = 3  # replays of one workspace that wait or run at once


def start_replay(
    workspace_id: int,
    *,
    since: datetime,
    until: datetime,
    slugs: Sequence[str] = (),
    only: bool = False,
    key: str | None = None,
    actor: str = "",
) -> ReplayRecord:
    """Price the receipts of a period anew by the live rules and these promotions besides.

    only     by these promotions alone, without the others that are live
    raises   Invalid, NotFound, Refused(replays_too_many), Conflict(idempotency_mismatch)
    """
    if until <= since or until - since > PERIOD_MAX:
        raise Invalid("period_invalid", "A period ends after it begins and is at most a year.")
    if len(slugs) > PROMOTIONS_MAX:
        raise Invalid("promotions_too_many", f"At most {PROMOTIONS_MAX} promotions at once.")
    for slug in slugs:
        promotions.row_of(workspace_id, slug)
    asked: dict[str, Any] = {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "slugs": sorted(set(slugs)),
        "only": only,
    }
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    mine = Replay.objects.filter(workspace_id=workspace_id)
    before = mine.filter(key=key).first() if key else None
    if before is not None:
        if before.asked_hash != digest:
            raise Conflict("idempotency_mismatch", "This key made another replay.")
        return record_of(before)
    if mine.filter(state__in=("waiting", "running")).count() >= WAITING_MAX:
        raise Refused("replays_too_many", f"At most {WAITING_MAX} replays run at once.")
    row = Replay.objects.create(
        workspace_id=workspace_id,
        public_id=ids.new_public_id(),
        key=key or None,
        asked=asked,
        asked_hash=digest,
        actor=actor,
        created_at=clock.now(),
    )
    jobs.enqueue(workspace_id, JOB, {"replay": row.public_id}, f"replay:{row.public_id}")
    return record_of(row)


def keep(
    workspace_id: int, public_id: str, found: Found, *, state: str, before: Any = None
) -> None:
    """Keep what a replay has found so far and where it stands."""
    Replay.objects.filter(workspace_id=workspace_id, public_id=public_id).update(
        found={**to_json(found), "before": before},
        state=state,
        finished_at=clock.now() if state in ("done", "full", "failed") else None,
    )


def fail(workspace_id: int, public_id: str) -> None:
    """Say that nothing more will come."""
    Replay.objects.filter(workspace_id=workspace_id, public_id=public_id).update(
        state="failed", finished_at=clock.now()
    )
