"""What a call of a till may do to a purchase in each of its states."""

from __future__ import annotations

from enum import StrEnum

from regulars.kernel.errors import Conflict, NotFound


class State(StrEnum):
    """How far a purchase has come; a quote is kept nowhere."""

    HELD = "held"
    CONFIRMED = "confirmed"
    PARTLY_RETURNED = "partly_returned"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Step(StrEnum):
    """What is to be done with the purchase.

    BEGIN      nothing is known of it: a new hold, or a sale without one
    CAPTURE    what was held is taken
    REVIVE     the hold ran out: take what can still be had
    RELEASE    what was held is free again
    TAKE_BACK  goods come back
    REPLAY     it was done before: the stored answer
    """

    BEGIN = "begin"
    CAPTURE = "capture"
    REVIVE = "revive"
    RELEASE = "release"
    TAKE_BACK = "take_back"
    REPLAY = "replay"


SOLD = frozenset({State.CONFIRMED, State.PARTLY_RETURNED, State.RETURNED})


def on_hold(state: State | None, *, is_due: bool, is_same: bool) -> Step:
    """What a hold does. is_due: the hold's time is over; is_same: the body it came with.

    raises  Conflict(idempotency_mismatch | purchase_state)
    """
    if state is None:
        return Step.BEGIN
    if not is_same:
        raise mismatch()
    if state is State.HELD and not is_due:
        return Step.REPLAY
    raise not_now(State.EXPIRED if state is State.HELD else state)


def on_confirm(state: State | None, *, is_due: bool, is_same: bool) -> Step:
    """What a confirmation does; once sold, the same body gets the same answer for ever.

    raises  Conflict(idempotency_mismatch | purchase_state)
    """
    if state is None:
        return Step.BEGIN
    if state in SOLD:
        if not is_same:
            raise mismatch()
        return Step.REPLAY
    if state is State.CANCELLED:
        raise not_now(state)
    return Step.REVIVE if is_due or state is State.EXPIRED else Step.CAPTURE


def on_cancel(state: State | None) -> Step:
    """What a cancellation does.

    raises  NotFound(purchase_unknown), Conflict(use_return | purchase_state)
    """
    if state is None:
        raise unknown()
    if state in SOLD:
        raise Conflict(
            "use_return", "The purchase is confirmed: take the goods back by a return.", state=state
        )
    if state is State.EXPIRED:
        raise not_now(state)
    return Step.RELEASE if state is State.HELD else Step.REPLAY


def on_return(state: State | None) -> Step:
    """What a return does.

    raises  NotFound(purchase_unknown), Conflict(purchase_not_confirmed)
    """
    if state is None:
        raise unknown()
    if state not in SOLD:
        raise Conflict(
            "purchase_not_confirmed",
            "Only a confirmed purchase can come back; cancel a hold instead.",
            state=state,
        )
    return Step.TAKE_BACK


def mismatch() -> Conflict:
    """The same key came before with another body."""
    return Conflict(
        "idempotency_mismatch", "This id was used before with another body; nothing was changed."
    )


def not_now(state: State) -> Conflict:
    """The call does not lead on from where the purchase is."""
    return Conflict("purchase_state", f"The purchase is {state.value}.", state=state.value)


def unknown() -> NotFound:
    """No such purchase in this workspace."""
    return NotFound("purchase_unknown", "There is no purchase of this id.")
