"""The beginning of a file, for somebody who says what its columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regulars.intake.importers import read
from regulars.intake.importers.pure import columns
from regulars.intake.importers.records import ColumnMap, ImportKind

SAMPLE_ROWS = 5
CELL_SHOWN_MAX = 60


@dataclass(frozen=True, slots=True)
class Preview:
    """The headings of a file, its first rows as text, and what its columns seem to mean."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    rows_total: int | None
    recognised: ColumnMap


def preview(kind: ImportKind, path: Path, *, encoding: str = "", delimiter: str = "") -> Preview:
    """Read the first rows. raises Invalid as read.open_file does"""
    source = read.open_file(path, encoding=encoding, delimiter=delimiter)
    shown: list[tuple[str, ...]] = []
    for batch in source.batches:
        names = [f"c{place}" for place in range(len(source.headings))]
        for row in batch.table.slice(0, SAMPLE_ROWS).select(names).to_pylist():
            shown.append(tuple((row[name] or "")[:CELL_SHOWN_MAX] for name in names))
        break
    recognised = columns.recognise(kind, source.headings)
    return Preview(source.headings, tuple(shown), source.rows_total, recognised)


def check_map(kind: ImportKind, mapping: Mapping[str, Any], headings: tuple[str, ...]) -> ColumnMap:
    """The map when the file has what it needs. raises Invalid as columns.parse and check do"""
    chosen = columns.parse(kind, mapping)
    columns.check(kind, chosen, headings)
    return chosen
