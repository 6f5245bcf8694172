"""One TCP connection to an SMTP server: bytes out, replies in, each wait with its own limit."""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from regulars.messaging.adapters.smtp.replies import Reply, ReplyError, take_reply


class WireError(ConnectionError):
    """The connection broke, timed out or talked nonsense."""


class Wire(asyncio.Protocol):
    """The protocol object; `asyncio.timeout` bounds every wait."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.buffer = bytearray()
        self.is_lost = False
        self._arrival: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._room.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._wake()

    def eof_received(self) -> bool:
        self.is_lost = True
        self._wake()
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        self.is_lost = True
        self._room.set()
        self._wake()

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def write(self, data: bytes) -> None:
        """Hand bytes to the operating system."""
        if self.is_lost or self.transport is None:
            raise WireError("lost")
        self.transport.write(data)

    async def drain(self, timeout_s: float) -> None:
        """Wait until the operating system has taken enough of what was written."""
        if not self._room.is_set():
            try:
                async with asyncio.timeout(timeout_s):
                    await self._room.wait()
            except TimeoutError as error:
                raise WireError("timeout") from error
        if self.is_lost:
            raise WireError("lost")

    async def reply(self, timeout_s: float) -> Reply:
        """The next reply of the server."""
        try:
            while (found := take_reply(self.buffer)) is None:
                await self._more(timeout_s)
        except ReplyError as error:
            raise WireError("nonsense") from error
        return found

    async def start_tls(self, context: ssl.SSLContext, host: str, timeout_s: float) -> None:
        """Change to TLS; refused when something was slipped in before the handshake."""
        if self.buffer or self.transport is None:
            raise WireError("nonsense")
        loop = asyncio.get_running_loop()
        try:
            upgraded = await loop.start_tls(
                self.transport,
                self,
                context,
                server_hostname=host,
                ssl_handshake_timeout=timeout_s,
            )
        except (OSError, ssl.SSLError) as error:
            raise WireError("tls") from error
        if upgraded is None:
            raise WireError("tls")
        self.transport = upgraded

    def close(self) -> None:
        """Close without waiting; what was not written is dropped."""
        self.is_lost = True
        if self.transport is not None:
            self.transport.abort()

    async def _more(self, timeout_s: float) -> None:
        if self.is_lost:
            raise WireError("lost")
        self._arrival = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                await self._arrival
        except TimeoutError as error:
            raise WireError("timeout") from error
        finally:
            self._arrival = None

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
