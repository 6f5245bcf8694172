"""A pipelining SMTP client that knows exactly how far each letter got."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum

from regulars.kernel.errors import Outside
from regulars.messaging.adapters.smtp.replies import Reply
from regulars.messaging.adapters.smtp.wire import Wire, WireError
from regulars.messaging.pure.addresses import Mailbox

CONNECT_TIMEOUT_S = 30.0
GREETING_TIMEOUT_S = 30.0
COMMAND_TIMEOUT_S = 30.0
DATA_TIMEOUT_S = 30.0
# RFC 5321 4.5.3.2.6: the server may need ten minutes after the final dot.
FINAL_TIMEOUT_S = 600.0
QUIT_TIMEOUT_S = 2.0
MESSAGES_PER_CONNECTION_MAX = 500

GO_AHEAD = 354
CLOSING = 421

Handing = Callable[[], Awaitable[bool]]


class Security(Enum):
    """How the connection is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class State(Enum):
    """How a hand-over ended."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one hand-over.

    stage  mail, rcpt, data, body or final: how far it got
    code   the server's code, 0 when it did not answer
    words  the server's text without addresses
    """

    state: State
    stage: str
    code: int = 0
    enhanced: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each wait may last."""

    connect_s: float = CONNECT_TIMEOUT_S
    greeting_s: float = GREETING_TIMEOUT_S
    command_s: float = COMMAND_TIMEOUT_S
    data_s: float = DATA_TIMEOUT_S
    final_s: float = FINAL_TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Peer:
    """A server to hand letters to.

    connect_to  the checked network address; the name `host` is for TLS only
    """

    host: str
    port: int
    connect_to: str
    security: Security = Security.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    own_name: str = "localhost"
    may_send_password_unprotected: bool = False
    messages_max: int = MESSAGES_PER_CONNECTION_MAX
    timeouts: Timeouts = Timeouts()
    tls: ssl.SSLContext | None = field(default=None, repr=False)


class PeerRefused(Outside):
    """The server could not be reached or did not let us in; no letter was handed over."""


async def connect(peer: Peer) -> Connection:
    """An open connection, greeted, protected and signed in; raises PeerRefused."""
    wire = Wire()
    try:
        await _open(wire, peer)
        connection = Connection(peer, wire)
        await connection._begin()
    except WireError as error:
        wire.close()
        raise PeerRefused("smtp_unreachable", f"The mail server broke off ({error}).") from error
    except BaseException:
        wire.close()
        raise
    return connection


async def _open(wire: Wire, peer: Peer) -> None:
    loop = asyncio.get_running_loop()
    is_tls = peer.security is Security.TLS
    try:
        async with asyncio.timeout(peer.timeouts.connect_s):
            await loop.create_connection(
                lambda: wire,
                peer.connect_to,
                peer.port,
                ssl=_tls(peer) if is_tls else None,
                server_hostname=peer.host if is_tls else None,
            )
    except (OSError, ssl.SSLError, TimeoutError) as error:
        raise PeerRefused("smtp_unreachable", "The mail server cannot be reached.") from error


def _tls(peer: Peer) -> ssl.SSLContext:
    return peer.tls or ssl.create_default_context()


class Connection:
    """A session with one server; hands over one letter at a time."""

    def __init__(self, peer: Peer, wire: Wire) -> None:
        self.peer = peer
        self.sent_count = 0
        self._wire = wire
        self._extensions: dict[str, str] = {}
        self._needs_reset = False

    @property
    def is_usable(self) -> bool:
        """False when the next letter needs a new connection."""
        return not self._wire.is_lost and self.sent_count < self.peer.messages_max

    async def send(
        self, *, sender: str, recipient: Mailbox, letter: bytes, handing: Handing
    ) -> Outcome:
        """Hand over one letter; whatever the server does is told by the outcome.

        sender   the return path, empty for none; ASCII
        letter   lines end in CRLF
        handing  awaited just before the final dot; False withholds the letter, an error too,
                 and the connection is closed so that the server drops what it has
        """
        assert "\r" not in sender and "\n" not in sender
        self.sent_count += 1
        try:
            refusal = await self._envelope(sender, recipient, len(letter))
            if refusal is not None:
                return refusal
            self._wire.write(_stuffed(letter))
            await self._wire.drain(self.peer.timeouts.data_s)
        except WireError as error:
            self._wire.close()
            return Outcome(State.DEFERRED, "body", words=f"connection {error}")
        return await self._finish(handing)

    async def quit(self) -> None:
        """End the session politely, but do not wait long for it."""
        try:
            self._wire.write(b"QUIT\r\n")
            await self._wire.reply(QUIT_TIMEOUT_S)
        except WireError:
            pass
        finally:
            self._wire.close()

    async def _finish(self, handing: Handing) -> Outcome:
        try:
            may_go = await handing()
        except BaseException:
            self._wire.close()
            raise
        if not may_go:
            self._wire.close()
            return Outcome(State.WITHHELD, "body")
        if self._wire.is_lost:
            return Outcome(State.DEFERRED, "body", words="connection lost")
        try:
            self._wire.write(b".\r\n")
            reply = await self._wire.reply(self.peer.timeouts.final_s)
        except WireError as error:
            self._wire.close()
            return Outcome(State.UNKNOWN, "final", words=f"connection {error}")
        return self._outcome(reply, "final")

    async def _envelope(self, sender: str, recipient: Mailbox, size: int) -> Outcome | None:
        """Announce the letter; None when the server waits for its text."""
        if recipient.needs_utf8 and "SMTPUTF8" not in self._extensions:
            words = "the server does not take addresses with foreign letters"
            return Outcome(State.REJECTED, "rcpt", 0, "5.6.7", words)
        commands = [
            f"MAIL FROM:<{sender}>{self._parameters(recipient, size)}\r\n".encode(),
            f"RCPT TO:<{recipient.address}>\r\n".encode(),
            b"DATA\r\n",
        ]
        if "PIPELINING" in self._extensions:
            return await self._judged(await self._together(commands))
        return await self._judged(await self._one_by_one(commands))

    def _parameters(self, recipient: Mailbox, size: int) -> str:
        sizes = f" SIZE={size}" if "SIZE" in self._extensions else ""
        return sizes + (" BODY=8BITMIME SMTPUTF8" if recipient.needs_utf8 else "")

    async def _together(self, commands: list[bytes]) -> list[Reply]:
        """All commands in one write; DATA must be the last of them (RFC 2920 3.1)."""
        limit_s = self.peer.timeouts.command_s
        reset = b"RSET\r\n" if self._needs_reset else b""
        self._wire.write(reset + b"".join(commands))
        if reset:
            self._needs_reset = False
            await self._wire.reply(limit_s)
        replies: list[Reply] = []
        for _ in commands:
            replies.append(await self._wire.reply(limit_s))
            if replies[-1].code == CLOSING:
                break
        return replies

    async def _one_by_one(self, commands: list[bytes]) -> list[Reply]:
        if self._needs_reset:
            self._needs_reset = False
            await self._command("RSET")
        replies: list[Reply] = []
        for command in commands:
            self._wire.write(command)
            replies.append(await self._wire.reply(self.peer.timeouts.command_s))
            if not replies[-1].is_positive:
                break
        return replies

    async def _judged(self, replies: list[Reply]) -> Outcome | None:
        stages = zip(("mail", "rcpt", "data"), replies, strict=False)
        refused = next(((at, reply) for at, reply in stages if not reply.is_positive), None)
        if refused is None:
            if len(replies) == 3 and replies[2].code == GO_AHEAD:
                return None
            raise WireError("nonsense")
        if replies[-1].code == GO_AHEAD:
            # RFC 2920 3.1: the server waits for text although it took no recipient.
            self._wire.write(b".\r\n")
            await self._wire.reply(self.peer.timeouts.command_s)
        self._needs_reset = True
        return self._outcome(refused[1], refused[0])

    def _outcome(self, reply: Reply, stage: str) -> Outcome:
        if 200 <= reply.code < 300:
            state = State.ACCEPTED
        elif 500 <= reply.code < 600:
            state = State.REJECTED
        else:
            # Also 3xx, which has no meaning here: the server did not take the letter.
            state = State.DEFERRED
        if reply.code == CLOSING:
            self._wire.close()
        return Outcome(state, stage, reply.code, reply.enhanced, reply.words)

    async def _begin(self) -> None:
        greeting = await self._wire.reply(self.peer.timeouts.greeting_s)
        if greeting.code != 220:
            raise _refused("smtp_greeting", greeting)
        await self._hello()
        if self.peer.security is Security.STARTTLS:
            await self._start_tls()
        if self.peer.username:
            await self._sign_in()

    async def _command(self, line: str) -> Reply:
        self._wire.write(line.encode() + b"\r\n")
        return await self._wire.reply(self.peer.timeouts.command_s)

    async def _hello(self) -> None:
        reply = await self._command(f"EHLO {self.peer.own_name}")
        if reply.code != 250:
            reply = await self._command(f"HELO {self.peer.own_name}")
            if reply.code != 250:
                raise _refused("smtp_hello", reply)
            self._extensions = {}
            return
        words = (line.partition(" ") for line in reply.lines[1:])
        self._extensions = {name.upper(): value.upper() for name, _, value in words}

    async def _start_tls(self) -> None:
        if "STARTTLS" not in self._extensions:
            message = "The mail server offers no STARTTLS."
            raise PeerRefused("smtp_no_tls", message, is_permanent=True)
        reply = await self._command("STARTTLS")
        if reply.code != 220:
            raise _refused("smtp_no_tls", reply)
        await self._wire.start_tls(_tls(self.peer), self.peer.host, self.peer.timeouts.connect_s)
        await self._hello()

    async def _sign_in(self) -> None:
        is_protected = self.peer.security is not Security.NONE
        if not is_protected and not self.peer.may_send_password_unprotected:
            message = "A password is only sent over TLS; choose STARTTLS or TLS."
            raise PeerRefused("smtp_password_unprotected", message, is_permanent=True)
        ways = self._extensions.get("AUTH", "").split()
        user, password = self.peer.username, self.peer.password
        if "PLAIN" in ways:
            reply = await self._command("AUTH PLAIN " + _encoded(f"\0{user}\0{password}"))
        elif "LOGIN" in ways:
            reply = await self._command("AUTH LOGIN")
            for secret in (user, password):
                if reply.code != 334:
                    break
                reply = await self._command(_encoded(secret))
        else:
            message = "The mail server offers neither AUTH PLAIN nor AUTH LOGIN."
            raise PeerRefused("smtp_auth_missing", message, is_permanent=True)
        if reply.code != 235:
            raise _refused("smtp_auth", reply)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _refused(code: str, reply: Reply) -> PeerRefused:
    message = f"The mail server refused: {reply.code} {reply.words}"
    words = f"{reply.code} {reply.words}".strip()
    return PeerRefused(code, message, is_permanent=reply.code >= 500, words=words)


def _stuffed(letter: bytes) -> bytes:
    """Dots at line starts doubled (RFC 5321 4.5.2), the last line ended."""
    ended = letter if letter.endswith(b"\r\n") else letter + b"\r\n"
    if ended.startswith(b"."):
        ended = b"." + ended
    return ended.replace(b"\r\n.", b"\r\n..")
