"""Bodies in and answers out for the raw doors of the intake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from regulars.events.claims import unzip

BODY_BYTES_MAX = 500 << 10
# Above the limit but below this the body is only too large; beyond it is an attack.
BOMB_BYTES_MIN = 5 << 20
RETRY_AFTER_S = 1
CORS_AGE_S = 86_400

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class AnswerError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, code: str, message: str, *, retry_s: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_s = retry_s


async def read(receive: Receive, headers: dict[bytes, bytes], limit: int = BODY_BYTES_MAX) -> bytes:
    """The whole body. raises AnswerError(body_too_large | body_cut_short)"""
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > limit:
        raise too_large(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise AnswerError(400, "body_cut_short", "The connection closed before the end.")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise too_large(limit)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def too_large(limit: int = BODY_BYTES_MAX) -> AnswerError:
    """The answer to a body above the limit."""
    return AnswerError(
        400, "body_too_large", f"A request has at most {limit >> 10} KB; send less at a time."
    )


def unzipped(body: bytes) -> bytes:
    """The decompressed body. raises AnswerError(gzip_malformed | body_too_large)"""
    try:
        return unzip(body, BODY_BYTES_MAX)
    except ValueError as error:
        if str(error) != "too large":
            raise AnswerError(
                400, "gzip_malformed", "The body is not a whole gzip stream."
            ) from error
    try:
        unzip(body, BOMB_BYTES_MIN)
    except ValueError:
        raise AnswerError(
            413, "body_too_large", "The body grows beyond every limit when decompressed."
        ) from None
    raise too_large()


def cors(headers: dict[bytes, bytes]) -> Headers:
    """What lets a page of another origin read the answer.

    Every origin may: who may send is decided by the key and its domains, no cookie of ours is
    ever looked at, and a refusal that a page cannot read is a riddle to its owner.
    """
    if b"origin" not in headers:
        return []
    return [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-expose-headers", b"retry-after"),
    ]


async def answer_preflight(send: Send) -> None:
    """Answer OPTIONS: any page may ask, with the headers Segment's libraries send."""
    given = [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
        (b"access-control-allow-headers", b"authorization, content-type, x-retry-count"),
        (b"access-control-max-age", str(CORS_AGE_S).encode()),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": given})
    await send({"type": "http.response.body", "body": b""})


async def respond(
    send: Send, status: int, content: dict[str, Any], more: Headers, *, retry_s: int = 0
) -> None:
    """Answer with JSON."""
    headers = [(b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff")]
    if status in (429, 503):
        wait = str(retry_s or RETRY_AFTER_S).encode()
        headers += [(b"retry-after", wait), (b"x-ratelimit-reset", wait)]
    if status == 401:
        headers.append((b"www-authenticate", b'Basic realm="regulars"'))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *more]})
    await send({"type": "http.response.body", "body": msgspec.json.encode(content)})
