"""How often something may be done: a bucket of tokens for each name, in this process.

Each process counts for itself, so with N processes a name may do up to N times as much.
"""

from __future__ import annotations

import math

from regulars.kernel import clock

REQUESTS_PER_S = 100.0
BURST_REQUESTS = 500.0
BUCKETS_MAX = 10_000


class Buckets:
    """A bucket for each name, full at first."""

    def __init__(self, per_s: float = REQUESTS_PER_S, burst: float = BURST_REQUESTS) -> None:
        self._per_s = per_s
        self._burst = burst
        self._levels: dict[str, tuple[float, float]] = {}

    def wait_s(self, name: str) -> int:
        """Take a token: 0, or after how many whole seconds there will be one."""
        now = clock.monotonic_s()
        level, since = self._levels.get(name, (self._burst, now))
        level = min(self._burst, level + (now - since) * self._per_s)
        if name not in self._levels and len(self._levels) >= BUCKETS_MAX:
            # Forgetting all of them lets a flood in once; keeping all would fill the memory.
            self._levels.clear()
        if level < 1:
            self._levels[name] = (level, now)
            return max(1, math.ceil((1 - level) / self._per_s))
        self._levels[name] = (level - 1, now)
        return 0
