"""A table of stock: product, place, how many; whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

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


def read_stock(path: Path, columns: Mapping[str, str], place: str) -> tuple[Counted, int]:
    """How many of each product lie in each place, and the number of rows.

    place   where everything lies when the file does not tell
    raises  Invalid(stock_columns | stock_row | file_…)
    """
    source = read.open_file(path)
    places = _places(source.headings, columns)
    found: Counted = defaultdict(dict)
    rows = 0
    for batch in source.batches:
        if batch.rejects:
            raise Invalid("stock_row", f"Row {batch.rejects[0].row_no} of the stock is broken.")
        for row in batch.table.to_pylist():
            rows += 1
            if rows > ROWS_MAX:
                raise Invalid("file_too_big", "The file is larger than allowed.")
            sku = (row[places["sku"]] or "").strip()
            where = (row[places["place"]] or "").strip() if "place" in places else ""
            count = _count(row[places["quantity"]])
            if not sku or count is None:
                raise Invalid("stock_row", f"Row {row['row_no']} of the stock is broken.")
            found[where or place][sku] = count
    return found, rows


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


def _count(cell: str | None) -> Decimal | None:
    bare = (cell or "").replace("\xa0", "").replace(" ", "").replace(",", ".")
    try:
        found = Decimal(bare)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < Decimal(10) ** 12 else None


def write_stock(workspace_id: int, counted: Counted) -> int:
    """Write the stock; returns how many rows changed. In the caller's scope."""
    # All goods before the first of them is written, for each place has its own.
    lock_goods(workspace_id, {sku for found in counted.values() for sku in found})
    return sum(put_stock(workspace_id, place, counted[place]) for place in sorted(counted))
