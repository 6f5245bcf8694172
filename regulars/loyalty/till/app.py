"""The door of the tills: a raw ASGI handler of `/api/v1/pos/*`."""

from __future__ import annotations

import logging

from regulars.kernel.buckets import Buckets
from regulars.kernel.errors import RegularsError
from regulars.loyalty.till import calls, http
from regulars.loyalty.till.hands import Hands
from regulars.loyalty.till.http import Receive, Scope, Send
from regulars.loyalty.till.keys import Keys, Opened

PREFIX = "/api/v1/pos/"
# A till makes a few calls a minute; a server that speaks for a chain makes many.
CALLS_PER_S, CALLS_BURST = 500.0, 2_000.0
FAULT = (
    b'{"code":"server_fault","message":"The server failed; ask again with the same key.",'
    b'"details":{}}'
)

log = logging.getLogger(__name__)


class Till:
    """Answers tills from threads of its own."""

    def __init__(self, hands: Hands | None = None) -> None:
        self._hands = hands or Hands()
        self._keys = Keys()
        self._buckets = Buckets(CALLS_PER_S, CALLS_BURST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, body = 200, await self._answer(scope, receive)
        except RegularsError as error:
            status, body = http.status_of(error), http.body_of(error)
        except Exception:
            # What was begun was rolled back; its words may hold personal data.
            log.exception("a call of a till failed: %s", calls.name_of(scope["path"]))
            status, body = 500, FAULT
        await http.respond(send, status, body)

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        headers = dict(scope["headers"])
        key = http.key_in(headers)
        call = calls.find(scope["method"], scope["path"].removeprefix(PREFIX))
        body = await http.read(receive, headers) if scope["method"] == "POST" else b""
        return await call.answer(self._hands, lambda: self._opened(key), body)

    def _opened(self, key: str) -> Opened:
        """What the key opens, in a thread of the till. raises KeyRefused, TooMany"""
        opened = self._keys.opened(key)
        if self._buckets.wait_s(str(opened.counter.key_id or 0)):
            raise http.TooMany("till_too_fast", "This key calls too often; slow down.")
        return opened

    def stop(self) -> None:
        """Let calls under way end."""
        self._hands.stop()
