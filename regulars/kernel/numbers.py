"""Whole numbers in addresses and forms, which anybody may write."""

from __future__ import annotations

# All such numbers fit PostgreSQL's bigint.
DIGITS_MAX = 18


def whole_number(text: str) -> int | None:
    """The number that the text is, in plain digits and not longer than an id; else None."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX
    return int(text) if is_number else None
