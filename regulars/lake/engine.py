"""Asking the lake: one DuckDB instance per process, fenced in, a cursor for each query."""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from regulars.kernel.errors import Outside
from regulars.lake import layout, merges, views
from regulars.lake.manifest import LakeFile
from regulars.lake.relations import MERGES, Relation

Params = Sequence[Any] | Mapping[str, Any]
Since = Mapping[str, datetime]
ManifestOf = Callable[[int], Sequence[LakeFile]]
HiddenOf = Callable[[int], Sequence[int]]

MEMORY_MB = 512
THREADS = 2
CONCURRENT_MAX = 4
WAIT_S = 30.0
MERGES_CACHED_MAX = 64


class Engine:
    """DuckDB over one lake.

    root         folder of the lake
    relations    every relation that queries may name
    manifest_of  gives the live files of a workspace, for example from `manifest.live_files`
    hidden_of    gives the customers nobody may see any more, as `erasing.hidden` does
    """

    def __init__(
        self,
        root: Path,
        relations: Sequence[Relation],
        manifest_of: ManifestOf,
        *,
        memory_mb: int = MEMORY_MB,
        threads: int = THREADS,
        concurrent: int = CONCURRENT_MAX,
        hidden_of: HiddenOf | None = None,
    ) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self.relations = {relation.name: relation for relation in relations}
        self._manifest_of = manifest_of
        self._hidden_of = hidden_of
        self._spill = tempfile.TemporaryDirectory(prefix="regulars-lake-")
        self._database = _open(self.root, self._spill.name, memory_mb, threads)
        self._slots = threading.BoundedSemaphore(concurrent)
        self._merges: OrderedDict[tuple[str, ...], pa.Table] = OrderedDict()
        self._merges_lock = threading.Lock()

    def query(
        self, workspace_id: int, sql: str, params: Params = (), *, since: Since | None = None
    ) -> pa.Table:
        """The answer of a select over the workspace's relations.

        params  values for `?`, or a mapping for `$name`
        since   relation → the instant before which its rows do not matter to the select: files of
                earlier periods are not opened
        raises  Outside(lake_busy) when the engine is busy for longer than WAIT_S
        """
        files = layout.reaching(self.files_of(workspace_id), since or {})
        hidden = self.hidden_of(workspace_id)
        with self.cursor() as cursor:
            renamed = self._merges_of(cursor, files)
            if renamed.num_rows:
                _put(cursor, views.MERGE_TABLE, renamed)
            text = views.compose(
                sql,
                self.relations,
                files,
                self.root,
                has_merges=renamed.num_rows > 0,
                hidden=hidden,
            )
            return _run(cursor, text, params)

    def customer_set(
        self, workspace_id: int, sql: str, params: Params = (), *, since: Since | None = None
    ) -> pa.Int64Array:
        """The distinct ids that a select of one column `customer` gives, in ascending order."""
        text = f"select distinct customer from ({sql}) where customer is not null order by 1"
        return self.query(workspace_id, text, params, since=since)[0].combine_chunks()

    def count_customers(
        self, workspace_id: int, sql: str, params: Params = (), *, since: Since | None = None
    ) -> int:
        """How many distinct customers a select of one column `customer` gives."""
        text = f"select count(distinct customer) from ({sql})"
        count: int = self.query(workspace_id, text, params, since=since)[0][0].as_py()
        return count

    def files_of(self, workspace_id: int) -> Sequence[LakeFile]:
        """The workspace's live files, of all relations."""
        return self._manifest_of(workspace_id)

    def hidden_of(self, workspace_id: int) -> Sequence[int]:
        """The customers of the workspace whom nobody may see any more."""
        return self._hidden_of(workspace_id) if self._hidden_of else ()

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own to the one instance, while a slot is free."""
        if not self._slots.acquire(timeout=WAIT_S):
            raise Outside("lake_busy", "Too many questions at once. Try again in a minute.")
        try:
            cursor = self._database.cursor()
            try:
                yield cursor
            finally:
                cursor.close()
        finally:
            self._slots.release()

    def close(self) -> None:
        """Give back memory and the spill folder."""
        self._database.close()
        self._spill.cleanup()

    def _merges_of(self, cursor: duckdb.DuckDBPyConnection, files: Sequence[LakeFile]) -> pa.Table:
        own = [file for file in files if file.relation == MERGES]
        key = tuple(file.path for file in own)
        with self._merges_lock:
            found = self._merges.get(key)
        if found is None:
            found = self._read_merges(cursor, own)
            with self._merges_lock:
                self._merges[key] = found
                while len(self._merges) > MERGES_CACHED_MAX:
                    self._merges.popitem(last=False)
        return found

    def _read_merges(
        self, cursor: duckdb.DuckDBPyConnection, files: Sequence[LakeFile]
    ) -> pa.Table:
        if not files:
            return pa.table({"loser": pa.array([], pa.int64()), "root": pa.array([], pa.int64())})
        body = views.raw_view(self.relations[MERGES], files, self.root)
        pairs = cursor.execute(f"select loser, root from ({body})").fetchnumpy()
        return merges.resolve(pairs["loser"], pairs["root"])


_current: Engine | None = None


def use(engine: Engine | None) -> None:
    """Make this the process's engine; called once at start."""
    global _current
    _current = engine


def current() -> Engine:
    """The process's engine."""
    assert _current is not None, "engine.use() was not called at start"
    return _current


def query(
    workspace_id: int, sql: str, params: Params = (), *, since: Since | None = None
) -> pa.Table:
    """The answer of a select over the workspace's relations, from the process's engine."""
    return current().query(workspace_id, sql, params, since=since)


def customer_set(
    workspace_id: int, sql: str, params: Params = (), *, since: Since | None = None
) -> pa.Int64Array:
    """The distinct ids that a select of one column `customer` gives, in ascending order."""
    return current().customer_set(workspace_id, sql, params, since=since)


def count_customers(
    workspace_id: int, sql: str, params: Params = (), *, since: Since | None = None
) -> int:
    """How many distinct customers a select of one column `customer` gives."""
    return current().count_customers(workspace_id, sql, params, since=since)


def _open(root: Path, spill: str, memory_mb: int, threads: int) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(":memory:")
    folder = str(root).replace("'", "''")
    for statement in (
        f"set memory_limit = '{memory_mb}MB'",
        f"set threads = {threads}",
        f"set temp_directory = '{spill}'",
        "set enable_progress_bar = false",
        "set parquet_metadata_cache = true",
        "set timezone = 'UTC'",
        "set python_enable_replacements = false",
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
        f"set allowed_directories = ['{folder}/']",
        "set enable_external_access = false",
        "set lock_configuration = true",
    ):
        database.execute(statement)
    return database


def _put(cursor: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    # A copy of the connection's own: a view that scans a registered table is materialised when it
    # is named twice, and nothing that a query filters on would reach the files any more.
    cursor.register(f"{name}_given", table)
    cursor.execute(f"create or replace temp table {name} as from {name}_given")
    cursor.unregister(f"{name}_given")


def _run(cursor: duckdb.DuckDBPyConnection, sql: str, params: Params) -> pa.Table:
    return cursor.sql(sql, params=params or None).to_arrow_table()
