"""A stable place between 0 and 1 for each customer: control groups and random shares."""

from __future__ import annotations

import hashlib

# 13 hexadecimal digits are 52 bits: exact in a float and in every engine.
SHARE_HEX_DIGITS = 13
SHARE_DIVISOR = 1 << 52


def share_of(customer_id: int, salt: str) -> float:
    """Where the customer stands in [0, 1) for this salt; the same in every engine."""
    digest = hashlib.md5(f"{salt}:{customer_id}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:SHARE_HEX_DIGITS], 16) / SHARE_DIVISOR
