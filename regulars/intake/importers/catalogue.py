"""Products of a file: read, checked, written by their code some thousand a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from regulars.intake.importers.pure.words import AVAILABILITY, ITEMS, UNKNOWN, sql_case
from regulars.intake.importers.records import Reject
from regulars.intake.importers.stage import Progress, Stage
from regulars.intake.importers.tally import Tally
from regulars.kernel.errors import Invalid
from regulars.orders import actions as orders
from regulars.orders import queries as order_queries
from regulars.orders.records import ItemKind, NewProduct
from regulars.store.scope import scope
from regulars.workspaces.records import WorkspaceRecord

CHUNK_ROWS = 2_000
FIELD_LENGTH_MAX = 2_000
FAULTS = f"""
    WHEN is_broken THEN 'row_encoding'
    WHEN is_long THEN 'row_length'
    WHEN sku IS NULL OR length(sku) > 200 THEN 'product_sku'
    WHEN greatest(length(name), length(category), length(brand)) > 500 THEN 'row_length'
    WHEN currency IS NOT NULL AND currency <> ? THEN 'product_currency'
    WHEN (price_text IS NOT NULL AND (price IS NULL OR price < 0))
      OR (old_text IS NOT NULL AND (old_price IS NULL OR old_price < 0)) THEN 'product_price'
    WHEN quantity_text IS NOT NULL AND (quantity IS NULL OR quantity < 0) THEN 'product_quantity'
    WHEN availability = '{UNKNOWN}' THEN 'product_availability'
    WHEN item = '{UNKNOWN}' THEN 'product_item'
    WHEN duration_text IS NOT NULL AND (duration IS NULL OR duration < 1
      OR duration <> floor(duration) OR duration > 527040) THEN 'product_duration'"""
# The first row of a code is taken; a file that says two things of one code must be mended.
REPEATS = """
    INSERT INTO bad SELECT row_no, 'product_repeated', CAST(first_row AS VARCHAR) FROM (
        SELECT row_no, min(row_no) OVER (PARTITION BY sku) AS first_row FROM product_row
        WHERE row_no NOT IN (SELECT row_no FROM bad))
    WHERE row_no <> first_row"""


def prepare(stage: Stage, workspace: WorkspaceRecord) -> None:
    """Read the cells, find what cannot be taken, and number the rest."""
    stage.con.execute(
        f"""CREATE TABLE product_row AS SELECT row_no, {stage.text("sku")} AS sku,
            {stage.text("product_name")} AS name, {stage.text("category")} AS category,
            {stage.text("brand")} AS brand, upper({stage.text("currency")}) AS currency,
            {stage.number("price")} AS price, {stage.text("price")} AS price_text,
            {stage.number("old_price")} AS old_price, {stage.text("old_price")} AS old_text,
            {stage.number("quantity")} AS quantity, {stage.text("quantity")} AS quantity_text,
            {stage.number("duration_min")} AS duration,
            {stage.text("duration_min")} AS duration_text,
            {stage.text("url")} AS url, {stage.text("picture_url")} AS picture_url,
            {sql_case(_lower(stage, "availability"), AVAILABILITY)} AS availability,
            {sql_case(_lower(stage, "item"), ITEMS)} AS item,
            {stage.broken()} AS is_broken, {stage.too_long(FIELD_LENGTH_MAX)} AS is_long
            FROM raw"""
    )
    stage.con.execute("CREATE TABLE bad (row_no BIGINT, reason VARCHAR, detail VARCHAR)")
    stage.con.execute(
        f"""INSERT INTO bad SELECT row_no, reason, '' FROM (
            SELECT row_no, CASE {FAULTS} END AS reason FROM product_row)
            WHERE reason IS NOT NULL""",
        [workspace.currency],
    )
    stage.con.execute(REPEATS)
    stage.reject_rows("SELECT row_no, reason, detail FROM bad")
    stage.con.execute(
        f"""CREATE TABLE ready AS
            SELECT *, (row_number() OVER (ORDER BY row_no) - 1) // {CHUNK_ROWS} AS chunk
            FROM product_row WHERE row_no NOT IN (SELECT row_no FROM bad) ORDER BY row_no"""
    )


def _lower(stage: Stage, target: str) -> str:
    return f"lower({stage.text(target)})"


def look_up(stage: Stage, workspace: WorkspaceRecord, tally: Tally) -> None:
    """Count what writing would do, and write nothing; what was brought before is not told."""
    for chunk in range(_chunks(stage)):
        tally.taken += len(_good(stage, chunk))
    tally.counts["products"] = tally.taken


def write(stage: Stage, workspace: WorkspaceRecord, tally: Tally, progress: Progress) -> None:
    """Write the products; how many lie there is taken when the workspace has one open place."""
    done = 0
    with scope(workspace.id):
        places = order_queries.places(workspace.id, are_open=True)
    for chunk in range(_chunks(stage)):
        rows = _good(stage, chunk)
        counted = {p.sku: quantity for p, quantity in rows if quantity is not None}
        with scope(workspace.id):
            changed = orders.write_catalogue(workspace.id, [product for product, _ in rows])
            if counted and len(places) == 1:
                tally.counts["stock"] += orders.set_stock(workspace.id, places[0].id, counted)
        tally.taken += changed
        tally.repeated += len(rows) - changed
        tally.counts["products"] += changed
        done += len(rows)
        progress("writing", done, stage.rows)


def _chunks(stage: Stage) -> int:
    return stage.count("SELECT coalesce(max(chunk) + 1, 0) FROM ready")


def _good(stage: Stage, chunk: int) -> list[tuple[NewProduct, Decimal | None]]:
    """The products of the chunk that the catalogue can take; the others are kept as rejects."""
    found = stage.con.execute(
        """SELECT row_no, sku, name, category, brand, price, old_price, url, picture_url,
                  availability, item, duration, quantity FROM ready WHERE chunk = ?
           ORDER BY row_no""",
        [chunk],
    ).fetchall()
    rows: list[tuple[NewProduct, Decimal | None]] = []
    for row in found:
        product = _product(row)
        try:
            orders.check_product(product)
        except Invalid as error:
            raw = {"sku": product.sku, "name": product.name, "url": product.url}
            stage.reject([Reject(row[0], error.code, "", raw)])
        else:
            rows.append((product, row[12]))
    return rows


def _product(row: Sequence[Any]) -> NewProduct:
    return NewProduct(
        sku=row[1],
        name=row[2],
        category=row[3],
        brand=row[4],
        price=row[5],
        old_price=row[6],
        url=row[7],
        picture_url=row[8],
        availability=row[9],
        item=ItemKind(row[10]) if row[10] else None,
        duration_min=int(row[11]) if row[11] is not None else None,
    )
