"""`GET /s/<key>.js`: the script of a site, with its settings as JSON at the end."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from regulars.intake.collector.http import Headers, Receive, Scope, Send
from regulars.intake.collector.keys import Keys, Opened
from regulars.kernel.errors import Outside

PREFIX, SUFFIX = "/s/", ".js"
SOURCE = Path(__file__).parents[1] / "static" / "intake" / "site.js"
VERSION = "1"
# A change of the settings reaches visitors after this time at the latest.
CACHE_AGE_S = 300
STALE_AGE_S = 86_400
MADE_MAX = 1_000
PLACE = "})({});"


@dataclass(frozen=True, slots=True)
class _Made:
    plain: bytes
    packed: bytes
    etag: bytes


class Snippet:
    """Answers with the script of a site; made once for each of its settings."""

    def __init__(self, keys: Keys, public_url: str) -> None:
        self._keys = keys
        self._public_url = public_url
        self._source = SOURCE.read_text()
        assert self._source.rstrip().endswith(PLACE)
        self._made: dict[tuple[str, str], _Made] = {}

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"/* Use GET. */", [(b"allow", b"GET, HEAD")])
            return
        key = scope["path"].removeprefix(PREFIX).removesuffix(SUFFIX)
        try:
            opened = await self._keys.opened(key)
            if opened is not None and opened.site:
                await self._keys.note_loaded(key)
        except Outside:
            await _answer(send, 503, b"/* Try again shortly. */", [(b"retry-after", b"5")])
            return
        if opened is None or not opened.site:
            # Never cached: the site may be made, or opened again, the next minute.
            missing = b"/* There is no site with this key. */"
            await _answer(send, 404, missing, [(b"cache-control", b"no-store")])
            return
        await self._give(scope, send, self._make(key, opened))

    def _make(self, key: str, opened: Opened) -> _Made:
        found = self._made.get((key, opened.consent_mode))
        if found is None:
            body = script(self._source, key, self._public_url, opened.consent_mode)
            etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'.encode()
            found = _Made(body, gzip.compress(body, 9, mtime=0), etag)
            if len(self._made) >= MADE_MAX:
                self._made.clear()
            self._made[(key, opened.consent_mode)] = found
        return found

    async def _give(self, scope: Scope, send: Send, made: _Made) -> None:
        headers = dict(scope["headers"])
        cache = f"public, max-age={CACHE_AGE_S}, stale-while-revalidate={STALE_AGE_S}".encode()
        given: Headers = [
            (b"cache-control", cache),
            (b"etag", made.etag),
            (b"vary", b"accept-encoding"),
            (b"access-control-allow-origin", b"*"),
            (b"cross-origin-resource-policy", b"cross-origin"),
        ]
        if made.etag in headers.get(b"if-none-match", b""):
            await _answer(send, 304, b"", given)
            return
        body = made.plain
        if b"gzip" in headers.get(b"accept-encoding", b""):
            body = made.packed
            given.append((b"content-encoding", b"gzip"))
        await _answer(send, 200, body, given, is_head=scope["method"] == "HEAD")


def script(source: str, key: str, public_url: str, consent_mode: str) -> bytes:
    """The script with its settings; as JSON they can be nothing but data."""
    settings = {"key": key, "host": public_url, "consent": consent_mode, "version": VERSION}
    text = json.dumps(settings).replace("<", "\\u003c")
    return source.rstrip().removesuffix(PLACE).encode() + f"}})({text});\n".encode()


async def _answer(
    send: Send, status: int, body: bytes, headers: Headers, *, is_head: bool = False
) -> None:
    given = [
        (b"content-type", b"application/javascript; charset=utf-8"),
        (b"x-content-type-options", b"nosniff"),
        *headers,
    ]
    if status != 304:
        given.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": given})
    await send({"type": "http.response.body", "body": b"" if is_head else body})
