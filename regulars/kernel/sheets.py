"""Tables as files that spreadsheets open, written row by row: CSV and XLSX.

Every file the product hands out is written here, so that no cell of any of them is a formula.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Protocol
from xml.sax.saxutils import escape

from regulars.kernel.cells import cell_of_sheet, csv_cell

# The format's own limits.
XLSX_ROWS_MAX = 1_048_576
XLSX_CELL_CHARS_MAX = 32_767
# What XML 1.0 cannot hold.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Beyond this many digits a spreadsheet rounds; such a number is an id and stays text.
NUMBER_DIGITS_MAX = 15
ZIP_DAY = (1980, 1, 1, 0, 0, 0)

CONTENT_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class Sheet(Protocol):
    """A table being written."""

    def row(self, cells: Iterable[object]) -> None:
        """Add a row."""

    def close(self) -> None:
        """Finish the file; the stream stays open."""


def sheet(stream: IO[bytes], kind: str, headings: Sequence[str]) -> Sheet:
    """A table of this kind, csv or xlsx, with its heading row written."""
    made: Sheet = XlsxSheet(stream, headings) if kind == "xlsx" else CsvSheet(stream, headings)
    return made


class CsvSheet:
    """Comma-separated UTF-8 with the mark by which spreadsheets know it."""

    def __init__(self, stream: IO[bytes], headings: Sequence[str]) -> None:
        self._text = io.TextIOWrapper(stream, "utf-8", newline="", errors="replace")
        self._text.write("\ufeff")
        self._writer = csv.writer(self._text)
        self.row(headings)

    def row(self, cells: Iterable[object]) -> None:
        self._writer.writerow([csv_cell(_plain(cell)) for cell in cells])

    def close(self) -> None:
        self._text.flush()
        self._text.detach()


class XlsxSheet:
    """One workbook; rows beyond what a sheet can hold go on in the next one."""

    def __init__(self, stream: IO[bytes], headings: Sequence[str]) -> None:
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._headings = list(headings)
        self._sheets = 0
        self._begin()

    def row(self, cells: Iterable[object]) -> None:
        if self._rows == XLSX_ROWS_MAX:
            self._end()
            self._begin()
        self._write(cells)

    def close(self) -> None:
        self._end()
        for path, text in _parts(self._sheets).items():
            self._zip.writestr(zipfile.ZipInfo(path, ZIP_DAY), HEAD + text)
        self._zip.close()

    def _begin(self) -> None:
        self._sheets += 1
        self._rows = 0
        info = zipfile.ZipInfo(f"xl/worksheets/sheet{self._sheets}.xml", ZIP_DAY)
        info.compress_type = zipfile.ZIP_DEFLATED
        self._part = self._zip.open(info, "w", force_zip64=True)
        self._part.write(f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>'.encode())
        self._write(self._headings)

    def _write(self, cells: Iterable[object]) -> None:
        self._rows += 1
        body = "".join(_xlsx_cell(cell) for cell in cells)
        self._part.write(f"<row>{body}</row>".encode())

    def _end(self) -> None:
        self._part.write(b"</sheetData></worksheet>")
        self._part.close()


def _plain(cell: object) -> object:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return cell.isoformat() if isinstance(cell, date) else cell


def _xlsx_cell(cell: object) -> str:
    if cell is None or cell == "":
        return "<c/>"
    if isinstance(cell, bool):
        return f'<c t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, int | float | Decimal) and _is_short(cell):
        return f"<c><v>{cell}</v></c>"
    text = UNWRITABLE.sub("", cell_of_sheet(_plain(cell)))[:XLSX_CELL_CHARS_MAX]
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _is_short(number: float | Decimal) -> bool:
    exact = Decimal(str(number))
    return exact.is_finite() and len(exact.as_tuple().digits) <= NUMBER_DIGITS_MAX


def _parts(sheets: int) -> dict[str, str]:
    """What a workbook needs beside its sheets."""
    numbers = range(1, sheets + 1)
    listed = "".join(f'<sheet name="Sheet{n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    linked = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    form = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    typed = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{form}.worksheet+xml"/>'
        for n in numbers
    )
    return {
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{linked}'
        "</Relationships>",
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{form}.sheet.main+xml"/>{typed}'
        "</Types>",
    }
