"""What every benchmark shares: medians, and figures printed beside their bars.

A figure is judged against a rival measured in the same run wherever there is one, because machines
differ; nothing here fails a build, it prints and keeps what was measured.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
TIMES = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; the bar is a floor unless is_at_most."""

    metric: str
    value: float
    bar: float | None = None
    is_at_most: bool = False
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether the bar was reached; None without a bar."""
        if self.bar is None:
            return None
        return self.value <= self.bar if self.is_at_most else self.value >= self.bar

    def line(self) -> str:
        """The figure as one line of text."""
        verdict = {True: "met", False: "MISSED", None: ""}[self.is_met]
        sign = "≤" if self.is_at_most else "≥"
        bar = "" if self.bar is None else f"{sign} {self.bar:,.4g}"
        return f"{self.metric:<44} {self.value:>12,.4g}  {bar:<12} {verdict:<6} {self.note}"


class Report:
    """The figures of one benchmark."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.figures: list[Figure] = []

    def add(
        self,
        metric: str,
        value: float,
        bar: float | None = None,
        is_at_most: bool = False,
        note: str = "",
    ) -> Figure:
        """Keep a figure."""
        figure = Figure(metric, value, bar, is_at_most, note)
        self.figures.append(figure)
        return figure

    def print(self) -> None:
        """One line for each figure, and all of them appended to results/NAME.jsonl."""
        print(f"{self.name}")
        for figure in self.figures:
            print("  " + figure.line().rstrip(), flush=True)
        RESULTS.mkdir(exist_ok=True)
        entry = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "cores": os.cpu_count(),
            "figures": [asdict(figure) | {"is_met": figure.is_met} for figure in self.figures],
        }
        with (RESULTS / f"{self.name}.jsonl").open("a") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def median_s(call: Callable[[], object], *, times: int = TIMES, warm: int = 1) -> float:
    """The median duration of several calls, after some that are not counted."""
    for _ in range(warm):
        call()
    return statistics.median(once_s(call) for _ in range(times))


def once_s(call: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
