"""The next chunk of a file made ready while the database works on the present one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

# How many chunks wait in memory besides the one in work; one keeps the database busy.
CHUNKS_AHEAD = 1

Chunk = TypeVar("Chunk")


def chunks_ahead(make: Callable[[int], Chunk], count: int) -> Iterator[Chunk]:
    """What `make` gives for 0, 1, … count - 1, in this order, made by a thread of its own.

    `make` must not use the connection of the caller, which is in a transaction meanwhile.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="import-ahead") as thread:
        waiting: list[Future[Chunk]] = []
        for number in range(count + CHUNKS_AHEAD):
            if number < count:
                waiting.append(thread.submit(make, number))
            if number >= CHUNKS_AHEAD:
                yield waiting.pop(0).result()
