"""A table of stock: product, place, how many; whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from regulars.intake.connectors.pull.counts import count_of, decimal_mark
from regulars.intake.importers import read
from regulars.intake.importers.pure.columns import plain
from regulars.kernel.errors import Invalid
from regulars.orders.actions.goods import put_stock
from regulars.orders.actions.locks import lock_goods

ROWS_MAX = 1_000_000
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "sku": ("sku", "article", "артикул", "productcode", "code", "код", "кодтовару", "кодтовара"),
    "place": ("place", "warehouse", "shop", "store", "склад", "магазин", "місце", "место"),
    "quantity": ("quantity", "qty", "stock", "onhand", "кількість", "количество", "залишок",
                 "остаток"),
}  # fmt: skip

Counted = dict[str, dict[str, Decimal]]
# The number of the row, the product and the place, and the count as it is written.
Row = tuple[int, str, str, str]


def read_stock(
    path: Path, columns: Mapping[str, str], place: str, decimal: str = ""
) -> tuple[Counted, int]:
    """How many of each product lie in each place, and the number of rows.

    place    where everything lies when the file does not tell
    decimal  what stands before fractions; empty decides from the whole column
    raises   Invalid(stock_columns | stock_row | stock_number | stock_repeated | file_…)
    """
    rows = _rows(path, columns, place)
    mark = decimal or decimal_mark(count for _, _, _, count in rows)
    found: Counted = {}
    for number, sku, where, written in rows:
        count = count_of(written, mark, number)
        if not sku or count is None:
            raise _broken(number)
        there = found.setdefault(where, {})
        if sku in there:
            # Which of the two is right, or whether they add up, the file does not tell.
            raise Invalid(
                "stock_repeated", f"Row {number}: {sku} stands there twice for one place."
            )
        there[sku] = count
    return found, len(rows)


def _rows(path: Path, columns: Mapping[str, str], place: str) -> list[Row]:
    source = read.open_file(path)
    places = _places(source.headings, columns)
    found: list[Row] = []
    for batch in source.batches:
        if batch.rejects:
            raise _broken(batch.rejects[0].row_no)
        if len(found) + batch.table.num_rows > ROWS_MAX:
            raise Invalid("file_too_big", "The file is larger than allowed.")
        for row in batch.table.to_pylist():
            sku = (row[places["sku"]] or "").strip()
            where = (row[places["place"]] or "").strip() if "place" in places else ""
            found.append((row["row_no"], sku, where or place, row[places["quantity"]] or ""))
    return found


def _broken(number: int) -> Invalid:
    return Invalid("stock_row", f"Row {number} of the stock is broken.")


def _places(headings: tuple[str, ...], columns: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, heading in enumerate(headings):
        word = plain(heading)
        target = columns.get(heading) or next(
            (name for name, words in HEADINGS.items() if word in words and not columns), ""
        )
        if target in HEADINGS and target not in found:
            found[target] = f"c{number}"
    if not {"sku", "quantity"} <= set(found):
        raise Invalid("stock_columns", "No columns give the product and the quantity; name them.")
    return found


def write_stock(workspace_id: int, counted: Counted) -> int:
    """Write the stock; returns how many rows changed. In the caller's scope."""
    # All goods before the first of them is written, for each place has its own.
    lock_goods(workspace_id, {sku for found in counted.values() for sku in found})
    return sum(put_stock(workspace_id, place, counted[place]) for place in sorted(counted))
