"""The tick: new rows of each source table become one small tail file per workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa

from regulars.lake import files, manifest, source
from regulars.lake.relations import Relation
from regulars.lake.source import WORKSPACE, Position

# Lag is known only this finely while nothing new arrives.
DRAINED_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick did; when not drained, tick again at once."""

    rows: int
    is_drained: bool


def tick(
    connection: psycopg.Connection, root: Path, relations: Sequence[Relation], now: datetime
) -> Tick:
    """Copy what was committed since the last tick, at most one chunk of each relation.

    Files are written first; manifest rows and cursor change in one short transaction after, so a
    crash at any point leaves at most orphan files and the next tick reads the same rows again.
    raises   Conflict when another feeder is at work
    """
    done = [_feed(connection, root, relation, now) for relation in relations]
    _note_drained(connection, relations, now)
    return Tick(sum(rows for rows, _ in done), not any(is_full for _, is_full in done))


def lag_s(connection: psycopg.Connection, relations: Sequence[Relation], now: datetime) -> float:
    """How old the oldest committed row missing from the lake may be; 0 when none is missing."""
    worst = 0.0
    for relation in relations:
        if source.has_more(connection, relation, manifest.position_of(connection, relation.name)):
            drained = manifest.drained_at(connection, relation.name)
            worst = max(worst, (now - drained).total_seconds() if drained else float("inf"))
    return worst


def _feed(
    connection: psycopg.Connection, root: Path, relation: Relation, now: datetime
) -> tuple[int, bool]:
    with connection.transaction():
        before = manifest.position_of(connection, relation.name)
    chunk = source.read_chunk(connection, relation, before)
    if not chunk.rows.num_rows:
        return 0, False
    tails = list(_write_tails(root, relation, chunk.rows))
    _commit(connection, relation, tails, before, chunk.upto, now)
    return chunk.rows.num_rows, chunk.is_full


def _write_tails(root: Path, relation: Relation, rows: pa.Table) -> Iterator[manifest.NewFile]:
    for workspace_id, part in split_by_workspace(relation, rows):
        path = files.new_path(workspace_id, relation.name, "tail/t")
        written = files.write_table(root, path, part)
        yield manifest.NewFile(workspace_id, relation.name, "tail", written, relation.shape)


def split_by_workspace(relation: Relation, rows: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """Each workspace with its rows, sorted and shaped as a tail file."""
    order = [(WORKSPACE, "ascending"), *((name, "ascending") for name in relation.sort)]
    rows = rows.sort_by(order)
    owners = np.unique(rows[WORKSPACE].to_numpy(), return_index=True, return_counts=True)
    for workspace_id, start, count in zip(*owners, strict=True):
        part = rows.slice(start, count).select(relation.tail_schema.names)
        yield int(workspace_id), part.cast(relation.tail_schema)


def _commit(
    connection: psycopg.Connection,
    relation: Relation,
    tails: Sequence[manifest.NewFile],
    before: Position,
    after: Position,
    now: datetime,
) -> None:
    with connection.transaction():
        manifest.move_cursor(connection, relation.name, before, after)
        manifest.add_files(connection, tails, now)


def _note_drained(
    connection: psycopg.Connection, relations: Sequence[Relation], now: datetime
) -> None:
    drained = []
    with connection.transaction():
        for relation in relations:
            last = manifest.drained_at(connection, relation.name)
            if last is not None and (now - last).total_seconds() < DRAINED_EVERY_S:
                continue
            position = manifest.position_of(connection, relation.name)
            if not source.has_more(connection, relation, position):
                drained.append(relation.name)
    if drained:
        manifest.mark_drained(connection, drained, now)
