"""Tills that call at a steady rate, whatever the answers take: an open loop over kept connections.

A process of its own, so that what it costs is not the server's. Latency is counted from the moment
a call was due, so that a call that waited for a connection is as late as it was for its cashier.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import uvloop

from benchmarks import till_shop

LINES = 50
POINTS_EVERY = 2
ANSWER_WAIT_S = 30.0


class Line:
    """One connection."""

    def __init__(self, port: int, key: str) -> None:
        self._port, self._key = port, key
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def call(self, name: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of one call."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        assert self._reader is not None
        head = (
            f"POST /api/v1/pos/{name} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self._key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        low = answer.lower()
        at = low.index(b"content-length:") + 15
        length = int(low[at : low.index(b"\r\n", at)])
        return int(answer[9:12]), await self._reader.readexactly(length)


class Tills:
    """Free connections, and what calls took."""

    def __init__(self, port: int, key: str, members: int, run: str) -> None:
        self._port, self._key, self._members, self._run = port, key, members, run
        self._free: list[Line] = []
        self._rng = random.Random(run)
        self._number = 0
        self.took: dict[str, list[float]] = defaultdict(list)
        self.wrong: list[str] = []

    def cart(self) -> dict[str, Any]:
        """A large receipt of some member."""
        self._number += 1
        asked: dict[str, Any] = {
            "purchase_id": f"{self._run}-{self._number}",
            "occurred_at": datetime.now(UTC).isoformat(),
            "shop": f"shop-{self._number % 60}",
            "till": str(self._number % 600),
            "lines": till_shop.cart(self._rng, LINES),
            "member": {"external_id": f"m{self._rng.randint(1, self._members)}"},
        }
        if self._number % POINTS_EVERY:
            asked["points"] = {"amount": "auto"}
        return asked

    def gap_s(self, rate: float) -> float:
        """Until the next sale begins somewhere."""
        return self._rng.expovariate(rate)

    def pause_s(self) -> float:
        """What a cashier does between two calls."""
        return self._rng.uniform(0.5, 1.5)

    async def call(self, name: str, asked: dict[str, Any], due: float | None = None) -> bool:
        """One call on a free connection; whether it was answered well."""
        body = json.dumps(asked).encode()
        start = time.perf_counter() if due is None else due
        is_old = bool(self._free)
        line = self._free.pop() if is_old else Line(self._port, self._key)
        try:
            status, answer = await asyncio.wait_for(line.call(name, body), ANSWER_WAIT_S)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            if is_old and not isinstance(error, TimeoutError):
                # The server had closed a connection that was kept for long: as every client does.
                return await self.call(name, asked, start)
            self.wrong.append(f"{name}: {type(error).__name__}")
            return False
        self.took[name].append(time.perf_counter() - start)
        self._free.append(line)
        if status != 200:
            self.wrong.append(f"{name}: {status} {answer[:200]!r}")
        return status == 200

    async def warm(self, connections: int) -> None:
        """Open the connections and let the server make its own."""
        await asyncio.gather(*(self.call("calculate", self.cart()) for _ in range(connections)))
        self.took.clear()


def confirmation(asked: dict[str, Any]) -> dict[str, Any]:
    """The confirmation of a cart that was held."""
    now = datetime.now(UTC).isoformat()
    return {"purchase_id": asked["purchase_id"], "occurred_at": now}


async def steady(tills: Tills, rate: float, seconds: float) -> None:
    """Sales of four calls each – two quotes, a hold, a confirmation – at so many calls a second.

    Tills know nothing of each other: sales begin as a Poisson process, and a cashier takes about a
    second from one call to the next.
    """
    start = time.perf_counter() + 0.2
    waiting: set[asyncio.Task[None]] = set()

    async def sale(start: float) -> None:
        asked = tills.cart()
        due = start
        for name in ("calculate", "calculate", "hold", "confirm"):
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            body = confirmation(asked) if name == "confirm" else asked
            # A till whose call before was late asks later itself.
            if not await tills.call(name, body, max(due, time.perf_counter() - 0.001)):
                return
            due += tills.pause_s()

    for _ in range(int(rate * seconds / 4)):
        start += tills.gap_s(rate / 4)
        await asyncio.sleep(max(0.0, start - time.perf_counter()))
        task = asyncio.create_task(sale(start))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
    await asyncio.gather(*waiting)


async def instant(tills: Tills, calls: int, times: int) -> None:
    """So many quotes at the same instant, some times over."""
    for _ in range(times):
        carts = [tills.cart() for _ in range(calls)]
        await asyncio.gather(*(tills.call("calculate", one) for one in carts))
        await asyncio.sleep(0.5)


async def confirm_all(tills: Tills, sales: int, clients: int, *, is_held: bool) -> float:
    """How many confirmations a second so many clients get, of holds or of whole sales."""
    carts = [tills.cart() for _ in range(sales)]
    if is_held:
        await _each(tills, "hold", carts, clients)
        carts = [confirmation(one) for one in carts]
    else:
        for one in carts:
            one.pop("points", None)
    tills.took.pop("confirm", None)
    start = time.perf_counter()
    await _each(tills, "confirm", carts, clients)
    return sales / (time.perf_counter() - start)


async def _each(tills: Tills, name: str, asked: list[dict[str, Any]], clients: int) -> None:
    left = iter(asked)

    async def client() -> None:
        for one in left:
            await tills.call(name, one)

    await asyncio.gather(*(client() for _ in range(clients)))


async def run(given: dict[str, Any]) -> dict[str, Any]:
    """One part as the benchmark asks for it."""
    tills = Tills(given["port"], given["key"], given["members"], given["run"])
    await tills.warm(16)
    rate = 0.0
    start = time.perf_counter()
    if given["part"] == "steady":
        await steady(tills, given["rate"], given["seconds"])
    elif given["part"] == "instant":
        await instant(tills, given["calls"], given["times"])
    else:
        rate = await confirm_all(
            tills, given["sales"], given["clients"], is_held=given["part"] == "confirm"
        )
    return {
        "took": tills.took,
        "wrong": tills.wrong,
        "rate": rate,
        "seconds": time.perf_counter() - start,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.loads(sys.argv[1])))))
