"""Opens the lake's engine in a process and keeps the lake fed in the worker."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache

import psycopg
import psycopg_pool

from regulars import wiring
from regulars.kernel import clock
from regulars.kernel.errors import Conflict
from regulars.lake import engine, erasing, feeder, fold, manifest, sweep
from regulars.lake import rebuild as rebuilding
from regulars.lake.engine import Engine
from regulars.lake.manifest import LakeFile
from regulars.lake.relations import Relation
from regulars.lake.spark import session
from regulars.lake.spark.engine import SparkEngine
from regulars.project import memory
from regulars.store import niceness, place
from regulars.store.roles import Role

WEB_MEMORY_MB = 512
WORKER_MEMORY_MB = 1024
# A command runs beside the server on the same machine; larger folds spill to disk.
COMMAND_MEMORY_MB = 192
READERS_MAX = 4
FOLD_EVERY_S = 10.0
SWEEP_EVERY_S = 60.0
OLDER_WRITERS_WAIT_S = 10.0
OLDER_WRITERS_LOOK_S = 0.02


@cache
def relations() -> tuple[Relation, ...]:
    """Every relation that wiring names."""
    found: list[Relation] = []
    for path in wiring.LAKE:
        found.extend(wiring.resolve(path))
    return tuple(found)


@contextmanager
def connected() -> Iterator[psycopg.Connection]:
    """A connection of the engine role, taken from a small pool."""
    with _pool().connection() as connection:
        yield connection


@cache
def _pool() -> psycopg_pool.ConnectionPool:
    return psycopg_pool.ConnectionPool(
        place.conninfo_for(Role.ENGINE),
        min_size=1,
        max_size=READERS_MAX,
        kwargs={"autocommit": True},
        configure=niceness.follow,
        check=psycopg_pool.ConnectionPool.check_connection,
        open=True,
    )


def _live_files(workspace_id: int) -> Sequence[LakeFile]:
    with connected() as connection:
        return manifest.live_files(connection, workspace_id)


def _hidden(workspace_id: int) -> Sequence[int]:
    with connected() as connection:
        return erasing.hidden(connection, workspace_id)


def open_engine(memory_mb: int = WEB_MEMORY_MB) -> Engine:
    """Make this process able to ask the lake."""
    root = place.lake_folder()
    root.mkdir(parents=True, exist_ok=True)
    opened = Engine(root, relations(), _live_files, memory_mb=memory_mb, hidden_of=_hidden)
    engine.use(opened)
    return opened


def open_spark(master: str) -> SparkEngine:
    """A cluster's engine over the same files; `REGULARS_LAKE_URL` says where its workers see them.

    raises  Outside(spark_missing | java_missing | spark_unreachable)
    """
    root = os.environ.get("REGULARS_LAKE_URL") or place.lake_folder().resolve().as_uri()
    opened = session.open_session(master)
    return SparkEngine(opened, root, relations(), _live_files, hidden_of=_hidden)


class Keeper:
    """Feeds the lake and tidies it, each from a loop of its own: a long fold delays no tick."""

    def __init__(self, opened: Engine) -> None:
        self._engine = opened
        self._root = place.lake_folder()
        self._next_fold = self._next_sweep = 0.0

    def feed(self) -> int:
        """Copy what is new; returns rows copied."""
        with connected() as connection:
            return feeder.tick(connection, self._root, relations(), clock.now()).rows

    def tidy(self) -> bool:
        """Fold and sweep when it is time; never asks to be called again at once."""
        if clock.monotonic_s() < min(self._next_fold, self._next_sweep):
            return False
        with connected() as connection:
            if clock.monotonic_s() >= self._next_fold:
                fold.fold_due(self._engine, connection, clock.now())
                rebuilding.renew_due(self._engine, connection, clock.now())
                self._next_fold = clock.monotonic_s() + FOLD_EVERY_S
            if clock.monotonic_s() >= self._next_sweep:
                sweep.sweep(connection, self._root, clock.now())
                self._next_sweep = clock.monotonic_s() + SWEEP_EVERY_S
        return False

    def drain(self) -> None:
        """Copy until nothing that is committed now is left."""
        _await_older_writers()
        while True:
            try:
                with connected() as connection:
                    tick = feeder.tick(connection, self._root, relations(), clock.now())
            except Conflict:
                # The worker beside us has copied these rows; look at what is left.
                continue
            if tick.is_drained:
                break
        memory.give_back()
        with suppress(Conflict), connected() as connection:
            fold.fold_due(self._engine, connection, clock.now())


def _await_older_writers() -> None:
    # Readers stop before the oldest transaction under way, even one of another database on the
    # same server; what was committed after it began is read when it has ended.
    with connected() as connection:
        row = connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
        assert row is not None
        question = "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %s::text::xid8"
        until = clock.monotonic_s() + OLDER_WRITERS_WAIT_S
        while clock.monotonic_s() < until:
            if connection.execute(question, [row[0]]).fetchone() == (True,):
                return
            time.sleep(OLDER_WRITERS_LOOK_S)


def content_hashes(workspace_id: int) -> dict[str, str]:
    """A hash of each relation's content, whatever its order and its files."""
    opened = engine.current()
    return {
        relation.name: rebuilding.content_hash(opened, workspace_id, relation.name)
        for relation in relations()
    }


def rebuild(workspace_id: int) -> None:
    """Write the workspace's files anew from the database."""
    with connected() as connection:
        rebuilding.rebuild(engine.current(), connection, workspace_id, clock.now())
