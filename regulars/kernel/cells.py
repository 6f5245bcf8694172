"""Cells of CSV files that spreadsheets open: no cell may be taken for a formula."""

from __future__ import annotations

import re

# Numbers and phones begin with a sign too, and without names or calls they can do nothing.
HARMLESS = re.compile(r"[+-]?[\d\s().,-]*\Z")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


# Where Excel parts cells at a semicolon (as in Ukraine) it does so inside ours too, and a quote or
# a line break does not hold what began without one.
PART = re.compile(r"[^;\t\r\n]+")


def csv_cell(value: object) -> str:
    """The value as text; what a spreadsheet would run as a formula gets an apostrophe before it.

    The same for each part that some spreadsheets would make a cell of its own.
    source  OWASP, "CSV Injection"
    """
    return cell_of_sheet(PART.sub(lambda part: cell_of_sheet(part[0]), _text(value)))


def cell_of_sheet(value: object) -> str:
    """The same for a cell that no program takes apart."""
    text = _text(value)
    bare = text.lstrip(" ")
    if bare.startswith(FORMULA_STARTS) and not HARMLESS.match(bare):
        return "'" + text
    return text


def _text(value: object) -> str:
    return "" if value is None else str(value)
