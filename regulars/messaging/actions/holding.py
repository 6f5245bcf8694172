"""Messages of a campaign held back and let go again."""

from __future__ import annotations

from regulars.kernel import clock
from regulars.store.scope import cursor

# A claimed one is taken back: without its token the worker is stopped when it asks to hand over.
_HOLD = """
UPDATE messaging_message
SET state = CASE WHEN state = 'claimed' THEN 'planned' ELSE state END, held_at = %s,
    worker = NULL, token = NULL, claimed_until = NULL
WHERE workspace_id = %s AND campaign_id = %s AND state IN ('planned', 'deferred', 'claimed')
  AND held_at IS NULL
"""
_RELEASE = """
UPDATE messaging_message
SET due_at = due_at + (%(now)s - held_at), held_at = NULL
WHERE workspace_id = %(workspace)s AND campaign_id = %(campaign)s AND held_at IS NOT NULL
  AND state IN ('planned', 'deferred')
"""


def hold_messages(workspace_id: int, *, campaign_id: int) -> int:
    """Keep what was not handed over yet from leaving; returns how many messages.

    A letter whose final dot is already on its way cannot be called back.
    """
    raw = cursor()
    raw.execute(_HOLD, [clock.now(), workspace_id, campaign_id])
    return raw.rowcount


def release_messages(workspace_id: int, *, campaign_id: int) -> int:
    """Let what was held leave, each as much later as it was held, so that the pace stays.

    What may not leave after its `expires_at` expires, held or not.
    """
    raw = cursor()
    raw.execute(_RELEASE, {"now": clock.now(), "workspace": workspace_id, "campaign": campaign_id})
    released = raw.rowcount
    if released:
        raw.execute("SELECT pg_notify('regulars_messages', '')")
    return released
