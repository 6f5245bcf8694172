"""Every call in every state of a purchase."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from regulars.kernel.errors import RegularsError
from regulars.loyalty.pure import states
from regulars.loyalty.pure.states import State, Step


def _told(call: Callable[[], Step]) -> str:
    try:
        return call().value
    except RegularsError as refusal:
        return refusal.code


@pytest.mark.parametrize(
    ("state", "is_due", "same", "other"),
    [
        (None, False, "begin", "begin"),
        (State.HELD, False, "replay", "idempotency_mismatch"),
        (State.HELD, True, "purchase_state", "idempotency_mismatch"),
        (State.CONFIRMED, False, "purchase_state", "idempotency_mismatch"),
        (State.PARTLY_RETURNED, False, "purchase_state", "idempotency_mismatch"),
        (State.RETURNED, False, "purchase_state", "idempotency_mismatch"),
        (State.CANCELLED, False, "purchase_state", "idempotency_mismatch"),
        (State.EXPIRED, False, "purchase_state", "idempotency_mismatch"),
    ],
)
def test_hold(state: State | None, is_due: bool, same: str, other: str) -> None:
    assert _told(lambda: states.on_hold(state, is_due=is_due, is_same=True)) == same
    assert _told(lambda: states.on_hold(state, is_due=is_due, is_same=False)) == other


@pytest.mark.parametrize(
    ("state", "is_due", "same", "other"),
    [
        (None, False, "begin", "begin"),
        (State.HELD, False, "capture", "capture"),
        (State.HELD, True, "revive", "revive"),
        (State.EXPIRED, True, "revive", "revive"),
        (State.CONFIRMED, False, "replay", "idempotency_mismatch"),
        (State.PARTLY_RETURNED, False, "replay", "idempotency_mismatch"),
        (State.RETURNED, False, "replay", "idempotency_mismatch"),
        (State.CANCELLED, False, "purchase_state", "purchase_state"),
    ],
)
def test_confirm(state: State | None, is_due: bool, same: str, other: str) -> None:
    assert _told(lambda: states.on_confirm(state, is_due=is_due, is_same=True)) == same
    assert _told(lambda: states.on_confirm(state, is_due=is_due, is_same=False)) == other


@pytest.mark.parametrize(
    ("state", "cancelled", "returned"),
    [
        (None, "purchase_unknown", "purchase_unknown"),
        (State.HELD, "release", "purchase_not_confirmed"),
        (State.CONFIRMED, "use_return", "take_back"),
        (State.PARTLY_RETURNED, "use_return", "take_back"),
        (State.RETURNED, "use_return", "take_back"),
        (State.CANCELLED, "replay", "purchase_not_confirmed"),
        (State.EXPIRED, "purchase_state", "purchase_not_confirmed"),
    ],
)
def test_cancel_and_return(state: State | None, cancelled: str, returned: str) -> None:
    assert _told(lambda: states.on_cancel(state)) == cancelled
    assert _told(lambda: states.on_return(state)) == returned
