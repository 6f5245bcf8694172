"""A file of identifiers read into rows: a CSV with headings, or one value a line."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from regulars.kernel.errors import Invalid
from regulars.segments.records import UPLOAD_ROWS_MAX, UPLOAD_VALUE_CHARS_MAX

BYTES_MAX = 20_000_000
HEADINGS = {
    "external_id": "external_id",
    "external id": "external_id",
    "customer_id": "external_id",
    "id": "external_id",
    "email": "email",
    "e-mail": "email",
    "mail": "email",
    "phone": "phone",
    "tel": "phone",
    "telephone": "phone",
    "телефон": "phone",
    "тел": "phone",
    "тел.": "phone",
    "мобільний": "phone",
    "мобильный": "phone",
    "пошта": "email",
    "почта": "email",
    "ел. пошта": "email",
    "эл. почта": "email",
    "електронна пошта": "email",
    "электронная почта": "email",
    "імейл": "email",
    "имейл": "email",
    "ід": "external_id",
    "ид": "external_id",
    "код клієнта": "external_id",
    "код клиента": "external_id",
}
DELIMITERS = ",;\t"
PHONE_DIGITS_MIN = 10


@dataclass(frozen=True, slots=True)
class UploadRow:
    """What one row names a customer by; empty texts are not given."""

    external_id: str = ""
    email: str = ""
    phone: str = ""

    @property
    def text(self) -> str:
        """The row as people recognise it."""
        given = (self.external_id, self.email, self.phone)
        return ", ".join(value for value in given if value)[:UPLOAD_VALUE_CHARS_MAX]


def rows_of(raw: bytes) -> list[UploadRow]:
    """The rows of a file; blank lines are no rows.

    raises  Invalid(upload_unreadable | upload_too_large | upload_too_long | upload_empty)
    """
    if len(raw) > BYTES_MAX:
        raise Invalid("upload_too_large", f"A file has at most {BYTES_MAX // 1_000_000} MB.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("upload_unreadable", "Save the file as UTF-8.") from error
    lines = _lines(text.replace("\x00", ""))
    if not lines:
        raise Invalid("upload_empty", "The file has no rows.")
    headings = [HEADINGS.get(cell.strip().lower(), "") for cell in lines[0]]
    rows = (
        [_under(headings, line) for line in lines[1:]]
        if any(headings)
        else [guessed(line[0]) for line in lines]
    )
    if not rows:
        raise Invalid("upload_empty", "The file has no rows.")
    if len(rows) > UPLOAD_ROWS_MAX:
        raise Invalid("upload_too_long", f"A file has at most {UPLOAD_ROWS_MAX} rows.")
    return rows


def _lines(text: str) -> list[list[str]]:
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        found = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Invalid("upload_unreadable", "The file is not a table of text.") from error
    return [line for line in found if any(cell.strip() for cell in line)]


def _under(headings: list[str], line: list[str]) -> UploadRow:
    given = {
        name: cell.strip() for name, cell in zip(headings, line, strict=False) if name and cell
    }
    return UploadRow(**given)


def guessed(value: str) -> UploadRow:
    """A bare value: an address when it has an @, a phone when it reads like one, else an id."""
    value = value.strip()
    if "@" in value:
        return UploadRow(email=value)
    digits = sum(char.isdigit() for char in value)
    looks_dialled = all(char.isdigit() or char in "+-() ." for char in value)
    if looks_dialled and digits >= PHONE_DIGITS_MIN:
        return UploadRow(phone=value)
    return UploadRow(external_id=value)
