"""A small load generator: keep-alive connections that post ready bodies as fast as answered."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import uvloop

KINDS = ("Product Viewed", "Product Added", "Product List Viewed", "Cart Viewed", "Email Opened")


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did: requests answered 200, others, seconds, and latencies in ms."""

    answered: int
    refused: int
    seconds: float
    p50_ms: float
    p99_ms: float


def messages(run: str, count: int, customers: int, seed: int) -> Iterator[dict[str, object]]:
    """Track calls of this many customers with ids nobody used before."""
    rng = random.Random(seed)
    for number in range(count):
        yield {
            "type": "track",
            "event": rng.choice(KINDS),
            "userId": f"customer-{rng.randrange(customers)}",
            "messageId": f"{run}-{number}",
            "timestamp": "2026-11-01T10:00:00.000Z",
            "properties": {
                "sku": f"sku-{rng.randrange(500)}",
                "category": rng.choice(("tea", "coffee", "cups")),
                "price": rng.randrange(100, 90_000) / 100,
                "quantity": rng.randrange(1, 4),
            },
        }


def batches(run: str, events: int, size: int, customers: int, seed: int) -> list[bytes]:
    """Gzip bodies of `size` messages each."""
    every = list(messages(run, events, customers, seed))
    return [
        gzip.compress(json.dumps({"batch": every[at : at + size]}).encode(), compresslevel=1)
        for at in range(0, len(every), size)
    ]


def request(path: str, body: bytes, key: str, *, is_gzip: bool) -> bytes:
    """The bytes of one request on a connection kept open."""
    import base64

    token = base64.b64encode(f"{key}:".encode()).decode()
    encoding = "Content-Encoding: gzip\r\n" if is_gzip else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {token}\r\n{encoding}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _connection(
    port: int, queue: Iterator[bytes], until: float, latencies: list[float], wrong: list[int]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for wire in queue:
        start = time.perf_counter()
        if start > until:
            break
        writer.write(wire)
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        at = head.lower().find(b"content-length:")
        if at >= 0:
            await reader.readexactly(int(head[at + 15 : head.find(b"\r\n", at)]))
        else:
            await reader.readuntil(b"0\r\n\r\n")
        if status == 200:
            latencies.append((time.perf_counter() - start) * 1000)
        else:
            wrong.append(status)
    writer.close()


def drive(port: int, wires: list[bytes], connections: int, seconds: float) -> Run:
    """Post the requests over so many connections until they or the time are over."""

    async def go() -> Run:
        queue = iter(wires)
        latencies: list[float] = []
        wrong: list[int] = []
        start = time.perf_counter()
        await asyncio.gather(
            *(
                _connection(port, queue, start + seconds, latencies, wrong)
                for _ in range(connections)
            )
        )
        took = time.perf_counter() - start
        ordered = sorted(latencies) or [0.0]
        return Run(
            answered=len(latencies),
            refused=len(wrong),
            seconds=took,
            p50_ms=ordered[len(ordered) // 2],
            p99_ms=ordered[int(len(ordered) * 0.99)],
        )

    return uvloop.run(go())


def paced(port: int, wires: list[bytes], connections: int, per_second: float) -> Run:
    """Post at a fixed rate of requests (open loop): a slow answer does not slow the rest."""

    async def go() -> Run:
        latencies: list[float] = []
        wrong: list[int] = []
        start = time.perf_counter()

        async def lane(offset: int) -> None:
            for number in range(offset, len(wires), connections):
                due = start + number / per_second
                wait = due - time.perf_counter()
                if wait > 0:
                    await asyncio.sleep(wait)
                await _connection(port, iter([wires[number]]), float("inf"), latencies, wrong)

        await asyncio.gather(*(lane(offset) for offset in range(connections)))
        took = time.perf_counter() - start
        ordered = sorted(latencies) or [0.0]
        return Run(
            len(latencies),
            len(wrong),
            took,
            ordered[len(ordered) // 2],
            ordered[int(len(ordered) * 0.99)],
        )

    return uvloop.run(go())
