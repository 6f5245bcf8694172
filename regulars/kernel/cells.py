"""Cells of CSV files that spreadsheets open: no cell may be taken for a formula."""

from __future__ import annotations

import re

# Numbers and phones begin with a sign too, and without names or calls they can do nothing.
HARMLESS = re.compile(r"[+-]?[\d\s().,-]*\Z")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_cell(value: object) -> str:
    """The value as text; what a spreadsheet would run as a formula gets an apostrophe before it.

    source  OWASP, "CSV Injection"
    """
    text = "" if value is None else str(value)
    if text.startswith(FORMULA_STARTS) and not HARMLESS.match(text):
        return "'" + text
    return text
