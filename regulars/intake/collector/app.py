"""The collector: a raw ASGI handler of `POST /v1/*` that answers when the request is on disk."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

from regulars.events import inbox
from regulars.events.claims import unzip
from regulars.intake import segment
from regulars.intake.collector.keys import Keys
from regulars.kernel.errors import Outside, Refused

BODY_BYTES_MAX = 500 << 10
# Above the limit but below this the body is only too large; beyond it is an attack.
BOMB_BYTES_MIN = 5 << 20
RETRY_AFTER_S = 1
INBOX_KIND = "segment"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class _AnswerError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Collector:
    """Handles the calls of Segment's HTTP API under /v1/."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._collect(scope, receive)
        except _AnswerError as answer:
            await _respond(send, answer.status, {"code": answer.code, "message": answer.message})
        except Refused as error:
            await _respond(send, 429, {"code": error.code, "message": error.message})
        except Outside as error:
            await _respond(send, 503, {"code": error.code, "message": error.message})
        else:
            await _respond(send, 200, {"success": True})

    async def _collect(self, scope: Scope, receive: Receive) -> None:
        call = scope["path"].removeprefix("/v1/").rstrip("/")
        if call not in segment.CALLS:
            raise _AnswerError(404, "call_unknown", "Post to /v1/batch, /v1/identify or /v1/track.")
        if scope["method"] != "POST":
            raise _AnswerError(405, "method_not_allowed", "Use POST.")
        headers = dict(scope["headers"])
        body = await _read(receive, headers)
        is_gzip = headers.get(b"content-encoding", b"").lower() == b"gzip"
        plain = _unzip(body) if is_gzip else body
        envelope = _open(plain, call)
        workspace_id = await self._workspace(headers, envelope)
        await inbox.current().store(workspace_id, INBOX_KIND, body, source=call, is_gzip=is_gzip)

    async def _workspace(self, headers: dict[bytes, bytes], envelope: segment.Envelope) -> int:
        shown = {key for key in (_key_in_header(headers), envelope.writeKey) if key}
        if len(shown) > 1:
            raise _AnswerError(401, "key_ambiguous", "The header and writeKey name different keys.")
        workspace_id = await self._keys.workspace_of(shown.pop()) if shown else None
        if workspace_id is None:
            raise _AnswerError(
                401, "key_unknown", "Give an open key of scope intake as the user name or writeKey."
            )
        return workspace_id


def _key_in_header(headers: dict[bytes, bytes]) -> str | None:
    kind, _, value = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if kind.lower() == "bearer":
        # With an OAuth token the key travels in the body; our own keys may come as the token.
        return value.strip() if value.startswith("rg_") else None
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _AnswerError(
            401, "key_malformed", "Basic needs base64 of the key and a colon."
        ) from error


async def _read(receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > BODY_BYTES_MAX:
        raise _too_large()
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _AnswerError(400, "body_cut_short", "The connection closed before the end.")
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise _too_large()
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _too_large() -> _AnswerError:
    return _AnswerError(
        400, "body_too_large", "A request has at most 500 KB; send smaller batches."
    )


def _unzip(body: bytes) -> bytes:
    try:
        return unzip(body, BODY_BYTES_MAX)
    except ValueError as error:
        if str(error) != "too large":
            raise _AnswerError(
                400, "gzip_malformed", "The body is not a whole gzip stream."
            ) from error
    try:
        unzip(body, BOMB_BYTES_MIN)
    except ValueError:
        raise _AnswerError(
            413, "body_too_large", "The body grows beyond every limit when decompressed."
        ) from None
    raise _too_large()


def _open(plain: bytes, call: str) -> segment.Envelope:
    try:
        envelope = segment.open_envelope(plain)
    except RecursionError:
        raise _AnswerError(400, "json_malformed", "The body is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _AnswerError(
            400, "json_malformed", f"The body is not a valid call: {error}"
        ) from error
    if call == "batch" and envelope.batch is None:
        raise _AnswerError(400, "batch_missing", 'A batch call needs the list "batch".')
    if call != "batch" and envelope.batch is not None:
        raise _AnswerError(400, "batch_unexpected", "Post lists to /v1/batch.")
    if call != "batch" and len(plain) > segment.MESSAGE_BYTES_MAX:
        raise _AnswerError(400, "message_too_large", "A message has at most 32 KB.")
    return envelope


async def _respond(send: Send, status: int, content: dict[str, Any]) -> None:
    headers = [(b"content-type", b"application/json")]
    if status in (429, 503):
        headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    if status == 401:
        headers.append((b"www-authenticate", b'Basic realm="regulars"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(content)})
