"""When a letter that was put off is tried again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta

ATTEMPTS_MAX = 8
FIRST_DELAY = timedelta(minutes=1)
DELAY_MAX = timedelta(hours=4)
JITTER_SHARE = 0.5

SENDER_FIRST_PAUSE = timedelta(seconds=15)
SENDER_PAUSE_MAX = timedelta(minutes=15)


def delay_after(attempts: int, *, chance: float) -> timedelta | None:
    """How long to wait after this many attempts; None when there were enough.

    chance  a random number in [0, 1), so that letters put off together do not return together
    """
    if attempts >= ATTEMPTS_MAX:
        return None
    base: timedelta = min(DELAY_MAX, FIRST_DELAY * (1 << 2 * (attempts - 1)))
    return base * (1 - JITTER_SHARE + JITTER_SHARE * chance)


def sender_pause(faults: int) -> timedelta:
    """How long to leave a server alone that refused us this many times in a row."""
    return min(SENDER_PAUSE_MAX, SENDER_FIRST_PAUSE * (1 << min(faults, 10)))
