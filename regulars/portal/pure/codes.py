"""One-time codes: worked out from what they are for, and compared without telling by time."""

from __future__ import annotations

import hashlib
import hmac

DIGITS = 6


def code_of(key: bytes, challenge: str) -> str:
    """The code of this challenge: six digits that nobody without the key can work out."""
    digest = hmac.digest(key, f"one-time code\x00{challenge}".encode(), hashlib.sha256)
    return f"{int.from_bytes(digest, 'big') % 10**DIGITS:0{DIGITS}d}"


def digits_of(typed: str) -> str:
    """What was typed without the spaces and dashes people put between digits."""
    return "".join(sign for sign in typed[:40] if sign.isascii() and sign.isdigit())


def is_same(left: str, right: str) -> bool:
    """Whether both are one code; takes as long for a near miss as for a far one."""
    return hmac.compare_digest(left.encode(), right.encode())


def keyed(key: bytes, *parts: str) -> bytes:
    """Sixteen bytes that stand for the parts, of no use to whoever lacks the key."""
    text = "\x00".join(parts).encode()
    return hmac.digest(key, text, hashlib.sha256)[:16]
