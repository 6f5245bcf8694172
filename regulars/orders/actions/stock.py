"""Stock by place: promised, taken and set free by conditional updates, never looked at first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from regulars.kernel import clock
from regulars.kernel.errors import Invalid, Refused
from regulars.orders.actions.locks import lock_goods, lock_goods_of, lock_orders
from regulars.orders.desk_records import Held, ReservationRow
from regulars.orders.pure.corrections import LineChange
from regulars.orders.pure.meaning import AMOUNT_MAX, DECIMALS_MAX, TEXT_LENGTH_MAX
from regulars.orders.pure.stages import GONE_RANK, RANK
from regulars.orders.queries.books import lines_of, order_by_id
from regulars.orders.records import Hold, ItemKind, OrderKind, OrderRecord, PaymentState, Stage
from regulars.store.scope import cursor

# Goods of an order that nobody pays are set free after this.
RESERVED_FOR = timedelta(hours=72)
# Goods of an order that only a browser told of, when its site may promise goods at all.
TIMED_FOR = timedelta(hours=24)
SET_ROWS_MAX = 10_000
EXPIRED_AT_ONCE_MAX = 500
WAITING = frozenset({PaymentState.UNPAID, PaymentState.PENDING})
CANDIDATES = """
SELECT s.place_id FROM orders_stock AS s
JOIN orders_place AS p ON p.workspace_id = s.workspace_id AND p.id = s.place_id
WHERE s.workspace_id = %s AND s.sku = %s AND (p.is_open OR p.id = %s)
  AND (%s::bigint IS NULL OR s.place_id = %s)
ORDER BY s.place_id
"""
# Whoever comes second waits for the row and then sees what is left of it.
PROMISE = """
UPDATE orders_stock SET reserved = reserved + %s, updated_at = %s
WHERE workspace_id = %s AND place_id = %s AND sku = %s AND on_hand - reserved >= %s
"""
TAKE_FREE = """
UPDATE orders_stock SET on_hand = on_hand - %s, updated_at = %s
WHERE workspace_id = %s AND place_id = %s AND sku = %s AND on_hand - reserved >= %s
"""
# More may have been promised than lies there, when somebody counted less: never below zero.
TAKE_HELD = """
UPDATE orders_stock SET on_hand = greatest(on_hand - %s, 0),
    reserved = greatest(reserved - %s, 0), updated_at = %s
WHERE workspace_id = %s AND place_id = %s AND sku = %s
"""
SET_FREE = """
UPDATE orders_stock SET reserved = greatest(reserved - %s, 0), updated_at = %s
WHERE workspace_id = %s AND place_id = %s AND sku = %s
"""
INSERT = """
INSERT INTO orders_reservation
  (workspace_id, order_id, line_no, place_id, sku, quantity, state, expires_at, created_at,
   updated_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (workspace_id, order_id, line_no)
DO UPDATE SET state = excluded.state, place_id = excluded.place_id,
    quantity = excluded.quantity, expires_at = excluded.expires_at, updated_at = excluded.updated_at
"""
OPEN = """
SELECT line_no, place_id, sku, quantity, state FROM orders_reservation
WHERE workspace_id = %s AND order_id = %s AND state IN ('held', 'short', 'expired')
ORDER BY sku, place_id, line_no FOR UPDATE
"""
TAKEN = """
SELECT place_id, sku, quantity FROM orders_reservation
WHERE workspace_id = %s AND order_id = %s AND state = 'taken' AND sku = ANY(%s)
ORDER BY sku, place_id, line_no
"""
PROMISED = """
SELECT line_no, sku, quantity, state, place_id, expires_at FROM orders_reservation
WHERE workspace_id = %s AND order_id = %s ORDER BY sku, line_no FOR UPDATE
"""
REMEMBER = """
UPDATE orders_reservation SET quantity = %s, updated_at = %s
WHERE workspace_id = %s AND order_id = %s AND line_no = %s
"""
LAY = """
UPDATE orders_stock SET on_hand = on_hand + %s, updated_at = %s
WHERE workspace_id = %s AND place_id = %s AND sku = %s
"""
# Paid for: no clock runs any more.
KEEP = """
UPDATE orders_reservation SET expires_at = NULL
WHERE workspace_id = %s AND order_id = %s AND state = 'held' AND expires_at IS NOT NULL
"""


def reserve(workspace_id: int, orders: Sequence[OrderRecord], *, is_strict: bool = False) -> None:
    """Promise the stocked products of new orders to their lines, by code and place.

    A line for which there is not enough is kept as short; is_strict refuses instead.
    raises  Refused(stock_short) and nothing is promised
    """
    orders = [order for order in orders if order.hold != Hold.NONE]
    lines = lines_of(workspace_id, [order.id for order in orders])
    skus = {line.sku for found in lines.values() for line in found}
    stocked = _stocked(workspace_id, sorted(skus)) if skus else set()
    wanted = [
        (line.sku, order, line.line_no, line.quantity)
        for order in orders
        for line in lines.get(order.id, [])
        if line.sku in stocked and _is_held(line.quantity, line.item)
    ]
    # Everybody takes rows in the same order, so that no two wait for each other.
    lock_goods(workspace_id, {sku for sku, _, _, _ in wanted})
    for sku, order, line_no, quantity in sorted(wanted, key=lambda w: (w[0], w[1].id, w[2])):
        _reserve_line(workspace_id, order, line_no, sku, quantity, is_strict=is_strict)


def _reserve_line(
    workspace_id: int,
    order: OrderRecord,
    line_no: int,
    sku: str,
    quantity: Decimal,
    *,
    is_strict: bool = False,
    until: datetime | None = None,
) -> bool:
    place_id = _change_first(workspace_id, PROMISE, sku, quantity, order.place_id)
    if place_id is None and is_strict:
        raise Refused("stock_short", f"There is not enough of {sku} in stock.", sku=sku)
    now = clock.now()
    expires_at = None if place_id is None else until or _until(order, now)
    state = Held.SHORT if place_id is None else Held.HELD
    cursor().execute(
        INSERT,
        [
            workspace_id, order.id, line_no, place_id, sku, quantity, state, expires_at, now, now,
        ],
    )  # fmt: skip
    return place_id is not None


def _until(order: OrderRecord, now: datetime) -> datetime | None:
    """How long goods are promised to the order; None for as long as it lives."""
    if order.pays_on_delivery:
        return None
    if is_timed(order):
        return now + TIMED_FOR
    return now + RESERVED_FOR if order.payment_now in WAITING else None


def is_timed(order: OrderRecord) -> bool:
    """Whether nobody but a browser has spoken of the order yet."""
    return (
        order.hold == Hold.TIMED and order.payment is None and order.stage in (None, Stage.RECEIVED)
    )


def _is_held(quantity: Decimal, item: str | None) -> bool:
    return quantity > 0 and item in (None, ItemKind.PRODUCT)


def follow_lines(workspace_id: int, order: OrderRecord, changed: Sequence[LineChange]) -> None:
    """Let what is promised follow the lines of an order that has not left; the rest is gone.

    A line that grew is promised whole or is short; one whose time ran out is not promised again.
    """
    is_here = RANK[order.stage_now] < GONE_RANK and order.hold != Hold.NONE
    if not is_here or order.origin != "live" or not changed:
        return
    skus = sorted({one.sku for one in changed})
    lock_goods(workspace_id, skus)
    stocked = _stocked(workspace_id, skus)
    rows = {row.line_no: row for row in _promised(workspace_id, order.id)}
    for one in sorted(changed, key=lambda one: (one.sku, one.line_no)):
        row, (_, quantity) = rows.get(one.line_no), one.quantities
        item = one.after.item if one.after else None
        if row is None:
            if one.sku in stocked and _is_held(quantity, item):
                _reserve_line(workspace_id, order, one.line_no, one.sku, quantity)
        elif row.state in (Held.HELD, Held.SHORT, Held.EXPIRED):
            _follow(workspace_id, order, row, quantity)


def _follow(workspace_id: int, order: OrderRecord, row: ReservationRow, quantity: Decimal) -> None:
    """Promise another quantity to a line than the one it has, in the same place if it can be."""
    raw, now = cursor(), clock.now()
    is_held = row.state == Held.HELD
    if is_held:
        raw.execute(SET_FREE, [row.quantity, now, workspace_id, row.place_id, row.sku])
    if quantity <= 0:
        _close(workspace_id, order.id, row.line_no, Held.RELEASED, row.place_id)
        return
    if is_held:
        raw.execute(PROMISE, [quantity, now, workspace_id, row.place_id, row.sku, quantity])
    if row.state == Held.EXPIRED or (is_held and raw.rowcount):
        raw.execute(REMEMBER, [quantity, now, workspace_id, order.id, row.line_no])
        return
    _reserve_line(workspace_id, order, row.line_no, row.sku, quantity, until=row.expires_at)


def reserve_again(workspace_id: int, order_id: int) -> int:
    """Try once more for lines that were short or whose time ran out; how many are held now."""
    order = order_by_id(workspace_id, order_id, is_locked=True)
    # Nobody would ever take what is promised to an order that has left.
    if RANK[order.stage_now] >= GONE_RANK:
        return 0
    found = 0
    for line_no, _place, sku, quantity, state in _open_rows(workspace_id, order_id):
        if state != Held.HELD:
            found += _reserve_line(workspace_id, order, line_no, sku, quantity)
    return found


def take(workspace_id: int, order_id: int) -> None:
    """The goods have left: what was promised is gone, what was not is taken if it lies there."""
    order = order_by_id(workspace_id, order_id)
    for line_no, place_id, sku, quantity, state in _open_rows(workspace_id, order_id):
        now = clock.now()
        if state == Held.HELD:
            cursor().execute(TAKE_HELD, [quantity, quantity, now, workspace_id, place_id, sku])
        else:
            place_id = _change_first(workspace_id, TAKE_FREE, sku, quantity, order.place_id)
            if place_id is None:
                continue
        _close(workspace_id, order_id, line_no, Held.TAKEN, place_id)


def release(workspace_id: int, order_id: int, state: Held = Held.RELEASED) -> None:
    """Set free what was promised and has not left."""
    for line_no, place_id, sku, quantity, present in _open_rows(workspace_id, order_id):
        if present == Held.HELD:
            cursor().execute(SET_FREE, [quantity, clock.now(), workspace_id, place_id, sku])
        elif state is Held.EXPIRED:
            continue
        _close(workspace_id, order_id, line_no, state, place_id)


def put_back(workspace_id: int, order_id: int, came: Mapping[str, Decimal]) -> None:
    """Lay goods that came back where they were taken from; what was not counted then is not now.

    came  how many of each product; not more than the order took
    """
    raw = cursor()
    lock_goods_of(workspace_id, [order_id])
    raw.execute(TAKEN, [workspace_id, order_id, list(came)])
    left = dict(came)
    for place_id, sku, quantity in raw.fetchall():
        amount = min(left[sku], quantity)
        left[sku] -= amount
        if amount > 0:
            raw.execute(LAY, [amount, clock.now(), workspace_id, place_id, sku])


def keep(workspace_id: int, order_id: int) -> None:
    """Let what is promised wait for the order without an end: it is paid, or is when it comes."""
    cursor().execute(KEEP, [workspace_id, order_id])


def confirm_orders(workspace_id: int, order_ids: Sequence[int]) -> None:
    """A server tells of orders of which only a page had: goods are promised to them as usual."""
    if not order_ids:
        return
    lock_orders(workspace_id, order_ids)
    for order_id in sorted(set(order_ids)):
        order = order_by_id(workspace_id, order_id)
        if order.hold == Hold.USUAL or order.kind != OrderKind.SALE:
            continue
        cursor().execute(
            "UPDATE orders_order SET hold = 'usual' WHERE workspace_id = %s AND id = %s",
            [workspace_id, order_id],
        )
        usual = replace(order, hold=Hold.USUAL)
        if order.hold == Hold.TIMED:
            let_run_out(workspace_id, usual)
        elif RANK[order.stage_now] < GONE_RANK and order.origin == "live":
            reserve(workspace_id, [usual])


def let_run_out(workspace_id: int, order: OrderRecord) -> None:
    """Let what is promised to the order wait no longer than for others, from now on."""
    cursor().execute(
        "UPDATE orders_reservation SET expires_at = %s WHERE workspace_id = %s AND order_id = %s"
        " AND state = 'held'",
        [_until(order, clock.now()), workspace_id, order.id],
    )


def expire(workspace_id: int, order_id: int) -> bool:
    """Set free the goods of an order that nobody paid in time; false when there were none."""
    order = order_by_id(workspace_id, order_id, is_locked=True)
    raw = cursor()
    is_waiting = order.payment_now in WAITING or is_timed(order)
    if order.pays_on_delivery or not is_waiting:
        keep(workspace_id, order_id)
        return False
    raw.execute(
        "SELECT 1 FROM orders_reservation WHERE workspace_id = %s AND order_id = %s"
        " AND state = 'held' AND expires_at <= %s LIMIT 1",
        [workspace_id, order_id, clock.now()],
    )
    if raw.fetchone() is None:
        return False
    release(workspace_id, order_id, Held.EXPIRED)
    return True


def set_stock(workspace_id: int, place_id: int, counted: Mapping[str, Decimal]) -> int:
    """Write how much of each product lies in the place; returns how many rows changed.

    What is promised stays promised. A product seen for the first time enters the catalogue.
    raises  Invalid(stock_rows | stock_quantity | stock_sku)
    """
    if not 0 < len(counted) <= SET_ROWS_MAX:
        raise Invalid("stock_rows", f"Give 1 to {SET_ROWS_MAX} products at once.")
    for sku, quantity in counted.items():
        if not 0 < len(sku) <= TEXT_LENGTH_MAX or not sku.isprintable():
            raise Invalid("stock_sku", "A product needs its code.")
        if not quantity.is_finite() or not 0 <= quantity < AMOUNT_MAX:
            raise Invalid("stock_quantity", "A quantity is a number, not below zero.", sku=sku)
        if quantity != round(quantity, DECIMALS_MAX):
            raise Invalid("stock_quantity", f"Give at most {DECIMALS_MAX} decimal places.")
    now = clock.now()
    skus = sorted(counted)
    raw = cursor()
    # Every one of these rows is locked by this, known or new, in the order of codes.
    raw.execute(
        "INSERT INTO orders_product (workspace_id, sku, is_stocked, sold_quantity, sold_minor)"
        " SELECT %s, sku, true, 0, 0 FROM unnest(%s::text[]) AS given (sku) ORDER BY sku"
        " ON CONFLICT (workspace_id, sku) DO UPDATE SET is_stocked = true"
        " WHERE NOT orders_product.is_stocked",
        [workspace_id, skus],
    )
    raw.execute(
        "INSERT INTO orders_stock AS s"
        " (workspace_id, place_id, sku, on_hand, reserved, updated_at)"
        " SELECT %s, %s, sku, quantity, 0, %s FROM unnest(%s::text[], %s::numeric[])"
        " AS given (sku, quantity) ORDER BY sku"
        " ON CONFLICT (workspace_id, place_id, sku) DO UPDATE"
        " SET on_hand = excluded.on_hand, updated_at = excluded.updated_at"
        " WHERE s.on_hand <> excluded.on_hand",
        [workspace_id, place_id, now, skus, [counted[sku] for sku in skus]],
    )
    return raw.rowcount


def _change_first(
    workspace_id: int, statement: str, sku: str, quantity: Decimal, place_id: int | None
) -> int | None:
    """The first place where the change was possible."""
    raw = cursor()
    raw.execute(CANDIDATES, [workspace_id, sku, place_id, place_id, place_id])
    for (candidate,) in raw.fetchall():
        raw.execute(statement, [quantity, clock.now(), workspace_id, candidate, sku, quantity])
        if raw.rowcount:
            return int(candidate)
    return None


def _stocked(workspace_id: int, skus: Sequence[str]) -> set[str]:
    raw = cursor()
    raw.execute(
        "SELECT sku FROM orders_product WHERE workspace_id = %s AND sku = ANY(%s) AND is_stocked",
        [workspace_id, list(skus)],
    )
    return {row[0] for row in raw.fetchall()}


def _promised(workspace_id: int, order_id: int) -> list[ReservationRow]:
    raw = cursor()
    raw.execute(PROMISED, [workspace_id, order_id])
    return [ReservationRow(*row) for row in raw.fetchall()]


def _open_rows(workspace_id: int, order_id: int) -> list[tuple[int, int | None, str, Decimal, str]]:
    raw = cursor()
    lock_goods_of(workspace_id, [order_id])
    raw.execute(OPEN, [workspace_id, order_id])
    return [(r[0], r[1], r[2], r[3], r[4]) for r in raw.fetchall()]


def _close(
    workspace_id: int, order_id: int, line_no: int, state: Held, place_id: int | None
) -> None:
    cursor().execute(
        "UPDATE orders_reservation SET state = %s, place_id = %s, expires_at = NULL,"
        " updated_at = %s WHERE workspace_id = %s AND order_id = %s AND line_no = %s",
        [state, place_id, clock.now(), workspace_id, order_id, line_no],
    )
