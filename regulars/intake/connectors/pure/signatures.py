"""How a delivery proves who sent it; every comparison takes the same time wherever it fails.

The body is the raw bytes received, never parsed and written again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from regulars.kernel.errors import Refused

# A message whose own time is further away may be an old one played again.
WINDOW_S = 300
ID_LENGTH_MAX = 200
SIGNATURES_MAX = 10
SECRET_PREFIX = "whsec_"  # noqa: S105 - it marks secrets and is none


class SignatureWrong(Refused):
    """Whoever sent this does not know the secret, or altered the message."""


def wrong() -> SignatureWrong:
    """What strangers are told, and no more."""
    return SignatureWrong("signature_wrong", "The signature does not hold.")


def check_standard(headers: Mapping[str, str], body: bytes, secret: str, now_s: float) -> str:
    """The id of a message signed by the scheme of Standard Webhooks.

    headers  lower-case names: webhook-id, webhook-timestamp, webhook-signature
    raises   SignatureWrong
    source   https://www.standardwebhooks.com
    """
    id_, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (0 < len(id_) <= ID_LENGTH_MAX and id_.isascii() and id_.isprintable()):
        raise wrong()
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 12):
        raise wrong()
    if abs(now_s - int(sent)) > WINDOW_S:
        raise wrong()
    expected = standard_signature(id_, sent, body, secret)
    given = headers.get("webhook-signature", "").split(" ")[:SIGNATURES_MAX]
    # Every one is compared, so that the time does not tell which of them came close.
    held = [_same(one, f"v1,{expected}") for one in given]
    if not any(held):
        raise wrong()
    return id_


def standard_signature(id_: str, sent: str, body: bytes, secret: str) -> str:
    """The signature without its version. raises SignatureWrong when the secret is no base64"""
    signed = id_.encode() + b"." + sent.encode() + b"." + body
    return base64_hmac(standard_key(secret), signed)


def standard_key(secret: str) -> bytes:
    """The bytes behind a secret as people copy it. raises SignatureWrong for none"""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise wrong() from None
    # Whoever knows nothing can sign with an empty key.
    if not key:
        raise wrong()
    return key


def check_base64_hmac(given: str, body: bytes, secret: str) -> None:
    """Nothing when the header is the base64 HMAC-SHA256 of the body. raises SignatureWrong"""
    if not secret or not _same(given, base64_hmac(secret.encode(), body)):
        raise wrong()


def check_token(given: str, secret: str) -> None:
    """Nothing when the shared token is the right one. raises SignatureWrong"""
    # Of equal length whatever is sent, so that the length is no hint either.
    left = hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest()
    right = hashlib.sha256(secret.encode()).digest()
    if not secret or not hmac.compare_digest(left, right):
        raise wrong()


def base64_hmac(key: bytes, content: bytes) -> str:
    """Base64 of the HMAC-SHA256."""
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())
