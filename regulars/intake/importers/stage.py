"""A file laid out in a DuckDB database on disk, where its rows are read, checked and grouped.

Memory does not grow with the file: DuckDB spills, and only one batch is ever in Python.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from regulars.intake.importers.read import REPLACEMENT, Source
from regulars.intake.importers.records import ColumnMap, DateOrder, DecimalMark, Layout, Reject

MEMORY_LIMIT = "160MB"
THREADS = 2
REJECT_BATCH_ROWS = 1_000
CURRENCY_MARKS = r"[\s\x{00a0}\x{202f}''’$£€₴₽]|грн\.?|руб\.?|UAH|USD|EUR|GBP|RUB"

ISO = (
    r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$"
)
ZONED = r":\d{2}([.,]\d+)?\s*(Z|[+-]\d{2}:?\d{2})$"
DOTTED = r"^\d{1,2}\.\d{1,2}\.\d{2,4}([ T,]+\d{1,2}:\d{2}(:\d{2})?)?$"
SLASHED = r"^\d{1,2}[/-]\d{1,2}[/-]\d{2,4}([ T,]+\d{1,2}:\d{2}(:\d{2})?\s?([AaPp][Mm])?)?$"

TIMES_OF_DAY = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p", " %I:%M:%S%p")
Progress = Callable[[str, int, int | None], None]


class Stage:
    """The staging database of one import.

    zone    of the times that come without one
    latest  no row of the file can be later, in UTC
    """

    def __init__(self, folder: Path, columns: ColumnMap, zone: str, latest: datetime) -> None:
        self.con = duckdb.connect(str(folder / "stage.duckdb"))
        self.columns = columns
        self.headings: tuple[str, ...] = ()
        self.place: dict[str, str] = {}
        self.zone = zone
        self.latest = latest.replace(tzinfo=None)
        self.rows = 0
        for statement in (
            f"SET memory_limit = '{MEMORY_LIMIT}'",
            f"SET threads = {THREADS}",
            "SET preserve_insertion_order = false",
            "SET TimeZone = 'UTC'",
            "SET enable_progress_bar = false",
            "SET autoinstall_known_extensions = false",
        ):
            self.con.execute(statement)
        self.con.execute(
            "CREATE TABLE reject (row_no BIGINT, reason VARCHAR, detail VARCHAR, raw VARCHAR)"
        )

    def load(self, source: Source, progress: Progress) -> None:
        """Lay the file out as table raw(row_no, c0, c1, …)."""
        self.headings = source.headings
        fields = self.columns.columns
        self.place = {
            fields[heading]: f"c{place}"
            for place, heading in enumerate(source.headings)
            if heading in fields
        }
        cells = ", ".join(f"c{place} VARCHAR" for place in range(len(source.headings)))
        self.con.execute(f"CREATE TABLE raw (row_no BIGINT, {cells})")
        for batch in source.batches:
            self.con.register("batch", batch.table)
            self.con.execute("INSERT INTO raw SELECT * FROM batch")
            self.con.unregister("batch")
            self.reject(batch.rejects)
            self.rows += batch.table.num_rows + len(batch.rejects)
            progress("reading", self.rows, source.rows_total)

    def has(self, target: str) -> bool:
        """Whether the file has a column for this field."""
        return target in self.place

    def text(self, target: str) -> str:
        """SQL for the field as one line of text, nothing when empty."""
        if target not in self.place:
            return "CAST(NULL AS VARCHAR)"
        cell = self.place[target]
        return f"nullif(trim(regexp_replace({cell}, '[\\x00-\\x20\\x{{00a0}}]+', ' ', 'g')), '')"

    def exact(self, target: str) -> str:
        """SQL for the field as it came, nothing when empty."""
        cell = self.place.get(target)
        return f"nullif(trim({cell}), '')" if cell else "CAST(NULL AS VARCHAR)"

    def number(self, target: str) -> str:
        """SQL for the field as DECIMAL(18, 6), nothing when it is no number."""
        bare = f"regexp_replace({self.text(target)}, '{CURRENCY_MARKS}', '', 'gi')"
        group, mark = ",", "."
        if self.decimal_mark(target) is DecimalMark.COMMA:
            group, mark = mark, group
        # A mark that groups thousands where no thousands are is no number, not a larger one.
        grouped = f"^[+-]?\\d{{1,3}}([{group}]\\d{{3}})+([{mark}]\\d*)?$"
        plain = f"replace(replace({bare}, '{group}', ''), '{mark}', '.')"
        return (
            f"CASE WHEN contains({bare}, '{group}') AND NOT regexp_matches({bare}, '{grouped}')"
            f" THEN NULL ELSE TRY_CAST({plain} AS DECIMAL(18, 6)) END"
        )

    def decimal_mark(self, target: str) -> DecimalMark:
        """What stands before fractions in this column, decided once for the whole column.

        A number with both marks tells by the last one; one mark tells unless exactly three
        digits follow it, for 1,234 may be either. Where nothing tells it is a dot.
        """
        if self.columns.decimal is not None:
            return self.columns.decimal
        text = self.text(target)
        row = self.con.execute(
            f"""SELECT count(*) FILTER (WHERE regexp_matches(t, '\\.\\d*,\\d+$')
                    OR regexp_matches(t, '^[^.,]*,(\\d{{1,2}}|\\d{{4,}})\\D*$')),
                count(*) FILTER (WHERE regexp_matches(t, ',\\d*\\.\\d+$')
                    OR regexp_matches(t, '^[^.,]*\\.(\\d{{1,2}}|\\d{{4,}})\\D*$'))
                FROM (SELECT {text} AS t FROM raw) WHERE t IS NOT NULL"""
        ).fetchone()
        assert row is not None
        return DecimalMark.COMMA if row[0] > row[1] else DecimalMark.DOT

    def date_order(self, target: str) -> DateOrder:
        """How 1/2/2026 is read in this column, decided once for the whole column.

        A first part above 12 is a day, a second part above 12 means that months come first;
        where nothing tells, days do.
        """
        if self.columns.date_order is not None:
            return self.columns.date_order
        row = self.con.execute(
            f"""SELECT count(*) FILTER (WHERE TRY_CAST(split_part(t, '/', 1) AS INT) > 12),
                       count(*) FILTER (WHERE TRY_CAST(split_part(t, '/', 2) AS INT) > 12)
                FROM (SELECT replace({self.text(target)}, '-', '/') AS t FROM raw)
                WHERE regexp_matches(t, '^\\d{{1,2}}/\\d{{1,2}}/\\d')"""
        ).fetchone()
        assert row is not None
        return DateOrder.MONTH_FIRST if row[1] > row[0] else DateOrder.DAY_FIRST

    def time(self, target: str) -> str:
        """SQL for the field as TIMESTAMP in UTC, nothing when it is no time.

        2026-12-31, 31.12.2026 and 12/31/2026 are understood, with or without a time of day; a
        time without a zone is of the workspace's.
        """
        if not self.has(target):
            return "CAST(NULL AS TIMESTAMP)"
        t = self.text(target)
        day, month = "%d", "%m"
        if self.date_order(target) is DateOrder.MONTH_FIRST:
            day, month = month, day
        zone = self.zone.replace("'", "")
        spaced = f"regexp_replace({t}, '[T ,]+', ' ')"
        slashed = f"replace({spaced}, '-', '/')"
        return f"""CASE
            WHEN regexp_matches({t}, '{ISO}') THEN
                CASE WHEN regexp_matches({t}, '{ZONED}')
                     THEN timezone('UTC', TRY_CAST(replace({t}, ',', '.') AS TIMESTAMPTZ))
                     ELSE {_local(f"TRY_CAST(replace({t}, ',', '.') AS TIMESTAMP)", zone)} END
            WHEN regexp_matches({t}, '{DOTTED}') THEN
                {_local(f"try_strptime({spaced}, {_formats('%d.%m.')})", zone)}
            WHEN regexp_matches({t}, '{SLASHED}') THEN
                {_local(f"try_strptime({slashed}, {_formats(f'{day}/{month}/')})", zone)}
            END"""

    def broken(self) -> str:
        """SQL that is true where bytes of a used cell could not be read as text."""
        cells = [f"contains({cell}, '{REPLACEMENT}')" for cell in self.place.values()]
        return f"coalesce({' OR '.join(cells)}, false)"

    def too_long(self, limit: int) -> str:
        """SQL that is true where a used cell is longer than a field can be."""
        cells = [f"length({cell}) > {limit}" for cell in self.place.values()]
        return f"coalesce({' OR '.join(cells)}, false)"

    def reject(self, rejects: Iterable[Reject]) -> None:
        """Keep rows that could not even be laid out."""
        rows = [(r.row_no, r.reason, r.detail, _json(r.raw)) for r in rejects]
        if rows:
            self.con.executemany("INSERT INTO reject VALUES (?, ?, ?, ?)", rows)

    def reject_rows(self, select: str, parameters: Sequence[object] = ()) -> None:
        """Keep the rows that `select` gives as (row_no, reason, detail), as they came."""
        raw = ", ".join(
            f"{_quoted(heading)}: c{place}" for place, heading in enumerate(self.headings)
        )
        self.con.execute(
            f"""INSERT INTO reject
                SELECT bad.row_no, bad.reason, bad.detail, CAST(to_json({{{raw}}}) AS VARCHAR)
                FROM ({select}) AS bad (row_no, reason, detail) JOIN raw USING (row_no)""",
            list(parameters),
        )

    def rejects(self) -> Iterator[list[tuple[int, str, str, str]]]:
        """What was not taken, in the order of the file, some at a time."""
        found = self.con.cursor().execute("SELECT * FROM reject ORDER BY row_no, reason")
        while rows := found.fetchmany(REJECT_BATCH_ROWS):
            yield rows

    def sample(self, limit: int) -> Iterator[Reject]:
        """The first rows that were not taken."""
        found = self.con.execute("SELECT * FROM reject ORDER BY row_no, reason LIMIT ?", [limit])
        for row_no, reason, detail, raw in found.fetchall():
            yield Reject(row_no, reason, detail, json.loads(raw))

    def count(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """The single number a question gives."""
        row = self.con.execute(sql, list(parameters)).fetchone()
        return int(row[0] or 0) if row else 0

    def reasons(self) -> dict[str, int]:
        """How many rows were not taken for each reason, the most frequent first."""
        found = self.con.execute(
            "SELECT reason, count(*) FROM reject GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
        return dict(found)

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table of the stage."""
        self.con.register("given", rows)
        self.con.execute(f"INSERT INTO {table} SELECT * FROM given")
        self.con.unregister("given")

    def table(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """The rows of a question as columns."""
        return self.con.sql(sql, params=list(parameters)).to_arrow_table()

    @property
    def has_lines(self) -> bool:
        return self.has("unit_price") or self.has("line_total")

    @property
    def is_online_retail(self) -> bool:
        return self.columns.layout is Layout.ONLINE_RETAIL


def _local(sql: str, zone: str) -> str:
    return sql if zone == "UTC" else f"timezone('UTC', timezone('{zone}', {sql}))"


def _formats(day_and_month: str) -> str:
    # Two digits first: with %Y alone the year 26 would be one of the first century.
    return (
        "["
        + ", ".join(
            f"'{day_and_month}{year}{time}'" for year in ("%y", "%Y") for time in TIMES_OF_DAY
        )
        + "]"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _json(raw: Mapping[str, Any]) -> str:
    return json.dumps(raw, ensure_ascii=False)


@contextmanager
def opened(folder: Path, columns: ColumnMap, zone: str, latest: datetime) -> Iterator[Stage]:
    """A stage whose files are gone afterwards, whatever happened."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="import-") as place:
        stage = Stage(Path(place), columns, zone, latest)
        try:
            yield stage
        finally:
            stage.con.close()
