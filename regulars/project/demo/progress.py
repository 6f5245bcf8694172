"""A bar in a terminal, a line a stage anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from regulars.kernel import clock
from regulars.project.demo.writing import Progress

WIDTH = 32
NAME_WIDTH = 26
REDRAW_S = 0.1


class Bar:
    """How far the work is; stages are given beforehand with the share of time each takes."""

    def __init__(self, stages: Mapping[str, float], stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shares = {name: share / sum(stages.values()) for name, share in stages.items()}
        self._done = 0.0
        self._began_s = clock.monotonic_s()
        self._drawn_s = 0.0
        self._is_drawn = self._stream.isatty()

    @contextmanager
    def stage(self, name: str) -> Iterator[Progress]:
        """The next stage; it tells how much of it is done, from 0 to 1."""
        began_s = clock.monotonic_s()
        self._draw(name, self._done, is_due=True)

        def tell(part: float) -> None:
            self._draw(name, self._done + self._shares[name] * min(part, 1.0))

        yield tell
        self._done += self._shares[name]
        self._draw(name, self._done, is_due=True)
        if not self._is_drawn:
            took_s = clock.monotonic_s() - began_s
            print(f"{name}: {took_s:.1f} s", file=self._stream, flush=True)

    def end(self) -> None:
        """Leave the finished bar and go on below it."""
        if self._is_drawn:
            print(file=self._stream, flush=True)

    def _draw(self, name: str, done: float, *, is_due: bool = False) -> None:
        now_s = clock.monotonic_s()
        if not self._is_drawn or (not is_due and now_s - self._drawn_s < REDRAW_S):
            return
        self._drawn_s = now_s
        full = round(WIDTH * done)
        minutes, seconds = divmod(int(now_s - self._began_s), 60)
        line = f"{'█' * full}{'░' * (WIDTH - full)} {done:4.0%}  {name:<{NAME_WIDTH}}"
        print(f"\r{line} {minutes}:{seconds:02d}", end="", file=self._stream, flush=True)
