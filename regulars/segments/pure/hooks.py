"""What goes to a webhook: its body, its signature and when it is tried again.

source  https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

SECRET_PREFIX = "whsec_"  # noqa: S105 - it marks secrets and is none
SECRET_BYTES = 24
# After which wait each further attempt follows the one before; the first is made at once.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
ATTEMPTS_MAX = len(WAITS) + 1
GONE = 410


def secret_of(raw: bytes) -> str:
    """A secret as both sides write it."""
    return SECRET_PREFIX + base64.b64encode(raw).decode()


def headers_of(id_: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The headers that prove who sent the body, when, and that nobody changed it.

    secrets  each signs; the other side takes the message when it knows one of them
    """
    stamp = str(int(at.timestamp()))
    signed = " ".join(f"v1,{signature(id_, stamp, body, secret)}" for secret in secrets)
    return {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": stamp,
        "webhook-signature": signed,
    }


def signature(id_: str, stamp: str, body: bytes, secret: str) -> str:
    """Base64 of HMAC-SHA256 over "id.timestamp.body". raises ValueError for another secret"""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("the secret is no base64") from error
    signed = f"{id_}.{stamp}.".encode() + body
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def next_at(attempts: int, now: datetime) -> datetime | None:
    """When to try again after so many attempts; None when it was the last."""
    return now + WAITS[attempts - 1] if attempts <= len(WAITS) else None


def body_of(
    kind: str,
    at: datetime,
    segment: Mapping[str, str],
    people: Sequence[Mapping[str, Any]],
    **more: object,
) -> bytes:
    """The body, the same for every attempt; customers by the ids the shop knows."""
    data: dict[str, Any] = {"segment": dict(segment), **more}
    if kind == "segment.members":
        data["customers"] = [dict(one) for one in people]
    else:
        data["customer"] = dict(people[0]) if people else None
    told = {"type": kind, "timestamp": _utc(at), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
