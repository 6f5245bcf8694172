"""Bodies in and answers out for the door of the tills."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from regulars.kernel.errors import Conflict, Invalid, NotFound, Outside, Refused, RegularsError

BODY_BYTES_MAX = 512 << 10
RETRY_AFTER_S = 1

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[bytes, bytes]


class KeyRefused(RegularsError):
    """No open key was shown."""


class TooMany(RegularsError):
    """More calls than the till may make."""


class Malformed(RegularsError):
    """The call is not HTTP and JSON as this door speaks them."""


# The nearest class from above wins; whatever else is raised is a fault of the server.
STATUSES: tuple[tuple[type[RegularsError], int], ...] = (
    (KeyRefused, 401),
    (TooMany, 429),
    (Malformed, 400),
    (Refused, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Invalid, 422),
    (Outside, 503),
    (RegularsError, 400),
)


def status_of(error: RegularsError) -> int:
    """The status of an error."""
    return next(status for kind, status in STATUSES if isinstance(error, kind))


def body_of(error: RegularsError) -> bytes:
    """What the till reads: a stable code, a sentence, and facts."""
    told = {"code": error.code, "message": error.message, "details": error.details}
    return msgspec.json.encode(told)


async def read(receive: Receive, headers: Headers) -> bytes:
    """The whole body. raises Invalid(body_too_large), Malformed(body_cut_short)"""
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > BODY_BYTES_MAX:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed("body_cut_short", "The connection closed before the end.")
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise _too_large()
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _too_large() -> Invalid:
    return Invalid("body_too_large", f"A call has at most {BODY_BYTES_MAX >> 10} KB.")


async def respond(send: Send, status: int, body: bytes) -> None:
    """Answer with JSON."""
    headers = [
        (b"content-type", b"application/json"),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(body)).encode()),
    ]
    if status in (429, 503):
        headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="regulars"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def key_in(headers: Headers) -> str:
    """The key of the till: `Authorization: Bearer rg_pos_…`. raises KeyRefused(key_missing)"""
    kind, _, value = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if kind.lower() != "bearer" or not value.strip():
        raise KeyRefused("key_missing", "Send the till's key: Authorization: Bearer rg_pos_….")
    return value.strip()
