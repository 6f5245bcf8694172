"""The collector: a raw ASGI handler of `POST /v1/*` that answers when the request is on disk."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress

import msgspec

from regulars.events import inbox
from regulars.intake import segment
from regulars.intake.collector import http
from regulars.intake.collector.http import AnswerError, Receive, Scope, Send
from regulars.intake.collector.keys import Keys, Opened
from regulars.intake.pure import domains
from regulars.kernel.buckets import Buckets
from regulars.kernel.errors import Outside, Refused

INBOX_KIND = "segment"
REFUSED_KIND = "segment.refused"
ORIGIN_LENGTH_MAX = 200
# Enough to see what is wrong, too few to fill the list of failed events.
REFUSALS_KEPT_PER_S = 0.05
REFUSALS_KEPT_BURST = 10.0


class Collector:
    """Handles the calls of Segment's HTTP API under /v1/."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._buckets = Buckets()
        self._refusals = Buckets(REFUSALS_KEPT_PER_S, REFUSALS_KEPT_BURST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        more = http.cors(headers)
        if scope["method"] == "OPTIONS":
            await http.answer_preflight(send)
            return
        try:
            if scope["path"].startswith("/v1/projects/"):
                await self._tell_settings(scope, send)
                return
            await self._collect(scope, receive, headers)
        except AnswerError as answer:
            told = {"code": answer.code, "message": answer.message}
            await http.respond(send, answer.status, told, more, retry_s=answer.retry_s)
        except Refused as error:
            await http.respond(send, 429, {"code": error.code, "message": error.message}, more)
        except Outside as error:
            await http.respond(send, 503, {"code": error.code, "message": error.message}, more)
        else:
            await http.respond(send, 200, {"success": True}, more)

    async def _collect(self, scope: Scope, receive: Receive, headers: dict[bytes, bytes]) -> None:
        call = scope["path"].removeprefix("/v1/").rstrip("/")
        call = segment.SHORT_CALLS.get(call, call)
        if call not in segment.CALLS:
            raise AnswerError(404, "call_unknown", "Post to /v1/batch, /v1/identify or /v1/track.")
        if scope["method"] != "POST":
            raise AnswerError(405, "method_not_allowed", "Use POST.")
        body = await http.read(receive, headers)
        is_gzip = headers.get(b"content-encoding", b"").lower() == b"gzip"
        plain = http.unzipped(body) if is_gzip else body
        envelope = _open(plain, call)
        opened = await self._opened(headers, envelope)
        source = segment.row_source(call, opened.site)
        if opened.site:
            self._spend(opened)
            await self._check_origin(opened, headers, source, plain)
        await inbox.current().store(
            opened.workspace_id, INBOX_KIND, body, source=source, is_gzip=is_gzip
        )

    async def _opened(self, headers: dict[bytes, bytes], envelope: segment.Envelope) -> Opened:
        shown = {key for key in (_key_in_header(headers), envelope.writeKey) if key}
        if len(shown) > 1:
            raise AnswerError(401, "key_ambiguous", "The header and writeKey name different keys.")
        opened = await self._keys.opened(shown.pop()) if shown else None
        if opened is None:
            raise AnswerError(
                401, "key_unknown", "Give an open key of scope intake as the user name or writeKey."
            )
        return opened

    def _spend(self, opened: Opened) -> None:
        wait_s = self._buckets.wait_s(opened.site)
        if wait_s:
            raise AnswerError(
                429, "rate_limited", "This key sends too often; try again later.", retry_s=wait_s
            )

    async def _check_origin(
        self, opened: Opened, headers: dict[bytes, bytes], source: str, plain: bytes
    ) -> None:
        # A program sends no origin, and could write any: the list keeps out foreign pages only.
        origin = headers.get(b"origin")
        if origin is None:
            return
        told = origin.decode("latin-1")[:ORIGIN_LENGTH_MAX]
        if domains.allows(opened.domains, told):
            return
        if not self._refusals.wait_s(opened.site):
            # The answer is the same when nothing more fits on the disk.
            with suppress(Refused, Outside):
                await inbox.current().store(
                    opened.workspace_id, REFUSED_KIND, plain, source=f"{source} {told}"
                )
        raise AnswerError(
            403,
            "origin_refused",
            f"The key of this site does not take events from {told};"
            " add the domain to the site in Regulars.",
        )

    async def _tell_settings(self, scope: Scope, send: Send) -> None:
        """What Segment's library for browsers asks its content network for before it begins."""
        key, _, rest = scope["path"].removeprefix("/v1/projects/").partition("/")
        opened = await self._keys.opened(key) if rest == "settings" else None
        if opened is None or not opened.site:
            raise AnswerError(404, "key_unknown", "There is no site with this key.")
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        content = {
            "integrations": {
                "Segment.io": {
                    "apiKey": key,
                    "apiHost": f"{host}/v1",
                    "protocol": scope.get("scheme", "https"),
                    "unbundledIntegrations": [],
                    "addBundledMetadata": False,
                }
            },
            "plan": {"track": {"__default": {"enabled": True}}},
            "metrics": {"sampleRate": 0},
        }
        more = [(b"access-control-allow-origin", b"*"), (b"cache-control", b"public, max-age=300")]
        await http.respond(send, 200, content, more)


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
        raise AnswerError(
            401, "key_malformed", "Basic needs base64 of the key and a colon."
        ) from error


def _open(plain: bytes, call: str) -> segment.Envelope:
    try:
        envelope = segment.open_envelope(plain)
    except RecursionError:
        raise AnswerError(400, "json_malformed", "The body is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AnswerError(
            400, "json_malformed", f"The body is not a valid call: {error}"
        ) from error
    if call == "batch" and envelope.batch is None:
        raise AnswerError(400, "batch_missing", 'A batch call needs the list "batch".')
    if call != "batch" and envelope.batch is not None:
        raise AnswerError(400, "batch_unexpected", "Post lists to /v1/batch.")
    if call != "batch" and len(plain) > segment.MESSAGE_BYTES_MAX:
        raise AnswerError(400, "message_too_large", "A message has at most 32 KB.")
    return envelope
