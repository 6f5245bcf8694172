"""Files as batches of text: whatever the format, every cell arrives as text or nothing.

One road for all formats means one way to read a price or a date. Numbers of Parquet and XLSX
become the shortest text that gives the same number, so a price stays the decimal received.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from regulars.intake.importers import feeds
from regulars.intake.importers.pure import text
from regulars.intake.importers.records import Reject
from regulars.kernel.errors import Invalid

BATCH_ROWS_MAX = 25_000
# Wide files come in batches of fewer rows, so that a batch stays small whatever the file.
BATCH_CELLS_MAX = 400_000
BATCH_CHARACTERS_MAX = 16 << 20
CELL_LENGTH_MAX = 131_072
FILE_BYTES_MAX = 4 << 30
XLSX_EXPANDED_BYTES_MAX = 1 << 30
XLSX_STRINGS_BYTES_MAX = 128 << 20
XLSX_RATIO_MAX = 200
REPLACEMENT = "\ufffd"
NUL = "\x00"


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a file.

    table     row_no int64, then c0, c1, … text, one for each heading
    rejects   rows that have no right number of cells or were not readable
    """

    table: pa.Table
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A file opened for reading once from its start.

    rows_total  how many rows there are, where the format tells
    """

    headings: tuple[str, ...]
    rows_total: int | None
    batches: Iterator[Batch]


def open_file(path: Path, *, encoding: str = "", delimiter: str = "") -> Source:
    """Open by the content, not the name, of the file.

    raises  Invalid(file_missing | file_empty | file_too_big | file_unreadable | file_encoding |
            file_delimiter)
    """
    if not path.is_file():
        raise Invalid("file_missing", f"There is no file {path.name}.")
    size = path.stat().st_size
    if size == 0:
        raise Invalid("file_empty", "The file is empty.")
    if size > FILE_BYTES_MAX:
        raise Invalid("file_too_big", "The file is over 4 GB; split it.")
    with path.open("rb") as stream:
        start = stream.read(4)
    if start == b"PAR1":
        return _parquet(path)
    if start == b"PK\x03\x04":
        return _xlsx(path)
    if start.startswith((b"<", b"\xef\xbb\xbf<", b"\xff\xfe<", b"\xfe\xff\x00<")):
        return Source(feeds.HEADINGS, None, _csv_batches(_feed_rows(path), feeds.HEADINGS))
    return _csv(path, encoding, delimiter)


def _feed_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    yield from enumerate(feeds.rows(path), 1)


def _table(row_no: Sequence[int] | pa.Array, columns: Sequence[Any]) -> pa.Table:
    names = ["row_no", *(f"c{place}" for place in range(len(columns)))]
    arrays = [pa.array(row_no, pa.int64()), *(_without_nul(column) for column in columns)]
    return pa.table(dict(zip(names, arrays, strict=True)))


def _without_nul(column: Any) -> Any:
    # The database can hold any letter but this one; its row is told as broken.
    has_nul = pc.any(pc.match_substring(column, NUL)).as_py()
    return pc.replace_substring(column, NUL, REPLACEMENT) if has_nul else column


def _csv(path: Path, encoding: str, delimiter: str) -> Source:
    stream = path.open("rb")
    sample = stream.read(text.SAMPLE_BYTES)
    stream.seek(0)
    name = text.check_encoding(encoding) if encoding else text.detect_encoding(sample)
    head = sample.decode(name, "replace")
    if NUL in head:
        raise Invalid("file_unreadable", "The file is neither text, XLSX nor Parquet.")
    mark = text.check_delimiter(delimiter) if delimiter else text.detect_delimiter(head[:65_536])
    rows = _csv_rows(stream, name, mark)
    headings = next(rows, (0, []))[1]
    if not any(heading.strip() for heading in headings):
        raise Invalid("file_empty", "The first line of the file holds no headings.")
    titles = tuple(heading.strip() for heading in headings)
    return Source(titles, None, _csv_batches(rows, titles))


def _csv_rows(stream: BinaryIO, encoding: str, mark: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(CELL_LENGTH_MAX)
    with io.TextIOWrapper(stream, encoding, errors="replace", newline="") as lines:
        number = -1
        try:
            for row in csv.reader(lines, delimiter=mark):
                if row:
                    number += 1
                    yield number, row
        except csv.Error as error:
            raise Invalid(
                "file_unreadable",
                f"Row {number + 1} cannot be read, perhaps a quote is opened and never closed.",
                row=number + 1,
            ) from error


def _csv_batches(rows: Iterator[tuple[int, list[str]]], titles: Sequence[str]) -> Iterator[Batch]:
    width = len(titles)
    numbers: list[int] = []
    cells: list[list[str]] = []
    rejects: list[Reject] = []
    rows_max, characters = _batch_rows(width), 0
    for number, row in rows:
        # A mark too many at the end of a line is no cell.
        trimmed = row[:width] if len(row) > width and not any(row[width:]) else row
        characters += sum(map(len, row))
        if len(trimmed) == width:
            numbers.append(number)
            cells.append(trimmed)
        else:
            rejects.append(_wrong_width(number, row, titles))
        if len(cells) + len(rejects) >= rows_max or characters > BATCH_CHARACTERS_MAX:
            yield _csv_batch(numbers, cells, rejects, width)
            numbers, cells, rejects, characters = [], [], [], 0
    if cells or rejects:
        yield _csv_batch(numbers, cells, rejects, width)


def _batch_rows(width: int) -> int:
    return max(1, min(BATCH_ROWS_MAX, BATCH_CELLS_MAX // max(width, 1)))


def _csv_batch(
    numbers: list[int], cells: list[list[str]], rejects: list[Reject], width: int
) -> Batch:
    columns = zip(*cells, strict=True) if cells else ([] for _ in range(width))
    return Batch(_table(numbers, [pa.array(c, pa.string()) for c in columns]), tuple(rejects))


def _wrong_width(number: int, row: Sequence[str], titles: Sequence[str]) -> Reject:
    raw: dict[str, str | None] = dict(zip(titles, row, strict=False))
    raw |= {f"+{place}": cell for place, cell in enumerate(row[len(titles) :], 1)}
    return Reject(number, "row_cells", f"{len(row)} / {len(titles)}", raw)


def _parquet(path: Path) -> Source:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise Invalid("file_unreadable", "The Parquet file is damaged.") from error
    titles = tuple(name.replace(NUL, "") for name in file.schema_arrow.names)
    return Source(titles, file.metadata.num_rows, _parquet_batches(file))


def _parquet_batches(file: pq.ParquetFile) -> Iterator[Batch]:
    done = 0
    rows_max = _batch_rows(len(file.schema_arrow))
    try:
        for batch in file.iter_batches(batch_size=rows_max):
            numbers = pa.array(range(done + 1, done + batch.num_rows + 1), pa.int64())
            yield Batch(_table(numbers, [_as_text(column) for column in batch.columns]), ())
            done += batch.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        raise Invalid(
            "file_unreadable", f"The Parquet file is damaged after row {done}.", row=done
        ) from error


def _as_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        text_ = pc.cast(pc.cast(column, pa.timestamp("us"), safe=False), pa.string())
        return pc.binary_join_element_wise(text_, "Z", "") if kind.tz else text_
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([_cell(value) for value in column.to_pylist()], pa.string())
    return pc.cast(column, pa.string())


def _xlsx(path: Path) -> Source:
    import openpyxl

    _check_archive(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # Some programs write a wrong extent, and then rows would be cut.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True)
        headings = [str(_cell(value) or "").strip() for value in next(rows, ())]
    except Exception as error:
        # The library raises whatever the XML inside led to.
        raise Invalid("file_unreadable", "The XLSX file is damaged.") from error
    while headings and not headings[-1]:
        headings.pop()
    if not headings:
        raise Invalid("file_empty", "The first line of the first sheet holds no headings.")
    return Source(tuple(headings), None, _xlsx_batches(rows, headings))


def _check_archive(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as error:
        raise Invalid("file_unreadable", "The XLSX file is damaged.") from error
    if not any(part.filename.startswith("xl/") for part in parts):
        raise Invalid("file_unreadable", "The archive is no XLSX file; unpack it first.")
    expanded = sum(part.file_size for part in parts)
    strings = sum(part.file_size for part in parts if "sharedStrings" in part.filename)
    packed = max(path.stat().st_size, 1)
    if (
        expanded > XLSX_EXPANDED_BYTES_MAX
        or strings > XLSX_STRINGS_BYTES_MAX
        or expanded > packed * XLSX_RATIO_MAX
    ):
        raise Invalid("file_too_big", "The XLSX file is too large unpacked; save it as CSV.")


def _xlsx_batches(rows: Iterator[tuple[Any, ...]], headings: Sequence[str]) -> Iterator[Batch]:
    width = len(headings)
    numbers: list[int] = []
    cells: list[list[str | None]] = []
    number = 0
    rows_max = _batch_rows(width)
    try:
        for row in rows:
            number += 1
            texts = [_cell(value) for value in row[:width]]
            if any(text_ is not None for text_ in texts):
                numbers.append(number)
                cells.append(texts + [None] * (width - len(texts)))
            if len(cells) >= rows_max:
                yield _xlsx_batch(numbers, cells)
                numbers, cells = [], []
    except Invalid:
        raise
    except Exception as error:
        raise Invalid(
            "file_unreadable", f"The XLSX file is damaged after row {number}.", row=number
        ) from error
    if cells:
        yield _xlsx_batch(numbers, cells)


def _xlsx_batch(numbers: list[int], cells: list[list[str | None]]) -> Batch:
    columns = [pa.array(column, pa.string()) for column in zip(*cells, strict=True)]
    return Batch(_table(numbers, columns), ())


def _cell(value: Any) -> str | None:
    """A cell's value as text, shortest for numbers, ISO for times, JSON for what has parts."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1 << 53 else repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
