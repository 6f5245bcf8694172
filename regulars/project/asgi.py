"""The web process: hot routes answered raw, everything else by Django in a thread pool."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any, cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
django.setup()

from a2wsgi import WSGIMiddleware  # noqa: E402 - Django is set up first
from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from regulars.events import inbox  # noqa: E402
from regulars.intake.collector.app import Collector  # noqa: E402
from regulars.intake.collector.forms import Forms  # noqa: E402
from regulars.intake.collector.keys import Keys  # noqa: E402
from regulars.intake.collector.snippet import Snippet  # noqa: E402
from regulars.loyalty.till.app import Till  # noqa: E402
from regulars.messaging import tracking  # noqa: E402
from regulars.project import lake, start  # noqa: E402
from regulars.project.health import Health  # noqa: E402
from regulars.store import place  # noqa: E402
from regulars.store.roles import Role  # noqa: E402
from regulars.workspaces.records import KeyScope  # noqa: E402

start.wire()

PAGE_THREADS = 8
FAULT = b'{"code": "server_fault", "message": "The server failed; nothing was acknowledged."}'

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


def _as_coroutine(receive: Receive) -> Receive:
    # The bridge calls receive from its threads and needs a coroutine; the server gives a future.
    async def received() -> MutableMapping[str, Any]:
        return await receive()

    return received


def _door_of(path: str) -> str:
    return "/" + path.strip("/").partition("/")[0]


async def _fail(send: Send) -> None:
    # When the answer had begun already, the server ignores a second one and closes.
    with suppress(Exception):
        await send(
            {
                "type": "http.response.start",
                "status": 500,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": FAULT})


class Router:
    """Chooses by the beginning of the path."""

    def __init__(self) -> None:
        start.wire()
        engine = place.conninfo_for(Role.ENGINE)
        self._inbox = inbox.Inbox(engine)
        inbox.use(self._inbox)
        lake.open_engine()
        keys = Keys(engine, KeyScope.INTAKE)
        self._till = Till()
        self._hot: tuple[tuple[str, Handler], ...] = (
            ("/v1/", Collector(keys)),
            ("/s/", Snippet(keys, settings.PUBLIC_URL)),
            ("/f/", Forms(engine, settings.PUBLIC_URL)),
            ("/o/", tracking.handle),
            ("/l/", tracking.handle),
            ("/api/v1/pos/", self._till),
            ("/livez", Health(engine)),
            ("/readyz", Health(engine)),
        )
        # Else the first visitor would wait for every page of every room to be imported.
        assert get_resolver().url_patterns
        pages: Any = WSGIMiddleware(cast("Any", get_wsgi_application()), workers=PAGE_THREADS)
        self._pages: Handler = pages
        self._is_started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if not self._is_started:
            self._inbox.start()
            self._is_started = True
        if scope["type"] != "http":
            return
        try:
            await self._handler_of(scope["path"])(scope, receive, send)
        except Exception:
            # The server would log it with its words, which may hold personal data.
            log.exception("a request to %s failed", _door_of(scope["path"]))
            await _fail(send)

    def _handler_of(self, path: str) -> Handler:
        for prefix, handler in self._hot:
            if path.startswith(prefix):
                return handler
        return self._show_page

    async def _show_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._pages(scope, _as_coroutine(receive), send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                if not self._is_started:
                    self._inbox.start()
                    self._is_started = True
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._inbox.stop()
                self._till.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


application = Router()
# What is made by now stays as long as the process. A collection that walks over all of it stops
# every till for a sixth of a second and finds nothing.
gc.collect()
gc.freeze()
