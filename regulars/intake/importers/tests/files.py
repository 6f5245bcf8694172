"""Files for the tests of the importers, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from regulars.intake import queries
from regulars.intake.importers.records import ImportOutcome
from regulars.intake.importers.run import run_import
from regulars.intake.records import RejectedRecord
from regulars.store.scope import cursor, scope
from regulars.workspaces.records import WorkspaceRecord

HEAD = "number,date,sku,quantity,price,email"


def csv_file(folder: Path, *lines: str, head: str = HEAD, encoding: str = "utf-8") -> Path:
    path = folder / "file.csv"
    path.write_bytes("\n".join([head, *lines, ""]).encode(encoding))
    return path


def xlsx_file(folder: Path, rows: Sequence[Sequence[Any]]) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    path = folder / "file.xlsx"
    book.save(path)
    return path


def parquet_file(folder: Path, columns: Mapping[str, Any]) -> Path:
    path = folder / "file.parquet"
    pq.write_table(pa.table(dict(columns)), path)
    return path


def bring(shop: WorkspaceRecord, path: Path, kind: str = "orders", **options: Any) -> ImportOutcome:
    return run_import(shop.id, kind, path, **options)


def rejects(shop: WorkspaceRecord, outcome: ImportOutcome) -> list[RejectedRecord]:
    with scope(shop.id):
        return queries.rejected(shop.id, outcome.import_id, 1_000)


def reasons(shop: WorkspaceRecord, outcome: ImportOutcome) -> list[tuple[int, str]]:
    return [(row.row_no, row.reason) for row in rejects(shop, outcome)]


def asked(shop: WorkspaceRecord, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a question whose only parameter is the workspace."""
    with scope(shop.id):
        raw = cursor()
        raw.execute(sql, [shop.id])  # type: ignore[arg-type]
        return raw.fetchall()


def contents(shop: WorkspaceRecord) -> dict[str, list[tuple[Any, ...]]]:
    """Everything an import may write, without ids and times of writing."""
    tables = {
        "orders": "number, source, placed_at, kind, status, total_minor, lines_count, origin",
        "lines": "placed_at, line_no, sku, name, quantity, unit_price, total_minor, kind",
        "products": "sku, name, sold_quantity, sold_minor",
        "values": "orders_count, total_minor, returned_minor, first_at, last_at",
        "customers": "external_id, email, phone, first_name, city, attrs::text, first_seen_at",
        "consents": "channel, purpose, state, source",
        "events": "kind, time, origin, props::text",
    }
    names = {
        "orders": "orders_order", "lines": "orders_line", "products": "orders_product",
        "values": "orders_customervalue", "customers": "customers_customer",
        "consents": "customers_consent", "events": "events_event",
    }  # fmt: skip
    return {
        name: sorted(
            asked(shop, f"SELECT {columns} FROM {names[name]} WHERE workspace_id = %s"), key=str
        )
        for name, columns in tables.items()
    }
