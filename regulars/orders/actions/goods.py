"""The stock as another system counts it, by the name of the place."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.kernel.ids import new_public_id
from regulars.orders.actions.stock import SET_ROWS_MAX, set_stock
from regulars.orders.pure.meaning import DECIMALS_MAX, TEXT_LENGTH_MAX
from regulars.orders.queries.desk import PLACES_MAX
from regulars.store.scope import cursor


def put_stock(workspace_id: int, place_name: str, counted: Mapping[str, Decimal]) -> int:
    """Write how much of each product lies in the place of this name; returns how many changed.

    The place is made when new. A count below zero, as books kept late have it, is nothing.
    raises  Invalid(place_name | place_limit | stock_rows | stock_quantity | stock_sku)
    """
    if not counted:
        return 0
    place_id = _place(workspace_id, place_name.strip())
    limit = Decimal(1).scaleb(-DECIMALS_MAX)
    shown = {sku: max(count, Decimal(0)).quantize(limit) for sku, count in counted.items()}
    skus = sorted(shown)
    return sum(
        set_stock(workspace_id, place_id, {sku: shown[sku] for sku in skus[i : i + SET_ROWS_MAX]})
        for i in range(0, len(skus), SET_ROWS_MAX)
    )


def _place(workspace_id: int, name: str) -> int:
    if not 0 < len(name) <= TEXT_LENGTH_MAX or not name.isprintable():
        raise Invalid("place_name", "A place needs a name; each field has at most 200 characters.")
    raw = cursor()
    raw.execute(
        "INSERT INTO orders_place (workspace_id, public_id, name, address, phone, is_open,"
        " created_at) SELECT %s, %s, %s, '', '', true, %s"
        " WHERE (SELECT count(*) FROM orders_place WHERE workspace_id = %s) < %s"
        " ON CONFLICT (workspace_id, name) DO NOTHING",
        [workspace_id, new_public_id(), name, clock.now(), workspace_id, PLACES_MAX],
    )
    raw.execute(
        "SELECT id FROM orders_place WHERE workspace_id = %s AND name = %s", [workspace_id, name]
    )
    row = raw.fetchone()
    if row is None:
        raise Invalid("place_limit", f"A workspace has at most {PLACES_MAX} places.")
    return int(row[0])
