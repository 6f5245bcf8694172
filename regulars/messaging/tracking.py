"""Opens and clicks: raw ASGI handlers of /o/ and /l/, and what becomes of them in the log.

A request is stored in the inbox before it is answered. The address to go to is inside the signed
token, so nothing is looked up and nobody can make us redirect elsewhere.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import string
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec
from django.db import OperationalError, close_old_connections

from regulars.events import actions as events
from regulars.events import inbox
from regulars.events.claims import InboxRow
from regulars.events.records import NewEvent
from regulars.kernel import clock
from regulars.kernel.errors import NotFound, Outside, Refused
from regulars.messaging.pure import tokens
from regulars.messaging.pure.links import may_follow
from regulars.messaging.pure.openings import is_human_click, is_human_open
from regulars.messaging.pure.tokens import Purpose, Token, TokenInvalid
from regulars.store.scope import cursor, scope
from regulars.workspaces import queries as workspaces

log = logging.getLogger(__name__)

INBOX_KIND = "tracking"
CHANNEL = "email"
OPEN_PREFIX, OPEN_SUFFIX = "/o/", ".gif"
LINK_PREFIX = "/l/"
USER_AGENT_CHARS_MAX = 300
SECRETS_KEPT = 10_000

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
NO_STORE = (b"cache-control", b"no-store, private, max-age=0")
NO_REFERRER = (b"referrer-policy", b"no-referrer")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Touch(msgspec.Struct, frozen=True):
    """An opening or a click as it waits in the inbox."""

    message: str
    at: datetime
    method: str
    user_agent: str
    link_index: int = -1
    url: str = ""

    @property
    def is_click(self) -> bool:
        return self.link_index >= 0


_touch = msgspec.json.Decoder(Touch)


async def handle(asgi_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer GET /o/<token>.gif with a picture and GET /l/<token> with a redirect."""
    path, method = asgi_scope["path"], asgi_scope["method"]
    if method not in {"GET", "HEAD"}:
        await _answer(send, 405, b"Use GET.", [(b"allow", b"GET, HEAD")])
        return
    try:
        if path.startswith(OPEN_PREFIX) and path.endswith(OPEN_SUFFIX):
            token = path[len(OPEN_PREFIX) : -len(OPEN_SUFFIX)]
            await _store(asgi_scope, await _unsealed(Purpose.OPEN, token), is_click=False)
        elif path.startswith(LINK_PREFIX):
            link = await _unsealed(Purpose.LINK, path[len(LINK_PREFIX) :])
            await _store(asgi_scope, link, is_click=True)
            await _redirect(send, link.url)
            return
    except TokenInvalid as error:
        if path.startswith(LINK_PREFIX):
            await _answer(send, 404, error.message.encode(), [])
            return
    except OperationalError:
        if path.startswith(LINK_PREFIX):
            await _answer(send, 503, b"Try again in a minute.", [(b"retry-after", b"30")])
            return
    # A picture that cannot be shown would only look like our mistake in somebody's letter.
    headers = [(b"content-type", b"image/gif"), NO_STORE, NO_REFERRER]
    await _answer(send, 200, PIXEL if method == "GET" else b"", headers)


async def _store(asgi_scope: Scope, token: Token, *, is_click: bool) -> None:
    headers = dict(asgi_scope["headers"])
    touch = Touch(
        message=token.message_public_id,
        at=clock.now(),
        method=asgi_scope["method"],
        user_agent=headers.get(b"user-agent", b"").decode("latin-1")[:USER_AGENT_CHARS_MAX],
        link_index=token.link_index if is_click else -1,
        url=token.url,
    )
    body = msgspec.json.encode(touch)
    try:
        await inbox.current().store(token.workspace_id, INBOX_KIND, body)
    except (Refused, Outside) as error:
        # The reader gets where they wanted to go; the touch is lost and the operator told.
        log.warning("an opening or a click could not be stored: %s", error.code)


async def _redirect(send: Send, url: str) -> None:
    assert may_follow(url)
    location = url.encode() if url.isascii() else _ascii_url(url)
    await _answer(send, 302, b"", [(b"location", location), NO_STORE, NO_REFERRER])


def _ascii_url(url: str) -> bytes:
    """The address with other letters percent-encoded, and the host as punycode."""
    parts = urlsplit(url)
    try:
        host = parts.netloc.encode("idna").decode()
    except UnicodeError:
        host = quote(parts.netloc, safe=string.punctuation)
    rest = urlunsplit(("", "", parts.path, parts.query, parts.fragment))
    return f"{parts.scheme}://{host}{quote(rest, safe=string.punctuation)}".encode()


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    if not any(name == b"content-type" for name, _ in headers):
        headers = [*headers, (b"content-type", b"text/plain; charset=utf-8")]
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


_secrets: dict[int, bytes] = {}


async def _unsealed(purpose: Purpose, text: str) -> Token:
    workspace_id = tokens.workspace_of(text)
    secret = _secrets.get(workspace_id)
    if secret is None:
        # What is not found is not kept: the workspace of this number may be made tomorrow.
        secret = await asyncio.to_thread(secret_of, workspace_id)
        if secret is None:
            raise TokenInvalid
        if len(_secrets) >= SECRETS_KEPT:
            _secrets.clear()
        _secrets[workspace_id] = secret
    return tokens.unseal(secret, purpose, text)


def secret_of(workspace_id: int) -> bytes | None:
    """The signing secret of the workspace, None when there is no such workspace."""
    # A thread outside Django's requests: nobody else looks whether its connection still lives.
    close_old_connections()
    try:
        with scope(workspace_id):
            return workspaces.workspace(workspace_id).secret.encode()
    except NotFound:
        return None
    finally:
        close_old_connections()


def take(workspace_id: int, rows: Sequence[InboxRow]) -> None:
    """Rows of the inbox become events of their messages; touches of test letters are dropped.

    A repeat within the hour is one event.
    """
    touches = [_touch.decode(row.body) for row in rows]
    raw = cursor()
    raw.execute(
        "SELECT public_id, id, customer_id, campaign_id, coalesce(accepted_at, handed_at)"
        " FROM messaging_message WHERE workspace_id = %s AND public_id = ANY(%s)",
        [workspace_id, [touch.message for touch in touches]],
    )
    known = {row[0]: row[1:] for row in raw.fetchall()}
    events.record_many(
        workspace_id,
        [_event(touch, *known[touch.message]) for touch in touches if touch.message in known],
    )


def _event(
    touch: Touch, id_: int, customer_id: int, campaign_id: int | None, sent_at: datetime | None
) -> NewEvent:
    hour = touch.at.strftime("%Y%m%d%H")
    props: dict[str, object] = {
        "message": touch.message,
        "campaign": campaign_id,
        "channel": CHANNEL,
    }
    if touch.is_click:
        kind = "message.clicked"
        age_s = (touch.at - sent_at).total_seconds() if sent_at else None
        is_human = is_human_click(method=touch.method, user_agent=touch.user_agent, age_s=age_s)
        props |= {"url": touch.url, "link": touch.link_index}
    else:
        kind = "message.opened"
        is_human = is_human_open(method=touch.method, user_agent=touch.user_agent)
    return NewEvent(
        kind=kind,
        time=touch.at,
        key=f"{kind}:{id_}:{touch.link_index}:{is_human}:{hour}",
        customer_id=customer_id,
        subject_id=id_,
        props={**props, "is_confirmed": is_human},
    )
