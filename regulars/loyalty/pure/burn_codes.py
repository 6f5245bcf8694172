"""One-time codes before points are burnt: worked out from what they are for, kept nowhere."""

from __future__ import annotations

import hashlib
import hmac

DIGITS = 6
TYPED_CHARS_MAX = 40


def code_of(secret: str, challenge: str) -> str:
    """The code of this challenge: six digits that nobody without the secret can work out."""
    digest = hmac.digest(secret.encode(), f"burn code\x00{challenge}".encode(), hashlib.sha256)
    return f"{int.from_bytes(digest, 'big') % 10**DIGITS:0{DIGITS}d}"


def is_same(typed: str, code: str) -> bool:
    """Whether the code was typed; spaces between digits do not matter, nor does time tell."""
    digits = "".join(sign for sign in typed[:TYPED_CHARS_MAX] if sign.isascii() and sign.isdigit())
    return hmac.compare_digest(digits.encode(), code.encode())
