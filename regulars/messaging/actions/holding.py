"""Messages of a campaign held back and let go again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from regulars.kernel import clock
from regulars.store.scope import cursor

# A claimed one is taken back: without its token the worker is stopped when it asks to hand over.
# One in hand-over keeps what its ending is known by, and waits should the server put it off.
_HOLD = """
WITH held AS (
    UPDATE messaging_message
    SET held_at = %s,
        state = CASE WHEN state = 'claimed' THEN 'planned' ELSE state END,
        worker = CASE WHEN state = 'handing' THEN worker END,
        token = CASE WHEN state = 'handing' THEN token END,
        claimed_until = CASE WHEN state = 'handing' THEN claimed_until END
    WHERE workspace_id = %s AND campaign_id = %s AND held_at IS NULL
      AND state IN ('planned', 'deferred', 'claimed', 'handing')
    RETURNING state)
SELECT count(*) FROM held WHERE state <> 'handing'
"""
# What ended while it was held keeps its times and only loses the mark.
_RELEASE = """
WITH released AS (
    UPDATE messaging_message
    SET due_at = CASE WHEN state IN ('planned', 'deferred') THEN due_at + (%(now)s - held_at)
                      ELSE due_at END,
        held_at = NULL
    WHERE workspace_id = %(workspace)s AND campaign_id = %(campaign)s AND held_at IS NOT NULL
    RETURNING state)
SELECT count(*) FROM released WHERE state IN ('planned', 'deferred')
"""


def hold_messages(workspace_id: int, *, campaign_id: int) -> int:
    """Keep what was not handed over yet from leaving; returns how many messages.

    A letter whose final dot is already on its way cannot be called back and is not counted, but
    when the server puts it off it is held too.
    """
    return _count(_HOLD, [clock.now(), workspace_id, campaign_id])


def release_messages(workspace_id: int, *, campaign_id: int) -> int:
    """Let what was held leave, each as much later as it was held, so that the pace stays.

    What may not leave after its `expires_at` expires, held or not.
    """
    values = {"now": clock.now(), "workspace": workspace_id, "campaign": campaign_id}
    released = _count(_RELEASE, values)
    if released:
        cursor().execute("SELECT pg_notify('regulars_messages', '')")
    return released


def _count(sql: str, values: Sequence[object] | Mapping[str, object]) -> int:
    raw = cursor()
    raw.execute(sql, values)
    row = raw.fetchone()
    assert row is not None
    return int(row[0])
