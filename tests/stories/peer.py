"""A real mail server that keeps what it is given, and what a reader finds in a letter."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller

LINK = re.compile(r'href="([^"]*/l/[^"]+)"')
PIXEL = re.compile(r'src="([^"]*/o/[^"]+\.gif)"')


@dataclass(frozen=True)
class Letter:
    """One delivered letter."""

    receiver: str
    message: EmailMessage

    @property
    def html(self) -> str:
        """The part that mail programs show."""
        part = self.message.get_body(("html",))
        assert part is not None
        return str(part.get_content())

    @property
    def link(self) -> str:
        """The first tracked link."""
        return found(LINK, self.html)

    @property
    def pixel(self) -> str:
        """The picture that tells of an opening."""
        return found(PIXEL, self.html)

    @property
    def unsubscribe(self) -> str:
        """The address for one-click unsubscribing."""
        assert self.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        return found(re.compile(r"<(https?://[^>]+)>"), str(self.message["List-Unsubscribe"]))


def found(pattern: re.Pattern[str], text: str) -> str:
    """The first match, unescaped."""
    match = pattern.search(text)
    assert match is not None, f"nothing like {pattern.pattern} in {text[:500]}"
    return match.group(1).replace("&amp;", "&")


@dataclass
class Peer:
    """Takes every letter."""

    letters: list[Letter] = field(default_factory=list)
    port: int = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        for receiver in envelope.rcpt_tos:
            self.letters.append(Letter(receiver, cast("EmailMessage", message)))
        return "250 2.0.0 taken"


class AnyPort(Controller):
    """A controller whose port the system chooses."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running() -> Iterator[Peer]:
    """The server on a port of its own."""
    peer = Peer()
    controller = AnyPort(peer, hostname="127.0.0.1", port=0)
    controller.start()
    peer.port = controller.port
    try:
        yield peer
    finally:
        controller.stop()
