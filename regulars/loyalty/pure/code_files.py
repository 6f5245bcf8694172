"""A file of codes read into rows: the first column, or the one that is headed "code"."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from regulars.kernel.errors import Invalid
from regulars.loyalty.code_records import UPLOAD_CODES_MAX
from regulars.loyalty.pure.codes import CODE_CHARS_MAX, normalised

HEADINGS = frozenset({"code", "coupon", "promo code", "promocode", "код", "промокод", "купон"})
DELIMITERS = ",;\t"
VALUE_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One row: what stood there, the code it means, why it is none."""

    row_no: int
    text: str
    code: str
    fault: str = ""


def rows_of(raw: bytes) -> list[CodeRow]:
    """The rows of a file, numbered as in a table; blank ones are left out.

    A row without a code, with a code too long and with one that stands above already (also when
    it only reads like it) has a fault.
    raises  Invalid(upload_unreadable | upload_empty | upload_too_long)
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("upload_unreadable", "Save the file as UTF-8.") from error
    lines = _lines(text.replace("\x00", ""))
    if not lines:
        raise Invalid("upload_empty", "The file has no rows.")
    heads = [cell.strip().lower() for cell in lines[0][1]]
    column = next((place for place, head in enumerate(heads) if head in HEADINGS), None)
    body = lines if column is None else lines[1:]
    if not body:
        raise Invalid("upload_empty", "The file has no rows.")
    if len(body) > UPLOAD_CODES_MAX:
        raise Invalid("upload_too_long", f"A file has at most {UPLOAD_CODES_MAX} codes.")
    seen: set[str] = set()
    return [_row(number, line, column or 0, seen) for number, line in body]


def _lines(text: str) -> list[tuple[int, list[str]]]:
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        found = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Invalid("upload_unreadable", "The file is not a table of text.") from error
    return [
        (number, line) for number, line in enumerate(found, 1) if any(cell.strip() for cell in line)
    ]


def _row(number: int, line: list[str], column: int, seen: set[str]) -> CodeRow:
    text = line[column].strip() if column < len(line) else ""
    shown = text[:VALUE_CHARS_MAX]
    if not text:
        return CodeRow(number, shown, "", "code_missing")
    code = normalised(text)
    if not code:
        is_long = len(text) > CODE_CHARS_MAX
        return CodeRow(number, shown, "", "code_too_long" if is_long else "code_invalid")
    if code in seen:
        return CodeRow(number, shown, code, "code_twice")
    seen.add(code)
    return CodeRow(number, shown, code)
