"""An uploaded file of identifiers, CSV or XLSX, as rows."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime

import openpyxl

from regulars.kernel.errors import Invalid
from regulars.segments.pure import uploads
from regulars.segments.pure.uploads import UploadRow
from regulars.segments.records import UPLOAD_ROWS_MAX

XLSX_MARK = b"PK\x03\x04"
# What a workbook may unfold to; honest ones are a tenth of it.
UNFOLDED_BYTES_MAX = 256 << 20
COLUMNS_MAX = 50


def rows_of_file(raw: bytes) -> list[UploadRow]:
    """The rows of the file.

    raises  Invalid(upload_unreadable | upload_too_large | upload_too_long | upload_empty)
    """
    return uploads.rows_of(_as_csv(raw) if raw.startswith(XLSX_MARK) else raw)


def _as_csv(raw: bytes) -> bytes:
    """The first sheet of a workbook as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as folded:
            if sum(part.file_size for part in folded.infolist()) > UNFOLDED_BYTES_MAX:
                raise Invalid("upload_too_large", "The workbook is too large.")
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # Some programs write a wrong extent, and then rows would be cut.
        sheet.reset_dimensions()
        for at, row in enumerate(sheet.iter_rows(values_only=True, max_col=COLUMNS_MAX)):
            if at > UPLOAD_ROWS_MAX:
                raise Invalid("upload_too_long", f"A file has at most {UPLOAD_ROWS_MAX} rows.")
            writer.writerow([_plain(cell) for cell in row])
    except Invalid:
        raise
    # Whatever a broken workbook makes the library say, to its owner it is unreadable.
    except Exception as error:
        raise Invalid("upload_unreadable", "The file is not a workbook.") from error
    return text.getvalue().encode()


def _plain(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return "" if cell is None else str(cell)
