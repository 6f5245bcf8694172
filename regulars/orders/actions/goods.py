"""The catalogue and the stock as another system keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from regulars.kernel import clock
from regulars.kernel.errors import Invalid
from regulars.kernel.ids import new_public_id
from regulars.orders.actions.stock import SET_ROWS_MAX, set_stock
from regulars.orders.pure.meaning import AMOUNT_MAX, DECIMALS_MAX, TEXT_LENGTH_MAX
from regulars.orders.queries.desk import PLACES_MAX
from regulars.store.scope import cursor

NAME_LENGTH_MAX = 500
URL_LENGTH_MAX = 1_000
# Told together with the price: goods that cost less than before no longer do when nothing is said.
PUT = """
INSERT INTO orders_product AS p
  (workspace_id, sku, name, category, brand, list_price, old_price, url, picture_url,
   availability, sold_quantity, sold_minor)
SELECT %s, sku, name, category, brand, list_price, old_price, url, picture_url, availability, 0, 0
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::numeric[], %s::numeric[],
            %s::text[], %s::text[], %s::text[])
  AS given (sku, name, category, brand, list_price, old_price, url, picture_url, availability)
ORDER BY sku
ON CONFLICT (workspace_id, sku) DO UPDATE
SET name = coalesce(excluded.name, p.name), category = coalesce(excluded.category, p.category),
    brand = coalesce(excluded.brand, p.brand),
    list_price = coalesce(excluded.list_price, p.list_price),
    old_price = CASE WHEN excluded.list_price IS NULL THEN p.old_price
                ELSE excluded.old_price END,
    url = coalesce(excluded.url, p.url),
    picture_url = coalesce(excluded.picture_url, p.picture_url),
    availability = coalesce(excluded.availability, p.availability)
WHERE (coalesce(excluded.name, p.name), coalesce(excluded.category, p.category),
       coalesce(excluded.brand, p.brand), coalesce(excluded.list_price, p.list_price),
       CASE WHEN excluded.list_price IS NULL THEN p.old_price ELSE excluded.old_price END,
       coalesce(excluded.url, p.url), coalesce(excluded.picture_url, p.picture_url),
       coalesce(excluded.availability, p.availability))
   IS DISTINCT FROM (p.name, p.category, p.brand, p.list_price, p.old_price, p.url,
                     p.picture_url, p.availability)
RETURNING (xmax = 0)
"""


@dataclass(frozen=True, slots=True)
class Goods:
    """A product as another system knows it; None is what it does not tell, and stays."""

    sku: str
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    list_price: Decimal | None = None
    old_price: Decimal | None = None
    url: str | None = None
    picture_url: str | None = None
    availability: str | None = None


def put_goods(workspace_id: int, goods: Sequence[Goods]) -> tuple[int, int]:
    """Write products by their codes; returns how many are new and how many changed.

    Of twins the last counts; what stays the same is not written.
    raises  Invalid(goods_rows | goods_sku | goods_price)
    """
    if len(goods) > SET_ROWS_MAX:
        raise Invalid("goods_rows", f"Give at most {SET_ROWS_MAX} products at once.")
    by_sku = {one.sku: one for one in goods}
    rows = [by_sku[sku] for sku in sorted(by_sku)]
    for row in rows:
        _check(row)
    raw = cursor()
    raw.execute(
        PUT,
        [
            workspace_id,
            [row.sku for row in rows],
            [_cut(row.name, NAME_LENGTH_MAX) for row in rows],
            [_cut(row.category, NAME_LENGTH_MAX) for row in rows],
            [_cut(row.brand, NAME_LENGTH_MAX) for row in rows],
            [row.list_price for row in rows],
            [row.old_price for row in rows],
            [_address(row.url) for row in rows],
            [_address(row.picture_url) for row in rows],
            [row.availability for row in rows],
        ],
    )
    answers = [bool(row[0]) for row in raw.fetchall()]
    return sum(answers), len(answers) - sum(answers)


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


def _check(row: Goods) -> None:
    if not 0 < len(row.sku) <= TEXT_LENGTH_MAX or not row.sku.isprintable():
        raise Invalid("goods_sku", "A product needs its code.")
    for price in (row.list_price, row.old_price):
        if price is not None and not (price.is_finite() and 0 <= price < AMOUNT_MAX):
            raise Invalid("goods_price", "A price is a number, not below zero.")


def _cut(text: str | None, length: int) -> str | None:
    return text[:length] if text else None


def _address(url: str | None) -> str | None:
    # What is shown as a link or a picture must be one, whoever tells it.
    if not url or len(url) > URL_LENGTH_MAX or not url.isprintable():
        return None
    return url if url.startswith(("https://", "http://")) else None
