"""What customers choose about marketing by their own hand, and their wish to be erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from regulars.customers.actions.consents import lock_consents
from regulars.customers.models import ErasureRequest
from regulars.customers.pure.wishes import GAPS_DAYS
from regulars.events import actions as events
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import Conflict, Invalid, NotFound
from regulars.kernel.ids import new_public_id
from regulars.store.scope import cursor

EVERY_CHANNEL = ""
PAUSE_DAYS_MAX = 366
NOTE_LENGTH_MAX = 500
SETTLED_STATES = ("done", "declined")
SAVE_GAP = """
INSERT INTO customers_preference AS kept
  (workspace_id, customer_id, channel, gap_days, paused_until, changed_at)
VALUES (%s, %s, %s, %s, NULL, %s)
ON CONFLICT (workspace_id, customer_id, channel) DO UPDATE
SET gap_days = excluded.gap_days, changed_at = excluded.changed_at
WHERE kept.gap_days <> excluded.gap_days
"""
PAUSE = """
INSERT INTO customers_preference AS kept
  (workspace_id, customer_id, channel, gap_days, paused_until, changed_at)
VALUES (%s, %s, '', 0, %s, %s)
ON CONFLICT (workspace_id, customer_id, channel) DO UPDATE
SET paused_until = excluded.paused_until, changed_at = excluded.changed_at
WHERE kept.paused_until IS DISTINCT FROM excluded.paused_until
"""
# Those merged into the customer are woken too, for their pauses count.
WAKE = """
UPDATE customers_preference SET paused_until = NULL, changed_at = %(now)s
WHERE workspace_id = %(workspace)s AND paused_until > %(now)s AND customer_id = ANY(ARRAY(
  SELECT loser_id FROM customers_merge
  WHERE workspace_id = %(workspace)s AND root_id = %(customer)s AND NOT is_gone)
  || %(customer)s::bigint)
"""
ASK_ERASURE = """
INSERT INTO customers_erasurerequest
  (workspace_id, public_id, customer_id, source, asked_at, state, note, settled_by)
VALUES (%s, %s, %s, %s, %s, 'open', '', '')
ON CONFLICT (workspace_id, customer_id) WHERE state = 'open' DO NOTHING
"""
SETTLE_ERASURE = """
UPDATE customers_erasurerequest
SET state = %s, note = %s, settled_by = %s, settled_at = %s
WHERE workspace_id = %s AND public_id = %s AND state = 'open'
"""


def choose_gap(workspace_id: int, customer_id: int, channel: str, gap_days: int) -> None:
    """Let at least so many days lie between two marketing letters of the channel.

    raises  Invalid(preference_gap)
    """
    if gap_days not in GAPS_DAYS:
        raise Invalid("preference_gap", "Choose one of the frequencies offered.")
    lock_consents(workspace_id)
    raw, now = cursor(), clock.now()
    raw.execute(SAVE_GAP, [workspace_id, customer_id, channel, gap_days, now])
    if raw.rowcount:
        _tell(workspace_id, customer_id, now, {"channel": channel, "gap_days": gap_days})


def pause_marketing(workspace_id: int, customer_id: int, until: datetime) -> None:
    """Send no marketing by any channel until then; it wakes by itself.

    Effective before the next hand-over, as a refusal is. raises Invalid(preference_pause)
    """
    now = clock.now()
    if not 0 < (until - now).total_seconds() <= PAUSE_DAYS_MAX * 86_400:
        raise Invalid("preference_pause", f"A pause lasts at most {PAUSE_DAYS_MAX} days.")
    lock_consents(workspace_id)
    raw = cursor()
    raw.execute(PAUSE, [workspace_id, customer_id, until, now])
    if raw.rowcount:
        _tell(workspace_id, customer_id, now, {"paused_until": until.isoformat()})


def wake_marketing(workspace_id: int, customer_id: int) -> None:
    """End the pause now; without one nothing changes."""
    lock_consents(workspace_id)
    raw, now = cursor(), clock.now()
    raw.execute(WAKE, {"workspace": workspace_id, "customer": customer_id, "now": now})
    if raw.rowcount:
        _tell(workspace_id, customer_id, now, {"paused_until": None})


def _tell(workspace_id: int, customer_id: int, now: datetime, props: Mapping[str, object]) -> None:
    event = NewEvent(
        kind="preference.changed",
        time=now,
        key=f"preference:{new_public_id()}",
        customer_id=customer_id,
        props=dict(props),
    )
    events.record_many(workspace_id, [event])


def ask_erasure(workspace_id: int, customer_id: int, *, source: str) -> bool:
    """Write down that the customer wants to be erased; False when that already waits.

    A person of the workspace answers. Nothing is erased here.
    """
    raw, now, public_id = cursor(), clock.now(), new_public_id()
    raw.execute(ASK_ERASURE, [workspace_id, public_id, customer_id, source, now])
    if not raw.rowcount:
        return False
    event = NewEvent(
        kind="erasure.requested",
        time=now,
        key=f"erasure:{public_id}",
        customer_id=customer_id,
        props={"request": public_id, "source": source},
    )
    events.record_many(workspace_id, [event])
    return True


def settle_erasure(workspace_id: int, public_id: str, *, state: str, note: str, actor: str) -> None:
    """Answer a request: done or declined, with a note that tells how or why.

    raises  Invalid(erasure_state | erasure_note), NotFound(erasure_unknown),
            Conflict(erasure_settled)
    """
    note = note.strip()
    if state not in SETTLED_STATES:
        raise Invalid("erasure_state", "A request is done or declined.")
    if not 0 < len(note) <= NOTE_LENGTH_MAX:
        raise Invalid("erasure_note", "Write in a few words what was done, or why not.")
    raw, now = cursor(), clock.now()
    raw.execute(SETTLE_ERASURE, [state, note, actor, now, workspace_id, public_id])
    if raw.rowcount:
        return
    if ErasureRequest.objects.filter(workspace_id=workspace_id, public_id=public_id).exists():
        raise Conflict("erasure_settled", "This request was answered before.")
    raise NotFound("erasure_unknown", "There is no such request.")
