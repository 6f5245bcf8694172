"""A mail server that only counts: how many letters each receiver was given, and the newest one."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter


class Sink:
    """Speaks enough SMTP (with PIPELINING) to take letters; survives dying clients.

    answer_after_s  how long a letter that was taken waits for its answer
    """

    def __init__(self, answer_after_s: float = 0.0) -> None:
        self.received: Counter[str] = Counter()
        self._answer_after_s = answer_after_s
        self.newest = b""
        self.port = 0
        self._is_ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, daemon=True).start()
        assert self._is_ready.wait(10)

    @property
    def count(self) -> int:
        """How many letters came, repeats too."""
        return self.received.total()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._talk, "127.0.0.1", 0, limit=1 << 22)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._is_ready.set()
        self._loop.run_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 sink ESMTP\r\n")
            receiver = ""
            while line := await reader.readline():
                word = line[:4].upper()
                if word == b"EHLO":
                    writer.write(b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
                elif word == b"RCPT":
                    receiver = line.split(b"<", 1)[1].split(b">", 1)[0].decode()
                    writer.write(b"250 2.1.5 ok\r\n")
                elif word == b"DATA":
                    writer.write(b"354 go on\r\n")
                    self.newest = await reader.readuntil(b"\r\n.\r\n")
                    # Counted before the answer: a client that dies here has handed it over.
                    self.received[receiver] += 1
                    if self._answer_after_s:
                        await asyncio.sleep(self._answer_after_s)
                    writer.write(b"250 2.0.0 queued\r\n")
                elif word == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(b"250 ok\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
