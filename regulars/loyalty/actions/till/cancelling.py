"""Holds that end without a sale: cancelled by the till, or out of time."""

from __future__ import annotations

from regulars.kernel import clock
from regulars.loyalty.actions.till import moving, rows, telling
from regulars.loyalty.pure import states
from regulars.loyalty.pure.states import State, Step
from regulars.loyalty.queries import purchases


def cancel(workspace_id: int, purchase_id: str) -> bytes:
    """What the purchase held is free again; cancelled once more it is answered the same.

    raises  NotFound(purchase_unknown), Conflict(use_return | purchase_state)
    """
    now = clock.now()
    there = rows.lock(workspace_id, purchase_id)
    step = states.on_cancel(None if there is None else there.state)
    assert there is not None
    if step is Step.REPLAY:
        stored = purchases.stored_answer(workspace_id, "cancel", purchase_id)
        if stored is not None:
            return stored[1]
    else:
        assert there.answer is not None
        moving.release(workspace_id, purchase_id, there.answer)
        rows.move(workspace_id, there.id, State.CANCELLED, now)
    body = telling.encode(
        {"purchase_id": purchase_id, "state": State.CANCELLED.value, "flags": list(there.flags)}
    )
    rows.keep_answer(workspace_id, rows.Said("cancel", purchase_id, "", body), now)
    return body


def expire(workspace_id: int, purchase_id: str) -> bool:
    """Release the hold when its time is over; whether it was still held."""
    now = clock.now()
    there = rows.lock(workspace_id, purchase_id)
    if there is None or there.state is not State.HELD or not there.is_due(now):
        return False
    assert there.answer is not None
    moving.release(workspace_id, purchase_id, there.answer)
    rows.move(workspace_id, there.id, State.EXPIRED, now)
    return True
