"""An SMTP server inside the worker, built on aiosmtpd: for the catcher and for bounces."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from aiosmtpd.controller import Controller
from django.db import close_old_connections

log = logging.getLogger(__name__)

LETTER_BYTES_MAX = 5 << 20
STORE_BATCH = 200
KEPT = "250 2.0.0 kept"
LATER = "451 4.3.0 cannot be kept now, try again"


@dataclass(frozen=True, slots=True)
class Received:
    """A letter as it came."""

    mail_from: str
    rcpt_to: tuple[str, ...]
    raw: bytes


class Door(Protocol):
    """Decides which recipients are taken and keeps the letters."""

    def takes(self, address: str) -> bool:
        """True when letters for this address are wanted; called before the text is read."""

    def keep(self, letters: Sequence[Received]) -> None:
        """Store letters durably; an error makes the other side try again."""


class _Handler:
    """aiosmtpd's hooks; letters that arrive while others are stored go in the next batch."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="messaging-receiver")
        self._waiting: list[tuple[Received, asyncio.Future[str]]] = []
        self._is_storing = False

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: object, _session: object, envelope: Any, address: str, _options: object
    ) -> str:
        """Take or refuse a recipient."""
        takes: Callable[[str], bool] = self._door.takes
        if not await asyncio.get_running_loop().run_in_executor(self._pool, takes, address):
            return "550 5.1.1 no such address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
        """Answer when the letter is stored."""
        loop = asyncio.get_running_loop()
        received = Received(
            envelope.mail_from or "", tuple(envelope.rcpt_tos), bytes(envelope.content)
        )
        future: asyncio.Future[str] = loop.create_future()
        self._waiting.append((received, future))
        if not self._is_storing:
            await self._store_all()
        return await future

    async def _store_all(self) -> None:
        self._is_storing = True
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = self._waiting[:STORE_BATCH]
            del self._waiting[:STORE_BATCH]
            letters = [received for received, _ in batch]
            answer = await loop.run_in_executor(self._pool, self._store, letters)
            for _, future in batch:
                future.set_result(answer)
        self._is_storing = False

    def _store(self, letters: Sequence[Received]) -> str:
        try:
            self._door.keep(letters)
        except Exception:
            # The other side keeps the letter and comes back.
            log.exception("received mail could not be stored")
            close_old_connections()
            return LATER
        return KEPT


def run_receiver(stop: threading.Event, host: str, port: int, door: Door) -> None:
    """Serve until told to stop."""
    controller = Controller(
        _Handler(door),
        hostname=host,
        port=port,
        data_size_limit=LETTER_BYTES_MAX,
        decode_data=False,
        enable_SMTPUTF8=True,
        ident="Regulars",
    )
    controller.start()
    try:
        stop.wait()
    finally:
        controller.stop()
