"""Whether a series can give every receiver a code."""

from __future__ import annotations

from datetime import datetime

SERIES_BLOCKED = "series_blocked"
SERIES_OVER = "series_over"
CODES_SHORT = "codes_short"

CODE = "loyalty.code"
CODES_BELOW = "loyalty.codes."


def lack_of(
    *, is_active: bool, ends_at: datetime | None, free: int | None, wanted: int, now: datetime
) -> str:
    """Why the series cannot give so many codes that work; empty when it can.

    free  codes it has left, None for one that makes them as they are asked for
    """
    if not is_active:
        return SERIES_BLOCKED
    if ends_at is not None and ends_at <= now:
        return SERIES_OVER
    return CODES_SHORT if free is not None and free < wanted else ""


def prints_code(names: frozenset[str]) -> bool:
    """Whether a letter that asks for these names says the code that is given with it."""
    return any(name == CODE or name.startswith(CODES_BELOW) for name in names)
