"""How often one key may call."""

from __future__ import annotations

from regulars.kernel import clock

# A till makes a few calls a minute; a server that speaks for a chain makes many.
CALLS_PER_S = 100.0
CALLS_BURST = 400.0
KEYS_REMEMBERED_MAX = 20_000


class Buckets:
    """A bucket of calls for every key, filled at a steady rate."""

    def __init__(self, rate: float = CALLS_PER_S, burst: float = CALLS_BURST) -> None:
        self._rate, self._burst = rate, burst
        self._left: dict[int, tuple[float, float]] = {}

    def take(self, key_id: int) -> bool:
        """Whether the key may make one more call now."""
        now = clock.monotonic_s()
        left, at = self._left.get(key_id, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        if len(self._left) >= KEYS_REMEMBERED_MAX:
            self._left.clear()
        self._left[key_id] = (left - 1 if left >= 1 else left, now)
        return left >= 1
