"""Counting what became of the rows of a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Rows taken and repeated so far, and what was made of them."""

    taken: int = 0
    repeated: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    customers: set[int] = field(default_factory=set)

    def add_order(self, kind: str, lines: int) -> None:
        """One order more, of the kind sale, return or adjustment."""
        self.counts["orders"] += 1
        self.counts[f"{kind}s"] += 1
        self.counts["lines"] += lines
