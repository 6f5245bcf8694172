"""Counts as files write them: one mark before fractions decided for a column, or refused; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from regulars.kernel.errors import Invalid

SPACES = str.maketrans("", "", " \u00a0\u202f'’")
COUNT_MAX = Decimal(10) ** 12
MARKS = (".", ",")
OTHER = {".": ",", ",": "."}
# A mark before three digits: a thousand in one country, a thousandth in another.
UNSURE = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")


def _written(group: str, mark: str) -> re.Pattern[str]:
    whole = rf"([1-9][0-9]{{0,2}}({group}[0-9]{{3}})+|[0-9]+)"
    return re.compile(rf"[+-]?({whole}({mark}[0-9]*)?|{mark}[0-9]+)")


WRITTEN = {mark: _written(re.escape(OTHER[mark]), re.escape(mark)) for mark in MARKS}


def decimal_mark(column: Iterable[str]) -> str:
    """What stands before fractions in all of a column; empty when it tells none, or both."""
    told: set[str] = set()
    for cell in column:
        bare = cell.translate(SPACES)
        if UNSURE.fullmatch(bare):
            continue
        told |= {mark for mark in MARKS if mark in _marks_of(bare)}
    return told.pop() if len(told) == 1 else ""


def _marks_of(bare: str) -> set[str]:
    """The marks that can stand before the fractions of a number, when its own form tells."""
    if not ("." in bare or "," in bare):
        return set()
    fits = {mark for mark in MARKS if WRITTEN[mark].fullmatch(bare)}
    return fits if len(fits) == 1 else set()


def count_of(cell: str, mark: str, number: int) -> Decimal | None:
    """The count, None when it is none.

    mark     what stands before fractions; empty when nobody knows
    number   of the row, to be told
    raises   Invalid(stock_number) when it may be a thousand or a fraction
    """
    bare = cell.translate(SPACES)
    if not mark and UNSURE.fullmatch(bare):
        raise Invalid(
            "stock_number",
            f"Row {number}: {cell.strip()} may be a thousand or a fraction; say in the settings"
            " what stands before fractions.",
        )
    mark = mark or next(iter(_marks_of(bare)), ".")
    if not WRITTEN[mark].fullmatch(bare):
        return None
    found = Decimal(bare.replace(OTHER[mark], "").replace(mark, "."))
    return found if abs(found) < COUNT_MAX else None
