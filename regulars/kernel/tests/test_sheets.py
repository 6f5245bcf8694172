"""Files for spreadsheets: what is written is read back, and nothing of it is a formula."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from regulars.kernel import sheets

FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(1)", "\t=1", "\r=1", "＝1+1")


def written(kind: str, rows: list[list[object]]) -> io.BytesIO:
    stream = io.BytesIO()
    made = sheets.sheet(stream, kind, ["Name", "Value"])
    for row in rows:
        made.row(row)
    made.close()
    stream.seek(0)
    return stream


def read(kind: str, stream: io.BytesIO) -> list[list[object]]:
    if kind == "csv":
        return [list(row) for row in csv.reader(io.StringIO(stream.read().decode("utf-8-sig")))]
    book = openpyxl.load_workbook(stream)
    return [[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_what_begins_like_a_formula_gets_an_apostrophe(kind: str, formula: str) -> None:
    (_head, (cell, _)) = read(kind, written(kind, [[formula, "plain"]]))

    # XML reads a carriage return as a line feed; the apostrophe is what matters.
    told = str(cell).replace("\r", "\n")
    assert told[0] == "'"
    assert told.replace("'", "") == formula.replace("\r", "\n").replace("'", "")


@pytest.mark.parametrize(
    ("told", "cell"),
    [
        ("tea;=cmd|' /C calc'!A0", "tea;'=cmd|' /C calc'!A0"),
        ("tea; @SUM(1)", "tea;' @SUM(1)"),
        ("first\n=1+1;+cmd", "first\n'=1+1;'+cmd"),
        (" =1+1", "' =1+1"),
        ("\t=1+1", "'\t'=1+1"),
        ("Shevchenka 5; -2; +380 67 123-45-67", "Shevchenka 5; -2; +380 67 123-45-67"),
        ("tea; honey - 2", "tea; honey - 2"),
    ],
)
def test_no_part_that_excel_makes_a_cell_of_is_a_formula(told: str, cell: str) -> None:
    (_head, (found, _)) = read("csv", written("csv", [[told, ""]]))

    assert found == cell


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_numbers_and_phones_are_left_alone(kind: str) -> None:
    (_head, *rows) = read(kind, written(kind, [[-5, "+380 67 123-45-67"], [Decimal("-1.50"), ""]]))

    assert [[str(cell or "") for cell in row] for row in rows] == [
        ["-5", "+380 67 123-45-67"],
        ["-1.5" if kind == "xlsx" else "-1.50", ""],
    ]


def test_a_number_too_long_for_a_spreadsheet_stays_text() -> None:
    (_head, (cell, _)) = read("xlsx", written("xlsx", [[12345678901234567, None]]))

    assert cell == "12345678901234567"


def test_days_and_moments_are_written_as_people_sort_them() -> None:
    at = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)

    (_head, row) = read("csv", written("csv", [[date(2026, 5, 1), at]]))

    assert row == ["2026-05-01", "2026-05-01 12:30:00+00:00"]


def test_marks_that_xml_cannot_hold_are_left_out() -> None:
    (_head, (cell, other)) = read("xlsx", written("xlsx", [["a\x00b\x1fc", "<b>&amp;"]]))

    assert (cell, other) == ("abc", "<b>&amp;")


def test_rows_beyond_a_sheet_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "XLSX_ROWS_MAX", 3)

    stream = written("xlsx", [[number, ""] for number in range(5)])

    book = openpyxl.load_workbook(stream)
    assert [[row[0].value for row in sheet.iter_rows()] for sheet in book] == [
        ["Name", 0, 1],
        ["Name", 2, 3],
        ["Name", 4],
    ]
