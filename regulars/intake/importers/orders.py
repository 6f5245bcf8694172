"""Order lines of a file: read, checked, grouped to orders, entered set by set."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from regulars.customers import actions as customers
from regulars.intake.importers import persons
from regulars.intake.importers.pure.words import ORDER_KINDS, ORDER_STATUSES, sql_case
from regulars.intake.importers.stage import Progress, Stage
from regulars.intake.importers.tally import Tally
from regulars.kernel.money import minor_digits
from regulars.orders import actions as orders
from regulars.orders import queries as order_queries
from regulars.orders.records import WORTH_MAX_MINOR, Outcome, Recorded
from regulars.store.scope import scope
from regulars.workspaces.records import WorkspaceRecord

CHUNK_LINES = 20_000
LINES_AN_ORDER_MAX = 10_000
FIELD_LENGTH_MAX = 2_000
KEY_LENGTH_MAX = 200
ORIGIN = "import"

# The order's own faults and those of its lines, the first that holds is told.
FAULTS = f"""
    WHEN l.is_broken THEN 'row_encoding'
    WHEN l.is_long OR length(l.number) > {KEY_LENGTH_MAX} OR length(l.sku) > {KEY_LENGTH_MAX}
        THEN 'row_length'
    WHEN l.number IS NULL THEN 'order_number'
    WHEN l.placed_at IS NULL OR l.placed_at < TIMESTAMP '1990-01-01' THEN 'order_time'
    WHEN l.placed_at > $latest THEN 'order_time_ahead'
    WHEN l.currency <> $currency THEN 'currency_unsupported'
    WHEN l.kind = '?' THEN 'order_kind'
    WHEN l.status = '?' THEN 'order_status'
    WHEN p.reason IS NOT NULL THEN p.reason
    WHEN o.people > 1 THEN 'order_customers'
    WHEN o.lines > {LINES_AN_ORDER_MAX} THEN 'order_lines'"""
LINE_FAULTS = """
    WHEN l.sku IS NULL THEN 'line_product'
    WHEN l.quantity IS NULL THEN 'line_quantity'
    WHEN l.quantity = 0 THEN 'line_quantity_zero'
    WHEN l.unit_price IS NULL THEN 'line_price'
    WHEN l.unit_price < 0 AND o.kind <> 'adjustment' THEN 'line_price_negative'
    WHEN o.worth_minor > $worth_max THEN 'order_amount'"""
WHOLE_FAULTS = """
    WHEN o.total_minor IS NULL THEN 'order_total'
    WHEN o.lines > 1 THEN 'order_repeated'"""
# One line short makes another order: what is wrong with a line keeps its whole order out, so
# that the file of rejected rows can be mended and brought in again.
NEIGHBOURS = """
    INSERT INTO bad
    SELECT l.row_no, 'order_neighbour', CAST(f.first_bad AS VARCHAR) FROM line AS l
    JOIN (SELECT l.source, l.number, min(b.row_no) AS first_bad FROM line AS l
          JOIN bad AS b USING (row_no) WHERE l.number IS NOT NULL GROUP BY ALL) AS f
      ON f.source = l.source AND f.number = l.number
    WHERE l.row_no NOT IN (SELECT row_no FROM bad)"""
PLAN = f"""
    CREATE TABLE plan AS
    SELECT *, CAST(row_number() OVER w AS INTEGER) AS seq,
           CAST(sum(lines) OVER (w ROWS UNBOUNDED PRECEDING) // {CHUNK_LINES} AS INTEGER) AS chunk
    FROM ord WHERE number NOT IN (
        SELECT number FROM line WHERE number IS NOT NULL AND row_no IN (SELECT row_no FROM bad))
    WINDOW w AS (ORDER BY placed_at, number, source)"""
READY = """
    CREATE TABLE ready AS SELECT p.chunk, p.seq, p.kind AS order_kind, l.*
    FROM line AS l JOIN plan AS p ON p.source = l.source AND p.number = l.number
    ORDER BY p.chunk, p.seq, l.row_no"""
CHUNK_PEOPLE = f"""
    SELECT person_key, any_value(external_id), any_value(email), any_value(phone),
           any_value(anonymous_id), min(placed_at),
           {", ".join(f"arg_min({name}, row_no)" for name in persons.TOLD)}
    FROM ready WHERE chunk = ? AND person_key IS NOT NULL GROUP BY person_key ORDER BY min(seq)"""
CHUNK_ORDERS = """
    SELECT seq, source, number, c.customer_id, customer_key, placed_at, kind,
           coalesce(status, CASE kind WHEN 'return' THEN 'returned' ELSE 'paid' END) AS status,
           total_minor, lines
    FROM plan LEFT JOIN chunk_customer AS c USING (person_key) WHERE chunk = ? ORDER BY seq"""
CHUNK_LINES_OF = """
    SELECT seq, CAST(row_number() OVER (PARTITION BY seq ORDER BY row_no) AS INTEGER) AS line_no,
           placed_at, sku, product_name AS name, category, brand, quantity, unit_price,
           CASE WHEN order_kind = 'sale' AND quantity < 0 THEN 'return' ELSE order_kind END AS kind
    FROM ready WHERE chunk = ? ORDER BY seq, line_no"""


def prepare(stage: Stage, workspace: WorkspaceRecord) -> None:
    """Read the cells, find what cannot be taken, and lay the rest out in chunks of orders."""
    _read_lines(stage)
    persons.check(stage, "line", workspace.id)
    _group(stage, workspace.currency)
    faults = LINE_FAULTS if stage.has_lines else WHOLE_FAULTS
    stage.con.execute("CREATE TABLE bad (row_no BIGINT, reason VARCHAR, detail VARCHAR)")
    stage.con.execute(
        f"""INSERT INTO bad SELECT row_no, reason, '' FROM (
            SELECT l.row_no, CASE {FAULTS}{faults} END AS reason
            FROM line AS l
            LEFT JOIN ord AS o ON o.source = l.source AND o.number = l.number
            LEFT JOIN person AS p ON p.person_key = l.person_key) WHERE reason IS NOT NULL""",
        {
            "currency": workspace.currency,
            "latest": stage.latest,
            "worth_max": WORTH_MAX_MINOR,
        },
    )
    stage.con.execute(NEIGHBOURS)
    stage.reject_rows("SELECT row_no, reason, detail FROM bad")
    stage.con.execute(PLAN)
    stage.con.execute(READY)


def _read_lines(stage: Stage) -> None:
    source = stage.columns.source.replace("'", "''")
    quantity = stage.number("quantity") if stage.has("quantity") else "CAST(1 AS DECIMAL(18, 6))"
    product = stage.text("product_name")
    stage.con.execute(
        f"""CREATE TABLE line AS
            SELECT *, {persons.key_sql(stage)} AS person_key, {persons.CALLED} AS customer_key
            FROM (SELECT row_no, '{source}' AS source, {stage.exact("number")} AS number,
            {stage.time("placed_at")} AS placed_at,
            coalesce({stage.text("sku")}, {product}) AS sku, {product} AS product_name,
            {stage.text("category")} AS category, {stage.text("brand")} AS brand,
            {quantity} AS quantity, {_price(stage, quantity)} AS unit_price,
            {stage.number("order_total")} AS order_total,
            {_stated(stage, "status", ORDER_STATUSES)} AS status,
            {_stated(stage, "kind", ORDER_KINDS)} AS kind,
            upper({stage.text("currency")}) AS currency,
            {stage.broken()} AS is_broken, {stage.too_long(FIELD_LENGTH_MAX)} AS is_long,
            {persons.columns_sql(stage)}
            FROM raw)"""
    )


def _price(stage: Stage, quantity: str) -> str:
    if stage.has("unit_price") or not stage.has("line_total"):
        return stage.number("unit_price")
    return f"CAST({stage.number('line_total')} / nullif({quantity}, 0) AS DECIMAL(18, 6))"


def _stated(stage: Stage, target: str, words: Mapping[str, tuple[str, ...]]) -> str:
    if not stage.has(target):
        return "CAST(NULL AS VARCHAR)"
    return sql_case(f"lower({stage.text(target)})", words)


def _group(stage: Stage, currency: str) -> None:
    """Make table ord: one row an order, however far apart its lines stand."""
    kind = """coalesce(arg_min(kind, row_no),
                       CASE WHEN max(quantity) < 0 THEN 'return' ELSE 'sale' END)"""
    if stage.is_online_retail:
        # C… cancels an earlier invoice. A… settles debts; what else is below zero writes off
        # broken and lost goods.
        kind = """CASE WHEN number LIKE 'C%' THEN 'return' WHEN number LIKE 'A%' THEN 'adjustment'
                       WHEN min(quantity) < 0 THEN 'adjustment' ELSE 'sale' END"""
    coins = 10 ** minor_digits(currency)
    stage.con.execute(
        f"""CREATE TABLE ord AS SELECT source, number, min(placed_at) AS placed_at,
            count(*) AS lines, {kind} AS kind, arg_min(status, row_no) AS status,
            arg_min(person_key, row_no) AS person_key,
            arg_min(customer_key, row_no) AS customer_key,
            count(DISTINCT coalesce(person_key, '')) AS people,
            -- Floats do not overflow, and at the bound they are off by less than a coin.
            sum(abs(CAST(quantity AS DOUBLE) * CAST(unit_price AS DOUBLE))) * {coins}
                AS worth_minor,
            CAST(round(arg_min(order_total, row_no) * {coins}) AS BIGINT) AS total_minor
            FROM line WHERE number IS NOT NULL GROUP BY source, number"""
    )


def look_up(stage: Stage, workspace: WorkspaceRecord, tally: Tally) -> None:
    """Count what writing would do, and write nothing."""
    for chunk in range(_chunks(stage)):
        rows = stage.con.execute(
            "SELECT source, number, kind, lines FROM plan WHERE chunk = ?", [chunk]
        ).fetchall()
        with scope(workspace.id):
            known = order_queries.known_numbers(workspace.id, [(row[0], row[1]) for row in rows])
        for source, number, kind, lines in rows:
            if (source, number) in known:
                tally.repeated += lines
            else:
                tally.taken += lines
                tally.add_order(kind, lines)
    tally.counts["customers"] = stage.count(
        "SELECT count(DISTINCT person_key) FROM plan WHERE person_key IS NOT NULL"
    )


def write(stage: Stage, workspace: WorkspaceRecord, tally: Tally, progress: Progress) -> None:
    """Enter the orders, some thousand lines a transaction, the oldest first."""
    done = 0
    for chunk in range(_chunks(stage)):
        with scope(workspace.id):
            recorded = _write_chunk(stage, workspace, chunk, tally)
        done += _account(stage, chunk, recorded, tally)
        progress("writing", done, stage.rows)


def _chunks(stage: Stage) -> int:
    return stage.count("SELECT coalesce(max(chunk) + 1, 0) FROM plan")


def _write_chunk(
    stage: Stage, workspace: WorkspaceRecord, chunk: int, tally: Tally
) -> list[Recorded]:
    people = stage.con.execute(CHUNK_PEOPLE, [chunk]).fetchall()
    found = customers.identify_many(
        workspace.id, [persons.identity(row) for row in people], origin=ORIGIN, only_missing=True,
        as_named=True,
    )  # fmt: skip
    tally.customers.update(found)
    stage.con.execute(
        "CREATE OR REPLACE TABLE chunk_customer (person_key VARCHAR, customer_id BIGINT)"
    )
    stage.insert(
        "chunk_customer",
        pa.table(
            {
                "k": pa.array([row[0] for row in people], pa.string()),
                "c": pa.array(found, pa.int64()),
            }
        ),
    )
    return orders.write_tables(
        workspace.id,
        stage.table(CHUNK_ORDERS, [chunk]),
        stage.table(CHUNK_LINES_OF, [chunk]) if stage.has_lines else orders.NO_LINES,
        currency=workspace.currency,
        origin=ORIGIN,
    )


def _account(stage: Stage, chunk: int, recorded: list[Recorded], tally: Tally) -> int:
    rows = stage.con.execute(
        "SELECT seq, kind, lines FROM plan WHERE chunk = ? ORDER BY seq", [chunk]
    ).fetchall()
    differing = []
    for (seq, kind, lines), order in zip(rows, recorded, strict=True):
        if order.outcome is Outcome.NEW:
            tally.taken += lines
            tally.add_order(kind, lines)
        elif order.outcome is Outcome.REPEATED:
            tally.repeated += lines
        else:
            differing.append(seq)
    if differing:
        stage.reject_rows(
            "SELECT row_no, 'order_differs', '' FROM ready"
            f" WHERE chunk = {chunk} AND seq IN ({', '.join(map(str, differing))})"
        )
    return sum(row[2] for row in rows)
