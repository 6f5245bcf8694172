"""Counting what became of the rows of a file."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

COMPACT_ROWS = 1_000_000


class Distinct:
    """How many different ids were added, at eight bytes each: a set would take ten times that."""

    def __init__(self) -> None:
        self._ids = array("q")
        self._compact_at = COMPACT_ROWS

    def update(self, ids: Iterable[int]) -> None:
        """Add ids, seen before or not."""
        self._ids.extend(ids)
        if len(self._ids) >= self._compact_at:
            self._compact()
            self._compact_at = max(COMPACT_ROWS, 2 * len(self._ids))

    def __len__(self) -> int:
        self._compact()
        return len(self._ids)

    def _compact(self) -> None:
        if not self._ids:
            return
        given = pa.Array.from_buffers(pa.int64(), len(self._ids), [None, pa.py_buffer(self._ids)])
        self._ids = array("q", pc.unique(given).to_pylist())


@dataclass(slots=True)
class Tally:
    """Rows taken and repeated so far, and what was made of them."""

    taken: int = 0
    repeated: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    customers: Distinct = field(default_factory=Distinct)

    def add_order(self, kind: str, lines: int) -> None:
        """One order more, of the kind sale, return or adjustment."""
        self.counts["orders"] += 1
        self.counts[f"{kind}s"] += 1
        self.counts["lines"] += lines
